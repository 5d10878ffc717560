"""Two models and speech -> how far apart the probabilities are that they give to the same text.

Word errors of a hundred recordings cannot tell a model from its INT8: nearly all of the text is the same, and
chance moves the rest by more than is allowed. The probabilities of all tokens can. Both models are given what
the first one wrote, and how far they are apart is measured at each token (Kullback-Leibler divergence).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.evaluation.intervals import LEVEL, N_RESAMPLES, SEED, Interval
from ovsubs.quantization.calibration import CalibrationSample
from ovsubs.whisper.model import CompileOptions, WhisperModel, open_model

PRECISION = "f32"  # what bfloat16 does to both models is not what INT8 does to one

Scores = NDArray[np.float32]  # log-probabilities [n_tokens, n_vocab]


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far a model's probabilities are from another's: 0 is nowhere, and there is no most.

    `nats`: a token, the mean of all; natural-log units. `interval`: where it lies in 95 % of the resamples of
    the recordings. `other_tokens`: the part of the tokens, 0 to 1, where another is the likeliest.
    """

    nats: float
    interval: Interval
    other_tokens: float
    n_recordings: int
    n_tokens: int


def measure_divergence(
    before: Path,
    after: Path,
    samples: Sequence[CalibrationSample],
    threads: int | None = None,
    report: Callable[[float], None] = lambda part: None,
) -> Divergence:
    """Run two models on the same windows and the same text.

    Both are in memory together, and go window by window: the scores of one window take 10 MB.

    Args:
        before: the model directory that wrote the text.
        after: another one of the same vocabulary.
        samples: windows and text, as `collect` finds them; at least one.
        threads: of the CPU; OpenVINO decides by default.
        report: called with the part that is done, 0 to 1.

    Raises:
        BrokenModel: a directory cannot be loaded.
    """
    options = CompileOptions(threads=threads, inference_precision=PRECISION)
    # The second is closed first. The other way round OpenVINO 2026.4 leaves the thread a stack for signals
    # that is gone: the next Ctrl-C would crash.
    with open_model(before, options) as first, open_model(after, options) as second:
        pairs = _pairs(first, second, samples, report)
        return divergence_of([sample.recording for sample in samples], pairs)


def log_probabilities(model: WhisperModel, sample: CalibrationSample) -> Scores:
    """Of all tokens, after the prompt and after each token of the text; the last row is behind the text."""
    with model.session([sample.mel], model.cross_kv_cache(1)) as session:
        places = range(sample.n_prompt - 1, len(sample.tokens))
        logits = session.step(sample.tokens[None], logit_positions=places)[0]
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)


def divergence_of(recordings: Sequence[int], pairs: Iterable[tuple[Scores, Scores]]) -> Divergence:
    """How far a model is from another in these windows, with what chance does to it.

    Windows of a recording are drawn together, since they have one voice. Of a single recording nothing is
    known of chance: its bounds are its value.

    Args:
        recordings: of each window, the number of its recording; at least one.
        pairs: of each window the scores of the model before, and those of the other.

    Raises:
        ValueError: there is no window, or not a pair for each.
    """
    if not recordings:
        raise ValueError("probabilities cannot be compared: there is no window")
    windows = [_window_sums(*pair) for _, pair in zip(recordings, pairs, strict=True)]
    numbers, places = np.unique(np.array(recordings), return_inverse=True)
    sums = np.zeros((len(numbers), 3))  # [n_recordings, (nats, other tokens, tokens)]
    np.add.at(sums, places, np.array(windows))
    nats, n_others, n_tokens = sums.sum(axis=0)
    return Divergence(
        nats=float(nats / n_tokens),
        interval=_bounds(sums[:, 0], sums[:, 2]),
        other_tokens=float(n_others / n_tokens),
        n_recordings=len(numbers),
        n_tokens=int(n_tokens),
    )


def _window_sums(one: Scores, other: Scores) -> tuple[float, int, int]:
    """Nats, tokens of which another is the likeliest, and all tokens."""
    nats = (np.exp(one) * (one - other)).sum(axis=-1)  # [n_tokens]
    n_others = int((one.argmax(axis=-1) != other.argmax(axis=-1)).sum())
    return float(nats.sum(dtype=np.float64)), n_others, len(nats)


def _bounds(nats: NDArray[np.float64], n_tokens: NDArray[np.float64]) -> Interval:
    """Of nats a token (bootstrap, Efron 1979): as many recordings, drawn with repetition."""
    drawn = np.random.default_rng(SEED).integers(len(nats), size=(N_RESAMPLES, len(nats)))
    means = nats[drawn].sum(axis=1) / n_tokens[drawn].sum(axis=1)  # [N_RESAMPLES]
    low, high = np.quantile(means, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(float(low), float(high))


def _pairs(
    first: WhisperModel,
    second: WhisperModel,
    samples: Sequence[CalibrationSample],
    report: Callable[[float], None],
) -> Iterator[tuple[Scores, Scores]]:
    for number, sample in enumerate(samples):
        yield log_probabilities(first, sample), log_probabilities(second, sample)
        report((number + 1) / len(samples))
