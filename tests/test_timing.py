"""Stages are timed without those nested in them."""

import contextlib
from collections.abc import Iterator

from hand_clock import HandClock
from hand_clock import hand as hand

from ovsubs.timing import StageTime, Stopwatch, add_up


def seconds(clock: Stopwatch) -> dict[str, float]:
    return {timing.stage: timing.seconds for timing in clock.timings()}


def test_nothing_timed_no_stages() -> None:
    assert Stopwatch().timings() == ()


def test_the_outer_stage_stands_still_while_an_inner_one_runs(hand: HandClock) -> None:
    clock = Stopwatch()
    with clock.stage("outer"):
        hand.now += 1
        with clock.stage("inner"):
            hand.now += 3
        hand.now += 1
    assert seconds(clock) == {"outer": 2.0, "inner": 3.0}


def test_time_outside_all_stages_is_nobodys(hand: HandClock) -> None:
    clock = Stopwatch()
    with clock.stage("first"):
        pass
    hand.now += 1
    with clock.stage("second"):
        pass
    assert seconds(clock) == {"first": 0.0, "second": 0.0}


def test_a_stage_that_comes_again_adds_up_even_within_itself(hand: HandClock) -> None:
    clock = Stopwatch()
    for _ in range(2):
        with clock.stage("read"), clock.stage("read"):
            hand.now += 1
    assert seconds(clock) == {"read": 2.0}


def test_a_stage_that_fails_is_timed_and_over(hand: HandClock) -> None:
    clock = Stopwatch()
    with contextlib.suppress(KeyError), clock.stage("read"):
        hand.now += 1
        raise KeyError
    hand.now += 1
    with clock.stage("write"):
        pass
    assert seconds(clock)["read"] == 1.0


def test_items_pass_and_only_the_time_that_they_take_to_come_counts(hand: HandClock) -> None:
    clock = Stopwatch()

    def slow() -> Iterator[int]:
        for n in range(3):
            hand.now += 1
            yield n

    passed = []
    for n in clock.each("read", slow()):
        hand.now += 2
        passed.append(n)
    assert passed == [0, 1, 2]
    assert seconds(clock) == {"read": 3.0}


def test_one_stream_pulled_through_another_is_not_counted_twice(hand: HandClock) -> None:
    clock = Stopwatch()

    def slow() -> Iterator[int]:
        hand.now += 2
        yield 1

    def slower() -> Iterator[int]:
        for n in clock.each("extract", slow()):
            hand.now += 1
            yield n

    assert list(clock.each("vad", slower())) == [1]
    assert seconds(clock) == {
        "extract": 2.0,
        "vad": 1.0,
    }


def test_what_is_waited_for_counts_for_the_stages_of_whom_it_is_waited_for(hand: HandClock) -> None:
    clock = Stopwatch()
    with clock.stage("other"):
        hand.now += 1
        with clock.waiting() as stages:
            hand.now += 3
            stages.extend([StageTime("extract", 10.0, 1), StageTime("vad", 20.0, 2)])
        hand.now += 1
    assert seconds(clock) == {"other": 2.0, "extract": 1.0, "vad": 2.0}
    assert [timing.count for timing in clock.timings()] == [1, 1, 2]


def test_what_is_waited_for_is_the_outer_stages_if_nobody_tells(hand: HandClock) -> None:
    clock = Stopwatch()
    with clock.stage("other"):
        hand.now += 1
        with clock.waiting():
            hand.now += 3
    assert seconds(clock) == {"other": 4.0}


def lap(clock: Stopwatch) -> dict[str, float]:
    return {timing.stage: timing.seconds for timing in clock.lap()}


def test_a_lap_counts_from_the_last_one_and_leaves_the_total(hand: HandClock) -> None:
    clock = Stopwatch()
    with clock.stage("read"):
        hand.now += 1
    assert lap(clock) == {"read": 1.0}
    with clock.stage("read"), clock.stage("write"):
        hand.now += 2
    assert lap(clock) == {"read": 0.0, "write": 2.0}
    assert lap(clock) == {"read": 0.0, "write": 0.0}
    assert seconds(clock) == {"read": 1.0, "write": 2.0}


def test_laps_add_up_to_the_total(hand: HandClock) -> None:
    clock, laps = Stopwatch(), list[dict[str, float]]()
    with clock.stage("read"):
        for _ in range(3):
            hand.now += 1
            with clock.stage("write"):
                hand.now += 2
            laps.append(lap(clock))
    laps.append(lap(clock))
    total = {name: sum(each.get(name, 0.0) for each in laps) for name in ("read", "write")}
    assert total == seconds(clock) == {"read": 3.0, "write": 6.0}


def test_rows_are_counted_beside_the_time_and_shared_with_it(hand: HandClock) -> None:
    clock = Stopwatch()
    laps = []
    for n_rows in (30, 10):
        with clock.stage("steps"):
            hand.now += 2
        clock.count_rows("steps", n_rows)
        laps.append(clock.lap()[0])
    assert [(one.seconds, one.count, one.rows) for one in laps] == [(2.0, 1, 30), (2.0, 1, 10)]
    (both,) = add_up([laps[0].share(0.5), laps[0].share(0.5), laps[1]])
    assert (both.seconds, both.count, both.rows) == (4.0, 2.0, 40.0)


def test_a_lap_without_stages_is_empty() -> None:
    assert Stopwatch().lap() == ()
