"""What people ask of a run while it goes on: to pause, to go on, to stop; and the heartbeat that hears it."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.runs import Wanted

_BEAT_S = 1.0


class Control:
    """What is asked of a run. Any thread, and a handler of signals, may ask and look."""

    def __init__(self) -> None:
        self._wanted = Wanted.GO
        self._ends_at = math.inf
        self.closed_hours: Callable[[], bool] = lambda: False
        """Whether it is a time of day at which nothing is to be done."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing is to be done for now."""
        return not self.is_stopping and (self._wanted is Wanted.PAUSE or self.closed_hours())

    @property
    def why_paused(self) -> str:
        """For people."""
        return "it was asked for" if self._wanted is Wanted.PAUSE else "these are not the hours for it"

    @property
    def is_stopping(self) -> bool:
        """Whether no other file is to be begun."""
        return self._wanted is Wanted.STOP or math.isfinite(self._ends_at)

    @property
    def seconds_to_end(self) -> float:
        """How long what is in work may still take; infinite where it is to be finished."""
        return max(0.0, self._ends_at - time.monotonic())

    def ask(self, wanted: Wanted) -> None:
        """Ask for something; who has stopped a run cannot take that back."""
        if self._wanted is not Wanted.STOP:
            self._wanted = wanted

    def end(self, within_s: float) -> None:
        """Ask to end within so many seconds: what takes longer is left for the next run."""
        self._ends_at = min(self._ends_at, time.monotonic() + within_s)


class Heartbeat:
    """A thread that says each second that a run goes on, and hears what is asked of it."""

    def __init__(self, ledgers: Sequence[Ledger], control: Control) -> None:
        self._ledgers, self._control = ledgers, control
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def _run(self) -> None:
        while not self._is_over.wait(_BEAT_S):
            wishes = list[Wanted]()
            for ledger in self._ledgers:
                with contextlib.suppress(sqlite3.Error):  # the next one may come through
                    wishes.append(ledger.runs.beat())
            if wishes:  # of several roots, the one that asks for most
                self._control.ask(max(wishes, key=list(Wanted).index))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
