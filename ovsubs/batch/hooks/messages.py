"""What has become of a file, or of a run -> the JSON that is told of it."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ovsubs.batch.record import BatchReport, FileRecord, FileState

_NO_TEXT = re.compile("[\ud800-\udfff]")  # halves of pairs: bytes of a name that are no UTF-8


class HookEvent(StrEnum):
    """What is told."""

    FILE_DONE = "file_done"
    FILE_FAILED = "file_failed"
    FILE_SKIPPED = "file_skipped"
    RUN_DONE = "run_done"


_EVENTS = {
    FileState.DONE: HookEvent.FILE_DONE,
    FileState.FAILED: HookEvent.FILE_FAILED,
    FileState.SKIPPED: HookEvent.FILE_SKIPPED,
}


@dataclass(frozen=True, slots=True)
class HookMessage:
    """One event as it goes out: `body` is an object of JSON, in UTF-8. `file` is None for that of the run."""

    event: HookEvent
    body: bytes
    file: Path | None = None
    subtitles: tuple[Path, ...] = ()
    language: str = ""


def file_message(record: FileRecord) -> HookMessage:
    """What is told of a file.

    Raises:
        ValueError: it has not ended.
    """
    if record.state not in _EVENTS:
        raise ValueError(f"{record.path} is {record.state}: there is nothing to tell yet")
    event, path = _EVENTS[record.state], record.path.absolute()
    subtitles = tuple(output.absolute() for output in record.outputs)
    body = to_json(
        event=event,
        file=str(path),
        subtitles=[*map(str, subtitles)],
        language=record.language,
        seconds=record.duration,
        work_seconds=record.work_s,
        why=record.why,
        error_code=record.error_code,
        attempt=record.attempt,
        n_cues=record.n_cues,
        n_doubtful=len(record.doubtful),
        finished=record.finished,
    )
    return HookMessage(event, body, path, subtitles, record.language)


def run_message(report: BatchReport) -> HookMessage:
    """What is told of a run: how many files ended how, or did not."""
    body = to_json(
        event=HookEvent.RUN_DONE,
        roots=[str(root.absolute()) for root in report.roots],
        model=report.model,
        began=report.began,
        ended=report.ended,
        seconds=sum(record.duration for record in report.records),
        **{str(state): len(report.in_state(state)) for state in FileState},
    )
    return HookMessage(HookEvent.RUN_DONE, body)


def to_json(**fields: object) -> bytes:
    """One object of JSON, in UTF-8."""
    return as_text(json.dumps(fields, ensure_ascii=False)).encode()


def as_text(name: str) -> str:
    """The same with U+FFFD for what no encoding has."""
    return _NO_TEXT.sub("\ufffd", name)
