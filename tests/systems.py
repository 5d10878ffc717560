"""What the files of this system can be: which names they have, whether there are links."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from ovsubs.places import is_portable_name


def names_here(names: Iterable[str]) -> list[str]:
    """Those of the names that a file can have here: on Windows none with a colon or a quote."""
    return [name for name in names if os.name != "nt" or is_portable_name(name)]


def link_or_copy(source: Path, target: Path) -> None:
    """The file under another name: a link, which takes no time and no room, where that can be."""
    try:
        target.hardlink_to(source.resolve())
    except OSError:
        shutil.copy(source, target)


def _can_link() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            (Path(folder) / "link").symlink_to(folder, target_is_directory=True)
        except (OSError, NotImplementedError):
            return False
        return True


needs_links = pytest.mark.skipif(not _can_link(), reason="this user may make no links, as on Windows")
