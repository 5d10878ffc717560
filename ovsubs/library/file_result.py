"""How one file of a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ovsubs.errors import OvsubsError
from ovsubs.subtitles.qc.findings import QcReport
from ovsubs.subtitles.qc.review import ReviewItem
from ovsubs.transcript import Transcript


class Status(StrEnum):
    """How one input ended."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileResult:
    """How one input ended; `why` says so in one line.

    Of one that is done, `report` says how its cues keep to the rules of the layout, and `to_review` where the
    text may be wrong, if that was asked for. Of one that failed, or was skipped, `error` may be the reason.
    """

    path: Path
    status: Status
    outputs: tuple[Path, ...] = ()
    transcript: Transcript | None = None
    why: str = ""
    report: QcReport | None = None
    to_review: tuple[ReviewItem, ...] = ()
    error: Exception | None = None


def failed(path: Path, error: Exception) -> FileResult:
    """The result of a file that an error has ended."""
    return FileResult(path, Status.FAILED, why=one_line(path, error), error=error)


def skipped(path: Path, error: OvsubsError, outputs: tuple[Path, ...] = ()) -> FileResult:
    """The result of a file that is left as it is, with what would be wrong with writing it."""
    return FileResult(path, Status.SKIPPED, outputs, why=str(error), error=error)


def one_line(path: Path, error: BaseException) -> str:
    """An error as one line that names the file."""
    if isinstance(error, OvsubsError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}"
    return " ".join(f"{path}: {type(error).__name__}: {error}".split())
