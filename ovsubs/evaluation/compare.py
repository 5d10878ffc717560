"""Models and a dataset -> runs of each by turns, with their errors."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ovsubs.bounds import check_count
from ovsubs.datasets import Dataset
from ovsubs.errors import InvalidOption
from ovsubs.evaluation.intervals import errors_of_files
from ovsubs.evaluation.machine import device_name, product_flags
from ovsubs.evaluation.processes import load_psutil, run_job
from ovsubs.evaluation.results import Comparison, ModelResult, Run, Signature
from ovsubs.evaluation.word_errors import (
    CharacterErrors,
    count_character_errors,
    normalizer,
    normalizer_name,
)
from ovsubs.evaluation.worker import Job, Measured
from ovsubs.models.manifest import DECODER, ENCODER, read_manifest
from ovsubs.recognition import TranscribeOptions
from ovsubs.whisper.languages import language_code
from ovsubs.whisper.model import CompileOptions, settle
from ovsubs.whisper.tokenizer import WhisperTokenizer

PACKAGES = ("ovsubs", "openvino", "numpy", "jiwer", "whisper-normalizer")


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """How models are measured. `n_runs` of each; the language is given to them and decides the normalizer."""

    n_runs: int = 3
    language: str = "en"
    beam_size: int = TranscribeOptions().beam_size
    batch_size: int | None = None
    compile: CompileOptions = field(default_factory=CompileOptions)

    def __post_init__(self) -> None:
        check_count("n_runs", self.n_runs, "1 to 1000", least=1, most=1000)
        TranscribeOptions(language=self.language, beam_size=self.beam_size, batch_size=self.batch_size)


@dataclass(frozen=True, slots=True)
class BenchmarkedModel:
    """A model to be measured: what to call it, its directory, and a precision if not that of the options."""

    label: str
    directory: Path
    inference_precision: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a benchmark is: the run of all runs, of which model, and its seconds of audio that are done."""

    n_run: int
    n_runs: int
    label: str
    audio_s: float


def compare(
    subjects: Sequence[BenchmarkedModel],
    dataset: Dataset,
    options: BenchmarkOptions,
    on_progress: Callable[[Position], None] = lambda position: None,
) -> Comparison:
    """Measure models by turns, A B A B, so that a machine that slows down does so for all.

    Each run is a process of its own, which loads the model, warms up on a few seconds of speech, and
    transcribes all files together.

    Raises:
        InvalidOption: two models have one name, or the device does not compute in the precision.
        UnknownLanguage, UnsupportedTask: a model does not know the language.
        BrokenModel: a directory has no tokenizer.
        DeviceNotFound: the device is not on this machine.
        MeasurementFailed: a model cannot be loaded or run.
        MissingExtra: the packages that count errors are not installed.
    """
    settle(options.compile)
    for subject in subjects:
        WhisperTokenizer(subject.directory).check_request(options.language, "transcribe")
    labels = [subject.label for subject in subjects]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise InvalidOption("model", twice, "it is there twice; each is measured against the first")
    check_benchmark_extra(language_code(options.language))
    measured: dict[str, list[Measured]] = {label: [] for label in labels}
    runs: dict[str, list[Run]] = {label: [] for label in labels}
    n_runs = options.n_runs * len(subjects)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number in range(n_runs):
            subject = subjects[number % len(subjects)]
            job = _job(subject, dataset, options, Path(folder) / "measured.json")

            def tell(audio_s: float, number: int = number, label: str = subject.label) -> None:
                on_progress(Position(number + 1, n_runs, label, audio_s))

            tell(0.0)
            watched = run_job(job, tell)
            one = watched.measured
            measured[subject.label].append(one)
            runs[subject.label].append(
                Run(one.load_s, one.wall_s, one.encoder_s, one.decoder_s, watched.peak_memory_mb)
            )
    models = tuple(
        _result(subject, dataset, options.language, measured[subject.label][0], runs[subject.label])
        for subject in subjects
    )
    return Comparison(
        signature=_signature(dataset, options, sum(measured[labels[0]][0].audio_s), models[0]),
        command=shlex.join(["ovsubs", *sys.argv[1:]]),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        models=models,
    )


def check_benchmark_extra(language: str) -> None:
    """Check that what counts errors and watches memory is installed, before anything is measured.

    Raises:
        MissingExtra: it is not; the package is named.
    """
    normalizer(language)
    load_psutil()


def _job(subject: BenchmarkedModel, dataset: Dataset, options: BenchmarkOptions, output: Path) -> Job:
    return Job(
        model=str(subject.directory),
        files=[str(file.path) for file in dataset.files],
        output=str(output),
        language=options.language,
        beam_size=options.beam_size,
        batch_size=options.batch_size,
        device=options.compile.device,
        threads=options.compile.threads,
        inference_precision=subject.inference_precision or options.compile.inference_precision,
    )


def _result(
    subject: BenchmarkedModel, dataset: Dataset, language: str, measured: Measured, runs: Sequence[Run]
) -> ModelResult:
    code = language_code(language)
    characters = CharacterErrors(0, 0)
    for file, text in zip(dataset.files, measured.texts, strict=True):
        characters += count_character_errors(file.text, text, code)
    manifest = read_manifest(subject.directory)
    encoder_bytes, decoder_bytes = (
        sum((subject.directory / f"{stem}.{ending}").stat().st_size for ending in ("xml", "bin"))
        for stem in (ENCODER, DECODER)
    )
    return ModelResult(
        label=subject.label,
        precision=manifest.precision if manifest else "unknown",
        size_bytes=sum(path.stat().st_size for path in subject.directory.rglob("*") if path.is_file()),
        encoder_bytes=encoder_bytes,
        decoder_bytes=decoder_bytes,
        runs=tuple(runs),
        words=errors_of_files(dataset.files, measured.texts, code),
        characters=characters,
    )


def _signature(dataset: Dataset, options: BenchmarkOptions, audio_s: float, first: ModelResult) -> Signature:
    code = language_code(options.language)
    return Signature(
        dataset=dataset.name,
        dataset_digest=dataset.digest,
        n_files=len(dataset.files),
        n_words=first.errors.n_words,
        audio_s=round(audio_s, 2),
        language=code,
        normalizer=normalizer_name(code),
        beam_size=options.beam_size,
        batch_size=options.batch_size,
        device=options.compile.device,
        device_name=device_name(options.compile.device),
        cpu_flags=product_flags(),
        threads=options.compile.threads,
        inference_precision=settle(options.compile).precision_name,
        versions={package: _version(package) for package in PACKAGES},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "unknown"
