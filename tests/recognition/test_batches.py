"""Which windows are decoded next."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.features import N_FRAMES
from ovsubs.recognition.batches import MAX_BATCHES_WAITED, BatchLimits, WaitingWindow, choose_batch

LIMITS = BatchLimits(max_windows=8, max_full_windows=3)  # three windows of 30 s, or eight short ones


def waiting(
    *frames: int, key: str = "first", batches_waited: int = 0, limits: BatchLimits = LIMITS
) -> list[WaitingWindow]:
    return [WaitingWindow(key, limits, n, batches_waited) for n in frames]


def test_nothing_waits_and_nothing_is_chosen() -> None:
    assert choose_batch([]) == []


def test_windows_of_30_seconds_are_as_many_as_memory_holds() -> None:
    assert choose_batch(waiting(3000, 3000, 3000, 3000)) == [0, 1, 2]


def test_short_windows_are_more() -> None:
    assert choose_batch(waiting(*[1000] * 12)) == list(range(8))


def test_a_batch_of_one_takes_one_however_short() -> None:
    assert choose_batch(waiting(100, 100, limits=BatchLimits(1, 1))) == [0]


def test_the_earliest_comes_first_with_those_nearest_to_it_in_length() -> None:
    frames = [1000, 3000, 1100, 2500, 900, 1000, 1200, 800, 1000]
    assert choose_batch(waiting(*frames)) == [0, 2, 4, 5, 6, 7, 8]


def test_a_longer_window_comes_along_where_there_is_room() -> None:
    assert choose_batch(waiting(1000, 3000, 1000)) == [0, 1, 2]


def test_the_key_that_fills_a_batch_best_is_decoded() -> None:
    again = waiting(3000, key="again")
    assert choose_batch([*again, *waiting(1000, 1000, 1000, 1000)]) == [1, 2, 3, 4]
    assert choose_batch([*again, *waiting(1000, 1000)]) == [0]


def test_a_window_that_was_passed_over_often_is_decoded_in_small_company() -> None:
    again = waiting(1000, key="again", batches_waited=MAX_BATCHES_WAITED)
    fresh = waiting(*[3000] * 6)
    assert choose_batch([*fresh, *again]) == [6]
    less = waiting(1000, key="again", batches_waited=MAX_BATCHES_WAITED - 1)
    assert choose_batch([*fresh, *less]) == [0, 1, 2]


def test_a_window_of_odd_length_is_not_passed_over_for_ever() -> None:
    odd = waiting(3000, batches_waited=MAX_BATCHES_WAITED)
    assert 8 in choose_batch([*waiting(*[400] * 8), *odd])


candidates = st.lists(
    st.builds(
        WaitingWindow,
        limits=st.just(LIMITS),
        key=st.sampled_from(["first", "again", "hot"]),
        n_frames=st.integers(1, 30).map(lambda seconds: seconds * 100),
        batches_waited=st.integers(0, 2 * MAX_BATCHES_WAITED),
    ),
    min_size=1,
    max_size=40,
)


@given(candidates, st.integers(1, 12), st.integers(1, 40))
def test_a_batch_has_one_key_fits_and_is_never_empty(
    those: Sequence[WaitingWindow], max_full_windows: int, max_windows: int
) -> None:
    limits = BatchLimits(max(max_full_windows, max_windows), max_full_windows)
    chosen = [those[place] for place in choose_batch([replace(one, limits=limits) for one in those])]
    assert len({candidate.key for candidate in chosen}) == 1
    assert limits.fits(len(chosen), max(candidate.n_frames for candidate in chosen))
    longest = max(candidate.batches_waited for candidate in those)
    if longest >= MAX_BATCHES_WAITED:
        assert max(candidate.batches_waited for candidate in chosen) == longest


@pytest.mark.parametrize(
    ("frames", "share"), [((), 0.0), ((3000,), 1 / 3), ((3000, 3000, 3000), 1.0), ((100,) * 8, 1.0)]
)
def test_how_full_a_batch_is(frames: Sequence[int], share: float) -> None:
    assert LIMITS.fill(frames) == pytest.approx(share)


def test_windows_of_batches_of_another_size_wait_for_their_turn() -> None:
    small = waiting(100, 100, 100, limits=BatchLimits(2, 2))
    assert choose_batch([*small, *waiting(*[1000] * 2)]) == [0, 1]
    assert choose_batch([*small[:1], *waiting(*[3000] * 3)]) == [1, 2, 3]


def test_everything_is_decoded_in_the_end() -> None:
    left = waiting(*[100 * (1 + 7 * n % 30) for n in range(50)])
    n_batches = 0
    while left:
        chosen = choose_batch(left)
        left = [
            replace(one, batches_waited=one.batches_waited + 1)
            for place, one in enumerate(left)
            if place not in chosen
        ]
        n_batches += 1
    total = sum(100 * (1 + 7 * n % 30) for n in range(50))
    assert n_batches <= 2 * total / (LIMITS.max_full_windows * N_FRAMES)
