"""Processes of their own that are killed, and what is left of them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 60.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that a busy machine may take its time for."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def descendants(pid: int) -> set[int]:
    """Processes that a process has started and that still run (Linux)."""
    found = set[int]()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = {int(child) for child in task.read_text().split()}
        except OSError:
            continue
        found |= children.union(*map(descendants, children))
    return found


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def command_line(pid: int) -> str:
    """What a process was started as (Linux); empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def kill_and_see(process: subprocess.Popen[bytes]) -> set[int]:
    """Kill a process as `kill -9` does; those of its children that are there a while after."""
    children = descendants(process.pid)
    assert children, "it has no children yet"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + PATIENCE_S
    while (left := {child for child in children if is_running(child)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
