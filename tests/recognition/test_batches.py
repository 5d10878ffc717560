"""Which windows are decoded next."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.features import N_FRAMES
from ovsubs.recognition.batches import MAX_PASSED_OVER, BatchRoom, Candidate, choose_batch

ROOM = BatchRoom(n_windows=8, n_full=3)  # three windows of 30 s, or eight short ones


def waiting(*frames: int, key: str = "first", n_passed_over: int = 0) -> list[Candidate]:
    return [Candidate(key, n, n_passed_over) for n in frames]


def test_nothing_waits_and_nothing_is_chosen() -> None:
    assert choose_batch([], ROOM) == []


def test_windows_of_30_seconds_are_as_many_as_memory_holds() -> None:
    assert choose_batch(waiting(3000, 3000, 3000, 3000), ROOM) == [0, 1, 2]


def test_short_windows_are_more() -> None:
    assert choose_batch(waiting(*[1000] * 12), ROOM) == list(range(8))


def test_a_batch_of_one_takes_one_however_short() -> None:
    assert choose_batch(waiting(100, 100), BatchRoom(1, 1)) == [0]


def test_the_earliest_comes_first_with_those_nearest_to_it_in_length() -> None:
    frames = [1000, 3000, 1100, 2500, 900, 1000, 1200, 800, 1000]
    assert choose_batch(waiting(*frames), ROOM) == [0, 2, 4, 5, 6, 7, 8]


def test_a_longer_window_comes_along_where_there_is_room() -> None:
    assert choose_batch(waiting(1000, 3000, 1000), ROOM) == [0, 1, 2]


def test_the_key_that_fills_a_batch_best_is_decoded() -> None:
    again = waiting(3000, key="again")
    assert choose_batch([*again, *waiting(1000, 1000, 1000, 1000)], ROOM) == [1, 2, 3, 4]
    assert choose_batch([*again, *waiting(1000, 1000)], ROOM) == [0]


def test_a_window_that_was_passed_over_often_is_decoded_in_small_company() -> None:
    again = waiting(1000, key="again", n_passed_over=MAX_PASSED_OVER)
    fresh = waiting(*[3000] * 6)
    assert choose_batch([*fresh, *again], ROOM) == [6]
    less = waiting(1000, key="again", n_passed_over=MAX_PASSED_OVER - 1)
    assert choose_batch([*fresh, *less], ROOM) == [0, 1, 2]


def test_a_window_of_odd_length_is_not_passed_over_for_ever() -> None:
    odd = waiting(3000, n_passed_over=MAX_PASSED_OVER)
    assert 8 in choose_batch([*waiting(*[400] * 8), *odd], ROOM)


candidates = st.lists(
    st.builds(
        Candidate,
        key=st.sampled_from(["first", "again", "hot"]),
        n_frames=st.integers(1, 30).map(lambda seconds: seconds * 100),
        n_passed_over=st.integers(0, 2 * MAX_PASSED_OVER),
    ),
    min_size=1,
    max_size=40,
)


@given(candidates, st.integers(1, 12), st.integers(1, 40))
def test_a_batch_has_one_key_fits_and_is_never_empty(
    those: Sequence[Candidate], n_full: int, n_windows: int
) -> None:
    room = BatchRoom(max(n_full, n_windows), n_full)
    chosen = [those[place] for place in choose_batch(those, room)]
    assert len({candidate.key for candidate in chosen}) == 1
    assert room.holds(len(chosen), max(candidate.n_frames for candidate in chosen))
    longest = max(candidate.n_passed_over for candidate in those)
    if longest >= MAX_PASSED_OVER:
        assert max(candidate.n_passed_over for candidate in chosen) == longest


@pytest.mark.parametrize(
    ("frames", "share"), [((), 0.0), ((3000,), 1 / 3), ((3000, 3000, 3000), 1.0), ((100,) * 8, 1.0)]
)
def test_how_full_a_batch_is(frames: Sequence[int], share: float) -> None:
    assert ROOM.share(frames) == pytest.approx(share)


def test_everything_is_decoded_in_the_end() -> None:
    left = waiting(*[100 * (1 + 7 * n % 30) for n in range(50)])
    n_batches = 0
    while left:
        chosen = choose_batch(left, ROOM)
        left = [
            Candidate(one.key, one.n_frames, one.n_passed_over + 1)
            for place, one in enumerate(left)
            if place not in chosen
        ]
        n_batches += 1
    total = sum(100 * (1 + 7 * n % 30) for n in range(50))
    assert n_batches <= 2 * total / (ROOM.n_full * N_FRAMES)
