"""Transcript -> cues: what stands on the screen, and from when to when.

Where cues end is the cheapest way through all pieces of the transcript (dynamic programming, as Knuth and
Plass set paragraphs, 1981): each cue costs something, and so do a break in the midst of a clause, a pause
a cue stands over, text that is too fast to read or too short to see, and lines out of balance. What may never
be is not considered: lines too wide, too many lines, more speech than a cue may last. No word is ever lost,
repeated or moved.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ovsubs.subtitles.cue import Cue, CueWord, to_ms
from ovsubs.subtitles.layout.break_costs import break_costs, ends_sentence
from ovsubs.subtitles.layout.cue_times import Spoken, times_of_cues
from ovsubs.subtitles.layout.lines import divide_lines, fitting_ends
from ovsubs.subtitles.layout.pieces import Piece, pieces_of
from ovsubs.subtitles.layout.sdh import without_sdh
from ovsubs.subtitles.styles import LayoutOptions, LayoutRules
from ovsubs.transcript import Transcript

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
LINES_COST = 1.0  # for each unit of `divide_lines`


def lay_out(transcript: Transcript, options: LayoutOptions | None = None) -> list[Cue]:
    """Lay out a transcript as cues: in order, not overlapping, each with `end_ms > start_ms`.

    A cue begins within two frames of its first word, as far as there is time for it. A media too short for
    its text is taken to last one millisecond a cue. Segments without text give no cue.

    Raises:
        InvalidOption: a time that is not a finite number.
    """
    options = options or LayoutOptions()
    rules = options.rules(transcript.text_language)
    segments = transcript.segments
    if options.strip_sdh:
        segments = tuple(without_sdh(segment) for segment in segments)
    media_end_ms = to_ms(transcript.duration)
    pieces = pieces_of(segments, rules.max_line_width, max(0, media_end_ms))
    text = _Text(pieces, break_costs(pieces, transcript.text_language), rules, media_end_ms)
    bounds = [bound for first, end in _paragraphs(pieces, rules) for bound in text.divide(first, end)]
    spoken = [text.spoken(first, end) for first, end in bounds]
    times = times_of_cues(spoken, rules, media_end_ms)
    return [
        _cue(text, bound, start_ms, end_ms) for bound, (start_ms, end_ms) in zip(bounds, times, strict=True)
    ]


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


class _Text:
    """All pieces, and what a cue of some of them costs."""

    def __init__(
        self, pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules, media_end_ms: int
    ) -> None:
        self.pieces = pieces
        self.costs = costs
        self.rules = rules
        self._media_end_ms = media_end_ms
        self._sums = _sums(pieces)
        self._sentence_ends = [place for place, piece in enumerate(pieces) if ends_sentence(piece.text)]
        self._capacity = rules.max_line_width * rules.max_line_count

    def divide(self, first: int, end: int) -> list[tuple[int, int]]:
        """The cheapest division of `pieces[first:end]` into cues: first and end of each."""
        best = {first: 0.0}
        before = dict[int, int]()
        for start in range(first, end):
            if start not in best:
                continue
            for stop in fitting_ends(self.pieces, start, self.rules, self.rules.max_line_count):
                if stop > end or (stop > start + 1 and self._is_too_long(start, stop)):
                    break
                least = best.get(stop, math.inf)
                cost = best[start] + self._cost(start, stop)
                if cost < least:
                    cost += self._cost_of_lines(start, stop)
                if cost < least:
                    best[stop], before[stop] = cost, start
        bounds = list[tuple[int, int]]()
        while end > first:
            bounds.append((before[end], end))
            end = before[end]
        return bounds[::-1]

    def _is_too_long(self, first: int, end: int) -> bool:
        return self.pieces[end - 1].end_ms - self.pieces[first].start_ms > self.rules.max_duration_ms

    def _cost(self, first: int, end: int) -> float:
        if self.rules.keep_segments:
            return CUE_COST
        sums, rules = self._sums, self.rules
        width = sums.widths[end] - sums.widths[first]
        cost = CUE_COST + FILL_COST * (width / self._capacity) ** 2
        cost += self.costs[end - 1]
        cost += sums.pauses[end - 1] - sums.pauses[first]
        cost += self._cost_of_sentences(first, end)
        room_ms = self._room_ms(first, end)
        if room_ms < rules.min_duration_ms:
            cost += SHORT_COST * (1.0 - room_ms / rules.min_duration_ms)
        elif self.pieces[end - 1].end_ms - self.pieces[first].start_ms < rules.min_duration_ms:
            cost += FLASH_COST
        needed_ms = 1000 * self._n_characters(first, end) / rules.max_cps
        if needed_ms > room_ms:
            cost += FAST_COST * min(needed_ms / max(room_ms, 1.0) - 1.0, MAX_FAST)
        if end == first + 1 and self._is_orphan(first):
            cost += ORPHAN_COST
        return cost

    def _cost_of_sentences(self, first: int, end: int) -> float:
        """Of those that end inside a cue."""
        cost, ends, pieces = 0.0, self._sentence_ends, self.pieces
        for number in range(bisect_left(ends, first), bisect_left(ends, end - 1)):
            place = ends[number]
            following = ends[number + 1] if number + 1 < len(ends) else len(pieces) - 1
            before_ms = pieces[place].end_ms - pieces[first].start_ms
            after_ms = pieces[following].end_ms - pieces[place + 1].start_ms
            is_long = min(before_ms, after_ms) >= self.rules.min_duration_ms
            cost += LONG_SENTENCES_COST if is_long else INNER_SENTENCE_COST
        return cost

    def _room_ms(self, first: int, end: int) -> float:
        """For how long the cue could stand."""
        is_last = end == len(self.pieces)
        limit_ms = self._media_end_ms if is_last else self.pieces[end].start_ms - self.rules.min_gap_ms
        return max(0, min(limit_ms - self.pieces[first].start_ms, self.rules.max_duration_ms))

    def _n_characters(self, first: int, end: int) -> int:
        n_characters = self._sums.characters[end] - self._sums.characters[first]
        return n_characters - len(self.pieces[first].glue)

    def _is_orphan(self, place: int) -> bool:
        is_begun = place > 0 and not ends_sentence(self.pieces[place - 1].text)
        return is_begun or not ends_sentence(self.pieces[place].text)

    def _cost_of_lines(self, first: int, end: int) -> float:
        width = self._sums.widths[end] - self._sums.widths[first]
        if width <= self.rules.max_line_width and self.rules.max_words_per_line is None:
            return 0.0
        cost, _ = divide_lines(self.pieces[first:end], self.costs[first:end], self.rules)
        return LINES_COST * cost

    def spoken(self, first: int, end: int) -> Spoken:
        """When a cue is spoken, and how much there is to read in it."""
        start_ms, end_ms = self.pieces[first].start_ms, self.pieces[end - 1].end_ms
        return Spoken(start_ms, end_ms, self._n_characters(first, end))

    def lines(self, first: int, end: int) -> list[Sequence[Piece]]:
        """The pieces of each line of a cue."""
        pieces = self.pieces[first:end]
        _, bounds = divide_lines(pieces, self.costs[first:end], self.rules)
        return [pieces[start:stop] for start, stop in bounds]


def _cue(text: _Text, bound: tuple[int, int], start_ms: int, end_ms: int) -> Cue:
    lines = [list(_cue_words(line, start_ms, end_ms)) for line in text.lines(*bound)]
    return Cue(
        start_ms,
        end_ms,
        tuple("".join(word.text for word in line) for line in lines),
        tuple(map(tuple, lines)),
    )


def _cue_words(pieces: Sequence[Piece], start_ms: int, end_ms: int) -> Iterator[CueWord]:
    for place, piece in enumerate(pieces):
        begin_ms = min(max(piece.start_ms, start_ms), end_ms)
        text = piece.glue + piece.text if place else piece.text
        yield CueWord(text, begin_ms, min(max(piece.end_ms, begin_ms), end_ms))
