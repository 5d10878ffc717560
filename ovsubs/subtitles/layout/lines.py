"""The pieces of a cue -> its lines: as few as are needed, broken where a reader would, balanced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from ovsubs.subtitles.layout.pieces import Piece
from ovsubs.subtitles.styles import LayoutRules

LINE_WEIGHT = 0.25  # a break after a clause, not within, is worth 12 columns of imbalance at width 42
TOP_HEAVY_COST = 0.02  # of two equal breaks take the one with the shorter upper line (Netflix, BBC)
ORPHAN_COST = 0.08  # a word alone in its line


def fitting_ends(pieces: Sequence[Piece], first: int, rules: LayoutRules, n_lines: int) -> Iterator[int]:
    """Each `end` for which `pieces[first:end]` fits into so many lines; the first piece always does."""
    lines, width, n_words = 1, 0, 0
    most = rules.max_words_per_line or len(pieces)
    for end in range(first, len(pieces)):
        piece = pieces[end]
        glue = len(piece.glue) if end > first else 0
        is_word = end == first or bool(piece.glue)
        if end > first and (width + glue + piece.width > rules.max_line_width or n_words + is_word > most):
            lines, width, n_words = lines + 1, piece.width, 1
        else:
            width, n_words = width + glue + piece.width, n_words + is_word
        if lines > n_lines:
            return
        yield end + 1


def divide_lines(
    pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules
) -> tuple[float, list[tuple[int, int]]]:
    """The cheapest division of a cue into as few lines as it needs (dynamic programming).

    Args:
        pieces: at least one; they fit into the lines that there may be.
        costs: of a break after each.
        rules: of the layout.

    Returns:
        What the breaks and the imbalance cost, and first and end of each line.
    """
    n_lines = next(n for n in range(1, len(pieces) + 1) if len(pieces) in fitting_ends(pieces, 0, rules, n))
    if n_lines == 1:
        return 0.0, [(0, len(pieces))]
    reached = [*accumulate((piece.width + len(piece.glue) for piece in pieces), initial=0)]
    target = (reached[-1] - len(pieces[0].glue)) / n_lines
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}  # piece reached -> cost, breaks
    for n_left in range(n_lines - 1, -1, -1):
        longer: dict[int, tuple[float, tuple[int, ...]]] = {}
        for first, (cost_before, breaks) in best.items():
            start = reached[first] + len(pieces[first].glue)
            for end in fitting_ends(pieces, first, rules, 1):
                if reached[-1] - reached[end] > n_left * rules.max_line_width + n_left:
                    continue  # the lines that are left cannot hold what is left
                cost = cost_before + ((reached[end] - start - target) / rules.max_line_width) ** 2
                cost += ORPHAN_COST if end == first + 1 else 0.0
                if n_left:
                    cost += LINE_WEIGHT * costs[end - 1]
                    cost += TOP_HEAVY_COST if reached[end] - start > target else 0.0
                if end not in longer or cost < longer[end][0]:
                    longer[end] = (cost, (*breaks, end))
        best = longer
    cost, breaks = best[len(pieces)]
    return cost, list(pairwise(breaks))


def line_width(pieces: Sequence[Piece], first: int, end: int) -> int:
    """In columns."""
    return sum(piece.width + len(piece.glue) for piece in pieces[first:end]) - len(pieces[first].glue)
