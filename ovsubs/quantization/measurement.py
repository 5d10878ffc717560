"""A model, its INT8 and recordings -> errors and speed of both, and how far their probabilities are apart."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ovsubs.datasets import Dataset
from ovsubs.evaluation.compare import BenchmarkedModel, Position, compare
from ovsubs.evaluation.figures import ModelFigures, figures_of
from ovsubs.evaluation.results import Comparison
from ovsubs.quantization.calibration import collect
from ovsubs.quantization.divergence import Divergence, measure_divergence
from ovsubs.quantization.options import COMPONENTS, ComponentNames, QuantizeOptions

BEFORE = "before"
# Recordings whose tokens are compared at most. Word errors need all there are; of the divergence these tell
# enough (docs/decisions/0016).
N_COMPARED = 100
N_WINDOWS = 4  # of each of them, its first: more of a long one is more of the same voice

Report = Callable[[str, float], None]  # of which phase which part is done, 0 to 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """A model and what was made of it, on recordings that took no part in that.

    `comparison` has their errors and speed by turns, `divergences` how far the probabilities of what is in
    INT8 are from the model's.
    """

    comparison: Comparison
    divergences: Mapping[ComponentNames, Divergence]

    @property
    def candidates(self) -> dict[ComponentNames, ModelFigures]:
        """Errors and speed by what is in INT8, in the order in which they were measured."""
        by_label = {label(kept): kept for kept in (COMPONENTS, *((one,) for one in COMPONENTS))}
        return {by_label[one.label]: one for one in figures_of(self.comparison) if one.label != BEFORE}


def label(kept: ComponentNames) -> str:
    """What a candidate is called in a table."""
    return "INT8" if kept == COMPONENTS else f"INT8 {' and '.join(kept)}"


def measure(
    before: Path,
    candidates: Mapping[ComponentNames, Path],
    dataset: Dataset,
    options: QuantizeOptions,
    report: Report = lambda phase, part: None,
) -> Measurement:
    """Measure a model and what was made of it: the probabilities of its own text first, then by turns.

    Args:
        before: the model directory in floating point.
        candidates: model directories by the components that are in INT8.
        dataset: no recording of the calibration is in it.
        options: language, threads, runs, and the seed by which recordings are drawn.
        report: called as the phases go on.

    Raises:
        NoSpeechHeard: there is none in the recordings.
        MeasurementFailed: a model cannot be run.
    """
    divergences = _diverge(before, candidates, dataset, options, lambda part: report("divergence", part))
    subjects = [BenchmarkedModel(BEFORE, before)]
    subjects += [BenchmarkedModel(label(kept), directory) for kept, directory in candidates.items()]

    def tell(position: Position) -> None:
        report("check", (position.n_run - 1) / position.n_runs)

    return Measurement(compare(subjects, dataset, options.benchmark, tell), divergences)


def _diverge(
    before: Path,
    candidates: Mapping[ComponentNames, Path],
    dataset: Dataset,
    options: QuantizeOptions,
    report: Callable[[float], None],
) -> dict[ComponentNames, Divergence]:
    """Of each candidate. What the model writes is collected first, as one step among them."""

    def step(number: int) -> Callable[[float], None]:
        return lambda part: report((number + part) / (len(candidates) + 1))

    drawn = _draw(dataset, options.seed)
    samples = collect(before, drawn, options.language, options.threads, step(0), max_windows=N_WINDOWS)
    return {
        kept: measure_divergence(before, directory, samples, options.threads, step(number))
        for number, (kept, directory) in enumerate(candidates.items(), start=1)
    }


def _draw(dataset: Dataset, seed: int) -> Dataset:
    n_files = min(len(dataset.files), N_COMPARED)
    places = random.Random(seed).sample(range(len(dataset.files)), n_files)
    return Dataset(dataset.name, tuple(dataset.files[place] for place in sorted(places)))
