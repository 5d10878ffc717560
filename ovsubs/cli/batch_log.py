"""Events of a run -> lines of JSON on stdout, for programs."""

from __future__ import annotations

import json
import time
from typing import Any

from ovsubs.batch.events import BatchEvent, FilePutOff, FileRecorded, RunPaused, RunResumed, RunStopping
from ovsubs.cli.printing import show
from ovsubs.library.events import FileProgress, FileStarted


class EventLog:
    """Prints each event that says something, with the time; nothing if it is not `enabled`."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def tell(self, event: BatchEvent) -> None:
        """Print an event."""
        content = _content(event) if self._enabled else None
        if content is not None:
            show(json.dumps({"time": round(time.time(), 3), **content}))


def _content(event: BatchEvent) -> dict[str, Any] | None:
    match event:
        case FileStarted(file, activity):
            return {"event": "file_started", "file": str(file.path), "activity": activity}
        case FileProgress(file, position, duration):
            return {
                "event": "file_progress",
                "file": str(file.path),
                "position": position,
                "duration": duration,
            }
        case FilePutOff(file, why, again_in_s):
            return {"event": "file_put_off", "file": str(file.path), "why": why, "again_in_s": again_in_s}
        case FileRecorded(record):
            return {
                "event": f"file_{record.state}",
                "file": str(record.path),
                "why": record.why,
                "error": record.error_code,
                "language": record.language,
                "duration": record.duration,
                "rtfx": record.rtfx,
                "cues": record.n_cues,
                "rule_errors": record.n_errors,
                "subtitles": list(map(str, record.outputs)),
            }
        case RunPaused(why):
            return {"event": "run_paused", "why": why}
        case RunResumed():
            return {"event": "run_resumed"}
        case RunStopping(files):
            return {"event": "run_stopping", "files": list(map(str, files))}
    return None
