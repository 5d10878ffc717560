"""One engine in a process of its own: loads it, transcribes files one after the other, and times that.

    python -P run.py job.json

Runs in the peers' environment (the engine "ovsubs" in the project's) and needs only its engine's packages.
Each engine is used as its documentation shows it. Those that decode files without an ffmpeg of the system get
paths; for the others librosa decodes, within the timed part.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SAMPLE_RATE_HZ = 16000  # what every Whisper hears


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: `adaptor` is a name in `ADAPTORS`, `settings` are for it; `output` gets `Measured`."""

    adaptor: str
    settings: dict[str, Any]
    model: str
    language: str
    threads: int
    warm_up: str
    files: list[str]
    output: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file: wall seconds from its path to its text."""

    seconds: float
    text: str
    n_segments: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `load_s` includes importing the engine; `peak_memory_mb` is without child processes.

    `files` are in the order of the job. Where an engine reads several at a time, the seconds of one are those
    since another ended: only their sum means something.
    """

    load_s: float
    peak_memory_mb: float
    files: list[FileResult]


# Paths -> for each file its place among them and the texts of its segments, as files end.
Transcribe = Callable[[list[str]], Iterable[tuple[int, list[str]]]]


def ovsubs(job: Job) -> Transcribe:
    """The project itself. Settings go to `TranscribeOptions`."""
    import ovsubs

    options = ovsubs.TranscribeOptions(language=job.language, **job.settings)
    compile_options = ovsubs.CompileOptions(threads=job.threads)
    model = ovsubs.load_model(job.model, compile_options=compile_options, offline=True)

    def transcribe(files: list[str]) -> Iterator[tuple[int, list[str]]]:
        for outcome in model.transcribe_files(files, options=options):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.transcript is not None
            yield outcome.number, [segment.text for segment in outcome.transcript.segments]

    return transcribe


def faster_whisper(job: Job) -> Transcribe:
    """Settings: `compute_type`; `batch_size` (0: sequential); the rest goes to `transcribe`."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    settings = dict(job.settings)
    compute_type, batch_size = settings.pop("compute_type"), settings.pop("batch_size")
    model = WhisperModel(job.model, device="cpu", compute_type=compute_type, cpu_threads=job.threads)
    if batch_size:
        settings["batch_size"] = batch_size
    recognizer = BatchedInferencePipeline(model=model) if batch_size else model

    def transcribe(path: str) -> list[str]:
        segments, _ = recognizer.transcribe(path, language=job.language, **settings)
        return [segment.text for segment in segments]

    return _one_by_one(transcribe)


def openvino_genai(job: Job) -> Transcribe:
    """Settings go to `generate`."""
    import openvino_genai

    pipeline = openvino_genai.WhisperPipeline(job.model, "CPU", INFERENCE_NUM_THREADS=job.threads)
    language = f"<|{job.language}|>"

    def transcribe(path: str) -> list[str]:
        samples = _samples(path).tolist()
        result = pipeline.generate(samples, language=language, task="transcribe", **job.settings)
        return [piece.text for piece in result.chunks]

    return _one_by_one(transcribe)


def optimum_intel(job: Job) -> Transcribe:
    """The transformers pipeline, which gets the settings.

    But `num_beams` is for its `generate`, and `inference_precision` for OpenVINO (None: its own choice).
    """
    from optimum.intel import OVModelForSpeechSeq2Seq
    from transformers import AutoProcessor, pipeline

    settings = dict(job.settings)
    num_beams, precision = settings.pop("num_beams"), settings.pop("inference_precision")
    ov_config = {"INFERENCE_NUM_THREADS": str(job.threads)}
    if precision:
        ov_config["INFERENCE_PRECISION_HINT"] = precision
    processor = AutoProcessor.from_pretrained(job.model)
    recognize = pipeline(
        "automatic-speech-recognition",
        model=OVModelForSpeechSeq2Seq.from_pretrained(job.model, ov_config=ov_config),
        tokenizer=processor.tokenizer,
        feature_extractor=processor.feature_extractor,
        generate_kwargs={"language": job.language, "task": "transcribe", "num_beams": num_beams},
        **settings,
    )

    def transcribe(path: str) -> list[str]:
        result = recognize({"raw": _samples(path), "sampling_rate": SAMPLE_RATE_HZ})
        return [piece["text"] for piece in result["chunks"]]

    return _one_by_one(transcribe)


def openai_whisper(job: Job) -> Transcribe:
    """Settings go to `transcribe`."""
    import torch
    import whisper

    torch.set_num_threads(job.threads)
    model = whisper.load_model(job.model, device="cpu")

    def transcribe(path: str) -> list[str]:
        result = model.transcribe(_samples(path), language=job.language, fp16=False, **job.settings)
        return [segment["text"] for segment in result["segments"]]

    return _one_by_one(transcribe)


def whisper_cpp(job: Job) -> Transcribe:
    """Settings go to `pywhispercpp.model.Model`."""
    from pywhispercpp.model import Model

    model = Model(
        job.model,
        redirect_whispercpp_logs_to=None,
        n_threads=job.threads,
        language=job.language,
        print_progress=False,
        **job.settings,
    )

    def transcribe(path: str) -> list[str]:
        return [segment.text for segment in model.transcribe(_samples(path))]

    return _one_by_one(transcribe)


ADAPTORS: dict[str, Callable[[Job], Transcribe]] = {
    adaptor.__name__: adaptor
    for adaptor in (ovsubs, faster_whisper, openvino_genai, optimum_intel, openai_whisper, whisper_cpp)
}


def measure(job: Job) -> Measured:
    """Load the engine, warm it up on one file, and time the others."""
    start = time.perf_counter()
    transcribe = ADAPTORS[job.adaptor](job)
    load_s = time.perf_counter() - start
    _timed(transcribe([job.warm_up]))
    files = _timed(transcribe(job.files))
    return Measured(load_s=load_s, peak_memory_mb=peak_memory_mb(os.getpid()), files=files)


def peak_memory_mb(process: int) -> float:
    """The largest resident memory that a process has had, in 10^6 bytes; 0 if it is gone, or not on Linux."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peak[0]) * 1024 / 1e6 if peak else 0.0


def _timed(endings: Iterable[tuple[int, list[str]]]) -> list[FileResult]:
    results = dict[int, FileResult]()
    start = time.perf_counter()
    for number, segments in endings:
        end = time.perf_counter()
        text = " ".join(stripped for segment in segments if (stripped := segment.strip()))
        results[number] = FileResult(end - start, text, len(segments))
        start = end
    return [results[number] for number in sorted(results)]


def _one_by_one(transcribe: Callable[[str], list[str]]) -> Transcribe:
    return lambda files: enumerate(map(transcribe, files))


def _samples(path: str) -> Any:
    """Mono, 16 kHz, in [-1, 1].  # float32 [n_samples]"""
    import librosa

    return librosa.load(path, sr=SAMPLE_RATE_HZ)[0]


def main() -> None:
    """Do the job that the file names."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(job.output).write_text(json.dumps(asdict(measure(job))), encoding="utf-8")


if __name__ == "__main__":
    main()
