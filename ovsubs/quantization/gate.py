"""A model before and after INT8 -> what it costs, what it gains, and which components are to be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ovsubs.benchmark.compare import BenchmarkOptions, Position, Subject, compare
from ovsubs.benchmark.figures import Against, Figures, figures_of
from ovsubs.benchmark.results import Comparison
from ovsubs.convert.manifest import Judgement
from ovsubs.datasets import Dataset
from ovsubs.errors import TooManyErrors
from ovsubs.quantization.options import COMPONENTS

BEFORE = "before"


def measure(
    before: Path,
    candidates: Mapping[tuple[str, ...], Path],
    dataset: Dataset,
    options: BenchmarkOptions,
    on_progress: Callable[[Position], None],
) -> Comparison:
    """Measure a model and what was made of it by turns.

    Args:
        before: the model directory in floating point.
        candidates: model directories by the components that are in INT8.
        dataset: no recording of the calibration is in it.
        options: how.
        on_progress: as `compare`'s.

    Raises:
        MeasurementFailed: a model cannot be run.
    """
    subjects = [Subject(BEFORE, before)]
    subjects += [Subject(label(components), directory) for components, directory in candidates.items()]
    return compare(subjects, dataset, options, on_progress)


def label(components: tuple[str, ...]) -> str:
    """What a candidate is called in a table."""
    return "INT8" if components == COMPONENTS else f"INT8 {' and '.join(components)}"


def choose(comparison: Comparison, limit: float) -> tuple[str, ...]:
    """The fastest candidate with no component slower than before, at no more than `limit` points of WER.

    Args:
        comparison: of `measure`.
        limit: percentage points.

    Returns:
        The components to keep in INT8; none where nothing gains.
    """
    gains = [
        (_against(one).speed_up.median, components)
        for components, one in _candidates(comparison).items()
        if _against(one).speed_up.median >= 1.0
        and not _slower(one, components)
        and 100.0 * _against(one).wer_more <= limit
    ]
    return max(gains)[1] if gains else ()


def judge(comparison: Comparison, kept: tuple[str, ...]) -> Judgement:
    """What the kept candidate costs and gains; where nothing is kept, what the first one would have.

    A component is slower if it is so in any candidate that has it in INT8.
    """
    candidates = _candidates(comparison)
    components = kept or next(iter(candidates))
    before, after = figures_of(comparison)[0], candidates[components]
    against = _against(after)
    slower = {one for which, figures in candidates.items() for one in _slower(figures, which)}
    return Judgement(
        components=components,
        wer_before=before.wer,
        wer_after=after.wer,
        wer_more_low=against.wer_more_interval.low,
        wer_more_high=against.wer_more_interval.high,
        speed_up=against.speed_up.median,
        encoder_speed_up=against.encoder_speed_up.median,
        decoder_speed_up=against.decoder_speed_up.median,
        size=against.size,
        slower=tuple(sorted(slower, key=COMPONENTS.index)),
        conditions=comparison.signature.line,
    )


def check(name: str, judgement: Judgement, limit: float) -> None:
    """Refuse a model that makes too many errors.

    Raises:
        TooManyErrors: more than `limit` percentage points above what it made before.
    """
    before, after = 100.0 * judgement.wer_before, 100.0 * judgement.wer_after
    if after - before > limit:
        costs = f"raises the WER by {after - before:.2f} points, from {before:.2f} to {after:.2f} %"
        raise TooManyErrors(name, costs, f"{limit:g}")


def _candidates(comparison: Comparison) -> dict[tuple[str, ...], Figures]:
    """By their components, in the order in which they were measured."""
    by_label = {label(components): components for components in (COMPONENTS, *((one,) for one in COMPONENTS))}
    return {by_label[one.label]: one for one in figures_of(comparison) if one.label != BEFORE}


def _slower(figures: Figures, components: tuple[str, ...]) -> list[str]:
    against = _against(figures)
    speeds = {"encoder": against.encoder_speed_up.median, "decoder": against.decoder_speed_up.median}
    return [which for which in components if speeds[which] < 1.0]


def _against(figures: Figures) -> Against:
    assert figures.against_first is not None
    return figures.against_first
