"""A model directory in floating point -> one in INT8, calibrated on speech and judged on other speech."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ovsubs.errors import AlreadyQuantized
from ovsubs.evaluation.compare import check_benchmark_extra
from ovsubs.evaluation.results import Comparison
from ovsubs.export.graphs import check_export_extra
from ovsubs.export.model_directory import check_replaceable
from ovsubs.models.manifest import QuantizationReport, check_ir_directory, read_manifest, write_manifest
from ovsubs.models.partial import partial_directory, put_in_place
from ovsubs.quantization.candidates import STEMS, Candidates, build_candidates
from ovsubs.quantization.gate import decide
from ovsubs.quantization.measurement import Measurement, Report, measure
from ovsubs.quantization.options import ComponentNames, QuantizeOptions
from ovsubs.quantization.post_training import is_quantized
from ovsubs.quantization.recordings import QuantizationDatasets, choose_recordings
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.whisper.tokenizer import WhisperTokenizer


@dataclass(frozen=True, slots=True)
class Quantized:
    """What came of it: the directory, what is in INT8 there, and how it was judged among which others.

    `refused`: with "auto", why others were not good enough, by the components that they had in INT8.
    """

    directory: Path
    components: ComponentNames
    judgement: QuantizationReport
    measurement: Measurement
    refused: Mapping[ComponentNames, str]

    @property
    def comparison(self) -> Comparison:
        """Errors and speed of all, as a benchmark has them."""
        return self.measurement.comparison


def quantize_model(
    directory: Path,
    output: Path,
    options: QuantizeOptions,
    *,
    overwrite: bool = False,
    chosen: QuantizationDatasets | None = None,
    report: Report = lambda phase, part: None,
    show: Callable[[Measurement], None] = lambda measurement: None,
) -> Quantized:
    """Quantize weights and activations, measure what that does, and keep it if it is good enough.

    It is built beside its place and renamed at the end; one that fails or is interrupted leaves nothing.

    Args:
        directory: of the standard layout, in floating point.
        output: directory to make.
        options: of which components, on which speech, with which limits.
        overwrite: replace a model that is there.
        chosen: the recordings of `options`, where the caller has looked for them already.
        report: called as the phases go on.
        show: called with what was measured, before it is decided whether the model is kept.

    Raises:
        OutputExists, OutputIsInput, UnwritableOutput: the place is taken or cannot be written.
        AlreadyQuantized: the model has 8 or 4 bits already.
        MissingExtra: the packages of the export or the benchmark extra are not installed.
        DatasetError: the recordings cannot be found, or they overlap, or no speech is in them.
        SelfTestFailed: what came out gives no sensible text.
        AccuracyDropTooLarge: it makes more errors than allowed.
    """
    Inputs([directory]).refuse(output)
    check_replaceable(output, overwrite=overwrite)
    check_ir_directory(directory)
    for stem in STEMS.values():
        if is_quantized(directory / f"{stem}.xml"):
            raise AlreadyQuantized(directory, f"{stem}.xml")
    check_extras(f"quantizing {directory.name}", options)
    tokenizer = WhisperTokenizer(directory)
    tokenizer.check_request(options.language, "transcribe")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        partial_directory(output) as partial,
    ):
        report("recordings", 0.0)
        chosen = chosen or choose_recordings(options, Path(folder))
        candidates = build_candidates(directory, chosen.calibration, options, partial, report)
        measurement = measure(directory, candidates.by_components, chosen.evaluation, options, report)
        show(measurement)
        decision = decide(tokenizer.name, measurement, options)
        built = _with_judgement(candidates, decision.kept, decision.judgement)
        put_in_place(built, output, partial, overwrite=overwrite)
    return Quantized(output, decision.kept, decision.judgement, measurement, decision.refused)


def check_extras(what: str, options: QuantizeOptions) -> None:
    """Check that all packages are there, before anything takes time.

    Raises:
        MissingExtra: one is not; it is named.
    """
    check_export_extra(what)
    check_benchmark_extra(options.language_code)


def _with_judgement(candidates: Candidates, kept: ComponentNames, judgement: QuantizationReport) -> Path:
    built = candidates.by_components[kept] if kept else candidates.exact
    manifest = read_manifest(built)
    assert manifest is not None  # candidates are built with one
    write_manifest(built, replace(manifest, judgement=judgement))
    return built
