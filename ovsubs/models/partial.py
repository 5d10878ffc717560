"""Directories that appear whole or not at all: built beside their place, renamed at the end."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ovsubs.errors import OutputExists, UnwritableFile
from ovsubs.places import move_into_place

_MARK = ".partial-"
_ABANDONED_S = 24 * 3600.0  # where a process cannot be asked after (Windows), a day is longer than any export


@contextmanager
def partial_directory(output: Path) -> Iterator[Path]:
    """An empty directory beside `output`, on the same disk, removed on leaving, whatever happens.

    Ctrl-C and SIGTERM leave as KeyboardInterrupt. A killed process cannot clean up: what it left has a name
    that begins with a dot, is never listed as a model, and is swept here the next time.

    Raises:
        UnwritableFile: the parent cannot be made or written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _sweep(output.parent)
        partial = Path(tempfile.mkdtemp(prefix=f".{output.name}{_MARK}{os.getpid()}-", dir=output.parent))
    except OSError as error:
        raise UnwritableFile(output, error.strerror or str(error)) from error
    try:
        with _terminate_as_interrupt():
            yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def make_subdirectory(parent: Path, name: str) -> Path:
    """A new directory in `parent`."""
    path = parent / name
    path.mkdir()
    return path


def check_free(output: Path, *, overwrite: bool) -> None:
    """Refuse an output that is there already.

    Raises:
        OutputExists: it is there, and `overwrite` is false.
    """
    if output.exists() and not overwrite:
        raise OutputExists(output)


def put_in_place(built: Path, output: Path, partial: Path, *, overwrite: bool) -> None:
    """Rename a directory built inside `partial` to `output`; one that is there goes away with `partial`.

    Raises:
        OutputExists: it has appeared in the meantime, and `overwrite` is false.
        UnwritableFile: it cannot be renamed.
    """
    check_free(output, overwrite=overwrite)
    replaced = partial / "replaced"
    try:
        if output.exists():
            move_into_place(output, replaced)
        move_into_place(built, output)
    except OSError as error:
        if replaced.exists() and not output.exists():
            move_into_place(replaced, output)
        raise UnwritableFile(output, error.strerror or str(error)) from error


def _sweep(parent: Path) -> None:
    for path in parent.glob(f".*{_MARK}*"):
        if path.is_dir() and _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    pid = path.name.rpartition(_MARK)[2].partition("-")[0]
    if os.name == "nt" or not pid.isdigit():
        return time.time() - path.stat().st_mtime > _ABANDONED_S
    try:
        os.kill(int(pid), 0)  # signal 0 asks whether the process is there
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
