"""`ovsubs benchmark`: what is shown while models are measured, and of what was measured."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from ovsubs.cli.printing import cell, say
from ovsubs.cli.progress import make_bars, make_console
from ovsubs.cli.tables import print_figures, print_findings
from ovsubs.clock import clock_time
from ovsubs.evaluation.benchmark import BenchmarkCallbacks, BenchmarkRequest, benchmark_models
from ovsubs.evaluation.compare import Position
from ovsubs.evaluation.figures import ModelFigures
from ovsubs.evaluation.report import make_table
from ovsubs.evaluation.results import Comparison

REGRESSED = 1  # exit code


class BenchmarkProgress:
    """A bar on stderr for the runs of all models; a line for each where stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = make_console()
        self._bars = make_bars(self._console, quiet=quiet)
        self._bar = self._bars.add_task("", total=None, status="")
        self._began = 0.0
        self._finished = 0.0  # seconds of audio of whole runs
        self._last = Position(0, 0, "", 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def tell(self, position: Position) -> None:
        """A run has come so far; the first call shows the bar."""
        if not self._last.n_run:
            self._bars.start()
            self._began = time.monotonic()
        if position.n_run != self._last.n_run:
            self._end_run(self._last)
        self._last = position
        done = self._finished + position.audio_s
        n_ended = position.n_run - 1
        whole = self._finished / n_ended * position.n_runs if n_ended else 0.0
        self._bars.update(
            self._bar,
            description=cell(f"run {position.n_run} of {position.n_runs}: {position.label}"),
            completed=done,
            total=whole or None,
            status=_left(done, whole, time.monotonic() - self._began),
        )

    def _end_run(self, last: Position) -> None:
        self._finished += last.audio_s
        if last.n_run and not self._console.is_terminal:
            self.say(f"run {last.n_run} of {last.n_runs} done: {last.label}")

    def clear(self) -> None:
        """Take the bar away, so that a table can be printed."""
        self._bars.stop()

    def say(self, line: str) -> None:
        """A step that has no bar."""
        if not self._quiet:
            say(line)


def run_benchmark(request: BenchmarkRequest, *, quiet: bool = False) -> int:
    """Measure models and print a table; 1 if the baseline was better.

    Raises:
        OvsubsError: as `benchmark_models`.
    """
    with BenchmarkProgress(quiet=quiet) as progress:

        def show_figures(comparison: Comparison, figures: Sequence[ModelFigures]) -> None:
            progress.clear()
            if not quiet:
                print_figures(make_table(figures), comparison.line)

        told = BenchmarkCallbacks(progress.say, progress.tell, show_figures)
        report = benchmark_models(request, told)
    if report.checks and not (quiet and report.passed):
        print_findings(report.checks)
    return 0 if report.passed else REGRESSED


def _left(done: float, whole: float, seconds: float) -> str:
    if not whole or not done:
        return ""
    return f"{clock_time(max(0.0, whole - done) / done * seconds)} left"
