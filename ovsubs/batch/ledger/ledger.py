"""What has become of the files of a library, and of their windows: one SQLite file for each root.

A killed process loses nothing that was committed (write-ahead log); after a power cut the last commits may be
missing (`synchronous=NORMAL`), so that some windows are decoded again. Outputs are on the disk before the row
that tells of them, and a row is believed only where its outputs are there: files are the truth.

One run writes from several threads, with one connection; other runs and `ovsubs status` have their own.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ovsubs.audio.streams import FileStamp
from ovsubs.batch.ledger.identity import Identity, stamp_of
from ovsubs.batch.ledger.packing import (
    pack_chunk,
    pack_outputs,
    pack_record,
    pack_transcript,
    unpack_chunk,
    unpack_outputs,
    unpack_record,
    unpack_transcript,
)
from ovsubs.batch.record import ErrorKind, FileRecord, FileState
from ovsubs.errors import UnusableLedger
from ovsubs.file_events import NewlyDecoded
from ovsubs.recognition.decoded import DecodedTrack
from ovsubs.temporary import is_running
from ovsubs.transcript import Transcript
from ovsubs.whisper.language_vote import LanguageVote

_VERSION = 1  # of the tables
_BUSY_MS = 15_000
# A run that was not heard of for so long is dead, wherever it was; on this machine its process is looked for.
_DEAD_AFTER_S = 120.0
_TABLES = """
create table library (root blob not null);
create table run (
    id integer primary key, host text not null, pid integer not null, began real not null,
    beat real not null, ended real, wanted text not null default 'go', state text not null default 'planning',
    model text not null default '', n_files integer not null default 0, media_s real not null default 0,
    n_finished integer not null default 0, n_skipped integer not null default 0
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


_ROW = "path, size, mtime_ns, digest, state, recognition, output, outputs, error_kind, transcript not null"
_RECORD = "path, state, attempt, duration, work_s, finished, record"


class Wanted(StrEnum):
    """What somebody has asked a run to do."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class OutputStamp:
    """A file that was written, as it was then."""

    path: Path
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the ledger has on a file. `recognition` and `output` are digests of what it was made with."""

    path: Path
    identity: Identity | None
    state: FileState
    recognition: str
    output: str
    outputs: tuple[OutputStamp, ...]
    error_kind: ErrorKind | None
    has_transcript: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this run alone works on. A run that took it over has a higher `attempt`."""

    file: int
    attempt: int


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
    n_finished: int
    n_skipped: int

    @property
    def is_alive(self) -> bool:
        if self.ended is not None or time.time() - self.beat > _DEAD_AFTER_S:
            return False
        return self.host != platform.node() or is_running(self.pid)


class Ledger:
    """The ledger of one root; use it with `with`, or close it. Several threads may use it at once."""

    def __init__(self, path: Path, root: Path) -> None:
        """Open it; it is made where there is none.

        Args:
            path: of the SQLite file, not on a network disk; ":memory:" keeps nothing.
            root: of the library; files are known by their paths below it.

        Raises:
            UnusableLedger: it cannot be opened or made, or is another root's or a later version's.
        """
        self.path, self.root = path, root
        self._lock = threading.RLock()
        self.run = 0
        try:
            if str(path) != ":memory:":
                path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000
            )
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise UnusableLedger(path, str(error)) from error

    def _prepare(self) -> None:
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=normal")
        self._database.execute("pragma temp_store=memory")
        with self._writing():
            (version,) = self._database.execute("pragma user_version").fetchone()
            if version > _VERSION:
                raise UnusableLedger(self.path, "a later version of ovsubs has made it")
            if not version:
                for statement in _TABLES.split(";"):
                    self._database.execute(statement)
                self._database.execute("insert into library values (?)", (os.fsencode(self.root),))
                self._database.execute(f"pragma user_version={_VERSION}")
        (root,) = self._database.execute("select root from library").fetchone()
        if root != os.fsencode(self.root):
            raise UnusableLedger(self.path, f"it belongs to {os.fsdecode(root)}")

    def close(self) -> None:
        """Let go of the file. A second time does nothing."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        """One transaction, which nobody else writes beside."""
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def _ask(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(question, values).fetchall()

    # Runs

    def begin_run(self, model: str = "") -> int:
        """Enter a run of this process."""
        now = time.time()
        with self._writing() as database:
            entered = database.execute(
                "insert into run (host, pid, began, beat, model) values (?, ?, ?, ?, ?)",
                (platform.node(), os.getpid(), now, now, model),
            )
            self.run = int(entered.lastrowid or 0)
        return self.run

    def tell_run(self, **values: float | str) -> None:
        """Write what is known of the run; names are those of its columns, such as `n_files`."""
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as database:
            database.execute(f"update run set {columns} where id = ?", (*values.values(), self.run))

    def beat(self) -> Wanted:
        """Say that the run goes on; returns what somebody has asked of it."""
        with self._writing() as database:
            database.execute("update run set beat = ? where id = ?", (time.time(), self.run))
            found = database.execute("select wanted from run where id = ?", (self.run,)).fetchone()
        return Wanted(found[0]) if found else Wanted.GO

    def end_run(self, state: str) -> None:
        """Leave the run; what it had claimed is free."""
        with self._writing() as database:
            database.execute(
                "update run set ended = ?, state = ? where id = ?", (time.time(), state, self.run)
            )
            database.execute(
                "update file set state = 'waiting' where state = 'running' and run = ?", (self.run,)
            )

    def runs(self) -> list[RunRow]:
        """All runs, the newest last."""
        columns = (
            "id, host, pid, began, beat, ended, wanted, state, model, n_files, media_s, n_finished, n_skipped"
        )
        rows = self._ask(f"select {columns} from run order by id")
        return [_run(row) for row in rows]

    def ask_runs(self, wanted: Wanted) -> int:
        """Ask the runs that go on for something; returns how many there are."""
        alive = [run.number for run in self.runs() if run.is_alive]
        with self._writing() as database:
            database.executemany(
                "update run set wanted = ? where id = ?", [(wanted, number) for number in alive]
            )
        return len(alive)

    # Files

    def rows(self) -> dict[Path, LedgerRow]:
        """All files that it knows, by their paths."""
        return {row.path: row for row in map(self._row, self._ask(f"select {_ROW} from file"))}

    def row(self, path: Path) -> LedgerRow | None:
        """What it has on a file."""
        found = self._ask(f"select {_ROW} from file where path = ?", (self._key(path),))
        return self._row(found[0]) if found else None

    def _row(self, values: tuple[Any, ...]) -> LedgerRow:
        path, size, mtime_ns, digest, state, recognition, output, outputs, kind, has_transcript = values
        return LedgerRow(
            self.root / os.fsdecode(path),
            Identity(FileStamp(size, mtime_ns), digest) if size is not None else None,
            FileState(state),
            recognition,
            output,
            tuple(OutputStamp(where, stamp) for where, stamp in unpack_outputs(outputs)),
            ErrorKind(kind) if kind else None,
            bool(has_transcript),
        )

    def records(self) -> list[FileRecord]:
        """What is known of all files, in the order of their paths."""
        return [self._record(values) for values in self._ask(f"select {_RECORD} from file order by path")]

    def record(self, path: Path) -> FileRecord | None:
        """What is known of a file."""
        found = self._ask(f"select {_RECORD} from file where path = ?", (self._key(path),))
        return self._record(found[0]) if found else None

    def _record(self, values: tuple[Any, ...]) -> FileRecord:
        path, state, attempt, duration, work_s, finished, packed = values
        return unpack_record(
            packed,
            path=self.root / os.fsdecode(path),
            state=FileState(state),
            attempt=attempt,
            duration=duration,
            work_s=work_s,
            finished=finished,
        )

    def running(self) -> list[tuple[Path, float, float, int]]:
        """Files that are being worked on: path, position and duration in seconds, and the run that has it."""
        rows = self._ask(
            "select path, position, duration, run from file where state = 'running' order by path"
        )
        return [(self.root / os.fsdecode(path), *rest) for path, *rest in rows]

    def claim(
        self, path: Path, identity: Identity, recognition: str, output: str, duration: float
    ) -> Claim | None:
        """Take a file for this run alone; None where another run that goes on has it.

        Windows that were decoded with another content of the file, or with other options, are forgotten.

        Args:
            path: below the root.
            identity: of the file as it is now.
            recognition: digest of model and options.
            output: digest of what is written.
            duration: of the file, in seconds.
        """
        key, stamp = self._key(path), identity.stamp
        with self._writing() as database:
            found = database.execute(
                "select id, state, run, attempt, digest, recognition from file where path = ?", (key,)
            ).fetchone()
            if found is None:
                entered = database.execute(
                    "insert into file (path, state) values (?, 'running')", (key,)
                ).lastrowid
                found = (entered, "waiting", None, 0, identity.digest, recognition)
            number, state, owner, attempt, digest, before = found
            if state == "running" and owner != self.run and self._is_alive(database, owner):
                return None
            if (digest, before) != (identity.digest, recognition):
                self._forget_windows(database, number)
                database.execute("update file set transcript = null where id = ?", (number,))
            database.execute(
                "update file set size = ?, mtime_ns = ?, digest = ?, state = 'running', recognition = ?,"
                " output = ?, run = ?, attempt = ?, position = 0, duration = ?, error_kind = null"
                " where id = ?",
                (
                    *(stamp.size, stamp.mtime_ns, identity.digest, recognition, output),
                    *(self.run, attempt + 1, duration, number),
                ),
            )
        return Claim(number, attempt + 1)

    def _is_alive(self, database: sqlite3.Connection, run: int) -> bool:
        found = database.execute("select host, pid, beat, ended from run where id = ?", (run,)).fetchone()
        if found is None:
            return False
        host, pid, beat, ended = found
        return RunRow(run, host, pid, 0.0, beat, ended, Wanted.GO, "", "", 0, 0.0, 0, 0).is_alive

    def _forget_windows(self, database: sqlite3.Connection, file: int) -> None:
        database.execute("delete from chunk where file = ?", (file,))
        database.execute("delete from track where file = ?", (file,))

    def known(self, claim: Claim, track: int) -> DecodedTrack | None:
        """What has been decoded of a track of a claimed file; None if nothing has."""
        votes = self._ask(
            "select language, probability from track where file = ? and track = ?", (claim.file, track)
        )
        rows = self._ask("select content from chunk where file = ? and track = ?", (claim.file, track))
        chunks = [unpack_chunk(content) for (content,) in rows]
        if not votes and not chunks:
            return None
        vote = LanguageVote(*votes[0]) if votes else None
        return DecodedTrack(vote, {chunk.span: chunk for chunk in chunks})

    def add_decoded(self, claim: Claim, decoded: NewlyDecoded, position: float) -> bool:
        """Keep chunks that have been decoded; False where another run has the file now."""
        with self._writing() as database:
            owned = database.execute(
                "update file set position = ? where id = ? and run = ? and attempt = ? and state = 'running'",
                (position, claim.file, self.run, claim.attempt),
            )
            if not owned.rowcount:
                return False
            if decoded.language_vote:
                vote = decoded.language_vote
                database.execute(
                    "insert or replace into track values (?, ?, ?, ?)",
                    (claim.file, decoded.track, vote.language, vote.probability),
                )
            database.executemany(
                "insert or replace into chunk values (?, ?, ?, ?)",
                [(claim.file, decoded.track, one.span.start, pack_chunk(one)) for one in decoded.chunks],
            )
        return True

    def finish(
        self, claim: Claim, record: FileRecord, outputs: Iterable[OutputStamp], transcript: Transcript | None
    ) -> None:
        """Write how a claimed file ended. Of one that is done, the transcript is kept, and no windows."""
        with self._writing() as database:
            database.execute(
                "update file set state = ?, run = null, position = 0, duration = ?, work_s = ?, finished = ?,"
                " error_kind = ?, record = ?, outputs = ?, transcript = ?"
                " where id = ? and run = ? and attempt = ?",
                (
                    *(record.state, record.duration, record.work_s, record.finished, record.error_kind),
                    *(pack_record(record), pack_outputs((one.path, one.stamp) for one in outputs)),
                    *(pack_transcript(transcript) if transcript else None, claim.file),
                    *(self.run, claim.attempt),
                ),
            )
            if record.state is FileState.DONE:
                self._forget_windows(database, claim.file)

    def note(self, records: Iterable[FileRecord], recognition: str) -> None:
        """Write how files ended that nobody had to claim; those that are done stay so."""
        with self._writing() as database:
            for record in records:
                stamp = _stamp(record.path)
                database.execute(
                    "insert into file (path, size, mtime_ns, digest, state, recognition, finished,"
                    " error_kind, record) values (?, ?, ?, x'', ?, ?, ?, ?, ?)"
                    " on conflict (path) do update set size = excluded.size, mtime_ns = excluded.mtime_ns,"
                    " state = excluded.state, recognition = excluded.recognition,"
                    " finished = excluded.finished, error_kind = excluded.error_kind,"
                    " record = excluded.record where state not in ('done', 'running')",
                    (
                        *(self._key(record.path), stamp and stamp.size, stamp and stamp.mtime_ns),
                        *(record.state, recognition, record.finished, record.error_kind),
                        pack_record(record),
                    ),
                )

    def let_go(self, claim: Claim) -> None:
        """Give back a claimed file; its windows are kept."""
        with self._writing() as database:
            database.execute(
                "update file set state = 'waiting', run = null where id = ? and run = ? and attempt = ?",
                (claim.file, self.run, claim.attempt),
            )

    def transcript(self, path: Path) -> Transcript | None:
        """The transcript of a file that is done; None where none is kept."""
        found = self._ask(
            "select transcript from file where path = ? and transcript not null", (self._key(path),)
        )
        return unpack_transcript(found[0][0]) if found else None

    def restamp(self, path: Path, identity: Identity) -> None:
        """A file has another stamp, and the same content."""
        with self._writing() as database:
            database.execute(
                "update file set size = ?, mtime_ns = ? where path = ?",
                (identity.stamp.size, identity.stamp.mtime_ns, self._key(path)),
            )

    def heard(self, recognition: str) -> tuple[float, float]:
        """Seconds of media that were heard with a model and options, and of work that they took."""
        (found,) = self._ask(
            "select coalesce(sum(duration), 0), coalesce(sum(work_s), 0) from file"
            " where recognition = ? and work_s > 0",
            (recognition,),
        )
        return float(found[0]), float(found[1])

    def same_content(self, digest: bytes) -> list[Path]:
        """Files with this content, of which a transcript is kept."""
        rows = self._ask("select path from file where digest = ? and transcript not null", (digest,))
        return [self.root / os.fsdecode(path) for (path,) in rows]

    def adopt(self, path: Path, like: Path, identity: Identity) -> None:
        """A file has the content of another one: what is known of that is known of it.

        Where that one is gone, it was renamed; its row moves. None of its outputs are the new one's.
        """
        with self._writing() as database:
            database.execute("delete from file where path = ?", (self._key(path),))
            database.execute(
                "insert into file (path, size, mtime_ns, digest, state, recognition, duration, work_s,"
                " record, transcript)"
                " select ?, ?, ?, digest, 'done', recognition, duration, work_s, record, transcript"
                " from file where path = ?",
                (self._key(path), identity.stamp.size, identity.stamp.mtime_ns, self._key(like)),
            )
            if not like.exists():
                database.execute("delete from file where path = ?", (self._key(like),))

    def _key(self, path: Path) -> bytes:
        return os.fsencode(path.relative_to(self.root))


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


def _stamp(path: Path) -> FileStamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None


def _run(values: tuple[Any, ...]) -> RunRow:
    number, host, pid, began, beat, ended, wanted, *rest = values
    return RunRow(number, host, pid, began, beat, ended, Wanted(wanted), *rest)
