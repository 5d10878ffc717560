"""Pieces -> which of them share a cue.

Where cues end is the cheapest way through all pieces of the transcript (dynamic programming, as Knuth and
Plass set paragraphs, 1981): each cue costs something, and so do a break in the midst of a clause, a pause
that a cue stands over, text that is too fast to read or too short to see, and lines out of balance. What may
never be is not considered: lines too wide, too many lines, more speech than a cue may last.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ovsubs.subtitles.layout.break_costs import ends_sentence
from ovsubs.subtitles.layout.lines import LineDivider, fitting_ends
from ovsubs.subtitles.layout.pieces import Piece
from ovsubs.subtitles.styles import LayoutRules

# All in cues: what a cue more may cost to spare them.
CUE_COST = 1.0
FILL_COST = 1.0  # of a full cue; squared, so that cues share their text evenly
INNER_SENTENCE_COST = 0.25  # a sentence that ends inside a cue ...
LONG_SENTENCES_COST = 2.5  # ... where the text before it and the sentence behind it are long enough
PAUSE_COST = 1.5  # for each second of silence, beyond `SHORT_PAUSE_MS`, that a cue stands over
SHORT_PAUSE_MS = 300
FAST_COST = 6.0  # text twice as fast as can be read ...
MAX_FAST = 0.25  # ... but no more than for a quarter too fast: speech that is too fast is so in any cue
SHORT_COST = 6.0  # a cue with no time at all
FLASH_COST = 0.5  # said in less than the shortest duration
ORPHAN_COST = 0.5  # a cue of one word that is no sentence
LINES_COST = 1.0  # for each unit of `LineDivider.divide`


Bounds = tuple[int, int]  # the first piece of a cue, and the one behind its last


def divide_cues(
    pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules, media_end_ms: int
) -> list[Bounds]:
    """The cheapest division of a transcript into cues; each piece is in one of them, in order.

    Args:
        pieces: of the whole transcript.
        costs: of a break after each, of `break_costs`.
        rules: of the layout.
        media_end_ms: where the media ends.
    """
    weights = _Weights(pieces, costs, rules, media_end_ms)
    return [bounds for first, end in _paragraphs(pieces, rules) for bounds in _divide(weights, first, end)]


def _paragraphs(pieces: Sequence[Piece], rules: LayoutRules) -> Iterator[tuple[int, int]]:
    """What is divided by itself: everything, or each segment."""
    if not rules.keep_segments:
        yield 0, len(pieces)
        return
    first = 0
    for place, piece in enumerate(pieces):
        if piece.ends_segment:
            yield first, place + 1
            first = place + 1


def _divide(weights: _Weights, first: int, end: int) -> list[Bounds]:
    """The cheapest division of `pieces[first:end]`."""
    ways: dict[int, list[tuple[float, int]]] = {first: [(0.0, first)]}  # end of a cue -> cost, its start
    before = dict[int, int]()
    for place in range(first, end + 1):
        if place not in ways:
            continue
        cost, before[place] = _cheapest(weights, ways.pop(place), place)
        if place == end:
            break
        for stop in weights.fitting_ends(place):
            if stop > end:
                break
            ways.setdefault(stop, []).append((cost + weights.of_cue(place, stop), place))
    found = list[Bounds]()
    while end > first:
        found.append((before[end], end))
        end = before[end]
    return found[::-1]


def _cheapest(weights: _Weights, ways: list[tuple[float, int]], end: int) -> tuple[float, int]:
    """The cheapest way to end a cue there, and where the cue starts; the earlier of two that cost the same.

    Lines cost most to weigh, and never less than nothing: they are weighed only where that can decide.
    """
    least = (math.inf, end)
    for cost, start in sorted(ways):
        if cost > least[0]:
            break
        least = min(least, (cost + weights.of_lines(start, end), start))
    return least


@dataclass(frozen=True, slots=True)
class _Sums:
    """Running sums over the pieces, so that a cue costs nothing to weigh: each up to a piece, without it."""

    widths: list[int]  # columns, glue among them
    characters: list[int]
    pauses: list[float]  # what pauses before a piece cost


def _sums(pieces: Sequence[Piece]) -> _Sums:
    pauses = [
        PAUSE_COST * max(0, after.start_ms - before.end_ms - SHORT_PAUSE_MS) / 1000
        for before, after in pairwise(pieces)
    ]
    return _Sums(
        widths=[*accumulate((piece.width + len(piece.glue) for piece in pieces), initial=0)],
        characters=[*accumulate((piece.n_characters + len(piece.glue) for piece in pieces), initial=0)],
        pauses=[*accumulate(pauses, initial=0.0)],
    )


class _Weights:
    """What a cue of some of the pieces costs."""

    def __init__(
        self, pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules, media_end_ms: int
    ) -> None:
        self._pieces = pieces
        self._costs = costs
        self._lines = LineDivider(pieces, costs, rules)
        self._rules = rules
        self._media_end_ms = media_end_ms
        self._sums = _sums(pieces)
        self._sentence_ends = [place for place, piece in enumerate(pieces) if ends_sentence(piece.text)]
        self._capacity = rules.max_line_width * rules.max_line_count

    def fitting_ends(self, first: int) -> Iterator[int]:
        """Where a cue may end: it fits into its lines and its time; a piece alone always does."""
        latest_ms = self._pieces[first].start_ms + self._rules.max_duration_ms
        for end in fitting_ends(self._pieces, first, self._rules, self._rules.max_line_count):
            if end > first + 1 and self._pieces[end - 1].end_ms > latest_ms:
                return
            yield end

    def of_cue(self, first: int, end: int) -> float:
        """All but its lines."""
        if self._rules.keep_segments:
            return CUE_COST
        sums, rules = self._sums, self._rules
        width = sums.widths[end] - sums.widths[first]
        cost = CUE_COST + FILL_COST * (width / self._capacity) ** 2
        cost += self._costs[end - 1]
        cost += sums.pauses[end - 1] - sums.pauses[first]
        cost += self._of_sentences(first, end)
        room_ms = self._room_ms(first, end)
        if room_ms < rules.min_duration_ms:
            cost += SHORT_COST * (1.0 - room_ms / rules.min_duration_ms)
        elif self._pieces[end - 1].end_ms - self._pieces[first].start_ms < rules.min_duration_ms:
            cost += FLASH_COST
        needed_ms = 1000 * self._n_characters(first, end) / rules.max_cps
        if needed_ms > room_ms:
            cost += FAST_COST * min(needed_ms / max(room_ms, 1.0) - 1.0, MAX_FAST)
        if end == first + 1 and self._is_orphan(first):
            cost += ORPHAN_COST
        return cost

    def _of_sentences(self, first: int, end: int) -> float:
        """Of those that end inside a cue."""
        cost, ends, pieces = 0.0, self._sentence_ends, self._pieces
        for number in range(bisect_left(ends, first), bisect_left(ends, end - 1)):
            place = ends[number]
            following = ends[number + 1] if number + 1 < len(ends) else len(pieces) - 1
            before_ms = pieces[place].end_ms - pieces[first].start_ms
            after_ms = pieces[following].end_ms - pieces[place + 1].start_ms
            is_long = min(before_ms, after_ms) >= self._rules.min_duration_ms
            cost += LONG_SENTENCES_COST if is_long else INNER_SENTENCE_COST
        return cost

    def _room_ms(self, first: int, end: int) -> float:
        """For how long the cue could stand."""
        is_last = end == len(self._pieces)
        limit_ms = self._media_end_ms if is_last else self._pieces[end].start_ms - self._rules.min_gap_ms
        return max(0, min(limit_ms - self._pieces[first].start_ms, self._rules.max_duration_ms))

    def _n_characters(self, first: int, end: int) -> int:
        n_characters = self._sums.characters[end] - self._sums.characters[first]
        return n_characters - len(self._pieces[first].glue)

    def _is_orphan(self, place: int) -> bool:
        is_begun = place > 0 and not ends_sentence(self._pieces[place - 1].text)
        return is_begun or not ends_sentence(self._pieces[place].text)

    def of_lines(self, first: int, end: int) -> float:
        """Its breaks into lines, and their balance."""
        if first == end:
            return 0.0
        width = self._sums.widths[end] - self._sums.widths[first]
        if width <= self._rules.max_line_width and self._rules.max_words_per_line is None:
            return 0.0
        cost, _ = self._lines.divide(first, end)
        return LINES_COST * cost
