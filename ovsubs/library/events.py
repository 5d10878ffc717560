"""What happens in a run: one stream of events, for progress bars, databases and servers alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ovsubs.file_events import NewlyDecoded
from ovsubs.library.file_result import FileResult
from ovsubs.library.plan import Plan, PlannedFile
from ovsubs.transcript import Segment


class Activity(StrEnum):
    """What is done with a file."""

    DETECT_LANGUAGE = "detecting the language"
    TRANSCRIBE = "transcribing"
    COPY = "copying"
    RENDER = "writing again"


@dataclass(frozen=True, slots=True)
class FileStarted:
    """A file has been opened for something that takes time.

    Of a file that is to be transcribed this is told with the next batch; the languages of all files that need
    it are detected first, and videos whose subtitles are there are copied last. Where a transcript is kept,
    only files are written.
    """

    file: PlannedFile
    activity: Activity


@dataclass(frozen=True, slots=True)
class PlanDecided:
    """The languages that had to be detected are known: nothing in `plan` is undecided any more.

    Its `settled` are those from before, then those that the languages have settled.
    """

    plan: Plan


@dataclass(frozen=True, slots=True)
class FileProgress:
    """Windows of a file have been recognized: `position` of `duration`, in seconds, and the new segments.

    `decoded` is what a later run can go on behind.
    """

    file: PlannedFile
    position: float
    duration: float
    segments: tuple[Segment, ...]
    decoded: NewlyDecoded


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """A copy of a file with its subtitles is made: `position` of `duration`, in seconds; 0.0 is not known."""

    file: PlannedFile
    position: float
    duration: float


@dataclass(frozen=True, slots=True)
class FileFinished:
    """An input is done, with its outputs in place, or is given up."""

    result: FileResult


@dataclass(frozen=True, slots=True)
class NothingHappened:
    """There was nothing to tell for a second: audio is late, or there is no file to work on for now."""


Event = FileStarted | PlanDecided | FileProgress | CopyProgress | FileFinished | NothingHappened
