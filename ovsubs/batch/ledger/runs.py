"""The runs over a root: which of them goes on, how far it is, and what is asked of it."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ovsubs.batch.ledger.database import Database
from ovsubs.temporary import is_running

# A run that was not heard of for so long is dead, wherever it was; on this machine its process is looked for.
_DEAD_AFTER_S = 120.0
_COLUMNS = "id, host, pid, began, beat, ended, wanted, state, model, n_files, media_s"


class Wanted(StrEnum):
    """What somebody has asked a run to do."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the ledger knows it; times in seconds since 1970, `media_s` is what there was to do.

    `is_alive`: it goes on, somewhere.
    """

    number: int
    host: str
    pid: int
    began: float
    beat: float
    ended: float | None
    wanted: Wanted
    state: str
    model: str
    n_files: int
    media_s: float

    @property
    def is_alive(self) -> bool:
        if self.ended is not None or time.time() - self.beat > _DEAD_AFTER_S:
            return False
        return self.host != platform.node() or is_running(self.pid)


class Runs:
    """The table of runs; `own` is the number of the one that this process has entered, 0 before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.own = 0

    def begin(self, model: str = "") -> int:
        """Enter a run of this process."""
        now = time.time()
        with self._database.writing() as database:
            entered = database.execute(
                "insert into run (host, pid, began, beat, model) values (?, ?, ?, ?, ?)",
                (platform.node(), os.getpid(), now, now, model),
            )
            self.own = int(entered.lastrowid or 0)
        return self.own

    def tell(self, **values: float | str) -> None:
        """Write what is known of the run; names are those of its columns, such as `n_files`."""
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._database.writing() as database:
            database.execute(f"update run set {columns} where id = ?", (*values.values(), self.own))

    def beat(self) -> Wanted:
        """Say that the run goes on; returns what somebody has asked of it."""
        with self._database.writing() as database:
            database.execute("update run set beat = ? where id = ?", (time.time(), self.own))
            found = database.execute("select wanted from run where id = ?", (self.own,)).fetchone()
        return Wanted(found[0]) if found else Wanted.GO

    def end(self, state: str) -> None:
        """Leave the run; what it had claimed is free."""
        with self._database.writing() as database:
            database.execute(
                "update run set ended = ?, state = ? where id = ?", (time.time(), state, self.own)
            )
            database.execute(
                "update file set state = 'waiting' where state = 'running' and run = ?", (self.own,)
            )

    def all(self) -> list[RunRow]:
        """All runs, the newest last."""
        rows = self._database.ask(f"select {_COLUMNS} from run order by id")
        return [_run(row) for row in rows]

    def ask(self, wanted: Wanted) -> int:
        """Ask the runs that go on for something; returns how many there are."""
        alive = [run.number for run in self.all() if run.is_alive]
        with self._database.writing() as database:
            database.executemany(
                "update run set wanted = ? where id = ?", [(wanted, number) for number in alive]
            )
        return len(alive)

    def is_alive(self, number: int) -> bool:
        """Whether a run goes on, somewhere."""
        rows = self._database.ask(f"select {_COLUMNS} from run where id = ?", (number,))
        return bool(rows) and _run(rows[0]).is_alive


def _run(values: tuple[Any, ...]) -> RunRow:
    number, host, pid, began, beat, ended, wanted, *rest = values
    return RunRow(number, host, pid, began, beat, ended, Wanted(wanted), *rest)
