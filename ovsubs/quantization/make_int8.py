"""What a person calls a model or a checkpoint -> its INT8 directory: found or exported, quantized, judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ovsubs.datasets import files_of, is_folder
from ovsubs.errors import InvalidOption
from ovsubs.evaluation.outputs import BenchmarkOutputs
from ovsubs.evaluation.results import write_comparison
from ovsubs.export.model_directory import ExportOptions, check_replaceable, export_model
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.partial import make_subdirectory, partial_directory
from ovsubs.models.sources import find_places, short_name
from ovsubs.quantization.measurement import Measurement, Report
from ovsubs.quantization.options import QuantizeOptions
from ovsubs.quantization.quantize import Quantized, check_extras, quantize_model
from ovsubs.quantization.recordings import choose_recordings
from ovsubs.quantization.report import to_json

SUFFIX = "-int8"  # of a directory that the caller does not name


@dataclass(frozen=True, slots=True)
class Int8Output:
    """Where the INT8 of a model goes.

    `directory` None: the model's name and `SUFFIX`, in the models directory. `models_dir`: see `find_places`.
    `json`: a file that gets the errors and the speed that were measured, whether or not the model is kept.
    """

    directory: Path | None = None
    models_dir: Path | None = None
    overwrite: bool = False
    json: Path | None = None


@dataclass(frozen=True, slots=True)
class QuantizeCallbacks:
    """What is called while INT8 is made.

    `on_step`: with a line about a step of finding or exporting the model. `on_phase`: with a phase of the
    quantization ("recordings", "collect", "encoder", "decoder", "divergence", "check") and the part of it
    that is done, 0 to 1. `on_measured`: with what was measured, before it is decided whether the model is
    kept.
    """

    on_step: Callable[[str], None] = lambda line: None
    on_phase: Report = lambda phase, part: None
    on_measured: Callable[[Measurement], None] = lambda measurement: None


def quantize_named(
    model: str, options: QuantizeOptions, output: Int8Output, callbacks: QuantizeCallbacks | None = None
) -> Quantized:
    """Find a model by its name or path, and quantize it.

    Args:
        model: a path, a Hub id or a short name; see `find_model`.
        options: of which components, on which speech, with which limits.
        output: where it goes.
        callbacks: what is called meanwhile.

    Raises:
        OvsubsError: as of `resolve_ir` and `quantize_model`.
        OutputIsInput: `output.json` is a file of the model or a recording.
        UnwritableFile: `output.json` cannot be written.
    """
    told = callbacks or QuantizeCallbacks()
    outputs = BenchmarkOutputs(output.json)
    outputs.check()
    directory = resolve_ir(model, models_dir=output.models_dir, offline=options.offline, report=told.on_step)
    outputs.refuse_files(directory.iterdir())
    for recordings in (options.calibration, options.evaluation):
        outputs.refuse_files(files_of(recordings.source) if recordings else ())

    def measured(measurement: Measurement) -> None:
        told.on_measured(measurement)
        if output.json is not None:
            write_comparison(output.json, measurement.comparison, to_json(measurement))

    return quantize_model(
        directory,
        output.directory or int8_directory(model, output.models_dir),
        options,
        overwrite=output.overwrite,
        report=told.on_phase,
        show=measured,
    )


def export_int8(
    source: str, export: ExportOptions, options: QuantizeOptions, callbacks: QuantizeCallbacks | None = None
) -> Quantized:
    """Export a checkpoint and quantize it; only the INT8 directory is kept.

    Args:
        source: a path, a Hub id or a short name; see `find_checkpoint`.
        export: where the directory goes, and where weights are looked for. Without a name or an output it is
            the checkpoint's name and `SUFFIX`, in the models directory.
        options: of which components, on which speech, with which limits.
        callbacks: what is called meanwhile.

    Raises:
        OvsubsError: as of `export_model` and `quantize_model`.
        InvalidOption: `export` has a precision of its own.
    """
    if export.precision != ExportOptions().precision:
        raise InvalidOption("precision", export.precision, "INT8 is a precision already; leave it out")
    told = callbacks or QuantizeCallbacks()
    target = export.output or int8_directory(source, export.models_dir, export.name)
    check_replaceable(target, overwrite=export.overwrite)
    check_extras(f"exporting {source}", options)
    with partial_directory(target) as scratch:
        chosen = None
        if options.offline or is_folder(options.calibration.source):  # what is wrong with them is said first
            chosen = choose_recordings(options, make_subdirectory(scratch, "recordings"))
        directory = export_model(
            source,
            replace(export, output=scratch / short_name(source), name=None, overwrite=False),
            lambda line: None if str(scratch) in line else told.on_step(line),
        )
        return quantize_model(
            directory,
            target,
            options,
            overwrite=export.overwrite,
            chosen=chosen,
            report=told.on_phase,
            show=told.on_measured,
        )


def int8_directory(source: str, models_dir: Path | None, name: str | None = None) -> Path:
    """The directory that the INT8 of a model or checkpoint goes to, where the caller names none.

    Args:
        source: what the caller calls it.
        models_dir: see `find_places`.
        name: of the directory; None: made of the model's own.
    """
    return find_places(models_dir).models_dir / (name or short_name(source) + SUFFIX)
