"""Compiled graphs in OpenVINO's cache directory -> the same, each with a checksum.

OpenVINO notices that such a file is cut off, but not that a byte within has changed: it crashes, or computes
something else.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ovsubs.atomic import replace_file


@contextmanager
def checked_blobs(cache_dir: Path | None, owner: str) -> Iterator[None]:
    """Within this, graphs are compiled or taken out of the cache; one that has changed is not there.

    Args:
        cache_dir: None where nothing is kept.
        owner: names the model and how it is compiled; only what was kept under this name is looked at.
    """
    if cache_dir is None:
        yield
        return
    key = hashlib.sha256(owner.encode(errors="replace")).hexdigest()
    with contextlib.suppress(OSError):
        _remove_changed(cache_dir, key)
    before = _states(cache_dir)
    yield
    new = [blob for blob, state in _states(cache_dir).items() if before.get(blob) != state]
    with contextlib.suppress(OSError):  # a cache that cannot be written gets nothing new either
        for blob in new:
            _record(blob, key)


def _remove_changed(cache_dir: Path, key: str) -> None:
    for record in cache_dir.glob("*.blob.sha256"):
        owner, _, sum_of_blob = record.read_text(encoding="ascii", errors="replace").strip().partition(" ")
        blob = record.with_suffix("")
        if owner == key and not (blob.is_file() and _sum_of(blob) == sum_of_blob):
            blob.unlink(missing_ok=True)
            record.unlink(missing_ok=True)


def _record(blob: Path, key: str) -> None:
    record = blob.with_name(f"{blob.name}.sha256")
    replace_file(record, f"{key} {_sum_of(blob)}\n".encode("ascii"))


def _sum_of(blob: Path) -> str:
    with blob.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _states(cache_dir: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of change of each blob."""
    states = dict[Path, tuple[int, int]]()
    for blob in cache_dir.glob("*.blob"):
        with contextlib.suppress(OSError):
            state = blob.stat()
            states[blob] = state.st_size, state.st_mtime_ns
    return states
