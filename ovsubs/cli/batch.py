"""`ovsubs batch`: plan, run, and what is shown of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from ovsubs.audio.read_limit import read_limit
from ovsubs.batch.control import Control
from ovsubs.batch.estimate import measure_speed, speed_before
from ovsubs.batch.events import BatchEvent, FileRecorded, RunStopping
from ovsubs.batch.hooks.notifier import Notifier, run_when_done
from ovsubs.batch.hooks.options import HookOptions
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.place import check_place, ledger_path
from ovsubs.batch.machine.awake import kept_awake
from ovsubs.batch.machine.priority import lower_priority
from ovsubs.batch.machine.schedule import Hours
from ovsubs.batch.plan import BatchOptions, BatchPlan, Digests, make_batch_plan, root_of
from ovsubs.batch.record import BatchReport, ErrorKind, FileState
from ovsubs.batch.run import run_batch
from ovsubs.batch.watch import Watcher
from ovsubs.cli.batch_log import EventLog
from ovsubs.cli.batch_plan import print_plan, print_plan_json
from ovsubs.cli.batch_progress import BatchProgress
from ovsubs.cli.batch_reports import check_reports, default_reports, write_report
from ovsubs.cli.interrupts import patient_interrupts
from ovsubs.cli.printing import say
from ovsubs.cli.progress import RunProgress, looking_at_files, make_console
from ovsubs.cli.subtitle import ModelChoice, Verbosity, show_results, watch_run
from ovsubs.errors import InvalidOption, MissingFile
from ovsubs.export.resolve import resolve_ir
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.plan import SubtitleOptions
from ovsubs.loading import load_model
from ovsubs.pipeline import Model

FAILED, MAY_PASS, STOPPED = 1, 3, 130  # exit codes
_END_WITHIN_S = 15.0  # what is nearly done is finished after the first Ctrl-C


@dataclass(frozen=True, slots=True)
class Wishes:
    """What concerns the run and not its files.

    `ledger`: where it lies. `watch`: new files are taken, too. `hours`: when it may work. `hooks`: who is
    told. `reports`: files for the closing report. `log_json`: events are printed. `json`: of the plan.
    """

    ledger: Path | None = None
    watch: bool = False
    hours: Hours | None = None
    nice: int = 0
    max_read: float | None = None  # MB a second
    hooks: HookOptions = field(default_factory=HookOptions)
    reports: tuple[Path, ...] = ()
    log_json: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True)
class _Batch:
    """A library that has been planned, and all that its run is told."""

    roots: tuple[Path, ...]
    options: BatchOptions
    choice: ModelChoice
    verbosity: Verbosity
    wishes: Wishes
    model_dir: Path
    ledgers: tuple[Ledger, ...]  # of each root
    plan: BatchPlan

    @property
    def own_ledgers(self) -> list[Ledger]:
        """Each once."""
        return list(dict.fromkeys(self.ledgers))

    @contextmanager
    def open_model(self) -> Iterator[Model]:
        with load_model(str(self.model_dir), compile_options=self.choice.compile_options) as model:
            yield model


def run(
    roots: Sequence[Path], options: BatchOptions, choice: ModelChoice, verbosity: Verbosity, wishes: Wishes
) -> int:
    """Do a library; returns the exit code."""
    lower_priority(wishes.nice)  # before any thread is there
    check_reports(wishes.reports)
    read_limit().set(None if wishes.max_read is None else wishes.max_read * 1e6)
    began = time.time()
    with ExitStack() as open_things:
        batch = _plan(roots, options, choice, verbosity, wishes, open_things)
        for ledger in batch.own_ledgers:
            ledger.runs.begin(batch.model_dir.name)
        with BatchProgress(batch.plan, make_console(), quiet=verbosity.quiet) as progress:
            was_stopped = _run(batch, progress)
        report = _report(batch, began)
        for path in write_report(report, wishes.reports or default_reports(batch.ledgers[0].path)):
            if not verbosity.quiet:
                progress.say(f"ovsubs: report in {path}")
    if was_stopped:
        say("ovsubs: stopped; the same command goes on where it was")
        return STOPPED
    run_when_done(wishes.hooks, report, lambda line: say(f"ovsubs: {line}"))
    return _exit_code(report, progress.n_failed)


def write_resumed(
    inputs: Sequence[Path], options: SubtitleOptions, choice: ModelChoice, verbosity: Verbosity
) -> int:
    """What `ovsubs subtitle` does, with the memory of a library; returns the exit code."""
    began = time.perf_counter()
    with ExitStack() as open_things:
        wanted = BatchOptions(options, n_doubtful=0)
        batch = _plan(inputs, wanted, choice, verbosity, Wishes(), open_things)
        for ledger in batch.own_ledgers:
            ledger.runs.begin(batch.model_dir.name)
        progress = open_things.enter_context(
            RunProgress(batch.plan.plan, make_console(), quiet=verbosity.quiet)
        )
        events = run_batch(batch.plan, batch.options, batch.own_ledgers, partial(_opened, batch, progress))
        results = [_done_before(path) for path in batch.plan.finished]
        for result in () if verbosity.quiet else results:
            progress.say(f"ovsubs: {result.why}")
        results += watch_run(events, progress, verbosity)
    return show_results(results, verbosity, time.perf_counter() - began)


@contextmanager
def _opened(batch: _Batch, progress: RunProgress) -> Iterator[Model]:
    with batch.open_model() as model:
        progress.begin()
        yield model


def _done_before(path: Path) -> FileResult:
    return FileResult(path, Status.SKIPPED, why=f"{path}: done in an earlier run")


def _exit_code(report: BatchReport, n_failed: int) -> int:
    """By the files of the report; `n_failed` counts other inputs, too, such as an empty folder."""
    kinds = {record.error_kind for record in report.in_state(FileState.FAILED)}
    if kinds & {ErrorKind.PASSING, ErrorKind.OUTSIDE}:
        return MAY_PASS
    return FAILED if kinds or n_failed else 0


def show_plan(
    roots: Sequence[Path], options: BatchOptions, choice: ModelChoice, verbosity: Verbosity, wishes: Wishes
) -> int:
    """Print what a run would do; returns the exit code."""
    with ExitStack() as open_things:
        batch = _plan(roots, options, choice, verbosity, wishes, open_things, only_look=True)
        rtfx = speed_before(batch.own_ledgers, batch.plan.digests.recognition)
        rtfx = rtfx or measure_speed(batch.plan, options.subtitle.transcribe, batch.open_model)
    (print_plan_json if wishes.json else print_plan)(batch.plan, options.subtitle, rtfx)
    return 0


def _plan(
    roots: Sequence[Path],
    options: BatchOptions,
    choice: ModelChoice,
    verbosity: Verbosity,
    wishes: Wishes,
    open_things: ExitStack,
    *,
    only_look: bool = False,
) -> _Batch:
    for root in roots:
        if not root.exists():
            raise MissingFile(root)
    roots = [root.absolute() for root in roots]  # reports and ledgers are read from other folders
    if wishes.ledger is not None and len({root_of(root) for root in roots}) > 1:
        raise InvalidOption("ledger", str(wishes.ledger), "each root has a ledger of its own; name one root")
    report: Callable[[str], None] = (lambda line: None) if verbosity.quiet else say
    model_dir = resolve_ir(choice.name, models_dir=choice.models_dir, offline=choice.offline, report=report)
    ledgers = _open_ledgers(roots, wishes, open_things, only_look=only_look)
    digests = Digests.of(options.subtitle, model_dir)
    with looking_at_files(make_console(), quiet=verbosity.quiet) as on_file:
        plan = make_batch_plan(roots, ledgers, options, digests, on_file)
    for passed_over in plan.plan.passed_over if verbosity.verbose else ():
        say(f"ovsubs: {passed_over.path}: passed over ({passed_over.why})")
    return _Batch(tuple(roots), options, choice, verbosity, wishes, model_dir, tuple(ledgers), plan)


def _open_ledgers(
    roots: Sequence[Path], wishes: Wishes, open_things: ExitStack, *, only_look: bool
) -> list[Ledger]:
    """The ledger of each root; roots in one folder have the same. To only look, copies in memory."""
    open_ledger = Ledger.copy_of if only_look else Ledger
    opened = dict[Path, Ledger]()
    for root in map(root_of, roots):
        if root not in opened:
            path = check_place(wishes.ledger) if wishes.ledger else ledger_path(root)
            opened[root] = open_things.enter_context(open_ledger(path, root))
    return [opened[root_of(root)] for root in roots]


def _run(batch: _Batch, progress: BatchProgress) -> bool:
    """Do what is planned, and show it; returns whether somebody has stopped it with a signal."""
    control, wishes, log = Control(), batch.wishes, EventLog(enabled=batch.wishes.log_json)
    if (hours := wishes.hours) is not None:
        control.closed_hours = lambda: not hours.is_open(datetime.now())
    watcher = _watcher(batch) if wishes.watch else None
    with ExitStack() as open_things:
        open_things.enter_context(kept_awake(progress.say_plain))
        notifier = open_things.enter_context(Notifier(wishes.hooks, progress.say_plain))
        interrupts = open_things.enter_context(patient_interrupts(lambda: control.end(_END_WITHIN_S)))
        events = run_batch(batch.plan, batch.options, batch.own_ledgers, batch.open_model, control, watcher)
        open_things.enter_context(closing(events))
        for event in events:
            _show(event, progress, log, notifier)
            if isinstance(event, RunStopping) and interrupts:
                n = len(event.files)
                progress.say(f"ovsubs: stopping; {n} files are finished, Ctrl-C again stops at once")
    progress.close()
    return bool(interrupts)


def _show(event: BatchEvent, progress: BatchProgress, log: EventLog, notifier: Notifier) -> None:
    progress.show(event)
    log.tell(event)
    if isinstance(event, FileRecorded):
        notifier.tell(event.record)


def _watcher(batch: _Batch) -> Watcher:
    watcher = Watcher(batch.roots, batch.ledgers, batch.options, batch.plan.digests)
    watcher.take(batch.plan.paths)
    return watcher


def _report(batch: _Batch, began: float) -> BatchReport:
    from ovsubs.evaluation.machine import device_name

    known = set(batch.plan.paths) | set(batch.plan.ledgers)
    records = [record for ledger in batch.own_ledgers for record in ledger.records()]
    mine = tuple(record for record in records if record.path in known)
    return BatchReport(batch.roots, began, time.time(), batch.model_dir.name, device_name("CPU"), mine)
