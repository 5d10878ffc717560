"""What has become of a file -> the programs and servers that want to know.

Nothing here stops or slows a run: a thread of its own does the telling, and what goes wrong is a short note.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ovsubs.batch.hooks.commands import run_command
from ovsubs.batch.hooks.messages import HookEvent, HookMessage, as_text, file_message, run_message
from ovsubs.batch.hooks.options import HookLimits, HookOptions
from ovsubs.batch.hooks.problem import HookProblem
from ovsubs.batch.hooks.requests import Answer, ask
from ovsubs.batch.hooks.servers import tell_server, tell_webhook
from ovsubs.batch.record import BatchReport, FileRecord

if TYPE_CHECKING:
    from urllib.request import Request

WHEN_DONE_S = 3600.0  # a copy to another disk may take its time; a program that hangs may not
_N_WAITING = 10_000  # events; some 10 MB


def run_when_done(options: HookOptions, report: BatchReport, say: Callable[[str], None]) -> None:
    """Run `when_done`, of which a machine may be turned off: call it when all else is written and closed."""
    if options.when_done is None:
        return
    problem = run_command(options.when_done, run_message(report), WHEN_DONE_S, threading.Event())
    if problem is not None:
        say(f"when_done {problem}")


class Notifier:
    """Tells of files while a run goes on; use it with `with`. Notes go to `say`, out of a thread of its own.

    A note of each kind is said once, and at the end how often it was. Events wait for their turn, up to ten
    thousand of them, and what comes then is not told. A receiver may be told twice of a file: an answer that
    is late is asked for again.
    """

    def __init__(
        self, options: HookOptions, say: Callable[[str], None], limits: HookLimits | None = None
    ) -> None:
        self._options, self._say, self._limits = options, say, limits or HookLimits()
        self._messages = deque[HookMessage]()
        self._files = dict[Path, float]()  # that servers are to look at, and when we heard of them
        self._changed = threading.Condition()
        self._is_closing, self._is_over, self._is_closed = (threading.Event() for _ in range(3))
        self._n_notes = Counter[str]()
        self._n_refused = Counter[str]()
        self._thread = threading.Thread(target=self._work, name="hooks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def tell(self, record: FileRecord) -> None:
        """Tell of a file that has ended; returns at once."""
        message = file_message(record)
        with self._changed:
            if self._options.on_done is not None or self._options.webhook is not None:
                self._put(message)
            if self._options.servers and message.event is HookEvent.FILE_DONE and message.subtitles:
                while len(self._files) >= _N_WAITING:
                    del self._files[next(iter(self._files))]
                self._files.setdefault(record.path.absolute(), time.monotonic())
            self._changed.notify()

    def tell_run(self, report: BatchReport) -> None:
        """Tell that a run has ended; returns at once."""
        if self._options.webhook is not None:
            with self._changed:
                self._put(run_message(report))
                self._changed.notify()

    def close(self) -> None:
        """Wait a while until all is told, end what goes on then, and say what was not told."""
        with self._changed:
            self._is_closing.set()
            self._changed.notify()
        self._thread.join(self._limits.close_s)
        self._is_over.set()
        self._thread.join(1.0)
        self._is_closed.set()
        with self._changed:
            n_left = len(self._messages) + self._thread.is_alive() + self._n_refused.total()
            n_files, left = len(self._files), []
            self._messages.clear()
            self._files.clear()
        if n_left:
            left.append(f"{n_left} event{'s' * (n_left > 1)}")
        if n_files:
            left.append(f"{n_files} file{'s' * (n_files > 1)} for the media servers")
        for kind, n_times in list(self._n_notes.items()):
            if n_times > 1:
                self._say(f"{kind}: {n_times} times")
        self._n_notes.clear()
        self._n_refused.clear()
        if left:
            self._say(f"not told of when the run ended: {', '.join(left)}")

    def _put(self, message: HookMessage) -> None:
        if len(self._messages) < _N_WAITING:
            self._messages.append(message)
        else:
            self._n_refused[message.event] += 1

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                problems = self._told(job) if isinstance(job, HookMessage) else self._refreshed(job)
                for problem in problems:
                    self._note(problem)
            except Exception as error:  # whatever it is, it is no reason to tell of no file any more
                self._note(HookProblem(f"hooks: {type(error).__name__}", f": {error}"))

    def _next(self) -> HookMessage | tuple[Path, ...] | None:
        with self._changed:
            while not self._is_over.is_set():
                is_closing, wait_s = self._is_closing.is_set(), None
                if self._files:
                    heard_at = next(iter(self._files.values()))
                    wait_s = heard_at + self._limits.gather_s - time.monotonic()
                    if wait_s <= 0 or (is_closing and not self._messages):
                        files = tuple(self._files)
                        self._files.clear()
                        return files
                if self._messages:
                    return self._messages.popleft()
                if is_closing:
                    return None
                self._changed.wait(wait_s)
        return None

    def _told(self, message: HookMessage) -> Iterator[HookProblem]:
        options = self._options
        if options.on_done is not None and message.file is not None:
            problem = run_command(options.on_done, message, self._limits.command_s, self._is_over)
            if problem is not None:
                yield HookProblem(f"on_done {problem.kind}", problem.detail)
        if options.webhook is not None:
            yield from tell_webhook(options.webhook, message.body, self._ask)

    def _refreshed(self, files: tuple[Path, ...]) -> Iterator[HookProblem]:
        for server in self._options.servers:
            yield from tell_server(server, files, self._ask)

    def _ask(self, request: Request) -> Answer:
        return ask(request, self._limits, self._is_over)

    def _note(self, problem: HookProblem) -> None:
        if self._is_closed.is_set():  # a server that was given up has answered after all
            return
        self._n_notes[problem.kind] += 1
        if self._n_notes[problem.kind] == 1:
            self._say(" ".join(as_text(str(problem)).split()))
