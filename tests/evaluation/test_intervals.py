"""Which utterance an error belongs to, and how far a word error rate may be off by chance."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovsubs.datasets import SpokenFile
from ovsubs.evaluation.intervals import (
    errors_by_utterance,
    errors_of_files,
    wer_difference_interval,
    wer_interval,
)
from ovsubs.evaluation.word_errors import WordErrors, count_word_errors, total

WORDS = ["the", "cat", "sat", "on", "a", "mat", "twenty", "one", "hundred", "uh", "mister", "it's", "[noise]"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def test_each_error_belongs_to_the_utterance_in_which_it_falls() -> None:
    utterances = ["the cat sat", "on the mat", "and slept all day"]
    hypothesis = "the bat sat on mat and slept all day long"
    assert errors_by_utterance(utterances, hypothesis) == (
        WordErrors(3, 1, 0, 0),
        WordErrors(3, 0, 1, 0),
        WordErrors(4, 0, 0, 1),
    )


def test_words_inserted_between_two_utterances_belong_to_the_next() -> None:
    assert errors_by_utterance(["ever tried", "ever failed"], "ever tried yes indeed ever failed") == (
        WordErrors(2, 0, 0, 0),
        WordErrors(2, 0, 0, 2),
    )


def test_an_empty_hypothesis_deletes_every_word() -> None:
    assert errors_by_utterance(["no matter", "try again"], "") == (
        WordErrors(2, 0, 2, 0),
        WordErrors(2, 0, 2, 0),
    )


def test_words_where_nothing_was_said_belong_to_the_first_utterance() -> None:
    assert errors_by_utterance(["", "uh"], "thanks for watching") == (
        WordErrors(0, 0, 0, 3),
        WordErrors(0, 0, 0, 0),
    )


def test_a_number_across_a_boundary_is_counted_once() -> None:
    utterances = ["there were twenty", "one of them", "left"]
    errors = errors_by_utterance(utterances, "there were 21 of them left")
    assert total(errors) == count_word_errors(" ".join(utterances), "there were 21 of them left")
    assert total(errors) == WordErrors(6, 0, 0, 0)


def test_without_utterances_there_is_nothing_to_belong_to() -> None:
    with pytest.raises(ValueError, match="there is none"):
        errors_by_utterance([], "text")


def test_errors_of_several_recordings_come_in_the_order_of_their_utterances() -> None:
    files = [
        SpokenFile("one", Path("one.wav"), ("ever tried", "ever failed")),
        SpokenFile("two", Path("two.wav"), ("no matter",)),
    ]
    assert errors_of_files(files, ["ever tried never failed", "no"]) == (
        WordErrors(2, 0, 0, 0),
        WordErrors(2, 1, 0, 0),
        WordErrors(2, 0, 1, 0),
    )
    with pytest.raises(ValueError, match="shorter"):
        errors_of_files(files, ["ever tried"])


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), TEXTS)
def test_the_errors_of_the_utterances_add_up_to_those_of_the_recording(
    utterances: list[str], hypothesis: str
) -> None:
    errors = errors_by_utterance(utterances, hypothesis)
    assert len(errors) == len(utterances)
    assert total(errors) == count_word_errors(" ".join(utterances), hypothesis)


def test_equal_utterances_leave_nothing_to_chance() -> None:
    interval = wer_interval([WordErrors(10, 1, 0, 0)] * 20)
    assert (interval.low, interval.high) == pytest.approx((0.1, 0.1))


def test_utterances_without_words_do_not_divide_by_zero() -> None:
    assert wer_interval([WordErrors(0, 0, 0, 0)]).high == 0.0
    assert wer_interval([WordErrors(0, 0, 0, 2)]).low == 1.0


def test_the_interval_of_independent_errors_is_that_of_the_normal_approximation() -> None:
    rate, n_words, n_utterances = 0.05, 20, 400
    wrong = np.random.default_rng(1).binomial(n_words, rate, n_utterances)
    interval = wer_interval([WordErrors(n_words, int(n), 0, 0) for n in wrong])
    expected = 2 * 1.96 * math.sqrt(rate * (1 - rate) / (n_words * n_utterances))
    assert interval.high - interval.low == pytest.approx(expected, rel=0.2)
    assert interval.low < wrong.mean() / n_words < interval.high


def test_the_same_errors_give_the_same_interval() -> None:
    errors = [WordErrors(10, n % 3, 0, 0) for n in range(30)]
    assert wer_interval(errors) == wer_interval(errors)


def test_an_engine_does_not_differ_from_itself() -> None:
    errors = [WordErrors(10, n % 4, 0, 0) for n in range(30)]
    difference = wer_difference_interval(errors, errors)
    assert (difference.low, difference.high) == (0.0, 0.0)


def test_what_is_hard_for_both_does_not_widen_a_difference() -> None:
    errors = [WordErrors(10, n % 5, 0, 0) for n in range(50)]
    worse = [WordErrors(10, n % 5 + 1, 0, 0) for n in range(50)]
    difference = wer_difference_interval(worse, errors)
    assert (difference.low, difference.high) == pytest.approx((0.1, 0.1))
    alone = wer_interval(worse)
    assert alone.high - alone.low > 0.02


def test_other_utterances_are_not_compared() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        wer_difference_interval([WordErrors(10, 1, 0, 0)], [WordErrors(9, 1, 0, 0)])
