"""Two texts -> how much of one is in the other, whatever their spelling and punctuation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

from ovsubs.whisper.chinese import simplified

DISTINCTIVE_LETTERS = 12  # about three words: a common run of this length is not a coincidence
_FIRST_IDEOGRAPHIC = "\u2e80"  # CJK radicals: from here on a character says as much as several letters


def letters_of(text: str) -> str:
    """The letters, combining marks and digits of a text, in one case and without spaces or punctuation."""
    kept = (one for one in text.casefold() if unicodedata.category(one)[0] in "LMN")
    return "".join(kept)


def share_in_runs(letters: str, other: str, min_run: int) -> float:
    """The share of letters, 0 to 1, in runs of at least `min_run` that another text has, too; 0 if empty."""
    runs = _common_runs(letters, other, min(min_run, len(letters)))
    return sum(map(len, runs)) / max(1, len(letters))


def share_said_once(text: str, other: str) -> float:
    """The share of a text's letters, 0 to 1, in long runs that another text has exactly once."""
    letters, of_other = letters_of(text), letters_of(other)
    runs = _common_runs(letters, of_other, DISTINCTIVE_LETTERS)
    return sum(len(run) for run in runs if of_other.count(run) == 1) / max(1, len(letters))


def agreement(text: str, other: str) -> float:
    """The share of a text, 0 to 1, that another one has, too, in runs too long for a coincidence."""
    letters, of_other = letters_of(text), letters_of(other)
    if 2 * sum(one >= _FIRST_IDEOGRAPHIC for one in letters) <= len(letters):
        return share_in_runs(letters, of_other, 4)
    return share_in_runs(simplified(letters), simplified(of_other), 2)  # Whisper mixes the scripts of Chinese


def _common_runs(letters: str, other: str, min_run: int) -> Iterator[str]:
    """Runs of letters that both texts have, in the same order."""
    for block in SequenceMatcher(None, letters, other, autojunk=False).get_matching_blocks():
        if block.size >= min_run:
            yield letters[block.a : block.a + block.size]
