"""An iterator -> the same items, made by a thread while the caller works on earlier ones.

Extraction and speech detection leave a core idle now and then, and so does the decoder: each fills the gaps
of the other.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ovsubs.audio.ffmpeg import called_off_by
from ovsubs.timing import StageTime, Stopwatch

T = TypeVar("T")
_LOOK_S = 1.0  # on Microsoft Windows a wait without a limit cannot be interrupted


@dataclass(slots=True)
class _Item(Generic[T]):
    """What waits to be taken, how much of the capacity it takes, and what it cost the thread."""

    value: T
    weight: float
    timings: tuple[StageTime, ...]


class ReadAhead(Iterator[T]):
    """The items of a generator, in order; close it, or its thread and its ffmpeg stay.

    Errors come where the item that they prevented would have come. It is for one taker.
    """

    def __init__(
        self,
        make: Callable[[Stopwatch], Generator[T, None, None]],
        clock: Stopwatch,
        *,
        weigh: Callable[[T], float],
        give_up: Callable[[T], None] = lambda item: None,
    ) -> None:
        """Start to make items.

        Args:
            make: the generator, which is run in a thread with a stopwatch of its own.
            clock: the taker's. The time that it waits counts for the stages that the thread was in meanwhile.
            weigh: how much of the capacity an item takes; no more are made while those that wait take 1.0. It
                is called in the thread, and may wait until it can tell.
            give_up: called with each item that nobody has taken when this is closed.
        """
        self._make, self._clock, self._weigh, self._give_up = make, clock, weigh, give_up
        self._items = deque[_Item[T]]()
        self._changed = threading.Condition()
        self._is_over = threading.Event()  # nobody takes anything any more
        self._has_ended = False
        self._error: BaseException | None = None
        self._in_vain_s = 0.0  # waited by `is_ready`, and nothing came
        self._last_timings: tuple[StageTime, ...] = ()
        self._thread = threading.Thread(target=self._run, name="read ahead", daemon=True)
        self._thread.start()

    def __next__(self) -> T:
        with self._clock.waiting() as stages, self._changed:
            while not self._items and not self._has_ended:
                self._changed.wait(_LOOK_S)
            item = self._items.popleft() if self._items else None
            stages.extend(item.timings if item else self._last_timings)
            self._changed.notify_all()
        # What was waited for in vain belongs to what comes at last.
        self._clock.add_waited(self._in_vain_s, item.timings if item else self._last_timings)
        self._in_vain_s = 0.0
        if item is not None:
            return item.value
        self._last_timings = ()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopIteration

    def is_ready(self, wait_s: float = 0.0) -> bool:
        """Whether the next item, or the end, is there; waits for it at most so long."""
        begin = time.monotonic()
        until = begin + wait_s
        with self._clock.waiting() as stages, self._changed:
            while not self._items and not self._has_ended and (left_s := until - time.monotonic()) > 0.0:
                self._changed.wait(min(left_s, _LOOK_S))
            if self._items:
                stages.extend(replace(one, count=0.0) for one in self._items[0].timings)  # counted when taken
            elif not self._has_ended:
                self._in_vain_s += time.monotonic() - begin
            return bool(self._items) or self._has_ended

    def filled(self, wait_s: float) -> float:
        """How much of the capacity is taken, once it is full or the last item has come; or after so long."""
        until = time.monotonic() + wait_s
        with self._changed:
            while not self._is_over.is_set() and not self._has_ended and self._weight() < 1.0:
                if (left_s := until - time.monotonic()) <= 0.0:
                    break
                self._changed.wait(min(left_s, _LOOK_S))
            return self._weight()

    def close(self) -> None:
        """End the thread, and what it reads with. A second time does nothing."""
        self._is_over.set()
        with self._changed:
            self._changed.notify_all()
        self._give_up_items()
        if threading.current_thread() is not self._thread:  # the collector may call from anywhere
            self._thread.join()
        self._give_up_items()

    def _give_up_items(self) -> None:
        while self._items:
            self._give_up(self._items.popleft().value)

    def _run(self) -> None:
        clock = Stopwatch()
        items = self._make(clock)
        try:
            with called_off_by(self._is_over):
                for value in items:
                    self._put(value, clock)
                    if self._is_over.is_set():
                        break
        except BaseException as error:  # whatever it is: it is the taker's
            self._error = error
        finally:
            try:
                items.close()
            finally:
                with self._changed:
                    self._last_timings, self._has_ended = clock.lap(), True
                    self._changed.notify_all()

    def _put(self, value: T, clock: Stopwatch) -> None:
        """Hand an item over, and wait until another one fits."""
        item = _Item(value, 0.0, clock.lap())
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()
        weight = 0.0 if self._is_over.is_set() else self._weigh(value)
        with self._changed:
            item.weight = weight
            self._changed.notify_all()
            while self._weight() >= 1.0 and not self._is_over.is_set():
                self._changed.wait()

    def _weight(self) -> float:
        return sum(item.weight for item in self._items)
