"""`ovsubs quantize` and `ovsubs export --int8`: make INT8, and what is shown of it."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import TaskID

from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import say_above, show
from ovsubs.cli.progress import make_bars
from ovsubs.cli.tables import print_figures
from ovsubs.clock import clock_time
from ovsubs.datasets import files_of, is_folder
from ovsubs.errors import InvalidOption
from ovsubs.evaluation.machine import peak_memory
from ovsubs.evaluation.results import check_output, write_comparison
from ovsubs.export.model_directory import ExportOptions, check_replaceable, export_model
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.partial import make_subdirectory, partial_directory
from ovsubs.models.sources import find_places, short_name
from ovsubs.quantization.gate import allowed_nats
from ovsubs.quantization.measurement import Measurement, label
from ovsubs.quantization.options import DEFAULTS, QuantizeOptions, Recordings
from ovsubs.quantization.post_training import Int8Settings
from ovsubs.quantization.quantize import Quantized, check_extras, quantize_model
from ovsubs.quantization.recordings import choose_recordings
from ovsubs.quantization.report import in_words, make_table, to_json
from ovsubs.subtitles.formats.inputs import Inputs

SUFFIX = "-int8"
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


@dataclass(frozen=True, slots=True)
class Int8Call:
    """What the command line says of INT8; None and empty where it says nothing."""

    components: str = "all"
    calibration_data: str | None = None
    calibration_part: str | None = None
    calibration_samples: int | None = None
    evaluation_data: str | None = None
    evaluation_part: str | None = None
    evaluation_samples: int | None = None
    max_wer_drop: float | None = None
    language: str | None = None
    smooth_quant_encoder: float | None = None
    smooth_quant_decoder: float | None = None
    ignored_encoder_layers: Sequence[str] | None = None
    ignored_decoder_layers: Sequence[str] | None = None
    accurate_bias_correction: bool = False
    seed: int = 0
    runs: int = 3
    threads: int | None = None
    offline: bool = False

    def options(self) -> QuantizeOptions:
        """What was not given has its default.

        Raises:
            InvalidOption: a value makes no sense, or goes with another that is not there.
        """
        usual = QuantizeOptions().calibration
        self._refuse_without("calibration_data", "calibration_part")
        self._refuse_without("evaluation_data", "evaluation_part", "evaluation_samples")
        return QuantizeOptions(
            components=self.components,
            encoder=self._settings("encoder", self.smooth_quant_encoder, self.ignored_encoder_layers),
            decoder=self._settings("decoder", self.smooth_quant_decoder, self.ignored_decoder_layers),
            calibration=Recordings(
                usual.source if self.calibration_data is None else self.calibration_data,
                self.calibration_part,
                usual.n_samples if self.calibration_samples is None else self.calibration_samples,
            ),
            evaluation=(
                None
                if self.evaluation_data is None
                else Recordings(self.evaluation_data, self.evaluation_part, self.evaluation_samples)
            ),
            seed=self.seed,
            language=self.language or "en",
            max_wer_drop=self.max_wer_drop,
            n_runs=self.runs,
            threads=self.threads,
            offline=self.offline,
        )

    def refuse_all(self) -> None:
        """Refuse what goes with INT8 alone, where none is made.

        Raises:
            InvalidOption: an option was given.
        """
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name not in ("components", "offline") and value != option.default:
                raise InvalidOption(option.name, value, "it goes with --int8")

    def _refuse_without(self, needed: str, *names: str) -> None:
        for name in names:
            if getattr(self, needed) is None and getattr(self, name) is not None:
                raise InvalidOption(name, getattr(self, name), f"it goes with --{needed.replace('_', '-')}")

    def _settings(self, which: str, alpha: float | None, ignored: Sequence[str] | None) -> Int8Settings:
        is_made = self.components in (which, "all", "auto")
        usual = DEFAULTS[which]
        return Int8Settings(
            usual.smooth_quant_alpha if alpha is None else alpha,
            usual.ignored if ignored is None else tuple(pattern for pattern in ignored if pattern),
            self.accurate_bias_correction and is_made,
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
        if json is not None:
            folders = (options.calibration, options.evaluation)
            recordings = (path for folder in folders if folder for path in files_of(folder.source))
            Inputs([*directory.iterdir(), *recordings]).refuse(json)
        made = quantize_model(
            directory,
            target,
            options,
            overwrite=overwrite,
            report=progress.tell,
            show=lambda measurement: _show(measurement, json, progress, quiet=quiet),
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
        chosen = None
        if options.offline or is_folder(options.calibration.source):  # what is wrong with them is said first
            chosen = choose_recordings(options, make_subdirectory(scratch, "recordings"))
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
            chosen=chosen,
            report=progress.tell,
            show=lambda measurement: _show(measurement, None, progress, quiet=quiet),
        )
    _print_verdict(made, options, quiet=quiet)
    return target


def _show(measurement: Measurement, json: Path | None, progress: PhaseProgress, *, quiet: bool) -> None:
    if not quiet:
        progress.clear()
        print_figures(make_table(measurement), measurement.comparison.line)
    if json is not None:
        write_comparison(json, measurement.comparison, to_json(measurement))


def _print_verdict(made: Quantized, options: QuantizeOptions, *, quiet: bool) -> None:
    if quiet:
        return
    for line in _verdict(made, options):
        show(line)
    show(f"it took {peak_memory() / 1e9:.1f} GB of memory to make")


def _verdict(made: Quantized, options: QuantizeOptions) -> list[str]:
    judged = made.judgement
    slower = f"slower than before on this machine: {' and '.join(judged.slower)}" if judged.slower else ""
    refused = [f"{label(kept)} is not kept: {why}" for kept, why in made.refused.items()]
    if not made.components:
        return ["nothing is kept in INT8: encoder and decoder stay in FP16", *refused]
    is_auto = options.components == "auto"
    away = f"probabilities {in_words(made.measurement.divergences[made.components])} nats a token away"
    if is_auto:
        away += f" (less than {allowed_nats(options.allowed_drop):.4f} allowed)"
    allowed = "" if is_auto else f" (at most {options.allowed_drop:g} points more allowed)"
    gains = (
        f"{' and '.join(made.components)} in INT8: {judged.size:.0%} of the size, "
        f"{judged.speed_up:.2f} times as fast (encoder {judged.encoder_speed_up:.2f}, "
        f"decoder {judged.decoder_speed_up:.2f}), WER {judged.wer_before:.2%} before, "
        f"{judged.wer_after:.2%} now{allowed}, {away}"
    )
    if slower and not is_auto:
        return [gains, f"{slower}; --int8-components auto keeps what gains"]
    return [gains, *refused]
