"""A folder of recordings with transcripts -> its files: LibriSpeech's layout, a table, a text beside each."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ovsubs.audio.media import MEDIA_SUFFIXES
from ovsubs.datasets.types import SpokenFile
from ovsubs.errors import MissingFile, MissingTranscript, UnreadableDataset

# In this order: the first table that is there is read (the names are those of Hugging Face's audio folders).
TABLES = ("metadata.csv", "metadata.tsv", "metadata.jsonl")
TEXT_COLUMNS = ("text", "transcription", "transcript", "sentence")
TRANSCRIPTS = "*.trans.txt"
_FLAC = ".flac"


def read_folder(folder: Path, *, with_texts: bool = True) -> list[SpokenFile]:
    """All recordings of a folder, sorted by name; none if it holds no audio.

    Three layouts are known: LibriSpeech's (`*.trans.txt` beside the recordings, at any depth); a
    `metadata.csv`, `.tsv` or `.jsonl` with `file_name` and one of `text`, `transcription`, `transcript`,
    `sentence`; and a `talk.txt` beside each `talk.wav`, at any depth. Without `with_texts` it may be any
    folder of audio: recordings without a text have no utterances.

    Raises:
        MissingTranscript: a recording has no text.
        MissingFile: a text has no recording.
        UnreadableDataset: the table cannot be read.
    """
    if any(folder.rglob(TRANSCRIPTS)):
        return [file for chapter in read_chapters(folder, with_texts=with_texts) for file in chapter.files]
    for name in TABLES:
        if (folder / name).is_file():
            return sorted(_of_table(folder / name, with_texts=with_texts), key=lambda file: file.name)
    return list(_with_text_beside(folder, with_texts=with_texts))


def files_of(source: str) -> Iterator[Path]:
    """What may be read of a folder: recordings, texts and tables, at any depth; nothing of the Hub's ids."""
    folder = Path(source)
    for path in folder.rglob("*") if source and folder.is_dir() else ():
        if path.suffix.lower() in MEDIA_SUFFIXES | {".txt", ".parquet"} or path.name in TABLES:
            yield path


@dataclass(frozen=True, slots=True)
class Chapter:
    """The utterances of one `*.trans.txt` in order, under its folder's name; no `path`: what is in none."""

    name: str
    path: Path | None
    files: tuple[SpokenFile, ...]


def read_chapters(folder: Path, *, with_texts: bool = True) -> list[Chapter]:
    """The chapters of a folder in LibriSpeech's layout, sorted by path.

    Raises:
        MissingFile: a line has no recording.
        MissingTranscript: a recording has no line. Without `with_texts` those are a chapter at the end.
    """
    chapters = [_chapter(path) for path in sorted(folder.rglob(TRANSCRIPTS))]
    known = {file.path for chapter in chapters for file in chapter.files}
    left = [path for path in sorted(recordings_in(folder)) if path not in known]
    if left and with_texts:
        raise MissingTranscript(left[0], f"a {TRANSCRIPTS} beside it")
    if left:
        chapters.append(Chapter("", None, tuple(SpokenFile(path.stem, path, ()) for path in left)))
    return chapters


def _chapter(transcript: Path) -> Chapter:
    files = list[SpokenFile]()
    for line in _lines(transcript):
        name, _, text = line.partition(" ")
        path = _there(transcript.parent / f"{name}{_FLAC}")
        if not text.strip():
            raise MissingTranscript(path, transcript)
        files.append(SpokenFile(name, path, (text.strip(),)))
    return Chapter(transcript.parent.name, transcript, tuple(files))


def _of_table(table: Path, *, with_texts: bool) -> Iterator[SpokenFile]:
    try:
        rows = _rows(table)
    except (ValueError, csv.Error) as error:
        raise UnreadableDataset(table, str(error).splitlines()[0]) from error
    named = set[Path]()
    for row in rows:
        name = row.get("file_name")
        if not isinstance(name, str) or not name:
            raise UnreadableDataset(table, "it has no column 'file_name'")
        path = _there(table.parent / name)
        named.add(path)
        text = next((row[column] for column in TEXT_COLUMNS if row.get(column) is not None), None)
        said = text.strip() if isinstance(text, str) else ""
        if with_texts and not said:
            raise MissingTranscript(path, table)
        yield SpokenFile(Path(name).with_suffix("").as_posix(), path, (said,) if said else ())
    for path in sorted(recordings_in(table.parent)):
        if path not in named and with_texts:
            raise MissingTranscript(path, table)
        if path not in named:
            yield SpokenFile(path.relative_to(table.parent).with_suffix("").as_posix(), path, ())


def _rows(table: Path) -> Sequence[dict[str, Any]]:
    if table.suffix == ".jsonl":
        rows = [json.loads(line) for line in _lines(table)]
        if not all(isinstance(row, dict) for row in rows):
            raise ValueError("a line is no JSON object")
        return rows
    with table.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t" if table.suffix == ".tsv" else ","))


def _with_text_beside(folder: Path, *, with_texts: bool) -> Iterator[SpokenFile]:
    for path in sorted(recordings_in(folder)):
        text = path.with_suffix(".txt")
        said = " ".join(_lines(text)) if text.is_file() else ""
        if with_texts and not said:
            raise MissingTranscript(path, text)
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield SpokenFile(name, path, (said,) if said else ())


def recordings_in(folder: Path) -> Iterator[Path]:
    """Audio and video files at any depth, as they come; what is hidden, such as `.venv`, is left out."""
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and path.suffix.lower() in MEDIA_SUFFIXES and path.is_file():
            yield path


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except ValueError as error:
        raise UnreadableDataset(path, "it is not UTF-8") from error
    return [line.strip() for line in lines if line.strip()]


def _there(path: Path) -> Path:
    if not path.is_file():
        raise MissingFile(path)
    return path
