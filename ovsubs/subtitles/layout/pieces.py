"""Segments -> pieces: text that is never broken, with the time in which it is spoken.

A piece is a word as written, or a character where no spaces are written (Han, Hiragana, Katakana; not apart
from closing and opening marks), or a word of Thai, Lao, Khmer or Burmese as far as these are found, or a part
of a word that is wider than a line. Their times are those of the words; where a segment has none, its time is
shared by width.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ovsubs.subtitles.clusters import clusters
from ovsubs.subtitles.columns import columns, n_characters
from ovsubs.subtitles.cue import to_ms
from ovsubs.subtitles.layout.unspaced import HAS_UNSPACED, breaks_in
from ovsubs.transcript import Segment, Word

_NO_BREAK = "\u00a0\u2007\u202f"  # French sets one before "!" and "?"
_SPACE = re.compile(rf"(?:(?![{_NO_BREAK}])[\s\x00-\x1f\x7f-\x9f])+")
_WORD_SPACE = re.compile(rf"(?! [ๆໆៗ]){_SPACE.pattern}")  # the mark that repeats a word stays with it
_OPENING = "（「『【〔《〈［｛“‘〝﹁﹃｟｢〘〚"
# JIS X 4051 (kinsoku): marks, small kana and the sound marks that may not begin a line.
_CLOSING = (
    "、。，．！？：；）」』】〕》〉］｝・…‥～〜ー々〻”’〟﹂﹄｠｣〙〛､｡･゠–‼⁇⁈⁉％\u3099\u309a"
    "ゝゞヽヾぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿ"
)
# Radicals, kana, unified ideographs and full-width forms; Hangul is left out: Korean writes spaces.
EAST_ASIAN = "\u2e80-\u30ff\u31c0-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_HAS_EAST_ASIAN = re.compile(f"[{EAST_ASIAN}]")
_UNBROKEN = re.compile(
    rf"[{_OPENING}(\[{{]*(?:(?![{_OPENING}{_CLOSING}])[{EAST_ASIAN}][.,!?:;)\]%\"']*"
    rf"|(?:(?![(\[{{]+[{EAST_ASIAN}])[^{EAST_ASIAN}{_OPENING}{_CLOSING}])+)[{_CLOSING}]*"
    rf"|[{_OPENING}{_CLOSING}]+"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is never broken, spoken during `[start_ms, end_ms)`.

    `glue` joins it to the piece before: a space, or nothing. `width` is in columns, without the glue.
    `ends_segment` marks the last one of a segment. `break_cost`: what a break before it costs beyond one at a
    space, where no space is written and its spelling tells.
    """

    text: str
    glue: str
    width: int
    n_characters: int
    start_ms: int = 0
    end_ms: int = 0
    ends_segment: bool = False
    break_cost: float | None = None


def pieces_of(segments: Sequence[Segment], max_width: int, media_end_ms: int) -> list[Piece]:
    """The pieces of all segments in order; their times lie within the media and never fall.

    Args:
        segments: in order; their times may be anything that is finite.
        max_width: of a line, in columns; what is wider alone is cut.
        media_end_ms: no time is later.

    Raises:
        InvalidOption: a time that is not a finite number.
    """
    pieces = [piece for segment in segments for piece in _of_segment(segment, max_width)]
    earliest_ms = 0
    for place, piece in enumerate(pieces):
        start_ms = min(max(piece.start_ms, earliest_ms), media_end_ms)
        pieces[place] = replace(
            piece, start_ms=start_ms, end_ms=min(max(piece.end_ms, start_ms), media_end_ms)
        )
        earliest_ms = start_ms
    return pieces


def _of_segment(segment: Segment, max_width: int) -> Iterator[Piece]:
    pieces = list(cut_text(segment.text, max_width))
    times = _times_of_words(pieces, segment.words) or _times_by_width(pieces, segment)
    for place, (piece, (start_ms, end_ms)) in enumerate(zip(pieces, times, strict=True)):
        yield replace(piece, start_ms=start_ms, end_ms=end_ms, ends_segment=place == len(pieces) - 1)


def cut_text(text: str, max_width: int) -> Iterator[Piece]:
    """The pieces of a text, without times. White space and control characters are no part of them."""
    for word in _WORD_SPACE.split(text):
        glue = " "
        for part, break_cost in _parts(word.strip()):
            for fragment in _fragments(part, max_width):
                cost, break_cost = break_cost, None
                yield Piece(fragment, glue, columns(fragment), n_characters(fragment), break_cost=cost)
                glue = ""


def _parts(word: str) -> Iterator[tuple[str, float | None]]:
    """The parts of a text without spaces that are never broken, and what a break before each costs."""
    if HAS_UNSPACED.search(word):
        breaks = breaks_in(word)
        for begin, end in pairwise([0, *breaks, len(word)]):
            yield word[begin:end], breaks.get(begin)
    elif _HAS_EAST_ASIAN.search(word):
        yield from ((part, None) for part in _UNBROKEN.findall(word))
    elif word:
        yield word, None


def _fragments(word: str, max_width: int) -> list[str]:
    """Cut a word that is wider than a line; what is written as one character stays together, if it fits."""
    if columns(word) <= max_width:
        return [word]
    fragments, width = [""], 0
    for cluster in clusters(word):
        for part in [cluster] if columns(cluster) <= max_width else cluster:
            n_columns = columns(part)
            if width + n_columns > max_width and n_columns:
                fragments.append("")
                width = 0
            fragments[-1] += part
            width += n_columns
    return [bare for fragment in fragments if (bare := fragment.strip())]


def _times_of_words(pieces: Sequence[Piece], words: Sequence[Word]) -> list[tuple[int, int]]:
    """Of each piece; nothing where the words are not those of the text.

    A word that is cut, being too wide or of a script without spaces, is said evenly, character by character.
    Words are found by how many characters stand before them: nothing but white space differs.
    """
    ends = [*accumulate(_n_printed(word.word) for word in words)]
    reached = [*accumulate((_n_printed(piece.text) for piece in pieces), initial=0)]
    if not ends or ends[-1] != reached[-1]:
        return []
    begins = [0, *ends[:-1]]

    def time_at(place: int, n_before: int) -> int:
        place = min(place, len(words) - 1)
        part = (n_before - begins[place]) / max(1, ends[place] - begins[place])
        start_ms, end_ms = to_ms(words[place].start), to_ms(words[place].end)
        return start_ms + round(part * (end_ms - start_ms))

    times = list[tuple[int, int]]()
    for before, after in pairwise(reached):
        first, last = bisect_right(ends, before), bisect_left(ends, after)
        times.append((time_at(first, before), time_at(last, after)))
    return times


def _times_by_width(pieces: Sequence[Piece], segment: Segment) -> list[tuple[int, int]]:
    start_ms, end_ms = to_ms(segment.start), to_ms(segment.end)
    reached = [*accumulate((piece.width + 1 for piece in pieces), initial=0)]
    bounds = [start_ms + round((end_ms - start_ms) * width / max(1, reached[-1])) for width in reached]
    return list(pairwise(bounds))


def _n_printed(text: str) -> int:
    return len(_SPACE.sub("", "".join(text.split())))
