"""Reading a chunk window by window."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.features import log_mel
from ovsubs.audio.regions import SpeechRegion, VadOptions
from ovsubs.audio.windows import WINDOW_S, AudioWindow, first_half_s, next_window
from ovsubs.spans import Span

RATE = 16_000
NEAR, NONE = VadOptions(speech_pad_ms=200), VadOptions(speech_pad_ms=0)


def chunk(start: float, end: float, *speech: tuple[float, float]) -> Chunk:
    """A chunk whose samples are their own numbers."""
    samples = np.arange(round((end - start) * RATE), dtype=np.float32)
    return Chunk(Span(start, end), samples, tuple(SpeechRegion(*pair) for pair in speech))


def place(window: AudioWindow | None) -> tuple[float, float] | None:
    return window and (window.window.start, window.window.end)


def test_a_short_chunk_is_one_window() -> None:
    whole = chunk(10.0, 15.0, (10.2, 14.8))
    window = next_window(whole, 10.0, NEAR)
    assert place(window) == (10.0, 15.0)
    assert window is not None
    assert window.speech == whole.speech
    np.testing.assert_array_equal(window.samples, whole.samples)


def test_a_window_begins_where_the_text_ended_and_is_as_long_as_allowed() -> None:
    long = chunk(100.0, 220.0, (100.2, 219.8))
    window = next_window(long, 121.5, NEAR)
    assert place(window) == (121.5, 151.5)
    assert window is not None
    assert window.speech == (SpeechRegion(121.5, 151.5),)
    assert window.samples[0] == 21.5 * RATE
    assert len(window.samples) == 30 * RATE
    assert place(next_window(long, 121.5, NEAR, max_s=15.0)) == (121.5, 136.5)


def test_silence_before_the_speech_is_skipped_but_for_the_padding() -> None:
    gap = chunk(0.0, 60.0, (0.2, 5.0), (20.0, 59.8))
    assert place(next_window(gap, 6.0, NEAR)) == (19.8, 49.8)
    assert place(next_window(gap, 19.9, NEAR)) == (19.9, 49.9)


def test_more_is_kept_before_speech_that_follows_a_sound() -> None:
    """Music is heard as such for a second and more; more of a silence would cost first words."""
    for after_sound, start in ((False, 19.8), (True, 18.5)):
        samples, speech = np.zeros(60 * RATE, np.float32), SpeechRegion(20.0, 59.8, after_sound)
        window = next_window(Chunk(Span(0.0, 60.0), samples, (speech,)), 6.0, VadOptions())
        assert place(window) == (start, start + 30.0)


@pytest.mark.parametrize(
    ("speech", "half_s"),
    [
        ([(0.0, 20.0)], 10.0),
        ([(0.0, 11.0), (12.0, 20.0)], 11.5),
        ([(0.0, 8.0), (8.2, 11.0), (12.0, 20.0)], 11.5),
        ([(0.0, 3.0), (5.0, 20.0)], 10.0),
    ],
    ids=["without a pause", "at the pause", "at the longest one", "the pause is not in the middle third"],
)
def test_a_window_is_halved_at_a_pause(speech: list[tuple[float, float]], half_s: float) -> None:
    window = next_window(chunk(0.0, 20.0, *speech), 0.0, NONE)
    assert window is not None
    assert first_half_s(window) == half_s


def test_a_region_that_the_window_cuts_is_cut_with_it() -> None:
    window = next_window(chunk(0.0, 60.0, (0.0, 10.0), (25.0, 40.0), (41.0, 60.0)), 0.0, NONE)
    assert window is not None
    assert window.speech == (SpeechRegion(0.0, 10.0), SpeechRegion(25.0, 30.0))


def test_no_window_where_no_speech_is_left() -> None:
    done = chunk(0.0, 60.0, (0.2, 40.0))
    assert next_window(done, 40.0, NEAR) is None
    assert next_window(done, 60.0, NEAR) is None
    assert next_window(chunk(0.0, 30.0), 0.0, NEAR) is None


def test_the_end_of_a_word_is_no_window() -> None:
    done = chunk(0.0, 60.0, (0.2, 40.0))
    assert next_window(done, 39.95, NEAR) is None
    assert next_window(done, 39.8, NEAR) is not None


@pytest.mark.parametrize(("begin", "n"), [(122.9, 6611), (121.85, 77_610), (0.0, 0), (0.0, 1)])
def test_samples_never_exceed_a_window_by_rounding(begin: float, n: int) -> None:
    """Half a sample beside the grid, the two ends of a window may be rounded apart."""
    start = begin + (n + 0.5) / RATE
    window = next_window(chunk(begin, begin + 60, (begin, begin + 60)), start, NONE)
    assert window is not None
    assert len(window.samples) == 480_000
    assert log_mel(window.samples, 80).shape == (80, 3000)


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    """Speech and silences of any length, on no particular grid, beginning anywhere in a long track."""
    begin = draw(st.floats(0.0, 36_000.0))
    pairs = draw(st.lists(st.tuples(st.floats(0.01, 10.0), st.floats(0.11, 40.0)), min_size=1, max_size=6))
    found, time = [], begin
    for silence, length in pairs:
        found.append((time + silence, time + silence + length))
        time = found[-1][1]
    return chunk(begin, time + draw(st.floats(0.0, 1.0)), *found)


@given(whole=chunks(), pad_ms=st.sampled_from([0, 200, 1000]), share=st.floats(0.1, 1.0))
def test_windows_read_to_any_point_cover_all_speech_and_stay_in_the_chunk(
    whole: Chunk, pad_ms: int, share: float
) -> None:
    """`share` is how much of each window is understood; at least a second, as `read_window` promises."""
    cursor, n_windows = whole.span.start, 0
    while window := next_window(whole, cursor, VadOptions(speech_pad_ms=pad_ms)):
        start, end = window.window.start, window.window.end
        assert whole.span.start <= start < end <= whole.span.end
        assert cursor <= start
        assert end - start <= WINDOW_S + 1e-9
        assert abs(len(window.samples) - (end - start) * RATE) <= 1.0
        assert len(window.samples) <= 480_000
        assert window.speech
        assert all(start <= region.start < region.end <= end for region in window.speech)
        # No speech lies in what is skipped, but the end of a word.
        assert all(
            region.end <= cursor + 0.1 or region.start >= start for region in _between(whole, cursor, start)
        )
        cursor = end if share == 1.0 else start + min(max(share * (end - start), 1.0), end - start)
        n_windows += 1
    assert all(region.end <= cursor + 0.1 for region in whole.speech)
    assert n_windows <= (whole.span.end - whole.span.start) + len(whole.speech) + 1


def _between(whole: Chunk, first: float, last: float) -> list[SpeechRegion]:
    """Speech in `[first, last)`, cut at `first`."""
    inside = [region for region in whole.speech if region.start < last and region.end > first]
    return [replace(region, start=max(region.start, first)) for region in inside]


def test_a_chunk_read_in_full_needs_as_few_windows_as_fit() -> None:
    whole = chunk(0.0, 95.0, (0.0, 95.0))
    cursor, places = 0.0, []
    while window := next_window(whole, cursor, NEAR):
        places.append(place(window))
        cursor = window.window.end
    assert places == [(0.0, 30.0), (30.0, 60.0), (60.0, 90.0), (90.0, pytest.approx(95.0))]
