"""How much of a window the encoder sees, and how long its text may be."""

import numpy as np
import pytest

from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.windows import AudioWindow
from ovsubs.recognition.window_limits import earliest_end_s, encoder_frames, max_text_tokens
from ovsubs.spans import Span


@pytest.mark.parametrize(
    ("duration_s", "n_frames"),
    [(0.5, 1000), (8.0, 1000), (8.5, 1100), (20.0, 2200), (28.5, 3000), (30.0, 3000)],
)
def test_the_encoder_sees_two_seconds_of_silence_ten_seconds_at_least(
    duration_s: float, n_frames: int
) -> None:
    assert encoder_frames(duration_s) == n_frames


def test_the_limit_of_tokens_grows_with_the_window_and_fits_the_decoder() -> None:
    assert max_text_tokens(0.1) == 26
    assert max_text_tokens(10.0) == 164
    assert max_text_tokens(30.0) == 444


@pytest.mark.parametrize(
    ("speech", "end_s"),
    [
        ([(10.2, 20.0)], 9.6),
        ([(10.2, 14.0), (15.0, 19.0)], 8.6),
        ([(10.2, 14.0), (15.0, 15.3)], 3.9),  # 0.3 s and 0.1 s of speech may follow
        ([(10.2, 10.5)], 0.0),
        ([], 0.0),
    ],
)
def test_up_to_four_tenths_of_a_second_of_speech_may_follow_the_text(
    speech: list[tuple[float, float]], end_s: float
) -> None:
    regions = tuple(SpeechRegion(start, end) for start, end in speech)
    window = AudioWindow(Span(10.0, 20.0), np.zeros(160_000, np.float32), regions)
    assert earliest_end_s(window) == pytest.approx(end_s)


def test_a_window_under_ten_seconds_may_end_anywhere() -> None:
    window = AudioWindow(Span(0.0, 9.9), np.zeros(158_400, np.float32), (SpeechRegion(0.0, 9.9),))
    assert earliest_end_s(window) == 0.0
