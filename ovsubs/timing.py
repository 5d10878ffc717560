"""Wall time of each stage of a run, without the stages nested in it."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ovsubs.transcript import StageTime

T = TypeVar("T")


class Stopwatch:
    """Adds up the seconds of named stages; while an inner stage runs, the outer one stands still."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the `with` block for `name`."""
        self._switch()
        self._running.append(name)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Pass items through, counting the time that each takes to come for `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def timings(self) -> tuple[StageTime, ...]:
        """The stages in the order in which they first ended."""
        return tuple(StageTime(name, seconds) for name, seconds in self._seconds.items())

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._running:
            name = self._running[-1]
            self._seconds[name] = self._seconds.get(name, 0.0) + now - self._since
        self._since = now
