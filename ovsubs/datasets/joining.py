"""Utterances of a LibriSpeech chapter -> one long recording, with their exact times."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.tracks import choose_track
from ovsubs.datasets.folders import TRANSCRIPTS, Chapter, read_chapters
from ovsubs.datasets.types import SpokenFile
from ovsubs.errors import MissingFile


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said from `start` to `end`, in seconds of the recording."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples, mono 16 kHz, with their transcript.  # float32 [n_samples]"""

    name: str
    samples: NDArray[np.float32]
    utterances: tuple[Utterance, ...]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE_HZ

    @property
    def text(self) -> str:
        """All utterances in order."""
        return " ".join(utterance.text for utterance in self.utterances)


def joined_chapters(split: Path) -> Iterator[Recording]:
    """The chapters of a LibriSpeech split, utterances joined; errors are those of `chapters_of`."""
    return map(join, chapters_of(split))


def chapters_of(split: Path) -> list[Chapter]:
    """The chapters of a LibriSpeech split (`speaker/chapter/*.flac` with `.trans.txt`) that have recordings.

    Raises:
        MissingFile: no transcript lies below the folder, or a recording is not there.
        MissingTranscript: a recording is in none of them.
    """
    chapters = [chapter for chapter in read_chapters(split) if chapter.files]
    if not chapters:
        raise MissingFile(split / TRANSCRIPTS)
    return chapters


def write_joined(split: Path, folder: Path) -> Iterator[SpokenFile]:
    """The joined chapters of a split as wav files in a folder; errors are those of `chapters_of`."""
    for number, recording in enumerate(joined_chapters(split)):
        path = folder / f"{number:04}-{recording.name}.wav"  # two speakers may have a chapter 1
        write_wav(path, recording)
        yield SpokenFile(recording.name, path, tuple(one.text for one in recording.utterances))


def join(chapter: Chapter) -> Recording:
    """One recording of a chapter's utterances, in order."""
    pieces, utterances, start = list[NDArray[np.float32]](), list[Utterance](), 0.0
    for file in chapter.files:
        samples = read_samples(file.path)
        end = start + len(samples) / SAMPLE_RATE_HZ
        pieces.append(samples)
        utterances.append(Utterance(start, end, file.text))
        start = end
    return Recording(chapter.name, np.concatenate(pieces), tuple(utterances))


def read_samples(path: Path) -> NDArray[np.float32]:
    """A whole recording, mono 16 kHz.  # float32 [n_samples]"""
    media = probe(path)
    blocks = list(stream_audio(media, choose_track(media, None)))
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def write_wav(path: Path, recording: Recording) -> None:
    """Write the samples in 16 bit."""
    pcm = np.clip(np.rint(recording.samples * 32768.0), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(pcm.tobytes())
