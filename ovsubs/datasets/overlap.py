"""Two datasets -> the recordings that are in both: what was calibrated on must not be judged on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ovsubs.datasets.types import Dataset, SpokenFile, fingerprint

N_WORDS = 4  # a sentence of so many words is hardly said twice; "yes sir" is


def shared_recordings(one: Dataset, other: Dataset) -> list[SpokenFile]:
    """The files of `one` whose sound, or one of whose utterances, is in `other` as well, in order.

    Sound is compared byte for byte; utterances by their words, if they have at least `N_WORDS`. So an
    utterance is also found in the recording of a whole chapter.
    """
    sizes = _sizes(one.files) & _sizes(other.files)
    sounds = {_sum(file.path) for file in other.files if file.path.stat().st_size in sizes}
    spoken = set(_fingerprints(other.files))
    return [
        file
        for file in one.files
        if not spoken.isdisjoint(_fingerprints([file]))
        or (file.path.stat().st_size in sizes and _sum(file.path) in sounds)
    ]


def _sizes(files: Iterable[SpokenFile]) -> set[int]:
    return {file.path.stat().st_size for file in files}


def _fingerprints(files: Iterable[SpokenFile]) -> Iterable[str]:
    for file in files:
        for utterance in file.utterances:
            if len(utterance.split()) >= N_WORDS:
                yield fingerprint(utterance)


def _sum(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
