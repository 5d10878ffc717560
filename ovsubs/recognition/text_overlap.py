"""Two texts -> how much of one is in the other, whatever their spelling and punctuation."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher

from ovsubs.whisper.chinese import simplified

_FIRST_IDEOGRAPHIC = "\u2e80"  # CJK radicals: from here on a character says as much as several letters


def letters_of(text: str) -> str:
    """Letters, their signs and digits, in one case and without spaces or marks."""
    kept = (one for one in text.casefold() if unicodedata.category(one)[0] in "LMN")
    return "".join(kept)


def share_of_runs(letters: str, other: str, min_run: int) -> float:
    """The share of letters, 0 to 1, that stand in another text in runs of `min_run` or more; of none 0."""
    if not letters:
        return 0.0
    blocks = SequenceMatcher(None, letters, other, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= min(min_run, len(letters))) / len(letters)


def agreement(text: str, other: str) -> float:
    """How much of a text is in another one, 0 to 1: in runs that are not there by chance."""
    letters, of_other = letters_of(text), letters_of(other)
    if 2 * sum(one >= _FIRST_IDEOGRAPHIC for one in letters) <= len(letters):
        return share_of_runs(letters, of_other, 4)
    return share_of_runs(simplified(letters), simplified(of_other), 2)  # Whisper mixes the scripts of Chinese
