"""A checkpoint -> a model directory in optimum-intel's layout, tested and with its manifest."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ovsubs.bounds import check_number
from ovsubs.errors import (
    ExportFailed,
    InvalidOption,
    SelfTestFailed,
    UnwritableFile,
)
from ovsubs.export.checkpoint import Checkpoint, fetch_checkpoint
from ovsubs.export.graphs import (
    ENGINE_PACKAGES,
    check_export_extra,
    compress_graph,
    export_graphs,
    save_as_fp16,
)
from ovsubs.export.selftest import ProbeResult, find_fault, probe_model, self_test
from ovsubs.models.manifest import (
    DECODER,
    ENCODER,
    GRAPH_FILES,
    FileSum,
    Manifest,
    PackageVersion,
    Quantization,
    SelfTestVerdict,
    check_ir_directory,
    describe_word_times,
    write_manifest,
)
from ovsubs.models.partial import check_free, make_subdirectory, partial_directory, put_in_place
from ovsubs.models.sources import (
    IrDirectory,
    Origin,
    Report,
    find_checkpoint,
    find_places,
    recognize_directory,
    short_name,
)
from ovsubs.models.wheels import sha256_of
from ovsubs.places import is_portable_name

# How weights alone are compressed. INT8 as in the Hub's OpenVINO/whisper-*-int8-ov.
WEIGHT_MODES = {"int8-weights": "INT8_ASYM", "int4-weights": "INT4_ASYM"}
PRECISIONS = ("fp16", "fp32", *WEIGHT_MODES)
INT8_COMPONENTS = ("all", "encoder", "decoder")
INT4_GROUP_SIZE = 64  # weights that share a scale in INT4; it divides the widths of all Whisper models


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to make of a checkpoint and where to put it.

    `precision`: "fp16" stores the weights as float16 (exact for OpenAI's own, which are float16), "fp32" as
    float32 (exact, twice the size and memory), "int8-weights" compresses the weights of `int8_components`
    ("all", "encoder", "decoder") to 8 bit and stores the other component as float16; "int4-weights" does so
    to 4 bit, `int4_group_size` weights to a scale (64; -1 for a whole row), and only the part `int4_ratio` of
    the layers (1.0), the others to 8 bit. None of them says in what the device computes.

    `output` is the directory itself; without it, it is `name` in the models directory, by default the model's
    own with the precision behind it if that is not fp16.
    """

    output: Path | None = None
    name: str | None = None
    precision: str = "fp16"
    int8_components: str = "all"
    int4_group_size: int | None = None
    int4_ratio: float | None = None
    overwrite: bool = False
    offline: bool = False
    models_dir: Path | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InvalidOption("precision", self.precision, f"choose from {', '.join(PRECISIONS)}")
        if self.int8_components not in INT8_COMPONENTS:
            raise InvalidOption(
                "int8_components", self.int8_components, f"choose from {', '.join(INT8_COMPONENTS)}"
            )
        if self.int8_components != "all" and self.precision not in WEIGHT_MODES:
            why = f"it goes with precision {' or '.join(WEIGHT_MODES)}"
            raise InvalidOption("int8_components", self.int8_components, why)
        for name, value in (("int4_group_size", self.int4_group_size), ("int4_ratio", self.int4_ratio)):
            if value is not None and self.precision != "int4-weights":
                raise InvalidOption(name, value, "it goes with precision int4-weights")
        if self.int4_group_size is not None and self.int4_group_size not in (-1, 32, 64, 128):
            raise InvalidOption("int4_group_size", self.int4_group_size, "choose from 32, 64, 128, or -1")
        if self.int4_ratio is not None:
            check_number("int4_ratio", self.int4_ratio, "from 0 to 1", least=0.0, most=1.0)
        if self.output is not None and self.name is not None:
            raise InvalidOption(
                "name", self.name, "the output directory has a name already; give one of the two"
            )
        if self.name is not None and (self.name.startswith(".") or not is_portable_name(self.name)):
            why = "a name has no slash and no dot in front, and Windows must be able to have it, too"
            raise InvalidOption("name", self.name, why)

    @property
    def compressed(self) -> tuple[str, ...]:
        """The components whose weights are compressed."""
        if self.precision not in WEIGHT_MODES:
            return ()
        return ("encoder", "decoder") if self.int8_components == "all" else (self.int8_components,)


def export_model(source: str, options: ExportOptions, report: Report = lambda line: None) -> Path:
    """Export a checkpoint to OpenVINO, test the result and put it in its place; returns the directory.

    It is built beside its place and renamed at the end: an export that fails, or is interrupted by Ctrl-C or
    SIGTERM, leaves nothing, and an older model of the same name untouched.

    Args:
        source: a path, a Hub id or a short name; see `find_checkpoint`.
        options: precision and place.
        report: gets one line for each step.

    Raises:
        OutputExists: something is there already, and `options.overwrite` is false.
        UnwritableFile: the place cannot be written, or what is there is no model and is not replaced.
        ModelNotFound, MissingExtra: no weights, or the packages that export them are not installed.
        UnreadableCheckpoint, ExportError: the weights are not Whisper's, or cannot be converted.
        SelfTestFailed: the exported model gives no sensible text; nothing was kept.
    """
    check_replaceable(default_output(source, options), overwrite=options.overwrite)
    origin = find_checkpoint(
        source,
        models_dir=options.models_dir,
        cache_dir=options.cache_dir,
        offline=options.offline,
        report=report,
    )
    return export_origin(source, origin, options, report)


def export_origin(source: str, origin: Origin, options: ExportOptions, report: Report) -> Path:
    """`export_model` for weights that have been found already; raises the same."""
    output = default_output(source, options)
    check_replaceable(output, overwrite=options.overwrite)
    check_export_extra(f"exporting {source}")
    with partial_directory(output) as partial:
        checkpoint = fetch_checkpoint(origin, partial, report)
        built = _build(checkpoint, short_name(source), options, partial, report)
        put_in_place(built, output, partial, overwrite=options.overwrite)
    report(f"model in {output}")
    return output


def check_replaceable(output: Path, *, overwrite: bool) -> None:
    """Refuse an output that is there already: always if it is no model, else unless `overwrite`.

    Raises:
        OutputExists: a model is there, and `overwrite` is false.
        UnwritableFile: something else is there.
    """
    check_free(output, overwrite=overwrite)
    is_model = output.is_dir() and isinstance(recognize_directory(output), IrDirectory)
    if output.exists() and not is_model and not (output.is_dir() and not any(output.iterdir())):
        raise UnwritableFile(output, "what is there is no exported model, so it is not replaced")


def default_output(source: str, options: ExportOptions) -> Path:
    """The directory that an export of `source` goes to."""
    if options.output is not None:
        return options.output
    suffix = "" if options.precision == "fp16" else f"-{options.precision}"
    if options.compressed and options.int8_components != "all":
        suffix += f"-{options.int8_components}"
    return find_places(options.models_dir).models_dir / (options.name or short_name(source) + suffix)


def _build(checkpoint: Checkpoint, name: str, options: ExportOptions, partial: Path, report: Report) -> Path:
    exact = make_subdirectory(partial, "exact")
    export_graphs(checkpoint.path, exact, report, widen=options.precision == "fp32")
    try:
        check_ir_directory(exact)
    except Exception as error:
        raise ExportFailed(name, f"the export is not complete: {error}") from error
    report("testing the exported model")
    if options.precision == "fp32":
        built, verdict = exact, self_test(exact, name)
    else:
        reference = _sound_reference(exact, name)
        built = _narrow(exact, options, partial, report)
        report("testing it against FP32")
        verdict = self_test(built, name, reference)
    write_manifest(built, _describe(built, checkpoint, name, options, verdict))
    return built


def _sound_reference(exact: Path, name: str) -> ProbeResult:
    reference = probe_model(exact)
    if (why := find_fault(reference)) is not None:
        raise SelfTestFailed(name, f"already in FP32: {why}")
    return reference


def _narrow(exact: Path, options: ExportOptions, partial: Path, report: Report) -> Path:
    """A copy of the exact directory with narrower weights."""
    built = make_subdirectory(partial, "model")
    for path in exact.iterdir():
        if path.name not in GRAPH_FILES:
            shutil.copyfile(path, built / path.name)
    for component, stem in (("encoder", ENCODER), ("decoder", DECODER)):
        source, target = exact / f"{stem}.xml", built / f"{stem}.xml"
        if component in options.compressed:
            report(f"compressing the weights of the {component} to {options.precision[:4].upper()}")
            compress_graph(source, target, WEIGHT_MODES[options.precision], **_grouping(options))
        else:
            report(f"storing the {component} as FP16")
            save_as_fp16(source, target)
    return built


def _grouping(options: ExportOptions) -> dict[str, Any]:
    if options.precision != "int4-weights":
        return {}
    return {
        "group_size": INT4_GROUP_SIZE if options.int4_group_size is None else options.int4_group_size,
        "ratio": 1.0 if options.int4_ratio is None else options.int4_ratio,
    }


def _describe(
    built: Path, checkpoint: Checkpoint, name: str, options: ExportOptions, verdict: SelfTestVerdict
) -> Manifest:
    plain = "fp32" if options.precision == "fp32" else "fp16"
    compressed, narrow = options.compressed, options.precision[:4]
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in _grouping(options).items())
    return Manifest(
        name=name,
        source=checkpoint.source,
        source_sha256=checkpoint.sha256,
        encoder_precision=narrow if "encoder" in compressed else plain,
        decoder_precision=narrow if "decoder" in compressed else plain,
        quantization=(
            Quantization(
                "nncf.compress_weights", WEIGHT_MODES[options.precision], compressed, settings or None
            )
            if compressed
            else None
        ),
        versions=describe_packages(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=describe_files(built),
        self_test=verdict,
        word_times=describe_word_times(built),
    )


def describe_packages() -> tuple[PackageVersion, ...]:
    """The packages that take part in an export."""
    return tuple(PackageVersion(package, _version(package)) for package in ("ovsubs", *ENGINE_PACKAGES))


def describe_files(built: Path) -> tuple[FileSum, ...]:
    """Sizes and sums of the graphs of a model directory."""
    graphs = [built / file for file in GRAPH_FILES]
    return tuple(FileSum(path.name, path.stat().st_size, sha256_of(path)) for path in graphs)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "unknown"
