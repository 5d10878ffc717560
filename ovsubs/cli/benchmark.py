"""`ovsubs benchmark`: measure models, and what is shown and written of it."""

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.cli.printing import cell
from ovsubs.cli.printing import say as announce
from ovsubs.cli.progress import make_bars, make_console
from ovsubs.cli.tables import print_figures, print_findings
from ovsubs.clock import clock_time
from ovsubs.datasets import Dataset, DatasetOptions, files_of, find_dataset
from ovsubs.errors import InvalidOption
from ovsubs.evaluation.compare import BenchmarkedModel, BenchmarkOptions, Position, compare
from ovsubs.evaluation.figures import figures_of, to_json
from ovsubs.evaluation.metrics import normalizer_name
from ovsubs.evaluation.plot import check_picture, draw
from ovsubs.evaluation.regression import Limits, check, check_comparable
from ovsubs.evaluation.report import make_table, to_markdown
from ovsubs.evaluation.results import (
    Comparison,
    accuracy_key,
    check_output,
    read_comparison,
    write_comparison,
    write_text,
)
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.manifest import check_ir_directory
from ovsubs.places import file_key
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.whisper.languages import language_code

REGRESSED = 1  # exit code


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go besides the terminal."""

    json: Path | None = None
    markdown: Path | None = None
    plot: Path | None = None

    def check(self) -> None:
        """Refuse what could not be written, before anything is measured.

        Raises:
            UnwritableOutput: one of them.
            InvalidOption, MissingExtra: a picture cannot be drawn.
        """
        named = self.named
        if len({file_key(path) for path in named}) < len(named):
            raise InvalidOption("json, markdown, plot", str(named[0]), "two of them are the same file")
        for path in (self.json, self.markdown):
            if path:
                check_output(path)
        if self.plot:
            check_picture(self.plot)

    def refuse(self, inputs: Iterable[Path]) -> None:
        """Refuse to write over what is read.

        Raises:
            OutputIsInput: one of them is one of the inputs.
        """
        read = Inputs(inputs)
        for path in self.named:
            read.refuse(path)

    @property
    def named(self) -> list[Path]:
        """Those that are to be written."""
        return [path for path in (self.json, self.markdown, self.plot) if path]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the run is checked against."""

    path: Path
    limits: Limits


def run_benchmark(
    models: Sequence[str],
    source: str,
    wanted: DatasetOptions,
    options: BenchmarkOptions,
    outputs: Outputs,
    baseline: Baseline | None = None,
    *,
    models_dir: Path | None = None,
    quiet: bool = False,
) -> int:
    """Measure models on a dataset, print a table, write what was asked for; 1 if the baseline was better.

    Raises:
        OvsubsError: a model, the dataset or the baseline is not there, or a model cannot be run.
    """
    if baseline and baseline.limits.max_slowdown is not None and len(models) < 2:
        why = "speed is compared as a ratio to the first model of a run; give at least two models"
        raise InvalidOption("max_slowdown", baseline.limits.max_slowdown, why)
    if baseline:
        outputs.refuse([baseline.path])
    before = read_comparison(baseline.path) if baseline else None
    outputs.check()
    labels = label_models(models)
    subjects = [
        _subject(model, label, models_dir, offline=wanted.offline, quiet=quiet)
        for model, label in zip(models, labels, strict=True)
    ]
    _refuse_twins(subjects)
    if any(path.exists() for path in outputs.named):  # only then have they anything to lose
        outputs.refuse(file for subject in subjects for file in subject.directory.iterdir())
        outputs.refuse(files_of(source))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        dataset = find_dataset(source, wanted, Path(folder))
        if baseline and before:
            code = language_code(options.language)
            key = accuracy_key(dataset.digest, code, normalizer_name(code), options.beam_size)
            check_comparable(key, labels, before, baseline.path)
        comparison = _measure(subjects, dataset, options, quiet=quiet)
    _show(comparison, outputs, quiet=quiet)
    if baseline is None or before is None:
        return 0
    findings = check(comparison, before, baseline.path, baseline.limits)
    passed = all(finding.passed for finding in findings)
    if not (quiet and passed):
        print_findings(findings)
    return 0 if passed else REGRESSED


def label_models(models: Sequence[str]) -> list[str]:
    """What to call models in a table: names as they are, directories by the end of their path."""
    paths = {model: Path(model).resolve() for model in models if Path(model).is_dir()}
    names = {model for model in models if model not in paths}
    n_parts = 1
    while n_parts < 20 and _are_mistakable(paths, names, n_parts):
        n_parts += 1
    return [_last(paths[model], n_parts) if model in paths else model for model in models]


def _are_mistakable(paths: dict[str, Path], names: set[str], n_parts: int) -> bool:
    labels = {_last(path, n_parts) for path in paths.values()}
    return len(labels) < len(set(paths.values())) or not labels.isdisjoint(names)


def _last(path: Path, n_parts: int) -> str:
    return "/".join(path.parts[-n_parts:])


def _refuse_twins(subjects: Sequence[BenchmarkedModel]) -> None:
    seen = set[Path]()
    for subject in subjects:
        directory = subject.directory.resolve()
        if directory in seen:
            why = "it is there twice; each model is measured against the first"
            raise InvalidOption("model", subject.label, why)
        seen.add(directory)


def _subject(
    model: str, label: str, models_dir: Path | None, *, offline: bool, quiet: bool
) -> BenchmarkedModel:
    def say(line: str) -> None:
        if not quiet:
            announce(line)

    directory = resolve_ir(model, models_dir=models_dir, offline=offline, report=say)
    check_ir_directory(directory)
    return BenchmarkedModel(label, directory)


def _measure(
    subjects: Sequence[BenchmarkedModel], dataset: Dataset, options: BenchmarkOptions, *, quiet: bool
) -> Comparison:
    console = make_console()
    bars = make_bars(console, quiet=quiet)
    began = time.monotonic()
    finished = 0.0  # seconds of audio of whole runs
    last = Position(0, 0, "", 0.0)
    with bars:
        bar = bars.add_task("", total=None, status="")

        def tell(position: Position) -> None:
            nonlocal finished, last
            if position.n_run != last.n_run:
                finished += last.audio_s
                if last.n_run and not quiet and not console.is_terminal:
                    announce(f"run {last.n_run} of {last.n_runs} done: {last.label}")
            last = position
            done = finished + position.audio_s
            whole = finished / (position.n_run - 1) * position.n_runs if position.n_run > 1 else 0.0
            bars.update(
                bar,
                description=cell(f"run {position.n_run} of {position.n_runs}: {position.label}"),
                completed=done,
                total=whole or None,
                status=_left(done, whole, time.monotonic() - began),
            )

        return compare(subjects, dataset, options, tell)


def _left(done: float, whole: float, seconds: float) -> str:
    if not whole or not done:
        return ""
    return f"{clock_time(max(0.0, whole - done) / done * seconds)} left"


def _show(comparison: Comparison, outputs: Outputs, *, quiet: bool) -> None:
    figures = figures_of(comparison)
    if not quiet:
        print_figures(make_table(figures), comparison.line)
    if outputs.json:
        write_comparison(outputs.json, comparison, to_json(figures))
    if outputs.markdown:
        write_text(outputs.markdown, to_markdown(comparison, figures))
    if outputs.plot:
        draw(outputs.plot, comparison, figures)
