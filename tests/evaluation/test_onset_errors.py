"""Words that are lost, invented and misplaced where speech begins after something that is not silence."""

import pytest

from ovsubs.datasets.joining import Utterance
from ovsubs.evaluation.onset_errors import N_FIRST, OnsetErrors, bare_words, count_onset_errors
from ovsubs.transcript import Word

SAID = "ever tried ever failed no matter try again"
PART = Utterance(10.0, 14.0, SAID)  # after ten seconds of a sound
N = len(SAID.split())


def heard(text: str, start: float = 10.0, step: float = 0.5) -> list[Word]:
    """Words one after the other, evenly."""
    starts = [start + step * n for n in range(len(text.split()))]
    return [Word(f" {word}", at, at + step) for word, at in zip(text.split(), starts, strict=True)]


def test_what_is_heard_as_it_was_said_has_no_errors() -> None:
    assert count_onset_errors([PART], heard("Ever tried! Ever failed; no matter, try again.")) == OnsetErrors(
        n_words=N
    )


def test_first_words_that_are_missing_are_lost() -> None:
    errors = count_onset_errors([PART], heard("failed no matter try again", 11.5))
    assert errors == OnsetErrors(lost=3, n_errors=3, n_words=N)


def test_all_is_lost_of_the_beginning_where_nothing_is_heard() -> None:
    assert count_onset_errors([PART], []) == OnsetErrors(lost=N_FIRST, n_errors=N, n_words=N)


def test_later_words_that_are_missing_are_errors_alone() -> None:
    errors = count_onset_errors([PART], heard("ever tried ever failed no matter try"))
    assert errors == OnsetErrors(n_errors=1, n_words=N)


def test_first_words_that_are_heard_as_others_are_not_lost() -> None:
    french = Utterance(0.0, 3.0, "le rugissement du lion")
    errors = count_onset_errors([french], heard("justement du lion", 0.5))
    assert (errors.lost, errors.n_errors) == (0, 2)
    lost = count_onset_errors([french], heard("la du lion", 0.5))
    assert (lost.lost, lost.n_errors) == (1, 2)


def test_words_before_the_first_are_invented() -> None:
    errors = count_onset_errors([PART], [*heard("thank you", 2.0), *heard(SAID)])
    assert errors == OnsetErrors(invented=2, n_errors=2, n_words=N)


def test_words_within_speech_that_nobody_said_are_errors_alone() -> None:
    words = heard("ever tried and ever failed no matter try again", step=0.4)
    assert count_onset_errors([PART], words) == OnsetErrors(n_errors=1, n_words=N)


def test_words_after_the_speech_that_nobody_said_are_invented() -> None:
    errors = count_onset_errors([PART], [*heard(SAID), *heard("bye bye", 20.0)])
    assert errors == OnsetErrors(invented=2, n_errors=2, n_words=N)


@pytest.mark.parametrize(("start", "n_misplaced"), [(9.5, 0), (9.49, 1), (2.0, 1)])
def test_a_word_that_was_said_is_misplaced_where_nobody_speaks(start: float, n_misplaced: int) -> None:
    first, *others = heard(SAID)
    errors = count_onset_errors([PART], [Word(first.word, start, start + 0.2), *others])
    assert errors == OnsetErrors(misplaced=n_misplaced, n_words=N)


def test_each_part_has_a_beginning() -> None:
    before = Utterance(0.0, 2.0, "it was then that")
    errors = count_onset_errors([before, PART], [*heard("it was then that", 0.0), *heard("no matter", 12.0)])
    assert errors == OnsetErrors(lost=4, n_errors=6, n_words=4 + N)


def test_errors_of_recordings_add_up_and_those_of_the_control_do_not_count() -> None:
    whole = OnsetErrors(3, 2, 1, 9, 40) + OnsetErrors(1, 0, 0, 1, 10)
    assert whole == OnsetErrors(4, 2, 1, 10, 50)
    assert whole.beyond(OnsetErrors(1, 5, 1, 7, 50)) == OnsetErrors(3, 0, 1, 10, 50)


def test_words_are_compared_without_case_and_marks() -> None:
    assert bare_words("  L’été, 1999: DON'T — ﬁne!") == ["lété", "1999", "dont", "fine"]
