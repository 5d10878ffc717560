"""What the caller names -> a dataset of as many files as asked for."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.bounds import MAX_NUMBER, check_count
from ovsubs.datasets.folders import read_folder, recordings_in
from ovsubs.datasets.hub import stream_files
from ovsubs.datasets.joining import write_joined
from ovsubs.datasets.types import Dataset, SpokenFile
from ovsubs.errors import DatasetNotFound, EmptyDataset, InvalidOption, TooFewSamples

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """Which files of a dataset.

    `n_samples`: so many, drawn by `seed`; None for all. `part`: "config:split" or "split" of a dataset of the
    Hub. `joined`: the utterances of each LibriSpeech chapter as one recording. `offline`: no network.
    `with_texts`: a recording of a folder without a transcript is an error; else it has no utterances.
    """

    n_samples: int | None = None
    seed: int = 0
    part: str | None = None
    joined: bool = False
    offline: bool = False
    with_texts: bool = True

    def __post_init__(self) -> None:
        if self.n_samples is not None:
            check_count("n_samples", self.n_samples, "at least 1", least=1)
        check_count("seed", self.seed, "a whole number", least=-MAX_NUMBER)


def find_dataset(source: str, options: DatasetOptions, folder: Path) -> Dataset:
    """Find the files of a dataset.

    Args:
        source: a folder (see `read_folder`), a folder of parquet files, or an id of the Hub ("owner/name").
        options: which files.
        folder: gets those that are made or fetched; they are needed as long as the dataset is.

    Raises:
        DatasetNotFound: there is no such folder, and the Hub has none either or is not to be asked.
        EmptyDataset: no recording is in it.
        TooFewSamples: it has fewer than asked for.
        MissingTranscript, MissingFile, UnreadableDataset: a recording or its text is not there.
        InvalidOption: `joined` or `part` does not fit what was named.
    """
    if not source.strip():
        raise DatasetNotFound(source, "name a folder or an id of the Hub")
    path = Path(source)
    if is_folder(source):
        if options.part is not None:
            raise InvalidOption("part", options.part, f"{source} is a folder, which has no parts")
        joined = write_joined(path, folder) if options.joined else None
        found = list(joined or read_folder(path, with_texts=options.with_texts))
        files = _drawn(found, options)
    else:
        if path.is_file():
            raise DatasetNotFound(source, "it is a file; name the folder that it is in")
        if not path.exists() and not _HUB_ID.fullmatch(source):
            raise DatasetNotFound(source, "no such folder, and no id of the Hub such as owner/name")
        if options.joined:
            raise InvalidOption("joined", True, f"{source} is no folder in LibriSpeech's layout")
        streamed = stream_files(
            source, options.part, options.n_samples, options.seed, folder, offline=options.offline
        )
        files = list(streamed)
    if not files:
        raise EmptyDataset(source)
    if options.n_samples is not None and len(files) < options.n_samples:
        raise TooFewSamples(source, options.n_samples, len(files))
    return Dataset(source, tuple(files))


def is_folder(source: str) -> bool:
    """Whether it is a folder of loose recordings, or an empty one: no parquet files, no id of the Hub."""
    path = Path(source)
    return path.is_dir() and (any(recordings_in(path)) or not any(path.rglob("*.parquet")))


def _drawn(files: Sequence[SpokenFile], options: DatasetOptions) -> list[SpokenFile]:
    """In the order of their names; the same for the same seed, whatever the order on disk."""
    ordered = sorted(files, key=lambda file: file.name)
    if options.n_samples is None or options.n_samples > len(ordered):
        return ordered
    drawn = random.Random(options.seed).sample(range(len(ordered)), options.n_samples)
    return [ordered[place] for place in sorted(drawn)]
