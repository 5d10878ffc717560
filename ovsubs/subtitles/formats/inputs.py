"""Files that are read -> what must not be written, whatever name or link leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ovsubs.errors import OutputIsInput
from ovsubs.places import file_key


class Inputs:
    """Files that stay as they are."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Look where the paths lead; what is not there has a place all the same."""
        self._marks = {mark for path in paths for mark in _marks(path)}

    def add(self, paths: Iterable[Path]) -> None:
        """Other files that stay as they are, too."""
        self._marks |= {mark for path in paths for mark in _marks(path)}

    def __contains__(self, path: Path) -> bool:
        """Whether a path leads to one of them: by name, by a symbolic or by a hard link."""
        return any(mark in self._marks for mark in _marks(path))

    def refuse(self, output: Path) -> None:
        """Refuse to write over one of them.

        Raises:
            OutputIsInput: that would be so.
        """
        if output in self:
            raise OutputIsInput(output)


def _marks(path: Path) -> Iterator[str | tuple[int, int]]:
    """What tells a file from all others: its place and, if it is there, its number on its disk."""
    yield file_key(path)
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_ino:  # some network disks give none
        yield found.st_dev, found.st_ino
