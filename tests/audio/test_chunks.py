"""Packing regions into chunks, and cutting a real track as it streams in."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovsubs.audio.chunks import (
    LONGEST_GAP_S,
    PAUSE_S,
    Chunk,
    ChunkBuilder,
    merge_chunks,
    stream_chunks,
)
from ovsubs.audio.silero import LIVE_BATCH
from ovsubs.audio.vad import SpeechDetector, SpeechRegion, VadOptions, find_speech, open_detector
from ovsubs.spans import Span

RATE = 16_000


def regions(*pairs: tuple[float, float]) -> list[SpeechRegion]:
    return [SpeechRegion(start, end) for start, end in pairs]


def in_blocks(samples: np.ndarray, block_s: float) -> list[np.ndarray]:
    n = round(block_s * RATE)
    return [samples[first : first + n] for first in range(0, len(samples), n)]


def test_no_speech_no_chunks() -> None:
    assert list(merge_chunks([])) == []


def test_one_region_is_one_chunk() -> None:
    assert list(merge_chunks(regions((1, 4)))) == [Span(1, 4)]


def test_neighbours_share_a_chunk_until_it_is_full() -> None:
    assert list(merge_chunks(regions((0, 10), (11, 20), (23, 30)))) == [Span(0, 30)]
    assert list(merge_chunks(regions((0, 10), (11, 25), (26, 31)))) == [Span(0, 25), Span(26, 31)]


def test_a_full_chunk_is_cut_at_its_last_pause() -> None:
    speech = regions((0, 21), (22, 26), (26.5, 29), (29.1, 35))
    assert list(merge_chunks(speech)) == [Span(0, 26), Span(26.5, 35)]


def test_without_a_pause_the_longest_silence_is_cut() -> None:
    speech = regions((0, 21), (21.3, 26), (26.1, 29), (29.2, 35))
    assert list(merge_chunks(speech)) == [Span(0, 21), Span(21.3, 35)]


def test_a_silence_before_the_last_third_is_not_cut() -> None:
    speech = regions((0, 5), (8, 26), (26.1, 40))
    assert list(merge_chunks(speech)) == [Span(0, 26), Span(26.1, 40)]


def test_a_region_of_exactly_the_longest_chunk_is_not_cut() -> None:
    assert list(merge_chunks(regions((5, 35)), pad_s=0.2)) == [Span(5, 35)]


def test_a_longer_region_is_cut_and_nothing_of_it_dropped() -> None:
    assert list(merge_chunks(regions((0, 65)))) == [Span(0, 30), Span(30, 60), Span(60, 65)]


def test_padding_ends_at_the_track_and_is_shared_in_a_short_silence() -> None:
    speech = regions((0.1, 25), (25.2, 40), (50, 60))
    chunks = list(merge_chunks(speech, pad_s=0.5, end=60.2))
    assert chunks == [
        Span(0.0, pytest.approx(25.1)),
        Span(pytest.approx(25.1), 40.5),
        Span(49.5, 60.2),
    ]


@st.composite
def speech_regions(draw: st.DrawFn) -> list[SpeechRegion]:
    lengths = st.floats(0.1, 70.0) | st.floats(0.1, 5.0)
    pairs = draw(st.lists(st.tuples(st.just(0.0) | st.floats(0.05, 40.0), lengths), max_size=40))
    found, time = [], 0.0
    for silence, length in pairs:
        found.append(SpeechRegion(time + silence, time + silence + length))
        time = found[-1].end
    return found


@given(speech_regions(), st.sampled_from([0.0, 0.2, 1.0]))
def test_chunks_cover_every_region_in_order_and_never_overlap(
    speech: list[SpeechRegion], pad_s: float
) -> None:
    end = speech[-1].end + 0.1 if speech else 0.0
    chunks = list(merge_chunks(speech, pad_s=pad_s, end=end))
    for before, after in pairwise(chunks):
        assert before.end <= after.start + 1e-9
    for chunk in chunks:
        assert 0 <= chunk.start < chunk.end <= end
        assert chunk.end - chunk.start <= 30 + 1e-6
    for region in speech:
        inside = sum(max(0.0, min(w.end, region.end) - max(w.start, region.start)) for w in chunks)
        assert inside == pytest.approx(region.end - region.start)


@given(speech_regions(), st.sampled_from([0.0, 0.2]))
def test_only_regions_longer_than_a_chunk_are_split(speech: list[SpeechRegion], pad_s: float) -> None:
    chunks = list(merge_chunks(speech, pad_s=pad_s))
    for region in speech:
        if region.end - region.start <= 30:
            assert any(w.start <= region.start and region.end <= w.end for w in chunks)


@given(speech_regions())
def test_there_are_few_chunks(speech: list[SpeechRegion]) -> None:
    # Cut in the last third: a chunk with more speech to come spans at least 20 s, up to the next region.
    chunks = list(merge_chunks(speech))
    for chunk, after in pairwise(chunks):
        following = next(region for region in speech if region.end > after.start)
        last = max(region.end for region in speech if region.start < chunk.end)
        assert following.end - chunk.start > 20 or following.start - last >= LONGEST_GAP_S


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 80.0), st.floats(0.5, 100.0))
def test_without_a_detector_chunks_tile_the_track(length_s: float, block_s: float) -> None:
    samples = np.arange(1, round(length_s * RATE) + 1, dtype=np.float32)
    chunks = list(stream_chunks(in_blocks(samples, block_s), None, VadOptions()))
    joined = np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])
    assert np.array_equal(joined, samples)
    assert [round(chunk.span.start) for chunk in chunks] == [30 * n for n in range(len(chunks))]
    assert all(len(chunk.samples) == 30 * RATE for chunk in chunks[:-1])
    assert all(w.speech == (SpeechRegion(w.span.start, w.span.end),) for w in chunks)


def outline(chunks: list[Chunk]) -> list[tuple[Span, tuple[SpeechRegion, ...]]]:
    return [(chunk.span, chunk.speech) for chunk in chunks]


@pytest.mark.parametrize("block_s", [7.0, 30.0])
def test_block_length_does_not_change_chunks(
    block_s: float, chapter: np.ndarray, detector: SpeechDetector
) -> None:
    whole = list(stream_chunks(in_blocks(chapter, 600.0), detector, VadOptions()))
    parts = list(stream_chunks(in_blocks(chapter, block_s), detector, VadOptions()))
    assert outline(parts) == outline(whole)
    for ours, expected in zip(parts, whole, strict=True):
        assert np.array_equal(ours.samples, expected.samples)


def test_chunks_hold_all_speech_and_their_own_samples(chapter: np.ndarray, detector: SpeechDetector) -> None:
    chunks = list(stream_chunks(in_blocks(chapter, 50.0), detector, VadOptions()))
    speech = tuple(region for chunk in chunks for region in chunk.speech)
    assert speech == find_speech(chapter, detector)
    of_200_ms = list(stream_chunks(in_blocks(chapter, 50.0), detector, VadOptions(speech_pad_ms=200)))
    assert [chunk.span for chunk in of_200_ms] == list(
        merge_chunks(speech, pad_s=0.2, end=len(chapter) / RATE)
    )
    for chunk in chunks:
        first = round(chunk.span.start * RATE)
        assert np.array_equal(chunk.samples, chapter[first : first + len(chunk.samples)])
        assert len(chunk.samples) / RATE == pytest.approx(chunk.span.end - chunk.span.start, abs=1e-3)
        assert len(chunk.samples) <= 30 * RATE


def test_long_silence_between_speech_costs_no_chunk(chapter: np.ndarray, detector: SpeechDetector) -> None:
    track = np.concatenate([chapter[: 10 * RATE], np.zeros(200 * RATE, np.float32), chapter[: 10 * RATE]])
    chunks = list(stream_chunks(in_blocks(track, 30.0), detector, VadOptions()))
    assert len(chunks) == 2
    assert chunks[0].span.end < 12
    assert 208 < chunks[1].span.start < 212


def test_silence_gives_no_chunk(detector: SpeechDetector) -> None:
    assert list(stream_chunks([np.zeros(40 * RATE, np.float32)], detector, VadOptions())) == []
    assert list(stream_chunks([], detector, VadOptions())) == []


def test_speech_without_a_pause_is_cut_into_chunks_that_touch(
    chapter: np.ndarray, detector: SpeechDetector
) -> None:
    # Speech whose silences are all shorter than the one asked for: one region of two minutes.
    options = VadOptions(min_silence_duration_ms=3000)
    chunks = list(stream_chunks(in_blocks(chapter, 45.0), detector, options))
    assert len(chunks) >= 4
    for before, after in pairwise(chunks):
        assert before.speech[-1].end == after.speech[0].start
        assert before.span.end <= after.span.start
        assert before.span.end - before.span.start >= 19


def test_cuts_lie_in_silence(chapter: np.ndarray, detector: SpeechDetector) -> None:
    chunks = list(stream_chunks([chapter], detector, VadOptions()))
    gaps = [b.speech[0].start - a.speech[-1].end for a, b in pairwise(chunks)]
    assert min(gaps) >= 0.15
    assert np.median(gaps) >= PAUSE_S - 0.05


def test_a_chunk_ends_at_a_long_gap_however_short_it_is() -> None:
    """A note of music, and a sentence seconds later, are not read together."""
    spans = list(merge_chunks(regions((8.5, 9.0), (9.0 + LONGEST_GAP_S, 20.0), (21.0, 25.0))))

    assert [(span.start, span.end) for span in spans] == [(8.5, 9.0), (9.0 + LONGEST_GAP_S, 25.0)]


def test_where_nobody_listens_for_speech_silence_is_none() -> None:
    samples = np.zeros(60 * 16_000, np.float32)
    samples[25 * 16_000 : 40 * 16_000] = 0.1

    (chunk,) = stream_chunks([samples], None, VadOptions(), 120.0)

    assert [(region.start, region.end) for region in chunk.speech] == [(25.0, 40.0)]
    (silence,) = stream_chunks([samples * 0], None, VadOptions(), 120.0)
    assert silence.speech == ()


# Pushed as it comes


def test_pushed_samples_give_the_chunks_of_the_whole(chapter: np.ndarray, detector: SpeechDetector) -> None:
    builder = ChunkBuilder(detector, VadOptions())
    pushed = [chunk for block in in_blocks(chapter, 3.3) for chunk in builder.push(block)]
    assert pushed  # before the end
    pushed += builder.finish()
    assert outline(pushed) == outline(list(stream_chunks([chapter], detector, VadOptions())))


@pytest.fixture(scope="module")
def live_detector() -> Iterator[SpeechDetector]:
    with open_detector(LIVE_BATCH) as opened:
        yield opened


@pytest.mark.parametrize("max_wait_s", [0.0, 1.0, 3.0])
def test_a_chunk_is_given_out_soon_after_its_last_word(
    max_wait_s: float, chapter: np.ndarray, live_detector: SpeechDetector
) -> None:
    """Also where silence follows, or speech without a pause; nothing of it is lost or told twice."""
    silence = np.zeros(25 * RATE, np.float32)
    track = np.concatenate([chapter[: 3 * RATE], silence, chapter[: 60 * RATE], silence])
    builder = ChunkBuilder(live_detector, VadOptions(), max_wait_s=max_wait_s)
    chunks, pushed_s = list[Chunk](), 0.0
    for block in in_blocks(track, 0.1):
        pushed_s += len(block) / RATE
        for chunk in builder.push(block):
            waited_s = pushed_s - chunk.speech[-1].end
            known_s = max(max_wait_s, 0.13)  # it is a pause only after a tenth of a second
            assert waited_s <= known_s + LIVE_BATCH * 0.032 + 0.1
            chunks.append(chunk)
    assert len(chunks) >= 4
    assert builder.finish() == []
    speech = [region for chunk in chunks for region in chunk.speech]
    assert speech == sorted(speech, key=lambda region: region.start)
    heard_s = sum(region.end - region.start for region in find_speech(track, live_detector))
    assert sum(region.end - region.start for region in speech) == pytest.approx(heard_s, rel=0.05)
    for before, after in pairwise(chunks):
        assert before.span.end <= after.span.start + 1e-6
    for chunk in chunks:
        first = round(chunk.span.start * RATE)
        assert np.array_equal(chunk.samples, track[first : first + len(chunk.samples)])
        assert chunk.span.start <= chunk.speech[0].start
        assert chunk.speech[-1].end <= chunk.span.end


def test_how_much_is_pushed_at_once_changes_no_chunk(
    chapter: np.ndarray, live_detector: SpeechDetector
) -> None:
    outlines = []
    for push_s in (0.1, 4.7, 120.0):
        builder = ChunkBuilder(live_detector, VadOptions(), max_wait_s=1.0)
        pushed = [chunk for block in in_blocks(chapter, push_s) for chunk in builder.push(block)]
        outlines.append(outline([*pushed, *builder.finish()]))
    assert outlines[0] == outlines[1] == outlines[2]


def test_a_chunk_never_begins_after_its_speech(chapter: np.ndarray, detector: SpeechDetector) -> None:
    """However much audio is to be kept around it."""
    for chunk in stream_chunks([chapter], detector, VadOptions(speech_pad_ms=8000)):
        assert chunk.span.start <= chunk.speech[0].start


def test_without_a_detector_nobody_knows_the_last_word() -> None:
    with pytest.raises(ValueError, match="without a detector nobody knows how long a chunk has waited"):
        ChunkBuilder(None, VadOptions(), max_wait_s=1.0)
