"""Ctrl-C and other calls to stop, written down as well as raised."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Also `kill` and a terminal that closes (SIGBREAK on Windows): without, ffmpeg would go on for nobody.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """A call to stop raises KeyboardInterrupt and is written down; the handlers before come back after.

    What is raised within a finalizer is lost, and a native call may make another error of it: who goes on
    after either can look here. May stand within another; notes nothing in other threads than the main one.
    """
    noted = list[int]()
    if threading.current_thread() is not threading.main_thread():
        yield noted  # only the main thread may set handlers
        return
    # What is ignored, as by `nohup`, stays so; but a shell has its background jobs ignore Ctrl-C.
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {n: handler for n, handler in found.items() if n == signal.SIGINT or handler != signal.SIG_IGN}

    def interrupt(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        if callable(handler := before[number]):
            handler(number, frame)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
