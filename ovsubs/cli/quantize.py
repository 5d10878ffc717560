"""`ovsubs quantize` and `ovsubs export --int8`: their options, and what is shown of the making of INT8."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import TaskID

from ovsubs.cli.combinations import given, refuse_given
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import say_above, show
from ovsubs.cli.progress import make_bars
from ovsubs.cli.tables import print_figures
from ovsubs.clock import clock_time
from ovsubs.errors import options_of
from ovsubs.evaluation.machine import peak_memory
from ovsubs.export.model_directory import ExportOptions
from ovsubs.quantization.make_int8 import Int8Output, QuantizeCallbacks, export_int8, quantize_named
from ovsubs.quantization.measurement import Measurement
from ovsubs.quantization.options import DEFAULTS, QuantizeOptions, Recordings
from ovsubs.quantization.post_training import Int8Settings
from ovsubs.quantization.quantize import Quantized
from ovsubs.quantization.report import make_table, verdict

_PHASES = {
    "recordings": "finding recordings",
    "collect": "collecting what encoder and decoder see",
    "encoder": "quantizing the encoder",
    "decoder": "quantizing the decoder",
    "divergence": "comparing its probabilities with what they were",
    "check": "measuring it beside what it was",
}


class PhaseProgress:
    """A bar on stderr for the phase that is going on; a line for each where stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        # This very stream: NNCF runs with another in its place.
        console = Console(file=sys.stderr, emoji=False)
        self._quiet = quiet
        self._is_terminal = console.is_terminal
        self._bars = make_bars(console, quiet=quiet)
        self._bar: TaskID = self._bars.add_task("", total=1.0, status="")
        self._phase = ""
        self._began = time.monotonic()
        self._noting = noted_interrupts()
        self._interrupts: Sequence[int] = ()

    def __enter__(self) -> Self:
        self._bars.start()
        self._interrupts = self._noting.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        self._noting.__exit__(kind, error, trace)

    def tell(self, phase: str, part: float) -> None:
        """A phase has come so far.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed meanwhile.
        """
        if self._interrupts:  # one that was lost on its way
            raise KeyboardInterrupt
        if phase != self._phase:
            self._phase, self._began = phase, time.monotonic()
            if not self._quiet and not self._is_terminal:
                self.say(_PHASES[phase])
        seconds = time.monotonic() - self._began
        left = f"{clock_time(seconds / part - seconds)} left" if 0.0 < part < 1.0 else ""
        self._bars.update(self._bar, description=_PHASES[phase], completed=part, status=left)

    def clear(self) -> None:
        """Take the bar away, so that a table can be printed."""
        self._bars.stop()

    def say(self, line: str) -> None:
        """A step that has no bar."""
        if not self._quiet:
            say_above(self._bars.console, line)


def calibration_named(source: str | None, part: str | None, n_samples: int | None) -> Recordings:
    """Recordings to calibrate on; what was not given has its default.

    Raises:
        InvalidOption: a part of nothing was given.
    """
    if source is None:
        refuse_given("it goes with --calibration-data", calibration_part=part)
    return replace(QuantizeOptions().calibration, **given(source=source, part=part, n_samples=n_samples))


def evaluation_named(source: str | None, part: str | None, n_samples: int | None) -> Recordings | None:
    """Recordings to judge on; None where none were named.

    Raises:
        InvalidOption: a part or a number of nothing was given.
    """
    if source is None:
        why = "it goes with --evaluation-data"
        refuse_given(why, evaluation_part=part, evaluation_samples=n_samples)
        return None
    return Recordings(source, part, n_samples)


def settings_named(
    which: str, alpha: float | None, ignored: Sequence[str] | None, *, is_accurate: bool
) -> Int8Settings:
    """How a component is quantized; what was not given has its default, and an empty pattern is none."""
    patterns = None if ignored is None else tuple(pattern for pattern in ignored if pattern)
    usual = replace(DEFAULTS[which], accurate_bias_correction=is_accurate)
    with options_of(which):
        return replace(usual, **given(smooth_quant_alpha=alpha, ignored=patterns))


def run_quantize(model: str, options: QuantizeOptions, output: Int8Output, *, quiet: bool) -> Path:
    """Quantize a model that is here, and print what that did; returns the directory.

    Raises:
        OvsubsError: as `quantize_named`.
    """
    with PhaseProgress(quiet=quiet) as progress:
        made = quantize_named(model, options, output, _callbacks(progress, quiet=quiet))
    _print_verdict(made, options, quiet=quiet)
    return made.directory


def run_export_int8(source: str, export: ExportOptions, options: QuantizeOptions, *, quiet: bool) -> Path:
    """Export a checkpoint, quantize it, and print what that did; returns the directory.

    Raises:
        OvsubsError: as `export_int8`.
    """
    with PhaseProgress(quiet=quiet) as progress:
        made = export_int8(source, export, options, _callbacks(progress, quiet=quiet))
    _print_verdict(made, options, quiet=quiet)
    return made.directory


def _callbacks(progress: PhaseProgress, *, quiet: bool) -> QuantizeCallbacks:
    def show_table(measurement: Measurement) -> None:
        if not quiet:
            progress.clear()
            print_figures(make_table(measurement), measurement.comparison.line)

    return QuantizeCallbacks(progress.say, progress.tell, show_table)


def _print_verdict(made: Quantized, options: QuantizeOptions, *, quiet: bool) -> None:
    if quiet:
        return
    for line in verdict(made, options):
        show(line)
    if made.judgement.slower and options.components != "auto":
        slower = " and ".join(made.judgement.slower)
        show(f"slower than before on this machine: {slower}; --int8-components auto keeps what gains")
    show(f"it took {peak_memory() / 1e9:.1f} GB of memory to make")
