"""A recording with its text, and many of them under one name."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class SpokenFile:
    """An audio file, and what is said in it: one utterance, or several in order."""

    name: str
    path: Path
    utterances: tuple[str, ...]

    @property
    def text(self) -> str:
        """All utterances in order."""
        return " ".join(self.utterances)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Files under the name that the caller gave them."""

    name: str
    files: tuple[SpokenFile, ...]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with the texts: equal ones tell that two results compare."""
        return _digest(file.name + "\t" + file.text for file in self.files)


def fingerprint(utterance: str) -> str:
    """Equal for equal words, whatever their case and punctuation."""
    return _digest([_NO_LETTER.sub(" ", utterance).strip().casefold()])


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:12]
