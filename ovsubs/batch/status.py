"""A ledger -> how far a run over its root is, for a person in another shell, or for a program."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ovsubs.batch.ledger.ledger import FileInWork, Ledger
from ovsubs.batch.record import FileState


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """How far it is. `state`: "running", "paused", "waiting", "planning", "stopped", "done" or "cut off".

    Counts of files are of all that is known of the root; `n_left`, `media_left_s`, `rtfx` (seconds of media
    in a second) and `seconds_left` are of the newest run. `seconds_left` is 0.0 where it is not known.
    """

    root: Path
    state: str
    n_done: int
    n_failed: int
    n_skipped: int
    n_left: int
    media_left_s: float
    rtfx: float
    seconds_left: float
    in_work: tuple[FileInWork, ...]
    failures: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        content = asdict(self)
        content["root"] = str(self.root)
        for file in content["in_work"]:
            file["path"] = str(file["path"])
        return content


def status_of(ledger: Ledger) -> LibraryStatus:
    """How far the newest run is, and how the files of its root stand."""
    runs, records = ledger.runs.all(), ledger.records()
    of_state = {state: [one for one in records if one.state is state] for state in FileState}
    run = runs[-1] if runs else None
    in_work = tuple(ledger.in_work())
    began = run.began if run else 0.0
    ended = [one for one in records if one.finished >= began and one.state is not FileState.RUNNING]
    heard_s = sum(one.duration for one in ended) + sum(file.position for file in in_work)
    n_left, media_left_s, rtfx, state = 0, 0.0, 0.0, "never run"
    if run:
        state = run.state if run.is_alive or run.ended is not None else "cut off"
        n_left = max(0, run.n_files - len(ended)) if run.is_alive else len(of_state[FileState.WAITING])
        media_left_s = max(0.0, run.media_s - heard_s)
        seconds = (run.ended or min(time.time(), run.beat)) - run.began
        rtfx = heard_s / seconds if seconds > 0.0 else 0.0
    return LibraryStatus(
        root=ledger.root,
        state=state,
        n_done=len(of_state[FileState.DONE]),
        n_failed=len(of_state[FileState.FAILED]),
        n_skipped=len(of_state[FileState.SKIPPED]),
        n_left=n_left,
        media_left_s=media_left_s,
        rtfx=rtfx,
        seconds_left=media_left_s / rtfx if rtfx else 0.0,
        in_work=in_work,
        failures=tuple(one.why for one in of_state[FileState.FAILED]),
    )
