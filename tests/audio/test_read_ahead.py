"""Items that a thread makes ahead: order, room, errors, what it cost, and how it ends."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pytest
from hand_clock import HandClock
from hand_clock import hand as hand
from patience import PATIENCE_S
from systems import needs_posix

from ovsubs.audio.ffmpeg import running_ffmpeg
from ovsubs.audio.read_ahead import ReadAhead
from ovsubs.timing import Stopwatch

Make = Callable[[Stopwatch], Generator[int, None, None]]


class Counter:
    """Numbers from 0 on, and how many have been made."""

    def __init__(self, n: int) -> None:
        self.n, self.n_made, self.is_closed = n, 0, False

    def make(self, clock: Stopwatch) -> Generator[int, None, None]:
        try:
            for number in range(self.n):
                self.n_made += 1
                with clock.stage("count"):
                    pass
                yield number
        finally:
            self.is_closed = True


def ahead(make: Make, weight: float = 0.25, clock: Stopwatch | None = None) -> ReadAhead[int]:
    return ReadAhead(make, clock or Stopwatch(), weigh=lambda item: weight)


def test_all_items_come_in_order() -> None:
    with closing(ahead(Counter(100).make)) as numbers:
        assert list(numbers) == list(range(100))
        assert next(numbers, None) is None


def test_no_more_are_made_than_there_is_room_for() -> None:
    counter = Counter(100)
    with closing(ahead(counter.make, weight=0.3)) as numbers:
        assert numbers.filled(PATIENCE_S) == pytest.approx(1.2)
        assert counter.n_made == 4
        assert [next(numbers), next(numbers)] == [0, 1]
        assert numbers.filled(PATIENCE_S) == pytest.approx(1.2)
        assert counter.n_made == 6


def test_whoever_waits_is_told_and_has_not_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovsubs.audio.read_ahead._LOOK_S", PATIENCE_S)
    begin = time.monotonic()
    with closing(ahead(Counter(100).make, weight=0.3)) as numbers:
        assert numbers.filled(PATIENCE_S) == pytest.approx(1.2)
        assert len(list(numbers)) == 100
    assert time.monotonic() - begin < PATIENCE_S


def test_few_items_are_all_that_wait() -> None:
    with closing(ahead(Counter(2).make)) as numbers:
        assert numbers.filled(PATIENCE_S) == 0.5


def test_an_error_comes_after_the_items_before_it_and_once() -> None:
    def failing(clock: Stopwatch) -> Generator[int, None, None]:
        yield 1
        raise OSError("gone")

    with closing(ahead(failing)) as numbers:
        assert next(numbers) == 1
        with pytest.raises(OSError, match="gone"):
            next(numbers)
        assert list(numbers) == []


def test_closing_ends_the_generator_and_gives_up_what_nobody_took() -> None:
    counter, given_up = Counter(100), list[int]()
    numbers = ReadAhead(counter.make, Stopwatch(), weigh=lambda item: 0.5, give_up=given_up.append)
    assert next(numbers) == 0
    numbers.filled(PATIENCE_S)

    numbers.close()
    numbers.close()

    assert given_up == [1, 2]
    assert counter.is_closed
    assert not _threads()


def test_it_may_be_closed_from_its_own_thread() -> None:
    """As by the collector of garbage, which runs in whichever thread comes by."""
    closed = threading.Event()

    def make(clock: Stopwatch) -> Generator[int, None, None]:
        yield 1
        yield 2

    def weigh(item: int) -> float:
        numbers.close()
        closed.set()
        return 0.0

    start = threading.Event()

    def waiting(clock: Stopwatch) -> Generator[int, None, None]:
        assert start.wait(PATIENCE_S)  # until it has a name
        yield from make(clock)

    numbers = ReadAhead(waiting, Stopwatch(), weigh=weigh)
    start.set()
    assert closed.wait(PATIENCE_S)
    numbers._thread.join(PATIENCE_S)
    assert not _threads()


def test_what_ends_the_thread_is_no_end_of_the_items() -> None:
    def leaving(clock: Stopwatch) -> Generator[int, None, None]:
        yield 1
        raise SystemExit(3)

    with closing(ahead(leaving)) as numbers:
        assert next(numbers) == 1
        with pytest.raises(SystemExit):
            next(numbers)


def test_closing_waits_for_no_weight_that_never_comes() -> None:
    """What is opened ahead waits until its own items are there; closing gives it up first."""
    inner = ahead(Counter(1000).make, weight=0.01)
    never = threading.Event()

    def outer(clock: Stopwatch) -> Generator[int, None, None]:
        yield 1
        yield 2

    def weigh(item: int) -> float:
        assert never.wait(PATIENCE_S)
        return inner.filled(PATIENCE_S)

    def give_up(item: int) -> None:
        inner.close()
        never.set()

    numbers = ReadAhead(outer, Stopwatch(), weigh=weigh, give_up=give_up)
    while not numbers._items:
        time.sleep(0.001)
    numbers.close()
    assert not _threads()


def test_what_is_waited_for_counts(hand: HandClock) -> None:
    clock, is_waiting = Stopwatch(), threading.Event()

    def slow(own: Stopwatch) -> Generator[int, None, None]:
        assert is_waiting.wait(PATIENCE_S)
        with own.stage("extract"):
            hand.now += 1
        with own.stage("vad"):
            hand.now += 2
        yield 1

    with closing(ahead(slow, clock=clock)) as numbers, clock.stage("other"):
        threading.Timer(0.1, is_waiting.set).start()  # soon after the next line
        assert list(numbers) == [1]
    counts = {timing.stage: timing.count for timing in clock.timings()}
    assert counts == {"extract": 1, "vad": 1, "other": 1}


def test_what_is_ready_costs_nothing(hand: HandClock) -> None:
    clock = Stopwatch()

    def slow(own: Stopwatch) -> Generator[int, None, None]:
        with own.stage("vad"):
            hand.now += 1
        yield 1

    with closing(ahead(slow, clock=clock)) as numbers:
        numbers.filled(PATIENCE_S)
        assert next(numbers) == 1
    assert [(timing.stage, timing.seconds) for timing in clock.timings()] == [("vad", 0.0)]


@needs_posix
def test_a_source_that_gives_nothing_is_let_go(tmp_path: Path) -> None:
    """A pipe that nobody writes to, as a share that is gone: ffmpeg never comes back from it."""
    import os

    pipe = tmp_path / "talk.wav"
    os.mkfifo(pipe)
    processes = list[int]()

    def reading(clock: Stopwatch) -> Generator[int, None, None]:
        with running_ffmpeg(["-i", f"file:{pipe}", "-f", "s16le", "pipe:1"]) as child:
            processes.append(child.process.pid)
            while child.output.read(1000):
                yield 1

    numbers = ahead(reading)
    while not processes:
        time.sleep(0.001)
    begin = time.monotonic()
    numbers.close()
    assert time.monotonic() - begin < PATIENCE_S
    assert not _threads()
    with pytest.raises(ProcessLookupError):
        os.kill(processes[0], 0)


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read ahead"]
