"""Bytes -> a file that appears whole or not at all."""

import contextlib
import os
from pathlib import Path

from ovsubs.errors import UnwritableOutput
from ovsubs.places import move_into_place
from ovsubs.temporary import temporary_beside


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under another name beside its place, and rename it when all of it is on the disk.

    A file that is there is replaced; a symbolic link is followed; the mode is what the umask asks for.

    Raises:
        UnwritableOutput: the folder is missing or read-only, the disk is full, or a folder or device has
            this name.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise UnwritableOutput(path, "a folder or device has this name")
        if not target.parent.is_dir():
            raise UnwritableOutput(path, f"there is no folder {target.parent}")
        replace_file(target, content)
    except OSError as error:
        raise UnwritableOutput(path, error.strerror or error) from error


def replace_file(target: Path, content: bytes) -> None:
    """The same of a place that is known to be good.

    Raises:
        OSError: it cannot be written there; what was there is there still.
    """
    # Not `tempfile`, whose files are private: here they have the mode that the umask asks for.
    with temporary_beside(target) as temporary:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        move_into_place(temporary, target)
        _settle(target.parent)


def _settle(folder: Path) -> None:
    """Have the new name on the disk, too; where folders cannot be flushed, the system does it in its time."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)  # Windows opens no folder
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
