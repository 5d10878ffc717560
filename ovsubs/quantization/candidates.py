"""A model in floating point and recordings -> directories with INT8 in them, to be judged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from ovsubs.datasets import Dataset
from ovsubs.errors import SelfTestFailed, UnwritableFile, options_of
from ovsubs.export.graphs import save_as_fp16
from ovsubs.export.model_directory import describe_files, describe_packages
from ovsubs.export.selftest import ProbeResult, find_fault, probe_model, self_test
from ovsubs.models.manifest import (
    DECODER,
    ENCODER,
    GRAPH_FILES,
    MANIFEST_NAME,
    Manifest,
    Quantization,
    SelfTestVerdict,
    describe_word_times,
    read_manifest,
    write_manifest,
)
from ovsubs.models.partial import make_subdirectory
from ovsubs.quantization.calibration import CalibrationSample, collect
from ovsubs.quantization.measurement import Report, label
from ovsubs.quantization.options import COMPONENTS, LIBRISPEECH_TRAIN, ComponentNames, QuantizeOptions
from ovsubs.quantization.post_training import Int8Settings, decoder_inputs, quantize_decoder, quantize_encoder
from ovsubs.quantization.recordings import part_of
from ovsubs.whisper.tokenizer import WhisperTokenizer

STEMS = {"encoder": ENCODER, "decoder": DECODER}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Model directories with their manifests: by what is in INT8 there, and the one where nothing is."""

    by_components: dict[ComponentNames, Path]
    exact: Path


def build_candidates(
    directory: Path, recordings: Dataset, options: QuantizeOptions, folder: Path, report: Report
) -> Candidates:
    """Quantize what was asked for, or with "auto" each way to keep some of it, and test each.

    Args:
        directory: of the standard layout, in floating point.
        recordings: to calibrate on.
        options: of which components, how.
        folder: gets the directories.
        report: called as the phases go on.

    Raises:
        SelfTestFailed: the model gave no sensible text before, or what came out gives none; with "auto" only
            if all fail.
        UnwritableFile: no space, most likely.
        NoSpeechHeard: nothing to calibrate on was heard.
    """
    name = WhisperTokenizer(directory).name
    reference = _sound_reference(directory, name)
    samples = collect(directory, recordings, options.language, options.threads, _part(report, "collect"))
    exact = _assemble(directory, {}, make_subdirectory(folder, "exact"))
    graphs = _quantize_graphs(exact, samples, options, make_subdirectory(folder, "graphs"), report)
    heard = _name_calibration(recordings, len(samples), options)
    write_manifest(exact, _describe(directory, exact, (), heard, options))
    built = dict[ComponentNames, Path]()
    for kept in _wished(options):
        candidate = make_subdirectory(folder, "-".join(kept))
        _assemble(exact, {which: graphs[which] for which in kept}, candidate)
        verdict = _self_test(candidate, f"{name} ({label(kept)})", reference, options)
        if verdict is not None:
            described = _describe(directory, candidate, kept, heard, options)
            write_manifest(candidate, replace(described, self_test=verdict))
            built[kept] = candidate
    if not built:
        raise SelfTestFailed(name, "no component gives sensible text in INT8")
    return Candidates(built, exact)


def _self_test(
    candidate: Path, name: str, reference: ProbeResult, options: QuantizeOptions
) -> SelfTestVerdict | None:
    """None if it fails and another may do: with "auto"."""
    try:
        return self_test(candidate, name, reference, strict=False)
    except SelfTestFailed:
        if options.components != "auto":
            raise
        return None


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
        with options_of("encoder"):
            quantize_encoder(encoder, graphs["encoder"], mels, options.encoder, _part(report, "encoder"))
    if "decoder" in graphs:
        tokens = [sample.tokens for sample in samples]
        inputs = list(decoder_inputs(encoder, mels, tokens))
        with options_of("decoder"):
            quantize_decoder(decoder, graphs["decoder"], inputs, options.decoder, _part(report, "decoder"))
    return graphs


def _wished(options: QuantizeOptions) -> list[ComponentNames]:
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
        raise UnwritableFile(built, str(error).strip().splitlines()[-1]) from error
    return built


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # not every disk knows hard links
        shutil.copyfile(source, target)


def _name_calibration(recordings: Dataset, n_windows: int, options: QuantizeOptions) -> str:
    part = part_of(options.calibration, LIBRISPEECH_TRAIN, "train")
    named = f"{Path(recordings.name).name}{f':{part}' if part else ''}@{recordings.digest}"
    return f"{len(recordings.files)} recordings ({n_windows} windows) of {named}, seed {options.seed}"


def _describe(
    directory: Path, built: Path, kept: ComponentNames, calibration: str, options: QuantizeOptions
) -> Manifest:
    known = read_manifest(directory)
    settings = {"encoder": options.encoder, "decoder": options.decoder}
    quantization = Quantization(
        method="nncf.quantize",
        mode="INT8",
        components=kept,
        settings="; ".join(f"{which}: {_in_words(settings[which])}" for which in kept),
        calibration=calibration,
    )
    precisions = {which: "int8" if which in kept else "fp16" for which in COMPONENTS}
    return Manifest(
        name=known.name if known else WhisperTokenizer(directory).name,
        source=known.source if known else str(directory.name),
        source_sha256=known.source_sha256 if known else None,
        encoder_precision=precisions["encoder"],
        decoder_precision=precisions["decoder"],
        quantization=quantization if kept else None,
        versions=describe_packages(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        files=describe_files(built),
        self_test=None,
        word_times=describe_word_times(built),
    )


def _in_words(settings: Int8Settings) -> str:
    parts = [f"SmoothQuant {settings.smooth_quant_alpha:g}"]
    if settings.ignored:
        parts.append(f"not {', '.join(settings.ignored)}")
    parts.append("accurate bias correction" if settings.accurate_bias_correction else "fast bias correction")
    return ", ".join(parts)
