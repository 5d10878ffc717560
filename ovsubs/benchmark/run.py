"""A model and recordings -> how well and how fast they were recognized."""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ovsubs.audio.media import SAMPLE_RATE_HZ
from ovsubs.benchmark.datasets import Recording
from ovsubs.benchmark.metrics import WordErrors, count_word_errors, median, start_distances, total
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Timed:
    """One recording, transcribed once for its text and `len(seconds)` times for its speed."""

    name: str
    duration: float
    text: str
    transcript: Transcript
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy of one recording: word errors, and how far segments start from utterances, in seconds."""

    name: str
    errors: WordErrors
    start_distance: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All recordings together; `rtfx` are seconds of audio per second, one figure for each run."""

    errors: WordErrors
    start_distance: float
    rtfx: tuple[float, ...]


def time_recordings(
    model: Model,
    recordings: Iterable[Recording],
    options: TranscribeOptions,
    n_runs: int = 3,
    report: Callable[[str], None] = lambda line: None,
) -> list[Timed]:
    """Transcribe each recording from a file, as a user would, and time it.

    A first run on the first recording warms up and is not counted. Nothing of the recordings stays in
    memory, so that the process's peak is that of the pipeline.
    """
    timed = list[Timed]()
    with tempfile.TemporaryDirectory() as folder:
        for file in _on_disk(recordings, Path(folder)):
            if not timed:
                model.transcribe(file.path, options=options)
            transcripts = [model.transcribe(file.path, options=options) for _ in range(n_runs)]
            seconds = tuple(transcript.seconds for transcript in transcripts)
            timed.append(Timed(file.path.stem, file.duration, file.text, transcripts[0], seconds))
            file.path.unlink()
            report(f"{file.path.stem}: {file.duration:.0f} s of speech in {median(seconds):.1f} s")
    return timed


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    duration: float
    text: str


def _on_disk(recordings: Iterable[Recording], folder: Path) -> Iterator[_File]:
    for recording in recordings:
        path = folder / f"{recording.name}.wav"
        write_wav(path, recording)
        file = _File(path, recording.duration, recording.text)
        del recording  # its samples are not the pipeline's memory
        yield file


def score(timed: Timed, recording: Recording) -> Score:
    """Compare a transcript with what was said."""
    starts = [segment.start for segment in timed.transcript.segments]
    distances = start_distances(starts, [utterance.start for utterance in recording.utterances])
    return Score(timed.name, count_word_errors(timed.text, timed.transcript.text), median(distances))


def summarize(timed: Sequence[Timed], scores: Sequence[Score]) -> Summary:
    """All recordings as one; speed for each run over all of them."""
    duration = sum(one.duration for one in timed)
    runs = zip(*(one.seconds for one in timed), strict=True)
    return Summary(
        errors=total(one.errors for one in scores),
        start_distance=median([one.start_distance for one in scores]),
        rtfx=tuple(duration / sum(seconds) for seconds in runs),
    )


def write_wav(path: Path, recording: Recording) -> None:
    pcm = np.clip(np.rint(recording.samples * 32768.0), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.tobytes())
