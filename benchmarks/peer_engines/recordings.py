"""LibriSpeech splits -> the files that the engines get: whole chapters, and single utterances."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peer_engines.results import SetFacts

from ovsubs.datasets import SpokenFile
from ovsubs.datasets.joining import chapters_of, join, write_wav

LONG, SHORT = "long", "short"


@dataclass(frozen=True, slots=True)
class FileSet:
    """Files under one name, `LONG` or `SHORT`; `audio_s` is the length of all together, in seconds."""

    name: str
    files: tuple[SpokenFile, ...]
    audio_s: float

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
    chapters, utterances, audio_s = list[SpokenFile](), list[SpokenFile](), 0.0
    for chapter in (chapter for split in splits for chapter in chapters_of(split)):
        recording = join(chapter)
        speaker = chapter.files[0].path.parent.parent.name
        path = folder / f"{speaker}-{recording.name}.wav"
        write_wav(path, recording)
        texts = tuple(utterance.text for utterance in recording.utterances)
        chapters.append(SpokenFile(path.stem, path, texts))
        utterances += chapter.files
        audio_s += recording.duration
    return {
        LONG: FileSet(LONG, tuple(chapters), audio_s),
        SHORT: FileSet(SHORT, tuple(utterances), audio_s),
    }
