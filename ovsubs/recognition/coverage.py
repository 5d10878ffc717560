"""Speech regions and segments -> the speech that has no text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovsubs.audio.vad import SpeechRegion
from ovsubs.spans import Span
from ovsubs.transcript import Segment

MAX_PAUSE_S = 3.0  # a segment covers pauses between its words up to this; a longer one is a skipped sentence
MIN_UNCOVERED_S = 0.5  # less than this next to a segment is the inaccuracy of its times


def uncovered(speech: Sequence[SpeechRegion], segments: Sequence[Segment]) -> tuple[Span, ...]:
    """The spans of speech that no segment covers, in order.

    A region that no segment touches is uncovered however short it is; of a region that is partly covered,
    what is left counts from `MIN_UNCOVERED_S`.

    Args:
        speech: regions in order, not overlapping.
        segments: in any order.
    """
    return tuple(span for region in speech for span in _uncovered_parts(region, segments))


def _uncovered_parts(region: SpeechRegion, segments: Sequence[Segment]) -> Iterator[Span]:
    touching = sorted(
        (max(span.start, region.start), min(span.end, region.end))
        for segment in segments
        for span in _covered_spans(segment)
        if span.start < region.end and span.end > region.start
    )
    if not touching:
        yield Span(region.start, region.end)
        return
    position = region.start
    for start, end in [*touching, (region.end, region.end)]:
        if start - position >= MIN_UNCOVERED_S:
            yield Span(position, start)
        position = max(position, end)


def _covered_spans(segment: Segment) -> Iterator[Span]:
    """The spans of a segment's words with the pauses between them; without words, all of the segment."""
    start, position = segment.start, segment.start
    for word in segment.words:
        if word.start - position > MAX_PAUSE_S:
            if position > start:
                yield Span(start, position)
            start = word.start
        position = max(position, word.end)
    ends_with_words = segment.words and segment.end - position > MAX_PAUSE_S
    yield Span(start, position if ends_with_words else segment.end)
