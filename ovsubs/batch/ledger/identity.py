"""A file -> what tells it from others: by its stamp, and where that differs by some of its bytes.

Size and time of change decide; inodes, and the times at which they change, are others on network disks and in
the cloud (restic, `archiver.go`). A file that was renamed, or only touched, has the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.streams import FileStamp

_PART_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Identity:
    """A file as it was: its stamp, and the digest of its size and of its first, middle and last MiB."""

    stamp: FileStamp
    digest: bytes


def stamp_of(path: Path) -> FileStamp:
    """Size and time of the last change.

    Raises:
        OSError: it is not there, or cannot be asked.
    """
    found = path.stat()
    return FileStamp(found.st_size, found.st_mtime_ns)


def identify(path: Path) -> Identity:
    """Stamp and digest of a file; 3 MiB of it are read at most.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        digest.update(found.st_size.to_bytes(8, "big"))
        for start in _starts(found.st_size):
            file.seek(start)
            digest.update(_read(file.fileno(), _PART_BYTES))
    return Identity(FileStamp(found.st_size, found.st_mtime_ns), digest.digest())


def _starts(size: int) -> list[int]:
    if size <= 3 * _PART_BYTES:
        return list(range(0, size, _PART_BYTES))
    return [0, (size - _PART_BYTES) // 2, size - _PART_BYTES]


def _read(descriptor: int, n_bytes: int) -> bytes:
    """So many bytes, unless the file ends; one call may give fewer."""
    parts = list[bytes]()
    while n_bytes and (part := os.read(descriptor, n_bytes)):
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)
