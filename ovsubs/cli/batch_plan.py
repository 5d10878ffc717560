"""A plan of a library -> what a person reads before it is begun, and the same for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ovsubs.batch.plan import BatchPlan, disk_needed
from ovsubs.cli.printing import show
from ovsubs.cli.tables import add_row, make_table, print_table
from ovsubs.clock import clock_time
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.plan import SubtitleOptions

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class _Line:
    """A file, how long it is in seconds, and what becomes of it."""

    path: Path
    duration: float
    action: str
    why: str = ""


def print_plan(plan: BatchPlan, options: SubtitleOptions, rtfx: float) -> None:
    """Print a line for each file that is not done, and the sum of all.

    Args:
        plan: of the library.
        options: what is written.
        rtfx: seconds of media in a second, on this machine; 0.0 if it is not known.
    """
    table = make_table("file", "duration", "what is done")
    lines = list(_lines(plan))
    for line in lines:
        length = clock_time(line.duration) if line.duration else ""
        add_row(table, str(line.path), length, line.why or line.action)
    print_table(table)
    counts = Counter(line.action for line in lines)
    counts["done already"] = len(plan.finished)
    show(", ".join(f"{n} {action}" for action, n in counts.items() if n) or "nothing to do")
    if plan.duration:
        time_left = f", about {clock_time(plan.duration / rtfx)} at {rtfx:.0f}x" if rtfx else ""
        disk = f"{disk_needed(plan, options) / _MB:.1f} MB of disk"
        show(f"{clock_time(plan.duration)} to hear{time_left}; {disk}")


def print_plan_json(plan: BatchPlan, options: SubtitleOptions, rtfx: float) -> None:
    """Print the same as one object of JSON."""
    files = [
        {"file": str(line.path), "duration": line.duration, "action": line.action, "why": line.why}
        for line in _lines(plan)
    ]
    content = {
        "files": files,
        "finished": len(plan.finished),
        "seconds_of_media": plan.duration,
        "rtfx": rtfx,
        "seconds": plan.duration / rtfx if rtfx else None,
        "disk_bytes": disk_needed(plan, options),
    }
    show(json.dumps(content))


def _lines(plan: BatchPlan) -> Iterator[_Line]:
    for file in plan.plan.files:
        yield _Line(file.path, file.duration, "to hear")
    for file in plan.plan.undecided:
        yield _Line(file.path, file.duration, "to hear if the language spoken needs it")
    for file in plan.renders:
        yield _Line(file.path, file.duration, "to write again of what was heard")
    for file in plan.plan.copies:
        yield _Line(file.path, file.duration, "to copy with its subtitles")
    for result in (*plan.plan.settled, *plan.failed_before):
        yield _Line(result.path, 0.0, _action(result), result.why)


def _action(result: FileResult) -> str:
    return "skipped" if result.status is Status.SKIPPED else "cannot be done"
