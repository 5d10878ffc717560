"""`ovsubs status`, `pause`, `resume` and `stop`: what a ledger tells of a run, and what is asked of it."""

from __future__ import annotations

import json
from pathlib import Path

from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.place import ledger_path
from ovsubs.batch.ledger.runs import Wanted
from ovsubs.batch.plan import root_of
from ovsubs.batch.status import LibraryStatus, status_of
from ovsubs.cli.printing import say, show
from ovsubs.clock import clock_time
from ovsubs.errors import MissingFile, NoLedger

_ASKED = {
    Wanted.PAUSE: "it stands still after the present batch of windows; `ovsubs resume` lets it go on",
    Wanted.GO: "it goes on",
    Wanted.STOP: "it ends when the files are done that are in work",
}


def show_status(root: Path, ledger: Path | None, *, as_json: bool) -> int:
    """Print how far a run is; returns the exit code."""
    with _open(root, ledger) as opened:
        status = status_of(opened)
    if as_json:
        show(json.dumps(status.to_plain(), ensure_ascii=True))
        return 0
    for line in _lines(status):
        show(line)
    return 0


def ask(root: Path, ledger: Path | None, wanted: str) -> int:
    """Ask the runs over a root for something; returns the exit code."""
    with _open(root, ledger) as opened:
        n_runs = opened.runs.ask(Wanted(wanted))
    if not n_runs:
        say(f"ovsubs: {root}: no run goes on there")
        return 1
    say(f"ovsubs: {root}: {_ASKED[Wanted(wanted)]}")
    return 0


def _open(root: Path, ledger: Path | None) -> Ledger:
    if not root.exists():
        raise MissingFile(root)
    folder = root_of(root)
    path = ledger or ledger_path(folder)
    if not path.exists():
        raise NoLedger(root)
    return Ledger(path, folder)


def _lines(status: LibraryStatus) -> list[str]:
    lines = [f"{status.root}: {status.state}"]
    counted = (
        *((status.n_done, "done"), (status.n_failed, "failed"), (status.n_skipped, "skipped")),
        *((status.n_left, "left"),),
    )
    lines.append(", ".join(f"{n} {what}" for n, what in counted))
    if status.media_left_s:
        left = f", {clock_time(status.seconds_left)} left" if status.seconds_left else ""
        lines.append(f"{clock_time(status.media_left_s)} of media to hear, {status.rtfx:.1f}x{left}")
    for file in status.in_work:
        lines.append(f"in work: {file.path}: {clock_time(file.position)} / {clock_time(file.duration)}")
    lines += [f"failed: {failure}" for failure in status.failures]
    return lines
