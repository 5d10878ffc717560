"""A dataset of the Hugging Face Hub, or a folder of its files -> recordings on disk, by `datasets`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ovsubs.datasets.folders import TEXT_COLUMNS
from ovsubs.datasets.types import SpokenFile
from ovsubs.errors import (
    DatasetNotFound,
    MissingExtra,
    MissingTranscript,
    UnreadableDataset,
    UnwritableFile,
)

# What is meant by the name alone. Of a stream, what comes first is shuffled in a buffer of this many.
USUAL_PARTS = {"openslr/librispeech_asr": ("clean", "test")}
SHUFFLE_BUFFER = 400
_ID_COLUMNS = ("id", "file", "path")


def stream_files(
    name: str, part: str | None, n_samples: int | None, seed: int, folder: Path, *, offline: bool
) -> Iterator[SpokenFile]:
    """Recordings of a dataset, shuffled, each written into `folder` as it comes.

    Their audio is taken as it is stored, in parquet files, and read by what reads every other file: nothing
    decodes it here. Datasets of loose audio files are refused.

    Args:
        name: an id of the Hub, or a folder of parquet files.
        part: "config:split" or "split"; None is what the name usually means, or its split "test".
        n_samples: how many; None for all.
        seed: of the shuffle.
        folder: gets the audio files.
        offline: do not touch the network: nothing but a folder is found.

    Raises:
        MissingExtra: `datasets` is not installed.
        DatasetNotFound: there is none of that name or part, or it cannot be reached.
        MissingTranscript: a row has no text.
        UnreadableDataset: it has no audio or no text.
    """
    if offline and not Path(name).exists():
        raise DatasetNotFound(
            name, "no such folder, and as an id of the Hub it needs the network (`offline` is set)"
        )
    rows = _open(name, part)
    if n_samples is not None:
        rows = rows.shuffle(seed=seed, buffer_size=SHUFFLE_BUFFER).take(n_samples)
    for number, row in enumerate(_read(rows, name)):
        yield _written(row, number, name, folder)


def _read(rows: Any, name: str) -> Iterator[dict[str, Any]]:
    iterator = iter(rows)
    while True:
        try:
            row = next(iterator, None)
        except Exception as error:  # the network, or a kind of dataset that wants a decoder; of any library
            raise UnreadableDataset(name, _first_line(error)) from error
        if row is None:
            return
        yield row


def _open(name: str, part: str | None) -> Any:
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra(f"the dataset {name}", "benchmark", "datasets") from error
    config, split = _parts(name, part)
    try:
        rows = datasets.load_dataset(name, config, split=split, streaming=True)
        if "audio" not in (rows.features or {}):
            raise UnreadableDataset(name, "it has no column 'audio'")
        return rows.cast_column("audio", datasets.Audio(decode=False))  # decoding would want torchcodec
    except UnreadableDataset:
        raise
    except Exception as error:  # datasets passes on what pyarrow, fsspec, huggingface_hub and requests raise
        raise DatasetNotFound(name, _first_line(error)) from error


def _parts(name: str, part: str | None) -> tuple[str | None, str]:
    if part is None:
        return USUAL_PARTS.get(name, (None, "test"))
    config, sign, split = part.partition(":")
    return (config, split) if sign else (USUAL_PARTS.get(name, (None, ""))[0], config)


def _written(row: dict[str, Any], number: int, name: str, folder: Path) -> SpokenFile:
    audio = row["audio"]
    stored = Path(audio.get("path") or "audio.flac")
    label = str(next((row[column] for column in _ID_COLUMNS if row.get(column)), stored.name))
    text = next((row[column] for column in TEXT_COLUMNS if row.get(column)), None)
    if text is None:
        if not any(column in row for column in TEXT_COLUMNS):
            raise UnreadableDataset(name, f"it has none of the columns {', '.join(TEXT_COLUMNS)}")
        raise MissingTranscript(label, name)
    content = audio.get("bytes")
    if content is None and not stored.is_file():
        raise UnreadableDataset(name, "its audio is not in parquet files")
    if content is None:
        return SpokenFile(Path(label).stem, stored, (str(text),))
    path = folder / f"{number:06}{stored.suffix or '.flac'}"
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
    return SpokenFile(Path(label).stem, path, (str(text),))


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
