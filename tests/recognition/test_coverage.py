"""Speech that no segment covers."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition.coverage import MIN_UNCOVERED_S, uncovered
from ovsubs.spans import Span
from ovsubs.transcript import Segment, Word

TICK_S = 0.125  # exact in binary, so that boundaries are met exactly


def segment(start: float, end: float) -> Segment:
    return Segment(0, start, end, " Hello", (), -0.3, 1.0, 0.1)


def left(speech: list[tuple[float, float]], *segments: tuple[float, float]) -> list[tuple[float, float]]:
    regions = [SpeechRegion(*region) for region in speech]
    found = uncovered(regions, [segment(*times) for times in segments])
    return [(span.start, span.end) for span in found]


def test_without_speech_nothing_is_uncovered() -> None:
    assert left([]) == left([], (0.0, 5.0)) == []


def test_without_segments_all_speech_is_uncovered_however_short() -> None:
    assert left([(0.0, 0.032), (1.0, 9.0)]) == [(0.0, 0.032), (1.0, 9.0)]


def test_a_segment_beside_a_region_does_not_touch_it() -> None:
    assert left([(1.0, 1.25)], (0.0, 1.0), (1.25, 2.0)) == [(1.0, 1.25)]


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([(0.0, 10.0)], []),
        ([(-1.0, 11.0)], []),
        ([(0.0, 5.0), (5.0, 10.0)], []),
        ([(0.5, 10.0)], [(0.0, 0.5)]),
        ([(0.375, 9.625)], []),  # the inexactness of times
        ([(0.0, 9.5)], [(9.5, 10.0)]),
        ([(0.0, 4.0), (4.5, 10.0)], [(4.0, 4.5)]),
        ([(0.0, 4.0), (4.375, 10.0)], []),
        ([(6.0, 8.0), (0.0, 2.0)], [(2.0, 6.0), (8.0, 10.0)]),
        ([(0.0, 9.0), (1.0, 2.0)], [(9.0, 10.0)]),  # one inside the other
        ([(4.0, 4.0)], [(0.0, 4.0), (4.0, 10.0)]),
    ],
)
def test_stretches_of_half_a_second_beside_the_segments_are_uncovered(
    segments: list[tuple[float, float]], expected: list[tuple[float, float]]
) -> None:
    assert left([(0.0, 10.0)], *segments) == expected


def test_silence_between_regions_is_not_uncovered() -> None:
    assert left([(0.0, 2.0), (8.0, 9.0)], (0.0, 2.0)) == [(8.0, 9.0)]
    assert left([(0.0, 2.0), (8.0, 9.0)], (1.0, 8.5)) == [(0.0, 1.0), (8.5, 9.0)]


@st.composite
def stretches(draw: st.DrawFn) -> list[tuple[int, int]]:
    """In ticks, in order, not overlapping."""
    bounds = draw(st.lists(st.integers(0, 80), max_size=12, unique=True).map(sorted))
    return [(start, end) for start, end in pairwise(bounds)][::2]


spans = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 20)), max_size=6)


@given(stretches(), spans)
def test_every_tick_of_speech_is_covered_or_reported_or_short(
    speech: list[tuple[int, int]], segments: list[tuple[int, int]]
) -> None:
    texts = [segment(start * TICK_S, (start + length) * TICK_S) for start, length in segments]
    regions = [SpeechRegion(start * TICK_S, end * TICK_S) for start, end in speech]
    found = uncovered(regions, texts)
    covered = {tick for start, length in segments for tick in range(start, start + length)}
    reported = [
        ticks for span in found for ticks in range(round(span.start / TICK_S), round(span.end / TICK_S))
    ]
    assert reported == sorted(set(reported))
    assert covered.isdisjoint(reported)
    for start, end in speech:
        missing = [tick for tick in range(start, end) if tick not in covered and tick not in reported]
        assert (len(missing) < end - start) or not missing, "a region without text is reported"
        for run in _runs(missing):
            assert len(run) * TICK_S < MIN_UNCOVERED_S
    inside = {tick for start, end in speech for tick in range(start, end)}
    assert inside.issuperset(reported)


def _runs(ticks: list[int]) -> list[list[int]]:
    """Consecutive numbers together."""
    runs = list[list[int]]()
    for tick in ticks:
        if runs and runs[-1][-1] == tick - 1:
            runs[-1].append(tick)
        else:
            runs.append([tick])
    return runs


@given(stretches(), spans)
def test_the_order_of_the_segments_does_not_matter(
    speech: list[tuple[int, int]], segments: list[tuple[int, int]]
) -> None:
    texts = [segment(start, start + length) for start, length in segments]
    regions = [SpeechRegion(*region) for region in speech]
    found = uncovered(regions, texts)
    assert found == uncovered(regions, texts[::-1])
    assert all(isinstance(span, Span) for span in found)


def test_a_sentence_that_a_segment_passes_over_is_uncovered() -> None:
    """Its times reach over it, its words do not."""
    words = (Word(" Paul", 0.2, 0.5), Word(" takes", 0.5, 4.3))
    over = replace(segment(0.0, 26.3), words=words)

    assert uncovered([SpeechRegion(23.5, 26.3)], [over]) == (Span(23.5, 26.3),)
    assert uncovered([SpeechRegion(23.5, 26.3)], [replace(over, words=())]) == ()
    assert uncovered([SpeechRegion(5.0, 6.5)], [replace(over, end=7.0)]) == ()


def test_pauses_between_words_are_covered_and_longer_gaps_are_not() -> None:
    words = (Word(" one", 0.0, 1.0), Word(" two", 3.5, 4.0), Word(" three", 9.0, 9.5))
    over = replace(segment(0.0, 9.5), words=words)
    assert uncovered([SpeechRegion(0.0, 9.5)], [over]) == (Span(4.0, 9.0),)
