"""Progress of a run on a terminal: position, speed and time left, for the file and the whole."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ovsubs.library.plan import FileResult, Plan, PlannedFile
from ovsubs.pipeline import Progress as Position


class RunProgress:
    """Two bars on stderr while it is open; nothing where stderr is no terminal, or `quiet`."""

    def __init__(self, plan: Plan, console: Console, *, quiet: bool) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[status]}"),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._plan = plan
        self._n_done = 0
        self._seconds_done = 0.0
        self._began = self._file_began = time.monotonic()
        self._file: TaskID = self._bars.add_task("", total=1.0, status="")
        self._whole: TaskID = self._bars.add_task(
            "", total=max(plan.duration, 1e-9), status="", visible=len(plan.files) > 1
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, file: PlannedFile) -> None:
        """A file is about to be worked on."""
        self._file_began = time.monotonic()
        self._bars.reset(
            self._file, total=max(file.duration, 1e-9), description=file.path.name, status="reading"
        )
        self._show_whole(0.0)

    def advance(self, file: PlannedFile, position: Position) -> None:
        """A file has come on."""
        status = _status(position.position, position.duration, time.monotonic() - self._file_began)
        self._bars.update(self._file, completed=position.position, status=status)
        self._show_whole(position.position)

    def finish(self, result: FileResult) -> None:
        """A file is done, or given up."""
        file = self._plan.files[self._n_done]
        self._n_done += 1
        self._seconds_done += file.duration
        self._show_whole(0.0)

    def print(self, line: str) -> None:
        """A line above the bars."""
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _show_whole(self, position: float) -> None:
        done = self._seconds_done + position
        status = _status(done, self._plan.duration, time.monotonic() - self._began)
        name = f"file {min(self._n_done + 1, len(self._plan.files))} of {len(self._plan.files)}"
        self._bars.update(self._whole, completed=done, description=name, status=status)


def _status(done: float, whole: float, seconds: float) -> str:
    """ "12:31 / 45:00 · 21.3x · 1:32 left"; the speed is in seconds of audio per second."""
    place = f"{clock_time(done)} / {clock_time(whole)}"
    if done <= 0 or seconds <= 0:
        return place
    speed = done / seconds
    return f"{place} · {speed:.1f}x · {clock_time(max(0.0, whole - done) / speed)} left"


def clock_time(seconds: float) -> str:
    """ "1:02:03", or "2:03" below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
