"""LibriSpeech's own folders -> long recordings with the exact times of their utterances."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.media import SAMPLE_RATE_HZ, choose_track, probe, stream_audio
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
    """The chapters of a LibriSpeech split (`speaker/chapter/*.flac` with `.trans.txt`), utterances joined.

    Raises:
        MissingFile: no transcript lies below the folder.
    """
    transcripts = sorted(split.rglob("*.trans.txt"))
    if not transcripts:
        raise MissingFile(split / "*.trans.txt")
    for transcript in transcripts:
        yield _joined(transcript)


def _joined(transcript: Path) -> Recording:
    pieces, utterances, start = list[NDArray[np.float32]](), list[Utterance](), 0.0
    for line in transcript.read_text(encoding="utf-8").splitlines():
        name, _, text = line.partition(" ")
        samples = read_samples(transcript.parent / f"{name}.flac")
        end = start + len(samples) / SAMPLE_RATE_HZ
        pieces.append(samples)
        utterances.append(Utterance(start, end, text))
        start = end
    return Recording(transcript.parent.name, np.concatenate(pieces), tuple(utterances))


def read_samples(path: Path) -> NDArray[np.float32]:
    """A whole recording, mono 16 kHz.  # float32 [n_samples]"""
    media = probe(path)
    blocks = list(stream_audio(media, choose_track(media, None)))
    return np.concatenate([np.zeros(0, np.float32), *blocks])
