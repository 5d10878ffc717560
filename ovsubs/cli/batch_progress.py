"""Events of an unattended run -> what is shown of it: bars on a terminal, else a line for each file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from ovsubs.batch.events import BatchEvent, FilePutOff, RunPaused, RunResumed
from ovsubs.batch.plan import BatchPlan
from ovsubs.cli.printing import cell, say_above
from ovsubs.cli.progress import make_bars, run_status
from ovsubs.clock import clock_time
from ovsubs.library.events import FileFinished, FileProgress
from ovsubs.library.file_result import FileResult, Status


class BatchProgress:
    """Files and hours done and left, the speed, and failures."""

    def __init__(self, plan: BatchPlan, console: Console, *, quiet: bool) -> None:
        self._console, self._quiet = console, quiet
        self._bars = make_bars(console, quiet=quiet)
        self._file = self._bars.add_task("", total=1.0, status="")
        self._whole = self._bars.add_task("", total=1.0, status="")
        files = (*plan.renders, *plan.plan.files, *plan.plan.undecided, *plan.plan.copies)
        self._durations = {file.path: file.duration for file in plan.plan.files}
        self._planned = {file.path for file in files}
        self._ended = set[Path]()  # of them
        self._n_before = len(plan.finished)
        self._positions = dict[Path, float]()
        self._began = time.monotonic()
        self.n_done = self.n_skipped = self.n_failed = 0
        self._bars.start()
        if not quiet:
            for line in _plan_lines(plan):
                say_above(self._console, f"ovsubs: {line}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, event: BatchEvent) -> None:
        """Show what has happened."""
        match event:
            case FileProgress(file, position, duration):
                self._planned.add(file.path)
                self._positions[file.path] = position
                self._durations[file.path] = max(duration, position)
                self._bars.update(
                    self._file,
                    total=max(duration, position, 1e-9),
                    completed=position,
                    description=cell(file.path.name),
                    status=f"{clock_time(position)} / {clock_time(duration)}",
                )
                self._show_whole()
            case FileFinished(result):
                self._end(result)
            case FilePutOff(file, why, again_in_s):
                self.say(f"ovsubs: {why}; it is tried again in {clock_time(again_in_s)}")
            case RunPaused(why):
                self.say(f"ovsubs: the run stands still: {why}")
            case RunResumed():
                self.say("ovsubs: the run goes on")

    def say(self, line: str) -> None:
        """A line above the bars."""
        say_above(self._bars.console, line)

    def say_plain(self, line: str) -> None:
        """The same for a line that does not say whose it is."""
        self.say(f"ovsubs: {line}")

    def close(self) -> None:
        """Take the bars away, and tell how it ended."""
        self._bars.stop()
        if not self._quiet:
            self.say(f"ovsubs: {self._summary()}")

    def _end(self, result: FileResult) -> None:
        self._ended |= {result.path} & self._planned
        self.n_done += result.status is Status.DONE
        self.n_skipped += result.status is Status.SKIPPED
        self.n_failed += result.status is Status.FAILED
        if result.path in self._durations:
            self._positions[result.path] = self._durations[result.path]
        self._show_whole()
        if result.status is Status.FAILED:
            self.say(f"ovsubs: {result.why}")
        elif result.status is Status.DONE and not self._quiet and not self._console.is_terminal:
            self.say(f"ovsubs: {self._done_line(result)}")

    def _done_line(self, result: FileResult) -> str:
        told = result.transcript
        figures = ""
        if told:
            figures = f" ({told.language}, {clock_time(told.duration)}, {told.rtfx:.1f}x)"
        names = ", ".join(output.name for output in result.outputs)
        return f"{self._progress()}: {result.path}: {names}{figures}"

    def _progress(self) -> str:
        """How many of the files there are to do have ended; watching, there may be ever more."""
        return f"{len(self._ended)} of {len(self._planned)}"

    def _show_whole(self) -> None:
        done, whole = sum(self._positions.values()), sum(self._durations.values())
        name = f"{self._progress()} files"
        if self.n_failed:
            name += f", {self.n_failed} failed"
        status = run_status(done, whole, time.monotonic() - self._began)
        self._bars.update(
            self._whole, total=max(whole, 1e-9), completed=done, description=name, status=status
        )

    def _summary(self) -> str:
        parts = [f"{self.n_done} done"]
        if self._n_before:
            parts.append(f"{self._n_before} done before")
        parts += [f"{n} {what}" for n, what in ((self.n_skipped, "skipped"), (self.n_failed, "failed")) if n]
        seconds, media_s = time.monotonic() - self._began, sum(self._positions.values())
        speed = f", {clock_time(media_s)} of media in {clock_time(seconds)} ({media_s / seconds:.1f}x)"
        return ", ".join(parts) + (speed if media_s else "")


def _plan_lines(plan: BatchPlan) -> Iterator[str]:
    n = len(plan.plan.files) + len(plan.plan.undecided)
    yield f"{n} files to hear, {clock_time(plan.duration)}; {len(plan.finished)} are done already"
    if plan.renders:
        yield f"{len(plan.renders)} more are only written anew, of what was heard before"
