"""Names of models and of a dataset -> their figures, written and compared with an earlier run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ovsubs.datasets import Dataset, DatasetOptions, files_of, find_dataset
from ovsubs.evaluation.compare import BenchmarkedModel, BenchmarkOptions, Position, compare
from ovsubs.evaluation.figures import ModelFigures, figures_of
from ovsubs.evaluation.find_models import find_models
from ovsubs.evaluation.outputs import BenchmarkOutputs
from ovsubs.evaluation.regression import Limits, RegressionCheck, check, check_comparable, check_limits
from ovsubs.evaluation.results import Comparison, accuracy_key, read_comparison
from ovsubs.evaluation.word_errors import normalizer_name
from ovsubs.whisper.languages import language_code


@dataclass(frozen=True, slots=True)
class Baseline:
    """The JSON of an earlier run, and what may have become worse since."""

    path: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What is measured on what, where results go, and what they are compared with.

    `models`: names or directories; the others are compared with the first. `source`: see `find_dataset`.
    `models_dir`: see `find_places`.
    """

    models: Sequence[str]
    source: str
    dataset: DatasetOptions = field(default_factory=DatasetOptions)
    options: BenchmarkOptions = field(default_factory=BenchmarkOptions)
    outputs: BenchmarkOutputs = field(default_factory=BenchmarkOutputs)
    baseline: Baseline | None = None
    models_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkCallbacks:
    """What is called during a benchmark.

    `on_step`: with a line about a step of finding the models. `on_progress`: with how far the measurement is.
    `on_measured`: with what was measured, before it is written.
    """

    on_step: Callable[[str], None] = lambda line: None
    on_progress: Callable[[Position], None] = lambda position: None
    on_measured: Callable[[Comparison, Sequence[ModelFigures]], None] = lambda comparison, figures: None


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """What was measured, and each figure that was compared with the baseline's; none without a baseline."""

    comparison: Comparison
    figures: tuple[ModelFigures, ...]
    checks: tuple[RegressionCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is worse than the limits of the baseline allow."""
        return all(one.passed for one in self.checks)


def benchmark_models(
    request: BenchmarkRequest, callbacks: BenchmarkCallbacks | None = None
) -> BenchmarkReport:
    """Measure models on a dataset, write what was asked for, and compare it with the baseline.

    All that can be wrong with the request is looked at before anything is measured.

    Args:
        request: what to do.
        callbacks: what is called meanwhile.

    Raises:
        OvsubsError: a model, the dataset or the baseline is not there, or a model cannot be run.
        NotComparable: the baseline was measured on other recordings, or of other models.
        OutputIsInput, UnwritableFile: a result cannot be written, or would be written over what is read.
        InvalidOption: two results or two models are the same, or a limit has no meaning.
    """
    told, baseline = callbacks or BenchmarkCallbacks(), request.baseline
    before = _read_baseline(baseline, request) if baseline else None
    request.outputs.check()
    models = find_models(
        request.models, models_dir=request.models_dir, offline=request.dataset.offline, report=told.on_step
    )
    _refuse_inputs(request, models)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dataset = find_dataset(request.source, request.dataset, Path(folder))
        if baseline and before:
            key = _accuracy_key(dataset, request.options)
            check_comparable(key, [one.label for one in models], before, baseline.path)
        comparison = compare(models, dataset, request.options, told.on_progress)
    figures = figures_of(comparison)
    told.on_measured(comparison, figures)
    request.outputs.write(comparison, figures)
    checks = list[RegressionCheck]()
    if baseline and before:
        checks = check(comparison, before, baseline.path, baseline.limits)
    return BenchmarkReport(comparison, tuple(figures), tuple(checks))


def _read_baseline(baseline: Baseline, request: BenchmarkRequest) -> Comparison:
    check_limits(baseline.limits, len(request.models))
    request.outputs.refuse([baseline.path])
    return read_comparison(baseline.path)


def _refuse_inputs(request: BenchmarkRequest, models: Sequence[BenchmarkedModel]) -> None:
    """Refuse to write over files of the models or the dataset."""
    request.outputs.refuse_files(file for model in models for file in model.directory.iterdir())
    request.outputs.refuse_files(files_of(request.source))


def _accuracy_key(dataset: Dataset, options: BenchmarkOptions) -> tuple[str, ...]:
    code = language_code(options.language)
    return accuracy_key(dataset.digest, code, normalizer_name(code), options.beam_size)
