"""One heap for all threads, and what is freed in it, in processes of their own: what is set stays."""

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


# 100 MB in small pieces, of which the last is held when the others are freed: glibc gives back nothing then.
FREED = """
import ctypes
from pathlib import Path
from ovsubs.heap import return_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

pieces = [libc.malloc(ctypes.c_size_t(10_000)) for _ in range(10_000)]
for piece in pieces:
    ctypes.memset(ctypes.c_void_p(piece), 1, 10_000)
for piece in pieces[:-1]:
    libc.free(ctypes.c_void_p(piece))
before = resident_mb()
print(return_freed_memory(), before - resident_mb() > 80)
"""


@needs_linux
def test_freed_memory_goes_back_to_the_system() -> None:
    ended = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True"]
