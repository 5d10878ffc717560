"""LibriSpeech splits -> the files that the engines get: whole chapters, and single utterances."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer_engines.results import SetFacts

from ovsubs.datasets.joining import chapters_of, join, write_wav
from ovsubs.evaluation.intervals import errors_by_utterance
from ovsubs.evaluation.word_errors import WordErrors

LONG, SHORT = "long", "short"


@dataclass(frozen=True, slots=True)
class SpokenFile:
    """A file, its length in seconds, and what is said in it."""

    path: Path
    duration: float
    utterances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files under one name, `LONG` or `SHORT`."""

    name: str
    files: tuple[SpokenFile, ...]

    @property
    def audio_s(self) -> float:
        """Length of all files together, in seconds."""
        return sum(file.duration for file in self.files)

    @property
    def facts(self) -> SetFacts:
        """What the results say of it."""
        n_utterances = sum(len(file.utterances) for file in self.files)
        return SetFacts(self.name, len(self.files), n_utterances, round(self.audio_s, 2))


def make_sets(splits: Sequence[Path], folder: Path) -> dict[str, FileSet]:
    """Both sets of some splits: their own files, and chapters joined into wav files in `folder`.

    Raises:
        MissingFile: no transcript lies below one of them.
    """
    chapters, utterances = list[SpokenFile](), list[SpokenFile]()
    for chapter in (chapter for split in splits for chapter in chapters_of(split)):
        recording = join(chapter)
        speaker = chapter.files[0].path.parent.parent.name
        path = folder / f"{speaker}-{recording.name}.wav"
        write_wav(path, recording)
        texts = tuple(utterance.text for utterance in recording.utterances)
        chapters.append(SpokenFile(path, recording.duration, texts))
        utterances += [
            SpokenFile(file.path, one.end - one.start, (one.text,))
            for file, one in zip(chapter.files, recording.utterances, strict=True)
        ]
    return {LONG: FileSet(LONG, tuple(chapters)), SHORT: FileSet(SHORT, tuple(utterances))}


def count_errors(files: FileSet, texts: Sequence[str]) -> tuple[WordErrors, ...]:
    """The word errors of each utterance in the set, in order; `texts` are those of the files."""
    pairs = zip(files.files, texts, strict=True)
    return tuple(one for file, text in pairs for one in errors_by_utterance(file.utterances, text))
