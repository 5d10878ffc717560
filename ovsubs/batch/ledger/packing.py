"""Nouns of a run <-> what a column of the ledger holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ovsubs.audio.streams import FileStamp
from ovsubs.batch.record import ErrorKind, FileRecord, FileState
from ovsubs.recognition.decoded import DecodedChunk, WindowLanguage
from ovsubs.spans import Span
from ovsubs.subtitles.qc.review import ReviewItem
from ovsubs.transcript import Segment, Transcript, Word

_FAST = 1  # zlib's level


def pack_chunk(chunk: DecodedChunk) -> bytes:
    """A decoded chunk; numbers come back as they are."""
    return _pack(asdict(chunk))


def unpack_chunk(packed: bytes) -> DecodedChunk:
    """The chunk that was packed."""
    content = json.loads(zlib.decompress(packed))
    return DecodedChunk(
        Span(**content["span"]),
        tuple(map(_segment, content["segments"])),
        content["n_left_out"],
        tuple(WindowLanguage(**one) for one in content["languages"]),
    )


def _segment(content: dict[str, Any]) -> Segment:
    words = tuple(Word(**word) for word in content["words"])
    return Segment(**content | {"tokens": tuple(content["tokens"]), "words": words})


def pack_transcript(transcript: Transcript) -> bytes:
    """A transcript, as its JSON file has it."""
    return zlib.compress(transcript.to_json().encode("utf-8", "surrogatepass"), _FAST)


def unpack_transcript(packed: bytes) -> Transcript:
    """The transcript that was packed."""
    return Transcript.from_json(zlib.decompress(packed).decode("utf-8", "surrogatepass"))


def pack_outputs(outputs: Iterable[tuple[Path, FileStamp]]) -> str:
    """Files that were written, with their stamps. Names that are not UTF-8 survive as escapes."""
    return json.dumps([[str(path.absolute()), stamp.size, stamp.mtime_ns] for path, stamp in outputs])


def unpack_outputs(packed: str) -> list[tuple[Path, FileStamp]]:
    """The files that were packed."""
    return [(Path(path), FileStamp(size, mtime_ns)) for path, size, mtime_ns in json.loads(packed)]


def pack_record(record: FileRecord) -> str:
    """What has no column of its own."""
    content = asdict(record)
    for column in ("path", "state", "attempt", "duration", "work_s", "finished"):
        del content[column]
    return json.dumps(content, default=str)


def unpack_record(
    packed: str,
    *,
    path: Path,
    state: FileState,
    attempt: int,
    duration: float,
    work_s: float,
    finished: float,
) -> FileRecord:
    """The record that was packed, with what the columns say."""
    content = json.loads(packed)
    kind, outputs, doubtful = (content.pop(name, None) for name in ("error_kind", "outputs", "doubtful"))
    return FileRecord(
        path=path,
        state=state,
        attempt=attempt,
        duration=duration,
        work_s=work_s,
        finished=finished,
        error_kind=ErrorKind(kind) if kind else None,
        outputs=tuple(map(Path, outputs or ())),
        doubtful=tuple(ReviewItem(**one | {"reasons": tuple(one["reasons"])}) for one in doubtful or ()),
        **content,
    )


def _pack(content: Any) -> bytes:
    # Probabilities and tokens may be numpy's numbers.
    return zlib.compress(json.dumps(content, default=lambda number: number.item()).encode(), _FAST)
