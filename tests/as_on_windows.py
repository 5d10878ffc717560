"""What Windows does otherwise, done here: files that are open can be neither renamed nor removed."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

SHARING_VIOLATION = 32  # learn.microsoft.com, System Error Codes
_RENAMING = ("replace", "rename")
_REMOVING = ("unlink", "remove", "rmdir")


def refused(path: object) -> PermissionError:
    """The error of Windows about a file that somebody has open."""
    error = PermissionError(errno.EACCES, "The process cannot access the file", str(path))
    error.winerror = SHARING_VIOLATION
    return error


class PlayerWindow:
    """A player that holds a file for so many tries to replace it, or for ever; no time passes between."""

    def __init__(self, path: Path, closes_after: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n_tries, self.waited_s = 0, 0.0
        replace = os.replace

        def held(source: Any, target: Any) -> None:
            if Path(target) == path and (closes_after is None or self.n_tries < closes_after):
                self.n_tries += 1
                raise refused(target)
            replace(source, target)

        monkeypatch.setattr(os, "replace", held)
        monkeypatch.setattr(time, "sleep", self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited_s += seconds


def ignore_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on files are found whatever the case of their names, as on Windows and macOS."""
    stat = os.stat

    def find(path: Any, **options: Any) -> os.stat_result:
        try:
            return stat(path, **options)
        except FileNotFoundError:
            folder, name = os.path.split(os.fspath(path))
            with closing(os.scandir(folder or ".")) as entries:
                other = next((entry for entry in entries if entry.name.lower() == name.lower()), None)
            if other is None:
                raise
            return stat(other.path, **options)

    monkeypatch.setattr(os, "stat", find)


def lock_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no file can be renamed or removed that we or a child have open or mapped. For Linux."""
    for name in (*_RENAMING, *_REMOVING):
        monkeypatch.setattr(os, name, _refusing(getattr(os, name), 2 if name in _RENAMING else 1))
    monkeypatch.setattr(shutil, "_use_fd_functions", False)  # else it removes by folder and name


def _refusing(call: Callable[..., None], n_paths: int) -> Callable[..., None]:
    def refuse(*paths: Any, **options: Any) -> None:
        held = set(_open_files())
        for path in paths[:n_paths]:
            given = os.path.realpath(os.fsdecode(path))
            for file in held:
                if file == given or file.startswith(given + os.sep):
                    raise refused(file)
        call(*paths, **options)

    return refuse


def _open_files() -> Iterator[str]:
    """Files that this process and its children have open, and those that are mapped."""
    for process in ("self", *_children()):
        folder = Path("/proc") / process
        try:
            for link in os.scandir(folder / "fd"):
                yield str(Path(link.path).readlink())
            for line in (folder / "maps").read_text(errors="surrogateescape").splitlines():
                if len(parts := line.split(maxsplit=5)) == 6:
                    yield parts[5]
            yield str((folder / "cwd").readlink())
        except OSError:  # it has ended meanwhile
            continue


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        yield from (task / "children").read_text().split()
