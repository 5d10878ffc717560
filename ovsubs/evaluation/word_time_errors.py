"""Words with times, and a reference of the same recordings -> how far the times are off."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.evaluation.alignment import EQUAL, align_words
from ovsubs.transcript import Word

NEAR_S, FAR_S = 0.1, 0.2  # of a word's start; what is further off is seen on the screen
_NO_LETTER = re.compile(r"[^\w']")


@dataclass(frozen=True, slots=True)
class TimeErrors:
    """How far times are off those of the reference, in seconds: half of them no further than `median`.

    `mean` has a sign: above 0 is late. `within_100_ms` and `within_200_ms` are parts of 1.
    """

    n_words: int
    median: float
    mean: float
    within_100_ms: float
    within_200_ms: float


@dataclass(frozen=True, slots=True)
class WordTimeErrors:
    """How far the starts and the ends of words are off."""

    starts: TimeErrors
    ends: TimeErrors


def measure_word_times(
    reference: Sequence[Sequence[Word]], heard: Sequence[Sequence[Word]]
) -> WordTimeErrors:
    """Compare the times of the words that are the same in both, by the alignment of the texts.

    Args:
        reference: of each recording all words that are said, in small letters and without marks; a word whose
            times are not known has NaN.
        heard: of each recording the words as they were heard.

    Raises:
        ValueError: not one word is the same in both.
        MissingExtra: jiwer is not installed.
    """
    pairs = [pair for of_file, words in zip(reference, heard, strict=True) for pair in _same(of_file, words)]
    if not pairs:
        raise ValueError("times of words cannot be compared: no word is the same in both")
    off = np.array([(mine.start - true.start, mine.end - true.end) for true, mine in pairs])  # [n_words, 2]
    return WordTimeErrors(_time_errors(off[:, 0]), _time_errors(off[:, 1]))


def _same(reference: Sequence[Word], heard: Sequence[Word]) -> list[tuple[Word, Word]]:
    """Pairs of one word in the reference, with known times, and as it was heard."""
    bare = [_NO_LETTER.sub("", word.word.lower()) for word in heard]
    named = [place for place, text in enumerate(bare) if text]  # a mark alone is no word
    pieces = align_words([word.word for word in reference], [bare[place] for place in named])
    places = [
        pair for piece in pieces if piece.kind == EQUAL for pair in zip(piece.said, piece.heard, strict=True)
    ]
    pairs = [(reference[said], heard[named[place]]) for said, place in places]
    return [(true, mine) for true, mine in pairs if not math.isnan(true.start)]


def _time_errors(differences: NDArray[np.float64]) -> TimeErrors:
    """Of differences in seconds; above 0 is late.  # [n_words]"""
    off = np.abs(differences)
    return TimeErrors(
        n_words=len(off),
        median=round(float(np.median(off)), 4),
        mean=round(float(differences.mean()), 4),
        within_100_ms=round(float((off <= NEAR_S).mean()), 4),
        within_200_ms=round(float((off <= FAR_S).mean()), 4),
    )
