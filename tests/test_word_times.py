from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.word_times import apart


def test_words_that_last_stay_as_they_are() -> None:
    assert apart([(0, 100), (100, 250), (300, 400)], 0, 500, 20) == [(0, 100), (100, 250), (300, 400)]


def test_a_word_without_length_takes_time_from_the_next_and_the_last_from_those_before() -> None:
    assert apart([(100, 100), (100, 300)], 0, 500, 20) == [(100, 120), (120, 300)]
    assert apart([(100, 500), (500, 500), (500, 500)], 0, 500, 20) == [(100, 460), (460, 480), (480, 500)]


def test_no_words_are_no_times() -> None:
    assert apart([], 0, 500, 20) == []


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 50)), max_size=30), st.sampled_from([1, 20]))
def test_each_word_lasts_and_none_begins_before_another(words: list[tuple[int, int]], least: int) -> None:
    starts = sorted(start for start, _ in words)
    times = [(start, start + length) for start, (_, length) in zip(starts, words, strict=True)]
    found = apart(times, 0, 1000, least)
    assert all(start >= 0 and start + least <= end <= 1000 for start, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_seconds_are_set_apart_as_well() -> None:
    assert apart([(1.0, 1.0), (1.0, 1.5)], 0.0, 2.0, 0.02) == [
        (1.0, pytest.approx(1.02)),
        (pytest.approx(1.02), 1.5),
    ]
