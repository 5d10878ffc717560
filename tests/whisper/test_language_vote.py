import numpy as np
import pytest

from ovsubs.whisper.language_vote import vote

CODES = ("en", "de", "fr")


def rows(*probabilities: tuple[float, float, float]) -> np.ndarray:
    return np.array(probabilities, dtype=np.float32)


def test_one_window_decides_alone_with_its_probability() -> None:
    decision = vote(rows((0.1, 0.7, 0.2)), [3.0], CODES)
    assert decision.language == "de"
    assert decision.probability == pytest.approx(0.7)


def test_each_window_weighs_as_much_as_the_speech_in_it() -> None:
    heard = rows((0.9, 0.1, 0.0), (0.2, 0.8, 0.0))
    assert vote(heard, [1.0, 9.0], CODES).language == "de"
    assert vote(heard, [9.0, 1.0], CODES).language == "en"
    assert vote(heard, [1.0, 9.0], CODES).probability == pytest.approx(0.1 * 0.1 + 0.9 * 0.8, abs=0.002)


def test_a_blip_of_noise_cannot_outvote_a_sentence() -> None:
    assert vote(rows((0.0, 0.0, 1.0), (0.6, 0.4, 0.0)), [0.2, 4.0], CODES).language == "en"


def test_one_doubtful_window_cannot_outvote_several_sure_ones() -> None:
    sure = (0.95, 0.05, 0.0)
    assert vote(rows(sure, (0.4, 0.6, 0.0), sure), [5.0, 9.0, 5.0], CODES).language == "en"


def test_windows_without_known_speech_still_count() -> None:
    decision = vote(rows((0.6, 0.2, 0.2), (0.8, 0.1, 0.1)), [0.0, 0.0], CODES)
    assert decision.language == "en"
    assert decision.probability == pytest.approx(0.7)
