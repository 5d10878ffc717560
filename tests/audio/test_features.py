"""Log-mel: equal to transformers', filters equal to librosa's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovsubs.audio.features import N_SAMPLES, log_mel, mel_filters

NOISE = np.random.default_rng(0).normal(0, 0.1, N_SAMPLES).astype(np.float32)


@pytest.mark.parametrize("n_mels", [80, 128])
def test_filters_are_those_of_librosa(n_mels: int) -> None:
    librosa = pytest.importorskip("librosa")
    assert np.array_equal(mel_filters(n_mels), librosa.filters.mel(sr=16_000, n_fft=400, n_mels=n_mels))


@pytest.mark.parametrize("n_mels", [0, 64, 129])
def test_other_numbers_of_bands_are_refused(n_mels: int) -> None:
    with pytest.raises(ValueError, match="80 and 128"):
        log_mel(NOISE, n_mels)


@pytest.mark.parametrize("n_mels", [80, 128])
def test_no_samples_look_like_thirty_seconds_of_silence(n_mels: int) -> None:
    mel = log_mel(np.zeros(0, np.float32), n_mels)
    assert mel.shape == (n_mels, 3000)
    assert mel.dtype == np.float32
    assert np.allclose(mel, log_mel(np.zeros(N_SAMPLES, np.float32), n_mels), rtol=0, atol=1e-6)
    assert np.allclose(mel, -1.5)


def test_more_than_one_window_is_refused() -> None:
    with pytest.raises(ValueError, match="480000"):
        log_mel(np.zeros(N_SAMPLES + 1, np.float32), 80)
    with pytest.raises(ValueError, match="mono"):
        log_mel(np.zeros((2, 100), np.float32), 80)


def test_the_samples_given_are_left_alone() -> None:
    samples = NOISE[:1000].copy()
    log_mel(samples, 80)
    assert np.array_equal(samples, NOISE[:1000])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5000), st.sampled_from([80, 128]))
def test_leaving_out_the_silence_after_the_samples_changes_nothing(n: int, n_mels: int) -> None:
    padded = np.zeros(N_SAMPLES, np.float32)
    padded[:n] = NOISE[:n]
    assert np.allclose(log_mel(NOISE[:n], n_mels), log_mel(padded, n_mels), rtol=0, atol=1e-6)


@pytest.mark.reference
@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("n", [1, 100, 199, 200, 201, 360, 361, 16_000, 300_001, 479_700, 479_999, N_SAMPLES])
def test_equal_to_transformers_within_1e_4(n: int, n_mels: int) -> None:
    transformers = pytest.importorskip("transformers")
    extractor = transformers.WhisperFeatureExtractor(feature_size=n_mels)
    tone = (0.5 * np.sin(0.3 * np.arange(N_SAMPLES))).astype(np.float32)
    for samples in (NOISE[:n], tone[:n]):
        expected = extractor(samples, sampling_rate=16_000, return_tensors="np").input_features[0]
        assert np.abs(log_mel(samples, n_mels) - expected).max() < 1e-4


@pytest.mark.reference
@pytest.mark.parametrize("n_mels", [80, 128])
def test_equal_to_transformers_on_speech_within_1e_4(n_mels: int, chapter: np.ndarray) -> None:
    transformers = pytest.importorskip("transformers")
    extractor = transformers.WhisperFeatureExtractor(feature_size=n_mels)
    for first in range(0, len(chapter), N_SAMPLES):
        samples = chapter[first : first + N_SAMPLES]
        expected = extractor(samples, sampling_rate=16_000, return_tensors="np").input_features[0]
        assert np.abs(log_mel(samples, n_mels) - expected).max() < 1e-4
