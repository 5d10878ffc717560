"""Files and folders that are gone when we are: at the end, or in the next run where this one is killed.

Each name tells the machine and the process that made it. On POSIX its maker holds a lock on it, which the
system lets go of when the process ends, however that is: what is locked is in use, in whatever container
its maker runs. On Windows the process is looked up. Of another machine, on a shared disk, neither can be
told: its files are left alone for a day.
"""

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

_LOCK = re.compile(r"\.ovsubs-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.lock")
_FILE = re.compile(r"\.ovsubs-[0-9a-f-]+\.tmp")
_FOLDER = re.compile(r"ovsubs-([0-9a-f]{8})-(\d+)-[0-9a-f]{8}")
_ABANDONED_S = 24 * 3600.0  # nothing is written for so long without a change


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """A path in the target's folder, free to be written and renamed; removed on leaving, whatever happens.

    A file beside it, which ends in `.lock`, says that it is in use. What killed processes have left in that
    folder is removed first.

    Raises:
        OSError: nothing can be made there.
    """
    _sweep(target.parent)
    name = f".ovsubs-{_owner()}-{{}}.lock"
    with _made(target.parent, name, lambda path: path.open("xb").close()) as lock:
        path = lock.with_suffix(".tmp")
        try:
            yield path
        finally:
            with contextlib.suppress(OSError):  # gone already when all went well
                path.unlink()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder in the system's own for such, removed on leaving; see `temporary_beside`.

    Raises:
        OSError: it cannot be made there.
    """
    parent = Path(tempfile.gettempdir())
    _sweep(parent)
    with _made(parent, f"ovsubs-{_owner()}-{{}}", lambda path: path.mkdir(mode=0o700)) as path:
        yield path


@contextmanager
def _made(folder: Path, name: str, make: Callable[[Path], None]) -> Iterator[Path]:
    """Something of a name that is free, held until it is removed again."""
    held = None
    while held is None:
        path = folder / name.format(secrets.token_hex(4))
        make(path)
        held = _hold(path)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            _remove(path, path.lstat().st_mode)
        for file in held:
            os.close(file)


@lru_cache(maxsize=1)
def _machine() -> str:
    return hashlib.blake2b(platform.node().encode(errors="replace"), digest_size=4).hexdigest()


def _owner() -> str:
    return f"{_machine()}-{os.getpid()}"


def _sweep(folder: Path) -> None:
    """Remove what nobody uses any more. Whatever cannot be looked at or removed stays."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if name := _LOCK.fullmatch(path.name) or _FOLDER.fullmatch(path.name):
                    _remove_abandoned(path, name)
                elif _FILE.fullmatch(path.name) and not path.with_suffix(".lock").exists():
                    _remove_old(path)


def _remove(path: Path, mode: int) -> None:
    """Remove a folder, or a lock and the file that it stands for."""
    if stat.S_ISDIR(mode):
        shutil.rmtree(path, ignore_errors=True)
    elif stat.S_ISREG(mode):
        path.with_suffix(".tmp").unlink(missing_ok=True)
        path.unlink()


def _remove_old(path: Path) -> None:
    """Remove what has no lock: an earlier version left it, or it has just been let go of."""
    if _is_old(path):
        path.unlink()


def _is_old(path: Path) -> bool:
    """Whether for long nothing has changed in it, or in the file that it stands for."""
    changed = path.lstat().st_mtime
    with contextlib.suppress(FileNotFoundError):
        changed = max(changed, path.with_suffix(".tmp").lstat().st_mtime)
    return time.time() - changed > _ABANDONED_S


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _MAY_ASK = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
    _STILL_ACTIVE = 259

    def _hold(path: Path) -> list[int] | None:
        """Nothing is held: a file that is open could not be renamed."""
        return []

    def _remove_abandoned(path: Path, name: re.Match[str]) -> None:
        state = path.lstat()
        gone = name[1] == _machine() and not is_running(int(name[2]))
        if gone or _is_old(path):
            _remove(path, state.st_mode)

    def is_running(pid: int) -> bool:
        """Whether there is a process of this number."""
        kernel = ctypes.WinDLL("kernel32")
        kernel.OpenProcess.restype = wintypes.HANDLE
        process = kernel.OpenProcess(_MAY_ASK, False, pid)
        if not process:
            return False
        code = wintypes.DWORD()
        known = kernel.GetExitCodeProcess(wintypes.HANDLE(process), ctypes.byref(code))
        kernel.CloseHandle(wintypes.HANDLE(process))
        return not known or code.value == _STILL_ACTIVE

else:
    import fcntl

    def is_running(pid: int) -> bool:
        """Whether there is a process of this number."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # somebody else's
        return True

    def _hold(path: Path) -> list[int] | None:
        """The lock on what has just been made; None where a sweep of another process was quicker.

        Raises:
            OSError: it cannot be opened.
        """
        try:
            file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            is_ours = True
            with contextlib.suppress(OSError):  # on a disk without locks it is abandoned after a day
                is_ours = _lock(file)
            if is_ours and path.exists() and os.path.samestat(os.fstat(file), path.stat()):
                return [file]
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        return None

    def _lock(file: int) -> bool:
        """Whether nobody has locked it; it is locked then.

        Raises:
            OSError: there are no locks on this disk.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _remove_abandoned(path: Path, name: re.Match[str]) -> None:
        state = path.lstat()
        kind = os.O_RDONLY if stat.S_ISDIR(state.st_mode) else os.O_RDWR
        if stat.S_ISLNK(state.st_mode) or state.st_uid != os.getuid():
            return
        file = os.open(path, kind | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            has_locks = False
            with contextlib.suppress(OSError):
                if not _lock(file):
                    return
                has_locks = True
            if (has_locks and name[1] == _machine()) or _is_old(path):
                _remove(path, state.st_mode)
        finally:
            os.close(file)
