"""Thai, Lao, Khmer and Burmese -> where their words end, although no space says so.

Where ICU is installed (the extra `icu`, 50 MB), its dictionaries find the words of all four. Without it, Thai
words are found by BudouX, a model of 60 kB (Google, Apache-2.0): the less sure it is, the dearer is a break.
For the others there is none so light: a break lies between syllables, as their spelling tells, and spaces,
which end phrases there, are far better.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

from ovsubs.subtitles.clusters import clusters

UNSPACED = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf\u1000-\u103f\u104c-\u109f\u1780-\u17d3"
HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
SURE = 0.0  # what a break between words costs more, if they are sure to be two
UNSURE = 4.0  # if they may well be one
DOUBTED = 1.0  # if ICU's dictionary says so, and BudouX hardly
SYLLABLE = 0.4  # if a syllable ends, and perhaps a word
_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_NO_BREAK_BEHIND = "\"'"  # they may open what follows
_THAI = "\u0e01-\u0e4e"
_SURE_SCORE = 2000  # BudouX's own unit; 19 of 20 breaks above it are between words of ICU's, of all 17
# Feature of BudouX's model -> the characters that it looks at, counted from the break (budoux/parser.py).
_FEATURES = {
    "UW1": (-3, -2),
    "UW2": (-2, -1),
    "UW3": (-1, 0),
    "UW4": (0, 1),
    "UW5": (1, 2),
    "UW6": (2, 3),
    "BW1": (-2, 0),
    "BW2": (-1, 1),
    "BW3": (0, 2),
    "TW1": (-3, 0),
    "TW2": (-2, 1),
    "TW3": (-1, 2),
    "TW4": (0, 3),
}
# A vowel that a consonant has to follow, and a consonant that is not spoken or only doubles the vowel.
_THAI_OPEN = re.compile("[\u0e31\u0e37][\u0e48-\u0e4b]?$")
_THAI_SILENT = re.compile("^[\u0e01-\u0e2e][\u0e34\u0e38]?\u0e4c")
_LAO_LEADING = "ເແໂໃໄ"
_LAO_SIGN = re.compile("[\u0eb0-\u0ebc\u0ec8-\u0ecd]")
_LAO_SECOND = "ວຣລ"  # may be the second consonant of a syllable; behind ຫ others may, too
_KHMER_SYLLABLE = re.compile("^[\u17a3-\u17b3]|^[\u1780-\u17a2].*[\u17b6-\u17c8]")
_BURMESE_FINAL = re.compile("^[\u1000-\u102a]\u1037?\u103a")


def breaks_in(word: str) -> dict[int, float]:
    """Where a text without spaces may be broken: the offset, and what that costs beyond a break at a space.

    Breaks lie between clusters, and neither before a closing mark nor behind an opening one.
    """
    ends = [*accumulate(len(cluster) for cluster in clusters(word))]
    found = dict[int, float]()
    reached = 0
    for run in _RUN.findall(word):
        if reached:
            found[reached] = SURE
        if HAS_UNSPACED.match(run):
            found |= {reached + place: cost for place, cost in _breaks_in_run(run).items()}
        reached += len(run)
    return {place: found[place] for place in ends[:-1] if place in found and _may_part(word, place)}


def _may_part(word: str, place: int) -> bool:
    if word[place - 1] in _NO_BREAK_BEHIND or word[place - 1].isspace() or word[place].isspace():
        return False
    before, after = unicodedata.category(word[place - 1]), unicodedata.category(word[place])
    if before in ("Ps", "Pi") or (after[0] == "P" and after not in ("Ps", "Pi")):
        return False
    return not (before == "Nd" and after == "Nd")


def _breaks_in_run(run: str) -> Mapping[int, float]:
    thai = dict(_thai_breaks(run)) if re.match(f"[{_THAI}]", run) else None
    if (words := _icu_words()) is not None:
        words.setText(run)  # its offsets are in UTF-16, where these characters are one each
        return {end: SURE if thai is None else min(thai.get(end, DOUBTED), DOUBTED) for end in words}
    if thai is not None:
        return thai
    parts = list(clusters(run))
    ends = accumulate(len(part) for part in parts)
    return {
        end: SYLLABLE
        for end, (before, after) in zip(ends, pairwise(parts), strict=False)
        if _begins_syllable(before, after)
    }


def _thai_breaks(run: str) -> Iterator[tuple[int, float]]:
    model, score_of_none = _thai_model()
    for place in range(1, len(run)):
        score = score_of_none + sum(
            model.get(name, {}).get(run[place + first : place + end], 0)
            for name, (first, end) in _FEATURES.items()
            if place + first >= 0
        )
        if score > 0 and not _THAI_OPEN.search(run[:place][-2:]) and not _THAI_SILENT.match(run[place:]):
            yield place, SURE + (UNSURE - SURE) * max(0.0, 1.0 - score / _SURE_SCORE)


@cache
def _thai_model() -> tuple[Mapping[str, Mapping[str, int]], float]:
    """BudouX's scores, and that of a place of which nothing is known; its `parse` tells none."""
    import budoux  # a fiftieth of a second that only Thai has to wait

    model = budoux.load_default_thai_parser().model
    return model, -0.5 * sum(sum(scores.values()) for scores in model.values())


def _icu_words() -> Any:
    """ICU's iterator over the ends of words; None where ICU is not installed."""
    icu = _icu()
    return icu and icu.BreakIterator.createWordInstance(icu.Locale.getRoot())


@cache
def _icu() -> Any:
    try:
        import icu
    except ImportError:
        return None
    return icu


def _begins_syllable(before: str, after: str) -> bool:
    """Whether a syllable surely begins with the cluster `after`."""
    if "\u0e80" <= after[0] <= "\u0eff":
        if after[0] in _LAO_LEADING:
            return True
        is_second = before[-1] == "ຫ" or (len(before) == 1 and after[0] in _LAO_SECOND)
        return bool(_LAO_SIGN.search(after)) and not is_second
    if "\u1780" <= after[0] <= "\u17ff":
        return bool(_KHMER_SYLLABLE.match(after)) and "\u17cd" not in after
    if "\u1000" <= after[0] <= "\u109f":
        return unicodedata.category(after[0]) == "Lo" and not _BURMESE_FINAL.match(after)
    return False
