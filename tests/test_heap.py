"""One heap for all threads, in a process of its own: what is set cannot be taken back."""

import os
import subprocess
import sys

from systems import needs_linux

# Ten threads that hold a little memory each; how many heaps glibc has made for them.
HEAPS = """
import ctypes, sys, threading
from ovsubs.heap import share_one_heap

told = share_one_heap()
hold = threading.Barrier(11)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def allocate():
    libc.malloc(ctypes.c_size_t(1000))
    hold.wait()
    hold.wait()

threads = [threading.Thread(target=allocate) for _ in range(10)]
for thread in threads:
    thread.start()
hold.wait()
libc.fflush(None)
libc.malloc_stats()
hold.wait()
print(told)
"""


def run(**environment: str) -> tuple[str, int]:
    others = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    ended = subprocess.run(
        [sys.executable, "-c", HEAPS], capture_output=True, text=True, check=True, env=others | environment
    )
    return ended.stdout.strip(), ended.stderr.count("Arena ")


@needs_linux
def test_all_threads_share_one_heap_unless_somebody_wants_more() -> None:
    assert run() == ("True", 1)
    told, n_heaps = run(MALLOC_ARENA_MAX="4")
    assert told == "False"
    assert n_heaps == 4
