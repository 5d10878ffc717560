"""The nouns of an unattended run: what became of each file, and of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ovsubs.subtitles.qc.review import ReviewItem


class FileState(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class ErrorKind(StrEnum):
    """What is to be done about an error.

    A lasting one is the file's own: it is told once, and the file is not tried again until it changes. A
    passing one may be gone in a while: the file is tried again. One from outside (a full disk, a share that
    is gone) hits every file: the run waits until its reason is gone.
    """

    LASTING = "lasting"
    PASSING = "passing"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one file.

    `why` says in one line why it was skipped or failed, and what is to be noted of one that is done.
    `duration` is the file's and `work_s` what it took, in seconds; both are 0.0 where nothing was heard.
    `n_errors` counts cues that are against the rules of the layout, `median_cps` is how fast the middle cue
    has to be read, in characters a second. `doubtful` are the places to look at first. `finished`: when it
    ended, in seconds since 1970; 0.0 where it has not.
    """

    path: Path
    state: FileState
    why: str = ""
    error_code: str = ""
    error_kind: ErrorKind | None = None
    attempt: int = 0
    duration: float = 0.0
    work_s: float = 0.0
    language: str = ""
    language_probability: float = 0.0
    n_cues: int = 0
    n_errors: int = 0
    median_cps: float = 0.0
    outputs: tuple[Path, ...] = ()
    doubtful: tuple[ReviewItem, ...] = ()
    finished: float = 0.0

    @property
    def rtfx(self) -> float:
        """Seconds of media in a second of work; 0.0 where nothing was heard."""
        return self.duration / self.work_s if self.work_s else 0.0


@dataclass(frozen=True, slots=True)
class BatchReport:
    """All files of a library after a run. `began` and `ended` are seconds since 1970.

    `model` is its name, `machine` the processor's.
    """

    roots: tuple[Path, ...]
    began: float
    ended: float
    model: str
    machine: str
    records: tuple[FileRecord, ...]

    def in_state(self, state: FileState) -> list[FileRecord]:
        """The files that ended so, in order."""
        return [record for record in self.records if record.state is state]
