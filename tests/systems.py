"""What a test may need of this system, as marks, and what files can be here."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from rights import PERMISSIONS_HOLD

from ovsubs.places import is_portable_name

OF_THE_SYSTEM = "not on this system"  # how their reasons begin


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


def _needs(is_there: bool, what: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not is_there, reason=f"{OF_THE_SYSTEM}: {what}")


# The only marks that ask what system this is. On Linux none of them skips a test.
needs_linux = _needs(sys.platform.startswith("linux"), "/proc, /dev/full, limits and fontconfig are Linux's")
needs_posix = _needs(os.name == "posix", "Windows has no named pipes, umask, signals, pty or such names")
needs_links = _needs(_can_link(), "this user may make no links")
needs_permissions = _needs(PERMISSIONS_HOLD, "file permissions do not bind this user")
