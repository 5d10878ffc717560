"""An error of a file -> whether it may pass, and whether it is the file's own."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator

from ovsubs.batch.record import ErrorKind
from ovsubs.errors import (
    FileInUse,
    FileTimeLimit,
    MissingFile,
    OvsubsError,
    RecognitionInterrupted,
    TruncatedMedia,
)

# The disk is full or gone, the share does not answer, the system has no more to give.
_OUTSIDE = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN"),
        *("ENETUNREACH", "ETIMEDOUT", "ENODEV", "ENXIO", "EREMOTEIO", "ENOMEM", "EMFILE", "ENFILE"),
    )
    if hasattr(errno, name)
)
_OUTSIDE_TEXTS = frozenset(os.strerror(number) for number in _OUTSIDE)
# Windows: not ready, bad network path, name gone, network busy, device gone, disk full, no such share
# (learn.microsoft.com, System Error Codes).
_OUTSIDE_WINDOWS = frozenset({21, 51, 53, 54, 55, 59, 64, 67, 112, 121, 1117, 1167})
_PASSING_TYPES = (RecognitionInterrupted, FileInUse, FileTimeLimit, sqlite3.OperationalError, MemoryError)


def kind_of(error: BaseException) -> ErrorKind:
    """What is to be done about an error; see `ErrorKind`.

    A file that cannot be found was there when the run was planned: a share may be gone. One that breaks off
    may be on its way still.
    """
    if any(_is_outside(one) for one in _chain(error)):
        return ErrorKind.OUTSIDE
    if isinstance(error, MissingFile) or (isinstance(error, OvsubsError) and _tells_outside(error)):
        return ErrorKind.OUTSIDE
    if isinstance(error, (*_PASSING_TYPES, TruncatedMedia)):
        return ErrorKind.PASSING
    if isinstance(error, PermissionError) or not isinstance(error, OSError):
        return ErrorKind.LASTING
    return ErrorKind.PASSING


def _is_outside(error: BaseException) -> bool:
    if not isinstance(error, OSError):
        return isinstance(error, MemoryError)
    return error.errno in _OUTSIDE or getattr(error, "winerror", None) in _OUTSIDE_WINDOWS


def _tells_outside(error: OvsubsError) -> bool:
    """Whether an error quotes the system, or ffmpeg, which does so."""
    return any(str(value) in _OUTSIDE_TEXTS for value in error.fields.values())


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen = set[int]()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
