"""`ovsubs quantize` and `ovsubs export --int8`: make INT8, and what is shown of it."""

import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ovsubs.benchmark.figures import figures_of, to_json
from ovsubs.benchmark.machine import peak_memory
from ovsubs.benchmark.report import make_table
from ovsubs.benchmark.results import Comparison, check_output, write_comparison
from ovsubs.cli.progress import clock_time
from ovsubs.cli.tables import print_figures
from ovsubs.convert.export import ExportOptions, check_replaceable, export_model
from ovsubs.convert.partial import partial_directory
from ovsubs.convert.post_training import Int8Settings
from ovsubs.convert.resolve import resolve_ir
from ovsubs.convert.sources import find_places, short_name
from ovsubs.errors import InvalidOption
from ovsubs.quantization.options import COMPONENTS, DEFAULTS, QuantizeOptions, Recordings
from ovsubs.quantization.quantize import Quantized, check_extras, quantize_model
from ovsubs.quantization.recordings import choose_recordings, is_folder

SUFFIX = "-int8"
_PHASES = {
    "recordings": "finding recordings",
    "collect": "collecting what encoder and decoder see",
    "encoder": "quantizing the encoder",
    "decoder": "quantizing the decoder",
    "check": "measuring it beside what it was",
}


class PhaseProgress:
    """A bar on stderr for the phase that is going on; a line for each where stderr is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        console = Console(file=sys.stderr)  # this very stream: NNCF runs with another in its place
        self._quiet = quiet
        self._is_terminal = console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[status]}"),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._bar: TaskID = self._bars.add_task("", total=1.0, status="")
        self._phase = ""
        self._began = time.monotonic()
        self._is_stopped = False
        self._before: Any = None  # the handler of Ctrl-C

    def __enter__(self) -> Self:
        self._bars.start()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
        if callable(self._before):
            signal.signal(signal.SIGINT, self._stop)
        return self

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # Raised within a finalizer, of which native libraries have many, the interruption would be lost.
        self._is_stopped = True
        self._before(number, frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)

    def tell(self, phase: str, part: float) -> None:
        """A phase has come so far.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed meanwhile.
        """
        if self._is_stopped:
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
            self._bars.console.print(line, highlight=False, markup=False, soft_wrap=True)


Wished = tuple[str | None, str | None, int | None]  # a dataset, its part, and how many recordings


def choose_options(
    *,
    components: str,
    calibration: Wished,
    evaluation: Wished,
    max_wer_drop: float | None,
    offline: bool,
    alphas: tuple[float | None, float | None] = (None, None),
    ignored: tuple[list[str], list[str]] = ([], []),
    accurate_bias_correction: bool = False,
    **others: Any,
) -> QuantizeOptions:
    """Options of the command line as one thing; what was not given has its default.

    Raises:
        InvalidOption: a value makes no sense, or goes with another that is not there.
    """
    usual = QuantizeOptions()
    source, part, n_samples = calibration
    if source is None and part is not None:
        raise InvalidOption("calibration_part", part, "it goes with --calibration-data")
    judged_on, judged_part, n_judged = evaluation
    if judged_on is None and (judged_part, n_judged) != (None, None):
        name = "evaluation_samples" if judged_part is None else "evaluation_part"
        raise InvalidOption(name, judged_part or n_judged, "it goes with --evaluation-data")
    encoder, decoder = (
        Int8Settings(
            DEFAULTS[which].smooth_quant_alpha if alpha is None else alpha,
            tuple(layers),
            accurate_bias_correction and components in (which, "all", "auto"),
        )
        for which, alpha, layers in zip(COMPONENTS, alphas, ignored, strict=True)
    )
    return QuantizeOptions(
        components=components,
        encoder=encoder,
        decoder=decoder,
        calibration=Recordings(
            usual.calibration.source if source is None else source,
            part,
            usual.calibration.n_samples if n_samples is None else n_samples,
        ),
        evaluation=None if judged_on is None else Recordings(judged_on, judged_part, n_judged),
        max_wer_drop=max_wer_drop,
        offline=offline,
        **others,
    )


def run_quantize(
    model: str,
    options: QuantizeOptions,
    output: Path | None,
    *,
    overwrite: bool,
    models_dir: Path | None,
    json: Path | None,
    quiet: bool,
) -> Path:
    """Quantize a model that is here, and print what that did; returns the directory.

    Raises:
        OvsubsError: as `quantize_model`, or the model is not there.
    """
    if json is not None:
        check_output(json)
    with PhaseProgress(quiet=quiet) as progress:
        directory = resolve_ir(model, models_dir=models_dir, offline=options.offline, report=progress.say)
        target = output or find_places(models_dir).models_dir / (short_name(model) + SUFFIX)
        made = quantize_model(
            directory,
            target,
            options,
            overwrite=overwrite,
            report=progress.tell,
            show=lambda comparison: _show(comparison, json, progress, quiet=quiet),
        )
    _print_verdict(made, options, quiet=quiet)
    return target


def run_export_int8(source: str, export: ExportOptions, options: QuantizeOptions, *, quiet: bool) -> Path:
    """Export a checkpoint and quantize it; errors as of `export_model` and `quantize_model`."""
    models_dir = find_places(export.models_dir).models_dir
    target = export.output or models_dir / (export.name or short_name(source) + SUFFIX)
    check_replaceable(target, overwrite=export.overwrite)
    check_extras(f"exporting {source}", options)
    with PhaseProgress(quiet=quiet) as progress, partial_directory(target) as scratch:
        if options.offline or is_folder(options.calibration.source):
            with tempfile.TemporaryDirectory() as folder:
                choose_recordings(options, Path(folder))  # what is wrong with them is said before the export
        plain = ExportOptions(
            output=scratch / short_name(source),
            offline=export.offline,
            models_dir=export.models_dir,
            cache_dir=export.cache_dir,
        )
        directory = export_model(
            source, plain, lambda line: None if str(scratch) in line else progress.say(line)
        )
        made = quantize_model(
            directory,
            target,
            options,
            overwrite=export.overwrite,
            report=progress.tell,
            show=lambda comparison: _show(comparison, None, progress, quiet=quiet),
        )
    _print_verdict(made, options, quiet=quiet)
    return target


def _show(comparison: Comparison, json: Path | None, progress: PhaseProgress, *, quiet: bool) -> None:
    figures = figures_of(comparison)
    if not quiet:
        progress.clear()
        print_figures(make_table(figures), comparison.line)
    if json is not None:
        write_comparison(json, comparison, to_json(figures))


def _print_verdict(made: Quantized, options: QuantizeOptions, *, quiet: bool) -> None:
    if quiet:
        return
    for line in _verdict(made, options):
        print(line)
    print(f"it took {peak_memory() / 1e9:.1f} GB of memory to make")


def _verdict(made: Quantized, options: QuantizeOptions) -> list[str]:
    judged = made.judgement
    slower = f"slower than before on this machine: {' and '.join(judged.slower)}" if judged.slower else ""
    if not made.components:
        return ["nothing gains on this machine: encoder and decoder stay in FP16", *filter(None, [slower])]
    gains = (
        f"{' and '.join(made.components)} in INT8: {judged.size:.0%} of the size, "
        f"{judged.speed_up:.2f} times as fast (encoder {judged.encoder_speed_up:.2f}, "
        f"decoder {judged.decoder_speed_up:.2f}), WER {judged.wer_before:.2%} before, "
        f"{judged.wer_after:.2%} now (at most {options.allowed_drop:g} points more allowed)"
    )
    if slower and options.components != "auto":
        slower += "; --int8-components auto keeps what gains"
    return [gains, *filter(None, [slower])]
