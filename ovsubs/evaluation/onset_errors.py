"""Words heard of a recording -> those that are lost, invented and misplaced where its speech begins."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ovsubs.datasets.joining import Utterance
from ovsubs.evaluation.alignment import DELETE, EQUAL, INSERT, AlignedWords, align_words
from ovsubs.transcript import Word

N_FIRST = 6  # words of a part that count as its beginning
TOLERANCE_S = 0.5  # a word this far outside of the speech stands in no speech
LEAST_HEARD = 0.6  # of the letters that were said: "le rugissement", heard as "justement", is not lost


@dataclass(frozen=True, slots=True)
class OnsetErrors:
    """Errors of a recording in which speech begins after something that is not silence. Adds up.

    `lost`: first words of a part that are not in the text, and are not misheard as other words. `invented`:
    words that nobody said, in or next to the sound before it. `misplaced`: words that somebody said, but
    that are timed where nobody speaks. `n_errors` and `n_words`: word errors and words of all of it.
    """

    lost: int = 0
    invented: int = 0
    misplaced: int = 0
    n_errors: int = 0
    n_words: int = 0

    def __add__(self, other: OnsetErrors) -> OnsetErrors:
        return OnsetErrors(
            self.lost + other.lost,
            self.invented + other.invented,
            self.misplaced + other.misplaced,
            self.n_errors + other.n_errors,
            self.n_words + other.n_words,
        )

    def beyond(self, control: OnsetErrors) -> OnsetErrors:
        """Without the words that are lost and invented in the control, too, and none less than 0.

        Args:
            control: errors of the same recording with silence in the place of the sound.
        """
        lost, invented = max(0, self.lost - control.lost), max(0, self.invented - control.invented)
        return replace(self, lost=lost, invented=invented)


@dataclass(frozen=True, slots=True)
class _SaidWord:
    """A word of a part, and its place in it, from 0."""

    text: str
    part: int
    place: int


def count_onset_errors(parts: Sequence[Utterance], heard: Sequence[Word]) -> OnsetErrors:
    """Align the words heard with those said, and look at the beginnings of the parts.

    Args:
        parts: stretches of speech in order, with what is said in them.
        heard: all words that were heard, in order, with times in seconds of the same recording.

    Raises:
        MissingExtra: jiwer is not installed.
    """
    said = [
        _SaidWord(text, number, place)
        for number, part in enumerate(parts)
        for place, text in enumerate(bare_words(part.text))
    ]
    words = [replace(word, word=bare) for word in heard for bare in bare_words(word.word)]
    pieces = align_words([one.text for one in said], [one.word for one in words])
    misheard = _misheard(pieces, said, words)
    errors = OnsetErrors(n_words=len(said))
    for piece in pieces:
        n_outside = sum(_is_outside(words[place], parts) for place in piece.heard)
        if piece.kind == INSERT:
            begins_part = piece.said.start < len(said) and said[piece.said.start].place == 0
            errors += OnsetErrors(invented=len(piece.heard) if begins_part else n_outside)
        else:
            is_lost = [said[place].place < N_FIRST and place not in misheard for place in piece.said]
            errors += OnsetErrors(lost=sum(is_lost) if piece.kind == DELETE else 0, misplaced=n_outside)
        errors += OnsetErrors(n_errors=piece.n_errors)
    return errors


def bare_words(text: str) -> list[str]:
    """Words in small letters, without marks; numbers and letters stay."""
    kept = [
        character if unicodedata.category(character)[0] in "LNM" else " "
        for character in unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    ]
    return "".join(kept).split()


def _misheard(
    pieces: Sequence[AlignedWords], said: Sequence[_SaidWord], heard: Sequence[Word]
) -> frozenset[int]:
    """Places of words said that are heard as others: most of their letters have a text."""
    found = set[int]()
    for is_right, run in groupby(pieces, lambda piece: piece.kind == EQUAL):
        if is_right:
            continue
        wrong = list(run)
        places = range(wrong[0].said.start, wrong[-1].said.stop)
        is_of_one_part = len({said[place].part for place in places}) == 1
        n_said = sum(len(said[place].text) for place in places)
        n_heard = sum(len(heard[place].word) for piece in wrong for place in piece.heard)
        if is_of_one_part and n_heard >= LEAST_HEARD * n_said:
            found.update(places)
    return frozenset(found)


def _is_outside(word: Word, parts: Sequence[Utterance]) -> bool:
    return not any(
        word.start >= part.start - TOLERANCE_S and word.end <= part.end + 2 * TOLERANCE_S for part in parts
    )
