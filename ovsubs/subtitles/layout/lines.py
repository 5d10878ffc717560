"""The pieces of a cue -> its lines: as few as are needed, broken where a reader would, balanced."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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


class LineDivider:
    """Divides any stretch of the pieces of a transcript into lines; sums are made once for all of them."""

    def __init__(self, pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules) -> None:
        self._break_costs = [LINE_WEIGHT * cost for cost in costs]
        self._width = rules.max_line_width
        self._most_words = rules.max_words_per_line or len(pieces)
        # Up to each piece, without it: columns with their glue, and pieces that begin a word.
        self._reached = [*accumulate((piece.width + len(piece.glue) for piece in pieces), initial=0)]
        self._words = [*accumulate((bool(piece.glue) for piece in pieces), initial=0)]
        # Columns before a line that begins with the piece, whose glue is not shown.
        self._starts = [width + len(piece.glue) for width, piece in zip(self._reached, pieces, strict=False)]
        self._furthest = [self._furthest_end(begin) for begin in range(len(pieces))]

    def divide(self, first: int, end: int) -> tuple[float, list[tuple[int, int]]]:
        """The cheapest division of `pieces[first:end]` into as few lines as they need (dynamic programming).

        Returns:
            What the breaks and the imbalance cost, and first and end of each line, counted from `first`.
        """
        n_lines = self._lines_needed(first, end)
        if n_lines == 1:
            return 0.0, [(0, end - first)]
        target = (self._reached[end] - self._starts[first]) / n_lines
        best: dict[int, tuple[float, tuple[int, ...]]] = {first: (0.0, (first,))}  # reached -> cost, breaks
        for n_left in range(n_lines - 1, -1, -1):
            longer: dict[int, tuple[float, tuple[int, ...]]] = {}
            for begin, (cost, breaks) in best.items():
                for stop, longer_cost in self._lines_from(begin, end, n_left, cost, target):
                    if stop not in longer or longer_cost < longer[stop][0]:
                        longer[stop] = (longer_cost, (*breaks, stop))
            best = longer
        cost, breaks = best[end]
        return cost, [(begin - first, stop - first) for begin, stop in pairwise(breaks)]

    def _lines_from(
        self, begin: int, end: int, n_left: int, cost_before: float, target: float
    ) -> Iterator[tuple[int, float]]:
        """Where a line may end so that `n_left` lines hold what is left up to `end`; the cost up to there."""
        last = min(end, self._furthest[begin])
        if not n_left:
            first = end
        else:
            least = self._reached[end] - n_left * self._width - n_left
            first = bisect_left(self._reached, least, begin + 1, end)
        for stop in range(first, last + 1):
            width = self._reached[stop] - self._starts[begin]
            cost = cost_before + ((width - target) / self._width) ** 2
            cost += ORPHAN_COST if stop == begin + 1 else 0.0
            if n_left:
                cost += self._break_costs[stop - 1]
                cost += TOP_HEAVY_COST if width > target else 0.0
            yield stop, cost

    def _furthest_end(self, begin: int) -> int:
        """Where a line that begins there ends at the latest; its first piece always fits."""
        widest = self._starts[begin] + self._width
        by_width = bisect_right(self._reached, widest, begin + 1) - 1
        most_words = self._words[begin + 1] + self._most_words - 1
        by_words = bisect_right(self._words, most_words, begin + 1) - 1
        return max(begin + 1, min(by_width, by_words))

    def _lines_needed(self, first: int, end: int) -> int:
        n_lines, begin = 0, first
        while begin < end:
            n_lines, begin = n_lines + 1, self._furthest[begin]
        return n_lines
