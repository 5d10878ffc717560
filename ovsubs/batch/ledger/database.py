"""The SQLite file of a root: its tables, and transactions, one after the other."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ovsubs.errors import UnusableLedger

_VERSION = 1  # of the tables
_BUSY_MS = 15_000
_TABLES = """
create table library (root blob not null);
create table run (
    id integer primary key, host text not null, pid integer not null, began real not null,
    beat real not null, ended real, wanted text not null default 'go', state text not null default 'planning',
    model text not null default '', n_files integer not null default 0, media_s real not null default 0
);
create table file (
    id integer primary key, path blob not null unique, size integer, mtime_ns integer, digest blob,
    state text not null, recognition text not null default '', output text not null default '',
    run integer, attempt integer not null default 0, position real not null default 0,
    duration real not null default 0, work_s real not null default 0, finished real not null default 0,
    error_kind text, record text not null default '{}', outputs text not null default '[]', transcript blob
);
create index file_by_digest on file (digest);
create table track (
    file integer not null, track integer not null, language text not null, probability real not null,
    primary key (file, track)
) without rowid;
create table chunk (
    file integer not null, track integer not null, start real not null, content blob not null,
    primary key (file, track, start)
);
"""


class Database:
    """An open ledger file."""

    def __init__(self, path: Path, root: Path) -> None:
        """Open it; it is made where there is none.

        Args:
            path: of the file; ":memory:" keeps nothing.
            root: of the library; files are known by their paths below it.

        Raises:
            UnusableLedger: it cannot be opened or made, or is another root's or a later version's.
        """
        self.path, self.root = path, root
        self._lock = threading.RLock()
        try:
            if str(path) != ":memory:":
                path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000
            )
            self._prepare(os.fsencode(os.path.realpath(root)))
        except (sqlite3.Error, OSError) as error:
            raise UnusableLedger(path, str(error)) from error

    def _prepare(self, root: bytes) -> None:
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=normal")
        self._database.execute("pragma temp_store=memory")
        with self.writing() as database:
            (version,) = database.execute("pragma user_version").fetchone()
            if version > _VERSION:
                raise UnusableLedger(self.path, "a later version of ovsubs has made it")
            if not version:
                for statement in _TABLES.split(";"):
                    database.execute(statement)
                database.execute("insert into library values (?)", (root,))
                database.execute(f"pragma user_version={_VERSION}")
        (owner,) = self._database.execute("select root from library").fetchone()
        if owner != root:
            raise UnusableLedger(self.path, f"it belongs to {os.fsdecode(owner)}")

    def close(self) -> None:
        """Let go of the file. A second time does nothing."""
        with self._lock:
            self._database.close()

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """One transaction, which nobody else writes beside."""
        with self._lock, self._telling_damage():
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def ask(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of an answer.

        Raises:
            UnusableLedger: the file is damaged.
        """
        with self._lock, self._telling_damage():
            return self._database.execute(question, values).fetchall()

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        """What is broken for good is told as such; a lock or a full disk (OperationalError) may pass."""
        try:
            yield
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise UnusableLedger(self.path, f"it is damaged: {error}") from error

    def fill_from(self, path: Path) -> None:
        """Take in all that another ledger file holds, which is only read.

        Raises:
            UnusableLedger: it cannot be read.
        """
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as other:
                other.backup(self._database)
        except sqlite3.Error as error:
            raise UnusableLedger(path, str(error)) from error

    def key(self, path: Path) -> bytes:
        """How a file below the root stands in the tables."""
        return os.fsencode(path.relative_to(self.root))

    def path_of(self, key: bytes) -> Path:
        """The file of a key."""
        return self.root / os.fsdecode(key)


def root_in(path: Path) -> Path:
    """The root that a ledger belongs to.

    Raises:
        UnusableLedger: it cannot be read, or is none.
    """
    if not path.is_file():
        raise UnusableLedger(path, "there is no such file")
    try:
        # A file that is only looked at is not to become a ledger.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (root,) = database.execute("select root from library").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise UnusableLedger(path, str(error)) from error
    return Path(os.fsdecode(root))
