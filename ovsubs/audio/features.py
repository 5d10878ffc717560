"""Samples -> log-mel: the log-mel spectrogram that Whisper's encoder takes.

The mel filters are those of librosa, kept in `assets/mel_filters.npz` so that librosa is not needed
to run. To make the file again (one line, with librosa installed):

    python -c "import librosa, numpy; numpy.savez_compressed('ovsubs/audio/assets/mel_filters.npz',
    **{f'mel_{n}': librosa.filters.mel(sr=16000, n_fft=400, n_mels=n) for n in (80, 128)})"
"""

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# All from openai/whisper, whisper/audio.py (arXiv:2212.04356, section 2.2).
N_FFT = 400  # samples in one frame: 25 ms
HOP = 160  # samples from frame to frame: 10 ms
N_FRAMES = 3000  # frames in one window
N_SAMPLES = HOP * N_FRAMES  # samples in one window: 30 s
POWER_FLOOR = 1e-10  # digital silence, before the logarithm
DYNAMIC_RANGE = 8.0  # decades kept below the loudest point of the window


def log_mel(samples: NDArray[np.float32], n_mels: int) -> NDArray[np.float32]:
    """Log-mel spectrogram of one window, as Whisper was trained on it.

    What is shorter than 30 s is followed by silence; nothing is computed for that silence, so a
    short window is cheap. Equal to transformers' `WhisperFeatureExtractor` within 1e-4.

    Args:
        samples: mono, 16 kHz, in [-1, 1].  # [n_samples], at most 480000
        n_mels: 80, or 128 for large-v3 and turbo.

    Returns:
        Values between about -1.5 and 1.5.  # float32 [n_mels, 3000]

    Raises:
        ValueError: more than 30 s, not one-dimensional, or no filters for `n_mels`.
    """
    if samples.ndim != 1 or len(samples) > N_SAMPLES:
        raise ValueError(f"one window is at most {N_SAMPLES} samples of mono, got shape {samples.shape}")
    filters = mel_filters(n_mels)  # [n_mels, 201]
    spectrum = np.fft.rfft(_frames(samples) * _hann_window())  # [n_live, 201]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    decades = np.full((n_mels, N_FRAMES), np.log10(POWER_FLOOR), np.float32)
    decades[:, : len(power)] = np.log10(np.maximum(filters @ power.T, POWER_FLOOR))
    np.maximum(decades, decades.max() - DYNAMIC_RANGE, out=decades)
    return (decades + 4.0) / 4.0


@lru_cache
def mel_filters(n_mels: int) -> NDArray[np.float32]:
    """Slaney mel filterbank of librosa: weights of 201 frequencies in each mel band, read-only.

    Returns:
        Weights for power spectra of 400 samples at 16 kHz.  # float32 [n_mels, 201]

    Raises:
        ValueError: `n_mels` is neither 80 nor 128.
    """
    with files("ovsubs.audio").joinpath("assets/mel_filters.npz").open("rb") as file, np.load(file) as bands:
        if f"mel_{n_mels}" not in bands:
            raise ValueError(f"mel filters are there for 80 and 128 bands, not {n_mels}")
        filters: NDArray[np.float32] = bands[f"mel_{n_mels}"]
    filters.flags.writeable = False
    return filters


@lru_cache
def _hann_window() -> NDArray[np.float32]:
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)  # periodic, as in torch.hann_window
    window.flags.writeable = False
    return window


def _frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlapping frames, centred and mirrored at both ends of the 30 s; those of pure padding left out."""
    n, half = len(samples), N_FFT // 2
    n_live = min(N_FRAMES, -(-(n + half) // HOP))  # the first frame that starts past the last sample
    line = np.zeros(HOP * (n_live - 1) + N_FFT, np.float32)
    body = line[half:]
    body[:n] = samples
    line[:half] = body[half:0:-1]  # [half] mirrored at 0 s
    beyond = len(body) - N_SAMPLES
    if beyond > 0:
        body[N_SAMPLES:] = body[N_SAMPLES - 2 : N_SAMPLES - 2 - beyond : -1]  # mirrored at 30 s
    return sliding_window_view(line, N_FFT)[::HOP]  # [n_live, 400]
