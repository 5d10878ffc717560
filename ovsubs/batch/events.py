"""What happens in an unattended run, besides what happens to each file (`ovsubs.library.events`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ovsubs.batch.record import FileRecord
from ovsubs.library.events import Event
from ovsubs.library.plan import PlannedFile


@dataclass(frozen=True, slots=True)
class FilePutOff:
    """A file failed for a reason that may pass: it is tried again in `again_in_s` seconds."""

    file: PlannedFile
    why: str
    again_in_s: float


@dataclass(frozen=True, slots=True)
class RunPaused:
    """Nothing is done for now, and why: somebody has asked for it, or something outside is missing."""

    why: str


@dataclass(frozen=True, slots=True)
class RunResumed:
    """It goes on."""


@dataclass(frozen=True, slots=True)
class RunStopping:
    """No other file is begun; `files` are those that are still finished."""

    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class FileRecorded:
    """A file has ended, and the ledger knows it; told after `FileFinished`."""

    record: FileRecord


BatchEvent = Event | FilePutOff | FileRecorded | RunPaused | RunResumed | RunStopping
