"""What is asked of a file system where Windows, macOS and Linux answer differently."""

import os
import secrets
import time
import unicodedata
from pathlib import Path

# Between tries to replace a file that another program holds. A virus scanner lets it go at once.
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
# Access denied, sharing violation, lock violation (learn.microsoft.com, System Error Codes).
_HELD = frozenset({5, 32, 33})
_NOT_IN_NAMES = frozenset('<>:"/\\|?*') | {chr(code) for code in range(32)}
_DEVICES = frozenset(  # names that Windows keeps, with any ending (learn.microsoft.com, Naming Files)
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{device}{number}" for device in ("COM", "LPT") for number in "123456789¹²³"}
)


def move_into_place(made: Path, target: Path) -> None:
    """Rename a file, or a folder that replaces none; what is there stays as it is if that cannot be done.

    Windows refuses it while another program has the file open, or one in the folder, such as a player that
    shows it: there it is tried again for three seconds.

    Raises:
        OSError: it cannot be renamed. Where another program is the reason, `strerror` says so.
    """
    for pause_s in (*_PAUSES_S, None):
        try:
            made.replace(target)
            return
        except PermissionError as error:
            if not _is_held(error):
                raise
            if pause_s is None:
                why = "another program has it open, such as a player, or it is read-only"
                raise PermissionError(error.errno, why, str(target)) from error
            time.sleep(pause_s)


def file_key(path: Path) -> str:
    """A text that is the same for two paths that are one file, or would be if they were there.

    Links are followed. Where the file system takes `Talk.srt` and `talk.srt` for one, as those of Windows and
    macOS do, so does this.
    """
    real = os.path.realpath(path)
    if not _ignores_case(Path(real).parent):
        return real
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", real).casefold())


def can_write_in(folder: Path) -> bool:
    """Whether files can be made in a folder that is there; found out by making one.

    To ask is not enough: Windows does not look at rights then, and root may do all but write on some disks.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    trial = folder / f".ovsubs-{secrets.token_hex(8)}.tmp"
    try:
        trial.open("xb").close()
        trial.unlink()
    except OSError:
        return False
    return True


def is_portable_name(name: str) -> bool:
    """Whether a file or folder can have this name on every system: not `CON`, not `a:b`, not `a.`."""
    if not name or name[-1] in ". " or not _NOT_IN_NAMES.isdisjoint(name):
        return False
    return name.partition(".")[0].rstrip(" ").upper() not in _DEVICES


def _is_held(error: OSError) -> bool:
    return getattr(error, "winerror", None) in _HELD


def _ignores_case(folder: Path) -> bool:
    """Whether the file system finds a name in other letters, found out by a file or folder that is there."""
    try:
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        with os.scandir(folder) as entries:
            inside = next((folder / entry.name for entry in entries if _in_other_case(entry.name)), folder)
        other = inside.with_name(_in_other_case(inside.name)) if _in_other_case(inside.name) else None
        return other is not None and other.exists() and other.samefile(inside)
    except OSError:
        return os.name == "nt"


def _in_other_case(name: str) -> str:
    """The name with its letters in the other case; empty where that changes nothing."""
    swapped = name.swapcase()
    return swapped if swapped != name and swapped.swapcase() == name else ""
