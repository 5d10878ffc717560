"""Roots and outputs of a run -> whether their disks are there, and have room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.places import can_write_in

_LEAST_FREE_BYTES = 16 << 20


class Disks:
    """The disks that a run reads and writes."""

    def __init__(self, ledgers: Sequence[Ledger], output_dir: Path | None) -> None:
        """Look which disks the roots lie on."""
        self._output_dir = output_dir
        self._numbers = {ledger.root: _number(ledger.root) for ledger in ledgers}

    def has_lost(self, path: Path) -> bool:
        """Whether a file is not there any more, and it is not its disk that is gone."""
        root = self._root_of(path)
        is_same_disk = root is not None and _number(root) == self._numbers[root] is not None
        return is_same_disk and not os.path.lexists(path)

    def are_there(self, path: Path) -> bool:
        """Whether a file that failed can be read, and files be written where its outputs go."""
        root, folder = self._root_of(path), self._output_dir or path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent  # it is made with the first output
        try:
            with path.open("rb") as file:
                file.read(1)
            is_there = shutil.disk_usage(folder).free >= _LEAST_FREE_BYTES and can_write_in(folder)
        except OSError:
            return False
        if is_there and root is not None:
            self._numbers[root] = _number(root)  # what is mounted again may have another number
        return is_there

    def _root_of(self, path: Path) -> Path | None:
        return next((root for root in self._numbers if path.is_relative_to(root)), None)


def _number(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:
        return None
