"""Progress of a run on a terminal: position, speed and time left, for the file and the whole."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ovsubs.cli.printing import cell, say_above
from ovsubs.clock import clock_time
from ovsubs.library.events import (
    Activity,
    CopyProgress,
    Event,
    FileFinished,
    FileProgress,
    FileStarted,
    PlanDecided,
)
from ovsubs.library.plan import Plan, PlannedFile


def make_console() -> Console:
    """stderr, which shows names as they are: without rich's own marks in them."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False)


def make_bars(console: Console, *, quiet: bool) -> Progress:
    """Bars of a description, a length and the field `status`; nothing without a terminal, or if `quiet`."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[status]}"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


@contextmanager
def looking_at_files(console: Console, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar while files are looked at; call it with how many there have been, and how many there are."""
    with make_bars(console, quiet=quiet) as bars:
        task = bars.add_task("looking at files", total=None, status="")
        yield lambda done, whole: bars.update(task, completed=done, total=whole, status=f"{done} of {whole}")


class RunProgress:
    """Two bars on stderr, the newest file and the whole; nothing where stderr is no terminal, or `quiet`.

    Languages that are detected first, files that are transcribed and videos that are copied are a whole each.
    """

    def __init__(self, plan: Plan, console: Console, *, quiet: bool) -> None:
        self._bars = make_bars(console, quiet=quiet)
        self._file: TaskID = self._bars.add_task("", total=1.0, status="")
        self._whole: TaskID = self._bars.add_task("", total=1.0, status="")
        self._plan = plan
        self._count(())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self) -> None:
        """The model is there: files are about to be read."""
        self._begin(self._plan.undecided or self._plan.files)

    def show(self, event: Event) -> None:
        """Show what has happened."""
        match event:
            case FileStarted(file, Activity.DETECT_LANGUAGE):
                self._detect(file)
            case FileStarted(file, Activity.COPY):
                if file.path not in self._durations:
                    self._begin(self._plan.copies)
            case PlanDecided(plan):
                self._plan = plan
                self._begin(plan.files)
            case FileProgress(file, position, duration):
                self._positions[file.path] = position
                self._durations[file.path] = max(duration, position)  # it may have grown since the plan
                self._show(file, position, _place(position, duration))
            case CopyProgress(file, position, duration):
                before = self._positions.get(file.path, 0.0)
                self._positions[file.path] = max(before, min(position, file.duration))
                self._show(file, position, f"video {_place(position, duration)}")
            case FileFinished(result) if result.path in self._durations:
                self._done.add(result.path)
                self._positions[result.path] = self._durations[result.path]
                self._show_whole()

    def say(self, line: str) -> None:
        """A line above the bars."""
        say_above(self._bars.console, line)

    def _begin(self, files: Sequence[PlannedFile]) -> None:
        """Begin a whole, of which the first file is about to be opened."""
        self._count(files)
        if files:
            self._bars.start()
            self._show(files[0], 0.0, "reading")

    def _count(self, files: Sequence[PlannedFile]) -> None:
        self._durations = {file.path: file.duration for file in files}
        self._positions = dict[Path, float]()  # of the files that are being read, and of those that are done
        self._done = set[Path]()
        self._began = time.monotonic()
        self._detects = False

    def _detect(self, file: PlannedFile) -> None:
        """The language of a file is about to be found; that of those before it is known."""
        for before in self._positions:
            self._done.add(before)
            self._positions[before] = self._durations[before]
        self._positions[file.path] = 0.0
        self._detects = True
        self._show(file, 0.0, "detecting the language")

    def _show(self, file: PlannedFile, position: float, status: str) -> None:
        total = max(self._durations.get(file.path, 0.0), position, 1e-9)
        self._bars.update(
            self._file, total=total, completed=position, description=cell(file.path.name), status=status
        )
        self._show_whole()

    def _show_whole(self) -> None:
        done, whole = sum(self._positions.values()), sum(self._durations.values())
        # How long a file is says nothing of how long it takes to detect its language.
        status = "" if self._detects else run_status(done, whole, time.monotonic() - self._began)
        name = f"{len(self._done)} of {len(self._durations)} files"
        self._bars.update(
            self._whole, total=max(whole, 1e-9), completed=done, description=name, status=status
        )


def _place(done: float, whole: float) -> str:
    return f"{clock_time(done)} / {clock_time(whole)}" if whole else clock_time(done)


def run_status(done: float, whole: float, seconds: float) -> str:
    """ "12:31 / 45:00 · 21.3x · 1:32 left"; seconds of media per second; `whole` 0: unknown."""
    if not whole:
        return clock_time(done)
    if done <= 0 or seconds <= 0:
        return _place(done, whole)
    speed = done / seconds
    return f"{_place(done, whole)} · {speed:.1f}x · {clock_time(max(0.0, whole - done) / speed)} left"
