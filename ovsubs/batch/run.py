"""A planned library -> its subtitles, with each step remembered, until all is done or somebody stops it."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from ovsubs.batch.control import Control, Heartbeat
from ovsubs.batch.disks import Disks
from ovsubs.batch.events import BatchEvent, FilePutOff, FileRecorded, RunPaused, RunResumed, RunStopping
from ovsubs.batch.failures import kind_of
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.pace import Pace
from ovsubs.batch.plan import BatchOptions, BatchPlan
from ovsubs.batch.record import ErrorKind
from ovsubs.batch.recorder import Recorder
from ovsubs.batch.watch import Watcher
from ovsubs.batch.work_queue import WorkQueue
from ovsubs.errors import FileInUse, FileTimeLimit
from ovsubs.file_events import FileRequest
from ovsubs.library.events import (
    Activity,
    Event,
    FileFinished,
    FileProgress,
    FileStarted,
    NothingHappened,
)
from ovsubs.library.file_result import FileResult, Status, failed, skipped
from ovsubs.library.plan import Plan, PlannedFile, SubtitleOptions
from ovsubs.library.run import detect_languages, finish_file, make_copies, transcribe_planned
from ovsubs.pipeline import Model
from ovsubs.steps import catch_errors
from ovsubs.subtitles.formats.inputs import Inputs

T = TypeVar("T")
_LOOK_S = 0.2
_TRY_AGAIN_S = 10.0  # between looks at whether what is outside has come back
_IN_A_ROW = 3  # files that fail for a reason outside of them, before the run waits


def run_batch(
    plan: BatchPlan,
    options: BatchOptions,
    ledgers: Sequence[Ledger],
    open_model: Callable[[], AbstractContextManager[Model]],
    control: Control | None = None,
    watcher: Watcher | None = None,
) -> Generator[BatchEvent, None, None]:
    """Do what is planned, remember each window, and tell all that happens; closing the iterator ends the run.

    Args:
        plan: as `make_batch_plan` makes it.
        options: as the plan was made with.
        ledgers: of all roots, in each of which this run has been entered (`Ledger.runs.begin`).
        open_model: called if anything is to be heard.
        control: what others ask of the run.
        watcher: looks for new files, so that the run ends only when it is stopped.

    Yields:
        `FileFinished` for each input that is not finished already, in the end, and all that comes before.

    Raises:
        UsageError: the model cannot do what is asked.
    """
    return _Run(plan, options, ledgers, control or Control(), watcher).events(open_model)


class _Run:
    def __init__(
        self,
        plan: BatchPlan,
        options: BatchOptions,
        ledgers: Sequence[Ledger],
        control: Control,
        watcher: Watcher | None,
    ) -> None:
        self._plan, self._options, self._ledgers, self._control = plan, options, ledgers, control
        self._watcher = watcher
        n_review = max(options.subtitle.n_review, options.n_doubtful)
        self._subtitle = replace(options.subtitle, n_review=n_review)
        self._recorder = Recorder(plan)
        every = (*plan.renders, *plan.plan.files, *plan.plan.undecided, *plan.plan.copies)
        self._inputs = Inputs(file.path for file in every)
        self._disks = Disks(ledgers, options.subtitle.output_dir)
        self._pace = Pace()
        self._later = Plan((), ())  # what was found while others were in work, and cannot be done beside them
        self._n_outside = 0  # files that failed for a reason outside, one after the other
        self._tries = Counter[Path]()

    def events(
        self, open_model: Callable[[], AbstractContextManager[Model]]
    ) -> Generator[BatchEvent, None, None]:
        state = "stopped"
        self._tell_plan()
        try:
            with Heartbeat(self._ledgers, self._control):
                yield from self._all(open_model)
            state = "stopped" if self._control.is_stopping else "done"
        finally:
            for ledger in self._ledgers:
                ledger.runs.end(state)

    def _tell_plan(self) -> None:
        """Say in each ledger what there is to do in its root."""
        plan = self._plan
        for ledger in self._ledgers:
            mine = [file for file in plan.plan.files if plan.ledger_of(file.path) is ledger]
            ledger.runs.tell(
                state="running",
                n_files=len(mine),
                media_s=sum(file.duration for file in mine),
            )

    def _all(self, open_model: Callable[[], AbstractContextManager[Model]]) -> Iterator[BatchEvent]:
        plan = self._plan
        while True:
            yield from self._settle(plan)
            if (plan.plan.files or plan.plan.undecided) and not self._control.is_stopping:
                with open_model() as model:
                    model.check(self._subtitle.transcribe)
                    yield from self._hear(model, plan)
            if not self._control.is_stopping:
                yield from make_copies(plan.plan, self._subtitle)
            found = yield from self._wait_for_files()
            if found is None:
                return
            plan = found

    def _settle(self, plan: BatchPlan) -> Iterator[BatchEvent]:
        """What needs no model: results that are there, and files of which a transcript is kept."""
        settled = plan.plan.settled
        yield from self._remember(partial(self._recorder.note, settled))
        yield from map(FileFinished, (*plan.failed_before, *settled))
        for file in plan.renders:
            if self._control.is_stopping:
                return
            yield from self._render(file)

    def _hear(self, model: Model, plan: BatchPlan) -> Iterator[BatchEvent]:
        decided = plan.plan
        if decided.undecided:
            decided = yield from _passed_on(detect_languages(model, decided, self._subtitle))
        yield from self._transcribe(model, decided.files)

    def _wait_for_files(self) -> Generator[BatchEvent, None, BatchPlan | None]:
        """The plan of new files, when there are some; None when the run is to end."""
        while self._watcher is not None and not self._control.is_stopping:
            if self._later != Plan((), ()) and not self._control.is_paused:
                later, self._later = self._later, Plan((), ())
                return replace(self._plan, plan=later, renders=(), failed_before=())
            if not self._control.is_paused and (found := self._look_for_files()):
                return found
            time.sleep(_LOOK_S)
            yield NothingHappened()
        return None

    def _look_for_files(self) -> BatchPlan | None:
        found = self._watcher.look() if self._watcher is not None else None
        if found is not None:
            self._plan.ledgers.update(found.ledgers)
            self._inputs.add(path for path in found.ledgers)
        return found

    def _take_in(
        self, queue: WorkQueue, planned: dict[Path, PlannedFile]
    ) -> Generator[BatchEvent, None, None]:
        """New files, while others are in work."""
        found = self._look_for_files()
        if found is None:
            return
        yield from self._settle(found)
        self._later = replace(
            self._later,
            undecided=(*self._later.undecided, *found.plan.undecided),
            copies=(*self._later.copies, *found.plan.copies),
        )
        for file in found.plan.files:
            planned[file.path] = file
            queue.add(file)

    def _render(self, file: PlannedFile) -> Iterator[BatchEvent]:
        """Write the subtitles of a file whose transcript is kept."""
        transcript = self._plan.ledger_of(file.path).transcript(file.path)
        assert transcript is not None
        try:
            self._recorder.claim(file)
        except FileInUse as error:
            yield FileFinished(skipped(file.path, error))
            return
        except OSError as error:
            yield FileFinished(failed(file.path, error))
            return
        yield FileStarted(file, Activity.RENDER)
        steps = finish_file(transcript, file, self._subtitle, self._inputs)
        result = yield from catch_errors(steps, partial(failed, file.path))
        record = yield from self._remember(partial(self._recorder.finish, file, result))
        yield FileFinished(result)
        yield FileRecorded(record)

    def _transcribe(self, model: Model, files: Sequence[PlannedFile]) -> Iterator[BatchEvent]:
        queue = WorkQueue(files, self._control)
        planned = {file.path: file for file in files}
        is_told = False
        with closing(transcribe_planned(model, queue, self._subtitle, self._inputs, self._ask)) as events:
            for event in events:
                match event:
                    case FileProgress():
                        self._pace.advance(event)
                        yield from self._remember(partial(self._recorder.progress, event))
                        yield event
                    case FileFinished(result):
                        self._pace.end(result.path)
                        yield from self._ended(planned[result.path], result, queue)
                    case _:
                        yield event
                yield from self._pause()
                yield from self._take_in(queue, planned)
                if self._control.is_stopping:
                    left = self._pace.worth_finishing(self._control.seconds_to_end)
                    if not is_told:
                        is_told = True
                        yield RunStopping(tuple(left))
                    if not left:
                        return
                if not queue.n_out:
                    time.sleep(_LOOK_S)

    def _ask(self, file: PlannedFile, options: SubtitleOptions) -> FileRequest:
        return FileRequest(
            file.media or file.path,
            options.transcribe,
            partial(self._recorder.known, file),
            self._options.time_limit_s,
        )

    def _ended(self, file: PlannedFile, result: FileResult, queue: WorkQueue) -> Iterator[BatchEvent]:
        """Remember how a file ended, unless it is to be tried again."""
        error = result.error if result.status is Status.FAILED else None
        if isinstance(error, FileInUse):
            result, error = skipped(file.path, error), None
        elif error is not None and self._disks.has_lost(file.path):
            error, result = None, FileResult(file.path, Status.SKIPPED, why=f"{file.path}: it is gone")
        kind = ErrorKind.LASTING if error is None else kind_of(error)
        if kind is ErrorKind.OUTSIDE:
            self._n_outside += 1
            if self._n_outside >= _IN_A_ROW:
                self._recorder.put_off(file.path)
                queue.give_back(file)
                yield from self._hold(result.why, lambda: self._disks.are_there(file.path))
                return
        else:
            self._n_outside = 0
        if kind is not ErrorKind.LASTING and not isinstance(error, FileTimeLimit):
            self._tries[file.path] += 1
            if self._tries[file.path] < self._options.max_attempts:
                self._recorder.put_off(file.path)
                again_in_s = queue.put_off(file, self._tries[file.path])
                yield FilePutOff(file, result.why, again_in_s)
                return
        record = yield from self._remember(partial(self._recorder.finish, file, result))
        queue.ended()
        yield FileFinished(result)
        yield FileRecorded(record)

    def _remember(self, write: Callable[[], T]) -> Generator[BatchEvent, None, T]:
        """Write into the ledger; where its disk is full, wait until it is not."""
        while True:
            try:
                return write()
            except sqlite3.Error as error:
                if self._control.is_stopping:
                    raise
                yield from self._hold(f"the ledger cannot be written: {error}", self._can_beat)

    def _can_beat(self) -> bool:
        with suppress(sqlite3.Error):
            for ledger in self._ledgers:
                ledger.runs.beat()
            return True
        return False

    def _hold(self, why: str, is_back: Callable[[], bool]) -> Iterator[BatchEvent]:
        """Do nothing until what is missing outside is back."""
        yield from self._stand_still(why, "waiting", is_back, _TRY_AGAIN_S)
        self._n_outside = 0

    def _pause(self) -> Iterator[BatchEvent]:
        """Do nothing while somebody wants it so."""
        if self._control.is_paused:
            why = self._control.why_paused
            yield from self._stand_still(why, "paused", lambda: not self._control.is_paused, _LOOK_S)

    def _stand_still(
        self, why: str, state: str, is_over: Callable[[], bool], each_s: float
    ) -> Iterator[BatchEvent]:
        """What is in work stands still, too: it goes on with the next event that is asked for."""
        self._tell_runs(state)
        yield RunPaused(why)
        next_look = time.monotonic() + each_s
        while not self._control.is_stopping:
            time.sleep(_LOOK_S)
            yield NothingHappened()
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + each_s
                if is_over():
                    break
        self._tell_runs("running")
        yield RunResumed()

    def _tell_runs(self, state: str) -> None:
        for ledger in self._ledgers:
            with suppress(sqlite3.Error):  # it is only told
                ledger.runs.tell(state=state)


def _passed_on(events: Generator[Event, None, Plan]) -> Generator[BatchEvent, None, Plan]:
    plan = yield from events
    return plan
