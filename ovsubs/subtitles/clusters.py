"""Characters that are written as one.

A cluster is what nobody may part: a letter with its vowel signs, tone marks and other marks, and with a vowel
that is written before it (Unicode, UAX #29, and what it leaves out: Thai and Lao vowels are letters there,
stacked consonants of Khmer, Burmese and the scripts of India are parted).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

# Thai, Lao, Khmer: vowels written before their consonant; vowels and marks of repetition written behind it.
_LEADING = "เแโใไເແໂໃໄ"
_TRAILING = "ะาำๅๆฯະາຳຽໆຯៗ"
_NOT_STACKING = "\u0e3a\u103a\u0eba"  # of the class of the signs that stack, but they end a syllable
_JOINER = "\u200d"
_VIRAMA = 9  # canonical combining class of the signs that stack the next consonant
_MARKS = ("Mn", "Mc", "Me", "Cf")
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")
_FLAGS = ("\U0001f1e6", "\U0001f1ff")


def clusters(text: str) -> Iterator[str]:
    """The clusters of a text in order; joined, they are the text."""
    begin, n_flags = 0, 0
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        n_flags = n_flags + 1 if _FLAGS[0] <= before <= _FLAGS[1] else 0
        if not _belong_together(before, after, n_flags):
            yield text[begin:place]
            begin = place
    if text:
        yield text[begin:]


def _belong_together(before: str, after: str, n_flags: int) -> bool:
    if after.isascii():
        return before == _JOINER
    if unicodedata.category(after) in _MARKS or after in _TRAILING or before in _LEADING:
        return not before.isspace()
    if before == _JOINER:
        return True
    if unicodedata.combining(before) == _VIRAMA and before not in _NOT_STACKING:
        return unicodedata.category(after)[0] == "L"
    if _FLAGS[0] <= after <= _FLAGS[1]:
        return n_flags % 2 == 1
    return _SKIN_TONES[0] <= after <= _SKIN_TONES[1]
