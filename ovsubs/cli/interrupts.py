"""Ctrl-C, written down as well as raised."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """Ctrl-C raises KeyboardInterrupt as ever, and is written down; the handler before comes back after.

    What is raised within a finalizer is lost, and a native call may make another error of it: who goes on
    after either can look here. May stand within another; notes nothing in other threads than the main one.
    """
    noted = list[int]()
    if threading.current_thread() is not threading.main_thread():
        yield noted  # only the main thread may set handlers
        return
    before = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        if callable(before):
            before(number, frame)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
