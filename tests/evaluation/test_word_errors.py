"""Counting word errors."""

import pytest

from ovsubs.evaluation.word_errors import WordErrors, count_word_errors, median, total


def test_equal_texts_have_no_errors_whatever_their_case_and_punctuation() -> None:
    errors = count_word_errors("MISTER QUILTER IS THE APOSTLE", "Mr. Quilter is the apostle!")
    assert errors == WordErrors(5, 0, 0, 0)
    assert errors.wer == 0.0


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        ("the cat sat on a mat", WordErrors(6, 1, 0, 0)),
        ("the cat on the mat", WordErrors(6, 0, 1, 0)),
        ("the black cat sat on the mat", WordErrors(6, 0, 0, 1)),
        ("", WordErrors(6, 0, 6, 0)),
    ],
)
def test_each_kind_of_error_is_counted_as_such(hypothesis: str, expected: WordErrors) -> None:
    assert count_word_errors("the cat sat on the mat", hypothesis) == expected


def test_words_where_nothing_was_said_are_insertions() -> None:
    errors = count_word_errors("", "thanks for watching")
    assert errors == WordErrors(0, 0, 0, 3)
    assert errors.wer == 1.0


def test_recordings_add_up_before_the_rate_is_taken() -> None:
    whole = total([WordErrors(90, 9, 0, 0), WordErrors(10, 0, 3, 0)])
    assert whole == WordErrors(100, 9, 3, 0)
    assert whole.wer == pytest.approx(0.12)
    assert total([]).wer == 0.0


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5
