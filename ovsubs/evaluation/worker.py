"""One model in a process of its own: loaded, warmed up, and timed on all files together.

python -m ovsubs.evaluation.worker job.json

Tells on stdout how many seconds of audio are done, line by line. A process of its own, because memory that
one model has used is not given back before the next is measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ovsubs.errors import OvsubsError, TruncatedMedia, UnreadableMedia
from ovsubs.export.selftest import read_probe
from ovsubs.file_events import Progress
from ovsubs.heap import share_one_heap
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Transcript
from ovsubs.whisper.model import CompileOptions

_ENCODER_STAGES = ("encode",)
_DECODER_STAGES = ("prefill", "steps", "logit filters")


@dataclass(frozen=True, slots=True)
class Job:
    """What to measure: a model directory, options of `TranscribeOptions` and `CompileOptions`, and files.

    `started`: when the process was, as `time.time()` tells it.
    """

    model: str
    files: list[str]
    output: str
    language: str | None
    beam_size: int
    batch_size: int | None
    device: str
    threads: int | None
    inference_precision: str | None
    started: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out, in seconds: `load_s` with imports, `wall_s` from the first path to the last text.

    `audio_s` and `texts` are of the files in their order.
    """

    load_s: float
    wall_s: float
    encoder_s: float
    decoder_s: float
    audio_s: list[float]
    texts: list[str]


def measure(job: Job) -> Measured:
    """Do it.

    Raises:
        OvsubsError: the model cannot be loaded or a file not be read.
    """
    begun = job.started or time.time()
    options = TranscribeOptions(language=job.language, beam_size=job.beam_size, batch_size=job.batch_size)
    compile_options = CompileOptions(job.device, job.threads, inference_precision=job.inference_precision)
    with Model(Path(job.model), compile_options) as model:
        load_s = time.time() - begun
        model.transcribe(read_probe(), options=options)
        begin = time.perf_counter()
        transcripts = _transcribe(model, job.files, options)
        wall_s = time.perf_counter() - begin
    return Measured(
        load_s=load_s,
        wall_s=wall_s,
        encoder_s=_seconds(transcripts, _ENCODER_STAGES),
        decoder_s=_seconds(transcripts, _DECODER_STAGES),
        audio_s=[one.duration for one in transcripts],
        texts=[one.text.strip() for one in transcripts],
    )


def _transcribe(model: Model, files: list[str], options: TranscribeOptions) -> list[Transcript]:
    positions = dict[int, float]()

    def tell(number: int, position: float) -> None:
        positions[number] = position
        print(f"{sum(positions.values()):.1f}", flush=True)

    def on_progress(number: int, progress: Progress) -> None:
        tell(number, progress.position)

    found = dict[int, Transcript]()
    for outcome in model.transcribe_files(files, options=options, on_progress=on_progress):
        if isinstance(outcome.error, TruncatedMedia):  # it advises what only subtitles are made with
            raise UnreadableMedia(*outcome.error.args) from outcome.error
        if outcome.error is not None:
            raise outcome.error
        assert outcome.transcript is not None
        found[outcome.number] = outcome.transcript
        tell(outcome.number, outcome.transcript.duration)
    return [found[number] for number in sorted(found)]


def _seconds(transcripts: Iterable[Transcript], stages: Sequence[str]) -> float:
    timings = (timing for one in transcripts for timing in one.timings)
    return sum(timing.seconds for timing in timings if timing.stage in stages)


def main() -> int:
    """Do the job that the file names; what stops it is one line on stderr."""
    share_one_heap()
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    try:
        measured = measure(job)
    except OvsubsError as error:
        print(error, file=sys.stderr)
        return 1
    Path(job.output).write_text(json.dumps(asdict(measured)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
