"""Segment text -> the lines of its cues: where a cue ends and where a line breaks.

Widths are columns, as in a terminal: an East Asian wide character (Unicode width W or F; emoji too)
counts 2, a combining mark 0, all else 1. So 42 columns hold 42 Latin letters or 21 Chinese characters.
Lines break at white space, between Han, Hiragana and Katakana characters (not before a closing mark,
not after an opening one), and inside a word only where the word alone is wider than a line.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

# Costs of ending a cue there, in cues: a cue may be added to spare a break inside a clause. Our own:
# the standards give the order (sentence, clause, word) and no numbers.
SENTENCE_COST = 0.0
CLAUSE_COST = 0.4
WORD_COST = 1.0
INSIDE_WORD_COST = 2.0
TINY_COST = 1.0  # a cue whose share of the segment's time is below the shortest duration
LINE_WEIGHT = 0.1  # a line break after a clause is worth some 7 columns of imbalance at width 42
TOP_HEAVY_COST = 0.02  # of two equal breaks take the one with the shorter upper line (Netflix, BBC)

_NO_BREAK = "\u00a0\u2007\u202f"  # French sets one before "!" and "?"
_SPACE = re.compile(rf"(?:(?![{_NO_BREAK}])[\s\x00-\x1f\x7f-\x9f])+")
_OPENING = "（「『【〔《〈［｛“‘"
# JIS X 4051 (kinsoku): marks, small kana and the sound marks that may not begin a line.
_CLOSING = (
    "、。，．！？：；）」』】〕》〉］｝・…～ー々”’\u3099\u309a"
    "ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
# Radicals, kana, unified ideographs and full-width forms; Hangul is left out: Korean writes spaces.
_EAST_ASIAN = "\u2e80-\u30ff\u31c0-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_HAS_EAST_ASIAN = re.compile(f"[{_EAST_ASIAN}]")
_UNBROKEN = re.compile(
    rf"[{_OPENING}]*(?:(?![{_OPENING}{_CLOSING}])[{_EAST_ASIAN}][.,!?:;)\]%\"']*"
    rf"|[^{_EAST_ASIAN}{_OPENING}{_CLOSING}]+)[{_CLOSING}]*|[{_OPENING}{_CLOSING}]+"
)
_QUOTES = "\"'”’»)]」』）】"
_SENTENCE_END = tuple(".!?…。！？؟।")
_CLAUSE_END = tuple(",;:—–、，；：،؛")
_ABBREVIATION = re.compile(r"(?:mr|mrs|ms|dr|prof|st|vs|no|\w)\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shape:
    """What one cue may hold: lines of so many columns, and a share of the segment's text in columns."""

    max_width: int
    max_lines: int
    min_columns: float = 0.0
    max_columns: float = math.inf


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that is never broken. `glue` joins it to the piece before; `cost` is that of a break after it."""

    text: str
    glue: str
    width: int
    cost: float


def columns(text: str) -> int:
    """Width of a text in columns: East Asian wide characters count 2, combining marks 0."""
    return sum(_char_columns(char) for char in text)


def break_text(text: str, shape: Shape) -> list[tuple[str, ...]]:
    """Break a text into cues, and each cue into lines, without losing or moving a character.

    Runs of white space and control characters become one space. Cues end at sentences, then at
    clauses, then near the middle; lines are balanced, the lower one longer. No text, no cues.
    """
    pieces = _pieces(text, shape.max_width)
    return [_lines(cue, shape.max_width) for cue in _cues(pieces, shape)]


def _char_columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Mc", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _pieces(text: str, max_width: int) -> list[_Piece]:
    pieces = []
    for word in _SPACE.split(text):
        word = word.strip()
        parts = _UNBROKEN.findall(word) if _HAS_EAST_ASIAN.search(word) else [word] if word else []
        glue = " "
        for part in parts:
            fragments = _fragments(part, max_width)
            for fragment in fragments[:-1]:
                pieces.append(_Piece(fragment, glue, columns(fragment), INSIDE_WORD_COST))
                glue = ""
            pieces.append(_Piece(fragments[-1], glue, columns(fragments[-1]), _break_cost(fragments[-1])))
            glue = ""
    return pieces


def _fragments(word: str, max_width: int) -> list[str]:
    """Cut a word that is wider than a line; combining marks stay with their character."""
    fragments, width = [""], 0
    for char in word:
        if width + _char_columns(char) > max_width and _char_columns(char):
            fragments.append("")
            width = 0
        fragments[-1] += char
        width += _char_columns(char)
    return fragments


def _break_cost(word: str) -> float:
    bare = word.rstrip(_QUOTES)
    if bare.endswith(_SENTENCE_END) and not _ABBREVIATION.fullmatch(bare):
        return SENTENCE_COST
    return CLAUSE_COST if bare.endswith(_CLAUSE_END) else WORD_COST


def _fitting(
    pieces: Sequence[_Piece], first: int, max_width: int, max_lines: int
) -> Iterator[tuple[int, int]]:
    """Yield (end, columns) of every run `pieces[first:end]` that fits; the first piece always does."""
    n_lines, line_width, total = 1, 0, 0
    for end in range(first, len(pieces)):
        piece = pieces[end]
        glue = len(piece.glue) if end > first else 0
        if line_width + glue + piece.width > max_width and end > first:
            n_lines, line_width = n_lines + 1, piece.width
        else:
            line_width += glue + piece.width
        total += glue + piece.width
        if n_lines > max_lines and end > first:
            return
        yield end + 1, total


def _cues(pieces: Sequence[_Piece], shape: Shape) -> list[Sequence[_Piece]]:
    """Cheapest division into cues (dynamic programming over the piece at which a cue ends)."""
    n_pieces = len(pieces)
    capacity = min(shape.max_width * shape.max_lines, shape.max_columns)
    best = [0.0] + [math.inf] * n_pieces
    starts = [0] * (n_pieces + 1)
    for first in range(n_pieces):
        for end, width in _fitting(pieces, first, shape.max_width, shape.max_lines):
            if width > shape.max_columns and end > first + 1:
                break
            cost = best[first] + 1.0 + (width / capacity) ** 2
            cost += TINY_COST if width < shape.min_columns else 0.0
            cost += pieces[end - 1].cost if end < n_pieces else 0.0
            if cost < best[end]:
                best[end], starts[end] = cost, first
    cues = []
    while n_pieces:
        cues.append(pieces[starts[n_pieces] : n_pieces])
        n_pieces = starts[n_pieces]
    return cues[::-1]


def _lines(pieces: Sequence[_Piece], max_width: int) -> tuple[str, ...]:
    """Break one cue into as few lines as it needs, balanced, the upper ones rather shorter."""
    n_lines = next(n for n in range(1, len(pieces) + 1) if _fits(pieces, max_width, n))
    target = sum(piece.width + len(piece.glue) for piece in pieces) / n_lines
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}  # piece reached -> cost, breaks
    for line in range(n_lines):
        longer: dict[int, tuple[float, tuple[int, ...]]] = {}
        for first, (cost_before, breaks) in best.items():
            for end, width in _fitting(pieces, first, max_width, 1):
                cost = cost_before + ((width - target) / max_width) ** 2
                if line < n_lines - 1:
                    cost += LINE_WEIGHT * pieces[end - 1].cost + (TOP_HEAVY_COST if width > target else 0.0)
                if cost < longer.get(end, (math.inf,))[0]:
                    longer[end] = (cost, (*breaks, end))
        best = longer
    breaks = best[len(pieces)][1]
    return tuple(_join(pieces[a:b]) for a, b in pairwise(breaks))


def _fits(pieces: Sequence[_Piece], max_width: int, n_lines: int) -> bool:
    return any(end == len(pieces) for end, _ in _fitting(pieces, 0, max_width, n_lines))


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.glue + piece.text for piece in pieces).strip()
