"""Wall time of each stage of a run, without the stages nested in it."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StageTime:
    """Wall time that one stage of the pipeline took, in seconds, and how often it ran.

    Opening, extraction and voice activity detection go on beside the decoder: of them only what was waited
    for counts. `rows` are those of the decoder that went through it, all times together. Of a round that
    several files share, each has its part; so `count` and `rows` may be fractions.
    """

    stage: str
    seconds: float
    count: float = field(default=0.0, compare=False)  # not in the JSON
    rows: float = field(default=0.0, compare=False)  # not in the JSON

    def share(self, part: float) -> "StageTime":
        """A part of it, 0 to 1."""
        return StageTime(self.stage, self.seconds * part, self.count * part, self.rows * part)


class Stopwatch:
    """Adds up the seconds of named stages; while an inner stage runs, the outer one stands still."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._running: list[str] = []
        self._since = 0.0
        self._before: dict[str, StageTime] = {}  # at the last lap

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the `with` block for `name`."""
        self._switch()
        self._running.append(name)
        self._counts[name] = self._counts.get(name, 0) + 1
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def count_rows(self, name: str, n_rows: int) -> None:
        """Count rows of the decoder that go through a stage."""
        self._rows[name] = self._rows.get(name, 0) + n_rows

    def each(self, name: str, items: Iterable[T]) -> Generator[T, None, None]:
        """Pass items through, counting the time that each takes to come for `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def waiting(self) -> Iterator[list[StageTime]]:
        """Count the time inside the `with` block for stages that another thread was in.

        Each of those that are put into the list gets a part in proportion to its seconds. Where there are
        none, the time is the outer stage's.
        """
        self._switch()
        begin, stages = self._since, list[StageTime]()
        try:
            yield stages
        finally:
            if any(stage.seconds > 0.0 for stage in stages):
                self._since = time.perf_counter()
                self.add_waited(self._since - begin, stages)
                for stage in stages:
                    self._counts[stage.stage] += round(stage.count)

    def add_waited(self, seconds: float, stages: Iterable[StageTime]) -> None:
        """Count time that has been waited for stages that another thread was in, in proportion to theirs."""
        parts = list(stages)
        whole_s = sum(part.seconds for part in parts)
        for part in parts if whole_s > 0.0 else ():
            part_s = seconds * part.seconds / whole_s
            self._seconds[part.stage] = self._seconds.get(part.stage, 0.0) + part_s
            self._counts.setdefault(part.stage, 0)

    def timings(self) -> tuple[StageTime, ...]:
        """The stages in the order in which they first ended."""
        return tuple(
            StageTime(name, seconds, self._counts[name], self._rows.get(name, 0))
            for name, seconds in self._seconds.items()
        )

    def lap(self) -> tuple[StageTime, ...]:
        """The stages since the last lap."""
        now = {timing.stage: timing for timing in self.timings()}
        none = StageTime("", 0.0)
        lap = tuple(
            StageTime(
                name,
                timing.seconds - self._before.get(name, none).seconds,
                timing.count - self._before.get(name, none).count,
                timing.rows - self._before.get(name, none).rows,
            )
            for name, timing in now.items()
        )
        self._before = now
        return lap

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._running:
            name = self._running[-1]
            self._seconds[name] = self._seconds.get(name, 0.0) + now - self._since
        self._since = now


def add_up(timings: Iterable[StageTime]) -> tuple[StageTime, ...]:
    """One time for each stage, in the order in which they first come."""
    whole = dict[str, StageTime]()
    for one in timings:
        before = whole.get(one.stage, StageTime(one.stage, 0.0))
        whole[one.stage] = StageTime(
            one.stage, before.seconds + one.seconds, before.count + one.count, before.rows + one.rows
        )
    return tuple(whole.values())
