"""A model directory in floating point -> one in INT8, calibrated on speech and judged on other speech."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from ovsubs.benchmark.compare import check_benchmark_extra
from ovsubs.benchmark.results import Comparison
from ovsubs.convert.export import check_replaceable, describe_files, describe_packages
from ovsubs.convert.graphs import check_export_extra, save_as_fp16
from ovsubs.convert.manifest import (
    DECODER,
    ENCODER,
    GRAPH_FILES,
    MANIFEST_NAME,
    Judgement,
    Manifest,
    Quantization,
    check_ir_directory,
    read_manifest,
    write_manifest,
)
from ovsubs.convert.partial import make_subdirectory, partial_directory, put_in_place
from ovsubs.convert.post_training import (
    Int8Settings,
    decoder_inputs,
    is_quantized,
    quantize_decoder,
    quantize_encoder,
)
from ovsubs.convert.selftest import ProbeResult, find_fault, probe_model, self_test
from ovsubs.errors import AlreadyQuantized, SelfTestFailed, UnwritableOutput
from ovsubs.quantization.calibration import CalibrationSample, collect
from ovsubs.quantization.gate import check, choose, judge, label, measure
from ovsubs.quantization.options import COMPONENTS, LIBRISPEECH_TRAIN, QuantizeOptions
from ovsubs.quantization.recordings import Chosen, choose_recordings, part_of
from ovsubs.whisper.tokens import TokenReader

STEMS = {"encoder": ENCODER, "decoder": DECODER}

Report = Callable[[str, float], None]  # of which phase which part is done, 0 to 1
Kept = tuple[str, ...]  # the components in INT8


@dataclass(frozen=True, slots=True)
class Quantized:
    """What came of it: the directory, what is in INT8 there, and how it was judged among which others."""

    directory: Path
    components: Kept
    judgement: Judgement
    comparison: Comparison


def quantize_model(
    directory: Path,
    output: Path,
    options: QuantizeOptions,
    *,
    overwrite: bool = False,
    report: Report = lambda phase, part: None,
    show: Callable[[Comparison], None] = lambda comparison: None,
) -> Quantized:
    """Quantize weights and activations, measure what that does, and keep it if it is good enough.

    It is built beside its place and renamed at the end; one that fails or is interrupted leaves nothing.

    Args:
        directory: of the standard layout, in floating point.
        output: directory to make.
        options: of which components, on which speech, with which limits.
        overwrite: replace a model that is there.
        report: called as the phases go on.
        show: called with what was measured, before it is decided whether the model is kept.

    Raises:
        OutputExists, UnwritableOutput: the place is taken or cannot be written.
        AlreadyQuantized: the model has 8 or 4 bits already.
        MissingExtra: the packages of the export or the benchmark extra are not installed.
        DatasetError: the recordings cannot be found, or they overlap.
        SelfTestFailed: what came out gives no sensible text.
        TooManyErrors: it makes more errors than allowed.
    """
    check_replaceable(output, overwrite=overwrite)
    check_ir_directory(directory)
    for stem in STEMS.values():
        if is_quantized(directory / f"{stem}.xml"):
            raise AlreadyQuantized(directory, f"{stem}.xml")
    check_extras(f"quantizing {directory.name}", options)
    reader = TokenReader(directory)
    reader.check_request(options.language, "transcribe")
    with tempfile.TemporaryDirectory() as folder, partial_directory(output) as partial:
        report("recordings", 0.0)
        chosen = choose_recordings(options, Path(folder))
        reference = _sound_reference(directory, reader.name)
        samples = collect(
            directory, chosen.calibration, options.language, options.threads, _part(report, "collect")
        )
        exact = _assemble(directory, {}, make_subdirectory(partial, "exact"))
        graphs = _quantize_graphs(exact, samples, options, make_subdirectory(partial, "graphs"), report)
        candidates = dict[Kept, Path]()
        for kept in _wished(options):
            built = make_subdirectory(partial, "-".join(kept))
            _assemble(exact, {which: graphs[which] for which in kept}, built)
            made_of = _describe(directory, built, kept, chosen, len(samples), options)
            try:
                verdict = self_test(built, f"{reader.name} ({label(kept)})", reference, strict=False)
            except SelfTestFailed:
                if options.components != "auto":
                    raise
                continue
            write_manifest(built, replace(made_of, self_test=verdict))
            candidates[kept] = built
        if not candidates:
            raise SelfTestFailed(reader.name, "no component gives sensible text in INT8")
        comparison = measure(
            directory,
            candidates,
            chosen.evaluation,
            options.benchmark,
            lambda position: report("check", (position.n_run - 1) / position.n_runs),
        )
        show(comparison)
        kept = options.wanted if options.components != "auto" else choose(comparison, options.allowed_drop)
        judgement = judge(comparison, kept)
        if kept:
            check(reader.name, judgement, options.allowed_drop)
        built = candidates[kept] if kept else exact
        manifest = read_manifest(built) or _describe(directory, built, (), chosen, len(samples), options)
        write_manifest(built, replace(manifest, judgement=judgement))
        put_in_place(built, output, partial, overwrite=overwrite)
    return Quantized(output, kept, judgement, comparison)


def check_extras(what: str, options: QuantizeOptions) -> None:
    """Check that all packages are there, before anything takes time.

    Raises:
        MissingExtra: one is not; it is named.
    """
    check_export_extra(what)
    check_benchmark_extra(options.language_code)


def _sound_reference(directory: Path, name: str) -> ProbeResult:
    reference = probe_model(directory)
    if (why := find_fault(reference)) is not None:
        raise SelfTestFailed(name, f"already before INT8: {why}")
    return reference


def _part(report: Report, phase: str) -> Callable[[float], None]:
    return lambda part: report(phase, part)


def _quantize_graphs(
    directory: Path,
    samples: Sequence[CalibrationSample],
    options: QuantizeOptions,
    folder: Path,
    report: Report,
) -> dict[str, Path]:
    """The quantized graphs (.xml) by component."""
    graphs = {which: folder / f"{STEMS[which]}.xml" for which in options.wanted}
    mels = [sample.mel for sample in samples]
    encoder, decoder = (directory / f"{stem}.xml" for stem in (ENCODER, DECODER))
    if "encoder" in graphs:
        quantize_encoder(encoder, graphs["encoder"], mels, options.encoder, _part(report, "encoder"))
    if "decoder" in graphs:
        tokens = [sample.tokens for sample in samples]
        inputs = list(decoder_inputs(encoder, mels, tokens))
        quantize_decoder(decoder, graphs["decoder"], inputs, options.decoder, _part(report, "decoder"))
    return graphs


def _wished(options: QuantizeOptions) -> list[Kept]:
    """What is measured: what was asked for, or each way to keep some of it."""
    if options.components != "auto":
        return [options.wanted]
    return [kept for size in (2, 1) for kept in combinations(COMPONENTS, size)]


def _assemble(directory: Path, graphs: dict[str, Path], built: Path) -> Path:
    """A model directory of quantized graphs and, for the others, of those that were there, as FP16."""
    try:
        for path in directory.iterdir():
            if path.is_file() and path.name not in (*GRAPH_FILES, MANIFEST_NAME):
                shutil.copyfile(path, built / path.name)
        for which, stem in STEMS.items():
            if which not in graphs:
                save_as_fp16(directory / f"{stem}.xml", built / f"{stem}.xml")
                continue
            for ending in ("xml", "bin"):
                _link(graphs[which].with_suffix(f".{ending}"), built / f"{stem}.{ending}")
    except (OSError, RuntimeError) as error:  # no space, most likely; OpenVINO raises RuntimeError
        raise UnwritableOutput(built, str(error).strip().splitlines()[-1]) from error
    return built


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # not every disk knows hard links
        shutil.copyfile(source, target)


def _describe(
    directory: Path, built: Path, kept: Kept, chosen: Chosen, n_windows: int, options: QuantizeOptions
) -> Manifest:
    known = read_manifest(directory)
    dataset, part = chosen.calibration, part_of(options.calibration, LIBRISPEECH_TRAIN, "train")
    settings = {"encoder": options.encoder, "decoder": options.decoder}
    quantization = Quantization(
        method="nncf.quantize",
        mode="INT8",
        components=kept,
        settings="; ".join(f"{which}: {_in_words(settings[which])}" for which in kept),
        calibration=(
            f"{len(dataset.files)} recordings ({n_windows} windows) of {Path(dataset.name).name}"
            f"{f':{part}' if part else ''}@{dataset.digest}, seed {options.seed}"
        ),
    )
    precisions = {which: "int8" if which in kept else "fp16" for which in COMPONENTS}
    return Manifest(
        name=known.name if known else TokenReader(directory).name,
        source=known.source if known else str(directory.name),
        source_sha256=known.source_sha256 if known else None,
        encoder_precision=precisions["encoder"],
        decoder_precision=precisions["decoder"],
        quantization=quantization if kept else None,
        versions=describe_packages(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=describe_files(built),
        self_test=None,
    )


def _in_words(settings: Int8Settings) -> str:
    parts = [f"SmoothQuant {settings.smooth_quant_alpha:g}"]
    if settings.ignored:
        parts.append(f"not {', '.join(settings.ignored)}")
    parts.append("accurate bias correction" if settings.accurate_bias_correction else "fast bias correction")
    return ", ".join(parts)
