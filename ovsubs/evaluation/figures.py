"""Runs and errors -> the figures that people compare, each beside those of the first model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ovsubs.evaluation.intervals import Interval, wer_difference_interval, wer_interval
from ovsubs.evaluation.results import Comparison, ModelResult, Run
from ovsubs.evaluation.word_errors import median


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much one figure is as another: the median of the rounds, the least and the most."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Against:
    """A model beside the first: what its word error rate is more, in 95 % of the resamples, and its speed."""

    wer_more: float
    wer_more_interval: Interval
    speed_up: Ratio
    encoder_speed_up: Ratio
    decoder_speed_up: Ratio
    size: float


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model. Rates are fractions of 1; RTFx is seconds of audio in a second, the median of the runs."""

    label: str
    precision: str
    size_mb: float
    wer: float
    wer_interval: Interval
    cer: float
    word_accuracy: float
    n_words: int
    substituted: int
    deleted: int
    inserted: int
    rtfx: float
    rtfx_runs: tuple[float, ...]
    encoder_rtfx: float
    decoder_rtfx: float
    load_s: float
    peak_memory_mb: float
    against_first: Against | None


def figures_of(comparison: Comparison) -> list[ModelFigures]:
    """One entry for each model, in order; the first is beside nothing."""
    first = comparison.models[0]
    return [
        _figures(model, comparison.signature.audio_s, None if model is first else first)
        for model in comparison.models
    ]


def ratio_by_round(figures: Sequence[float], others: Sequence[float]) -> Ratio:
    """How many times as much figures are as others of the same round; 0 where the other is 0.

    Round by round, since a machine that slows down in one of them does so for both.

    Args:
        figures: of each round, at least one; not below 0.
        others: of the same rounds.
    """
    ratios = [_rate(figure, other) for figure, other in zip(figures, others, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def to_json(figures: Sequence[ModelFigures]) -> list[dict[str, Any]]:
    """As they stand in the JSON."""
    return [asdict(one) for one in figures]


def _figures(model: ModelResult, audio_s: float, first: ModelResult | None) -> ModelFigures:
    errors = model.errors
    speeds = tuple(audio_s / run.wall_s for run in model.runs)
    return ModelFigures(
        label=model.label,
        precision=model.precision,
        size_mb=model.size_bytes / 1e6,
        wer=errors.wer,
        wer_interval=wer_interval(model.words),
        cer=model.characters.cer,
        word_accuracy=1.0 - errors.wer,
        n_words=errors.n_words,
        substituted=errors.substituted,
        deleted=errors.deleted,
        inserted=errors.inserted,
        rtfx=median(speeds),
        rtfx_runs=speeds,
        encoder_rtfx=median([_rate(audio_s, run.encoder_s) for run in model.runs]),
        decoder_rtfx=median([_rate(audio_s, run.decoder_s) for run in model.runs]),
        load_s=median([run.load_s for run in model.runs]),
        peak_memory_mb=max(run.peak_memory_mb for run in model.runs),
        against_first=_against(model, first) if first else None,
    )


def _against(model: ModelResult, first: ModelResult) -> Against:
    return Against(
        wer_more=model.errors.wer - first.errors.wer,
        wer_more_interval=wer_difference_interval(model.words, first.words),
        speed_up=_ratio(model, first, lambda run: run.wall_s),
        encoder_speed_up=_ratio(model, first, lambda run: run.encoder_s),
        decoder_speed_up=_ratio(model, first, lambda run: run.decoder_s),
        size=(model.encoder_bytes + model.decoder_bytes) / (first.encoder_bytes + first.decoder_bytes),
    )


def _ratio(model: ModelResult, first: ModelResult, seconds: Callable[[Run], float]) -> Ratio:
    return ratio_by_round([seconds(run) for run in first.runs], [seconds(run) for run in model.runs])


def _rate(part: float, seconds: float) -> float:
    return part / seconds if seconds > 0.0 else 0.0
