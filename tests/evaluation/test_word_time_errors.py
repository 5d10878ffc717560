"""How far times of words are off those of a reference."""

from math import nan

import pytest

from ovsubs.evaluation.word_time_errors import TimeErrors, measure_word_times
from ovsubs.transcript import Word

REFERENCE = [Word("ever", 1.0, 1.4), Word("tried", 1.5, 2.0), Word("it's", 2.2, 2.5), Word("ever", 3.0, 3.3)]


def test_starts_and_ends_are_compared_with_their_signs() -> None:
    heard = [
        *(Word(" Ever", 1.05, 1.4), Word(" tried,", 1.35, 2.0)),
        *(Word(" -", 2.1, 2.1), Word(" it's", 2.2, 2.25), Word(" ever.", 3.09, 3.3)),
    ]
    found = measure_word_times([REFERENCE], [heard])
    assert found.starts == TimeErrors(4, 0.07, -0.0025, 0.75, 1.0)
    assert found.ends == TimeErrors(4, 0.0, -0.0625, 0.75, 0.75)


def test_words_that_are_heard_as_others_do_not_count() -> None:
    heard = [Word(" ever", 1.0, 1.4), Word(" cried", 9.0, 9.9), Word(" ever", 3.0, 3.3)]
    assert measure_word_times([REFERENCE], [heard]).starts == TimeErrors(2, 0.0, 0.0, 1.0, 1.0)


def test_words_whose_times_are_not_known_do_not_count() -> None:
    unknown = [Word("ever", nan, nan), *REFERENCE[1:]]
    heard = [Word(f" {word.word}", word.start, word.end) for word in REFERENCE]
    assert measure_word_times([unknown, REFERENCE], [heard, heard]).ends.n_words == 3 + 4


def test_without_a_common_word_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="no word is the same"):
        measure_word_times([REFERENCE], [[Word(" nothing", 0.0, 1.0)]])
