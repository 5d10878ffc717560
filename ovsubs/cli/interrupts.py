"""Ctrl-C and other calls to stop, written down as well as raised."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

# Also `kill` and a terminal that closes (SIGBREAK on Windows): without, ffmpeg would go on for nobody.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


@dataclass(frozen=True, slots=True)
class _Noting:
    """A handler of signals that writes each down, and has it raised."""

    noted: list[int]
    before: Any  # the handler that it stands in for

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.noted.append(number)
        if callable(self.before):
            self.before(number, frame)
        raise KeyboardInterrupt


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """A call to stop raises KeyboardInterrupt and is written down; the handlers before come back after.

    What is raised within a finalizer is lost, and a native call may make another error of it: who goes on
    after either can look here. One within another has the same list: it sees what was lost before it. Nothing
    is noted in other threads than the main one.
    """
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, _Noting) and threading.current_thread() is threading.main_thread():
        yield handler.noted
        return
    noted = list[int]()
    if threading.current_thread() is not threading.main_thread():
        yield noted  # only the main thread may set handlers
        return
    # What is ignored, as by `nohup`, stays so; but a shell has its background jobs ignore Ctrl-C.
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {n: handler for n, handler in found.items() if n == signal.SIGINT or handler != signal.SIG_IGN}
    for number in before:
        signal.signal(number, _Noting(noted, before[number]))
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def patient_interrupts(on_first: Callable[[], object]) -> Iterator[list[int]]:
    """The first call to stop is written down and handed on; the second raises KeyboardInterrupt.

    Args:
        on_first: called in the handler of the signal.
    """
    noted = list[int]()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        if len(noted) == 1:
            on_first()
            return
        handler = before[number]
        if callable(handler):
            handler(number, frame)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield noted  # only the main thread may set handlers
        return
    held = {n: handler for n, handler in before.items() if n == signal.SIGINT or handler != signal.SIG_IGN}
    for number in held:
        signal.signal(number, handle)
    try:
        yield noted
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
