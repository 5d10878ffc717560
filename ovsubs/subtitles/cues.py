"""Segments -> cues: what stands on the screen, and from when to when.

Times inside a segment are those of its words, or interpolated over its text where it has none. Where the
demands clash, they yield in this order: the gap between cues, then the shortest duration; a cue never
overlaps the next one, never passes the end of the media, and no word is ever lost, repeated or moved.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate, pairwise

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.breaking import Shape, break_text, columns
from ovsubs.transcript import Segment, Word

FRAMES_2_MS = 83  # two frames at 24 fps; nothing shorter is seen (Netflix Timed Text Style Guide, gaps)


@dataclass(frozen=True, slots=True)
class Cue:
    """Text on the screen during `[start_ms, end_ms)`; no line is empty or contains a line break."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """How subtitles are laid out; the defaults are Netflix's (Timed Text Style Guide, general requirements).

    `max_line_width` is in columns, of which an East Asian character takes two. A cue lasts from
    `min_duration_ms`, where there is room for it, to `max_duration_ms`; `min_gap_ms` is kept between cues
    unless that makes one shorter than `min_duration_ms`; a gap shorter than `chain_gap_ms` is closed to
    `min_gap_ms`, since it would only flicker.

    Raises:
        InvalidOption: a value that cannot be obeyed.
    """

    max_line_width: int = 42
    max_line_count: int = 2
    min_duration_ms: int = 833
    max_duration_ms: int = 7000
    min_gap_ms: int = FRAMES_2_MS
    chain_gap_ms: int = 500  # so of gaps at 24 fps those of 3 to 11 frames are closed

    def __post_init__(self) -> None:
        least = {"max_line_width": 2, "max_line_count": 1, "max_duration_ms": 1}
        for option in fields(self):
            value = getattr(self, option.name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise InvalidOption(option.name, value, "give a whole number")
            if value < least.get(option.name, 0):
                raise InvalidOption(option.name, value, f"give at least {least.get(option.name, 0)}")
        if self.min_duration_ms > self.max_duration_ms:
            why = f"it is longer than max_duration_ms = {self.max_duration_ms}"
            raise InvalidOption("min_duration_ms", self.min_duration_ms, why)


@dataclass(frozen=True, slots=True)
class _Span:
    """Texts of cues that share the time `[start_ms, end_ms)`; `spoken` are their own times, where known."""

    start_ms: int
    end_ms: int
    texts: tuple[tuple[str, ...], ...]
    spoken: tuple[tuple[int, int], ...] = ()

    @property
    def least_ms(self) -> int:
        return FRAMES_2_MS * len(self.texts)


def to_ms(seconds: float) -> int:
    """Seconds to whole milliseconds, rounded to the nearest: the only crossing between the two units.

    Raises:
        InvalidOption: not a finite number.
    """
    if not math.isfinite(seconds):
        raise InvalidOption("time", seconds, "give a finite number of seconds")
    return round(seconds * 1000)


def lay_out(segments: Iterable[Segment], options: LayoutOptions, duration: float) -> list[Cue]:
    """Lay out segments as cues: in order, not overlapping, each with `end_ms > start_ms`.

    Segments keep their order whatever their times say: one that overlaps the next is cut short,
    and segments that leave each other no time share what they have together. A media too short
    for its text is taken to last one millisecond a cue. Segments without text give no cue.

    Args:
        duration: of the media, in seconds; no cue ends later.

    Raises:
        InvalidOption: a time that is not a finite number.
    """
    spans = [span for segment in segments if (span := _span(segment, options)).texts]
    media_end_ms = max(to_ms(duration), sum(len(span.texts) for span in spans))
    spans = _make_room(spans, media_end_ms, options)
    limits = [*(span.start_ms for span in spans), media_end_ms][1:]
    cues = [cue for span, limit in zip(spans, limits, strict=True) for cue in _share(span, limit, options)]
    return _settle_ends(cues, options, media_end_ms)


def _span(segment: Segment, options: LayoutOptions) -> _Span:
    start_ms = max(0, to_ms(segment.words[0].start if segment.words else segment.start))
    end_ms = max(start_ms, to_ms(segment.words[-1].end if segment.words else segment.end))
    shape = Shape(options.max_line_width, options.max_line_count)
    if end_ms > start_ms:
        per_ms = columns(" ".join(segment.text.split())) / (end_ms - start_ms)
        longest = max(1.0, per_ms * options.max_duration_ms)
        if end_ms - start_ms > options.max_duration_ms:
            shape = replace(shape, max_columns=longest)
        shape = replace(shape, min_columns=per_ms * options.min_duration_ms)
    texts = tuple(break_text(segment.text, shape))
    return _Span(start_ms, end_ms, texts, tuple(_spoken(texts, segment.words)))


def _spoken(texts: Sequence[tuple[str, ...]], words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """From when to when each cue is spoken; nothing where the words are not those of the texts.

    Words are found by how many characters stand before them: nothing but white space differs.
    """
    ends = [*accumulate(_n_characters(word.word) for word in words)]
    reached = [*accumulate((sum(map(_n_characters, lines)) for lines in texts), initial=0)]
    if not ends or ends[-1] != reached[-1]:
        return
    for before, after in pairwise(reached):
        first, last = bisect_right(ends, before), bisect_left(ends, after)
        yield to_ms(words[first].start), to_ms(words[last].end)


def _n_characters(text: str) -> int:
    return len("".join(text.split()))


def _make_room(spans: Sequence[_Span], media_end_ms: int, options: LayoutOptions) -> list[_Span]:
    """Put spans in rising order inside the media, each with time for its cues to be seen."""
    roomy: list[_Span] = []
    for span in spans:
        start_ms = min(max(span.start_ms, roomy[-1].start_ms if roomy else 0), media_end_ms)
        span = replace(span, start_ms=start_ms, end_ms=min(max(span.end_ms, start_ms), media_end_ms))
        if roomy and start_ms - roomy[-1].start_ms < roomy[-1].least_ms:
            span = _pool(roomy.pop(), span)
        roomy.append(span)
    while roomy and media_end_ms - roomy[-1].start_ms < roomy[-1].least_ms:
        last = roomy.pop()
        readable_ms = max(options.min_duration_ms, FRAMES_2_MS) * len(last.texts)
        earliest_ms = roomy[-1].start_ms + roomy[-1].least_ms if roomy else 0
        start_ms = min(last.start_ms, max(earliest_ms, media_end_ms - readable_ms))
        fits = media_end_ms - start_ms >= last.least_ms
        if fits or not roomy:
            return [*roomy, replace(last, start_ms=start_ms)]
        roomy.append(_pool(roomy.pop(), last))
    return roomy


def _pool(span: _Span, following: _Span) -> _Span:
    return _Span(span.start_ms, max(span.end_ms, following.end_ms), span.texts + following.texts)


def _share(span: _Span, limit_ms: int, options: LayoutOptions) -> list[Cue]:
    """Divide the time of a span, which ends by `limit_ms`: as its cues are spoken, or else by their width."""
    n_cues = len(span.texts)
    readable_ms = max(options.min_duration_ms, FRAMES_2_MS) * n_cues
    end_ms = min(max(span.end_ms, span.start_ms + readable_ms), limit_ms)
    total_ms = end_ms - span.start_ms
    step_ms = min(FRAMES_2_MS, total_ms // n_cues)
    reached = list(accumulate((sum(map(columns, lines)) + 1 for lines in span.texts), initial=0))
    bounds = [span.start_ms + round(total_ms * width / reached[-1]) for width in reached]
    if span.spoken:
        bounds[1:-1] = [start_ms for start_ms, _ in span.spoken[1:]]
    for i in range(1, n_cues):
        bounds[i] = max(bounds[i], bounds[i - 1] + step_ms)
    for i in range(n_cues - 1, 0, -1):
        bounds[i] = min(bounds[i], bounds[i + 1] - step_ms)
    # The last cue keeps its own end: `_settle_ends` lengthens it if there is room.
    bounds[-1] = min(limit_ms, max(bounds[-2] + step_ms, span.end_ms))
    ends = bounds[1:]
    if span.spoken:
        ends = [min(max(spoken_ms, bounds[i] + 1), ends[i]) for i, (_, spoken_ms) in enumerate(span.spoken)]
    return [Cue(bounds[i], ends[i], lines) for i, lines in enumerate(span.texts)]


def _settle_ends(cues: Sequence[Cue], options: LayoutOptions, media_end_ms: int) -> list[Cue]:
    """Give each cue its shortest and longest duration and the gap to the next one, where there is room."""
    settled = []
    shortest_ms = max(options.min_duration_ms, 1)
    for i, cue in enumerate(cues):
        is_last = i + 1 == len(cues)
        next_ms = media_end_ms if is_last else cues[i + 1].start_ms
        gap_ms = 0 if is_last else options.min_gap_ms
        readable_ms = cue.start_ms + shortest_ms
        latest_ms = max(next_ms - gap_ms, min(readable_ms, next_ms))
        wanted_ms = max(cue.end_ms, readable_ms)
        if not is_last and next_ms - wanted_ms < options.chain_gap_ms:
            wanted_ms = latest_ms
        wanted_ms = min(wanted_ms, cue.start_ms + options.max_duration_ms)
        settled.append(replace(cue, end_ms=min(wanted_ms, latest_ms)))
    return settled
