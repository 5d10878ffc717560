"""Two texts -> how much of one is in the other, whatever their spelling and punctuation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

from ovsubs.whisper.chinese import simplified

THREE_WORDS = 12  # letters in the same order: they are not there by chance
_FIRST_IDEOGRAPHIC = "\u2e80"  # CJK radicals: from here on a character says as much as several letters


def letters_of(text: str) -> str:
    """Letters, their signs and digits, in one case and without spaces or marks."""
    kept = (one for one in text.casefold() if unicodedata.category(one)[0] in "LMN")
    return "".join(kept)


def share_of_runs(letters: str, other: str, min_run: int) -> float:
    """The share of letters, 0 to 1, that stand in another text in runs of `min_run` or more; of none 0."""
    runs = _runs(letters, other, min(min_run, len(letters)))
    return sum(map(len, runs)) / max(1, len(letters))


def share_said_once(text: str, other: str) -> float:
    """The share of a text's letters, 0 to 1, in runs of `THREE_WORDS` or more that another text has once."""
    letters, of_other = letters_of(text), letters_of(other)
    runs = _runs(letters, of_other, THREE_WORDS)
    return sum(len(run) for run in runs if of_other.count(run) == 1) / max(1, len(letters))


def agreement(text: str, other: str) -> float:
    """How much of a text is in another one, 0 to 1: in runs that are not there by chance."""
    letters, of_other = letters_of(text), letters_of(other)
    if 2 * sum(one >= _FIRST_IDEOGRAPHIC for one in letters) <= len(letters):
        return share_of_runs(letters, of_other, 4)
    return share_of_runs(simplified(letters), simplified(of_other), 2)  # Whisper mixes the scripts of Chinese


def _runs(letters: str, other: str, min_run: int) -> Iterator[str]:
    """Runs of letters that another text has, too, in the same order."""
    for block in SequenceMatcher(None, letters, other, autojunk=False).get_matching_blocks():
        if block.size >= min_run:
            yield letters[block.a : block.a + block.size]
