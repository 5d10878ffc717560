"""What has become of the files of a library, and of their windows: one SQLite file for each root.

A killed process loses nothing that was committed (write-ahead log); after a power cut the last commits may be
missing (`synchronous=NORMAL`), so that some windows are decoded again. Outputs are on the disk before the row
that tells of them, and a row is believed only where its outputs are there: files are the truth.

One run writes from several threads, with one connection; other runs and `ovsubs status` have their own.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ovsubs.audio.streams import FileStamp
from ovsubs.batch.ledger.database import Database, root_in
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
from ovsubs.batch.ledger.runs import Runs
from ovsubs.batch.record import ErrorKind, FileRecord, FileState
from ovsubs.errors import UnusableLedger
from ovsubs.file_events import NewlyDecoded
from ovsubs.recognition.decoded import DecodedTrack
from ovsubs.transcript import Transcript
from ovsubs.whisper.language_vote import LanguageVote

_ROW = (
    "path, size, mtime_ns, digest, state, recognition, output, outputs, error_kind, finished,"
    " transcript not null"
)
_RECORD = "path, state, attempt, duration, work_s, finished, record"


@dataclass(frozen=True, slots=True)
class OutputStamp:
    """A file that was written, as it was then."""

    path: Path
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the ledger has on a file. `recognition` and `output` are digests of what it was made with.

    `finished`: when it ended, in seconds since 1970; 0.0 where it has not.
    """

    path: Path
    identity: Identity | None
    state: FileState
    recognition: str
    output: str
    outputs: tuple[OutputStamp, ...]
    error_kind: ErrorKind | None
    finished: float
    has_transcript: bool


@dataclass(frozen=True, slots=True)
class FileInWork:
    """A file that is being heard; `position` of `duration`, in seconds."""

    path: Path
    position: float
    duration: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this run alone works on. A run that took it over has a higher `attempt`."""

    file: int
    attempt: int


class Ledger:
    """The ledger of one root; use it with `with`, or close it. Several threads may use it at once."""

    def __init__(self, path: Path, root: Path) -> None:
        """Open it; see `Database`.

        Raises:
            UnusableLedger: it cannot be opened or made, or is another root's or a later version's.
        """
        self.path, self.root = path, root
        self._database = Database(path, root)
        self.runs = Runs(self._database)

    @classmethod
    def copy_of(cls, path: Path, root: Path) -> Ledger:
        """A ledger in memory with all that a file holds, or with nothing if there is none: to look and try.

        Raises:
            UnusableLedger: it cannot be read, or is another root's.
        """
        if path.exists() and root_in(path) != Path(os.path.realpath(root)):
            raise UnusableLedger(path, f"it belongs to {root_in(path)}")
        copy = cls(Path(":memory:"), root)
        if path.exists():
            copy._database.fill_from(path)
        return copy

    def close(self) -> None:
        """Let go of the file. A second time does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def rows(self) -> dict[Path, LedgerRow]:
        """All files that it knows, by their paths."""
        return {row.path: row for row in map(self._row, self._database.ask(f"select {_ROW} from file"))}

    def row(self, path: Path) -> LedgerRow | None:
        """What it has on a file."""
        found = self._database.ask(f"select {_ROW} from file where path = ?", (self._database.key(path),))
        return self._row(found[0]) if found else None

    def _row(self, values: tuple[Any, ...]) -> LedgerRow:
        path, size, mtime_ns, digest, state, recognition, output, outputs, *rest = values
        kind, finished, has_transcript = rest
        return LedgerRow(
            self._database.path_of(path),
            Identity(FileStamp(size, mtime_ns), digest) if size is not None else None,
            FileState(state),
            recognition,
            output,
            tuple(OutputStamp(where, stamp) for where, stamp in unpack_outputs(outputs)),
            ErrorKind(kind) if kind else None,
            finished,
            bool(has_transcript),
        )

    def records(self) -> list[FileRecord]:
        """What is known of all files, in the order of their paths."""
        return [
            self._record(values) for values in self._database.ask(f"select {_RECORD} from file order by path")
        ]

    def record(self, path: Path) -> FileRecord | None:
        """What is known of a file."""
        found = self._database.ask(f"select {_RECORD} from file where path = ?", (self._database.key(path),))
        return self._record(found[0]) if found else None

    def _record(self, values: tuple[Any, ...]) -> FileRecord:
        path, state, attempt, duration, work_s, finished, packed = values
        return unpack_record(
            packed,
            path=self._database.path_of(path),
            state=FileState(state),
            attempt=attempt,
            duration=duration,
            work_s=work_s,
            finished=finished,
        )

    def in_work(self) -> list[FileInWork]:
        """Files that are being worked on, in the order of their paths."""
        rows = self._database.ask(
            "select path, position, duration from file where state = 'running' order by path"
        )
        return [FileInWork(self._database.path_of(path), *rest) for path, *rest in rows]

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
        key, stamp = self._database.key(path), identity.stamp
        with self._database.writing() as database:
            found = database.execute(
                "select id, state, run, attempt, digest, recognition from file where path = ?", (key,)
            ).fetchone()
            if found is None:
                entered = database.execute(
                    "insert into file (path, state) values (?, 'running')", (key,)
                ).lastrowid
                found = (entered, "waiting", None, 0, identity.digest, recognition)
            number, state, owner, attempt, digest, before = found
            if state == "running" and owner != self.runs.own and self.runs.is_alive(owner):
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
                    *(self.runs.own, attempt + 1, duration, number),
                ),
            )
        return Claim(number, attempt + 1)

    def _forget_windows(self, database: sqlite3.Connection, file: int) -> None:
        database.execute("delete from chunk where file = ?", (file,))
        database.execute("delete from track where file = ?", (file,))

    def known(self, claim: Claim, track: int) -> DecodedTrack | None:
        """What has been decoded of a track of a claimed file; None if nothing has."""
        votes = self._database.ask(
            "select language, probability from track where file = ? and track = ?", (claim.file, track)
        )
        rows = self._database.ask(
            "select content from chunk where file = ? and track = ?", (claim.file, track)
        )
        chunks = [unpack_chunk(content) for (content,) in rows]
        if not votes and not chunks:
            return None
        vote = LanguageVote(*votes[0]) if votes else None
        return DecodedTrack(vote, {chunk.span: chunk for chunk in chunks})

    def add_decoded(self, claim: Claim, decoded: NewlyDecoded, position: float) -> bool:
        """Keep chunks that have been decoded; False where another run has the file now."""
        with self._database.writing() as database:
            owned = database.execute(
                "update file set position = ? where id = ? and run = ? and attempt = ? and state = 'running'",
                (position, claim.file, self.runs.own, claim.attempt),
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
        """Write how a claimed file ended. Of one that is done, the transcript is kept, and no windows.

        Of one that is not, what is known of its outputs and of what was heard stays.
        """
        is_done = record.state is FileState.DONE
        written = pack_outputs((one.path, one.stamp) for one in outputs) if is_done else None
        with self._database.writing() as database:
            owned = database.execute(
                "update file set state = ?, run = null, position = 0, duration = ?, work_s = ?, finished = ?,"
                " error_kind = ?, record = ?, outputs = coalesce(?, outputs),"
                " transcript = coalesce(?, transcript) where id = ? and run = ? and attempt = ?",
                (
                    *(record.state, record.duration, record.work_s, record.finished, record.error_kind),
                    *(pack_record(record), written, pack_transcript(transcript) if transcript else None),
                    *(claim.file, self.runs.own, claim.attempt),
                ),
            )
            if is_done and owned.rowcount:
                self._forget_windows(database, claim.file)

    def note(self, records: Iterable[FileRecord], recognition: str) -> None:
        """Write how files ended that nobody had to claim; those that are done, or in work, stay so.

        What was heard of them, perhaps with other options, is forgotten.
        """
        with self._database.writing() as database:
            for record in records:
                stamp = _stamp(record.path)
                database.execute(
                    "insert into file (path, size, mtime_ns, digest, state, recognition, finished,"
                    " error_kind, record) values (?, ?, ?, x'', ?, ?, ?, ?, ?)"
                    " on conflict (path) do update set size = excluded.size, mtime_ns = excluded.mtime_ns,"
                    " digest = x'', transcript = null, state = excluded.state,"
                    " recognition = excluded.recognition,"
                    " finished = excluded.finished, error_kind = excluded.error_kind,"
                    " record = excluded.record where state not in ('done', 'running')",
                    (
                        *(self._database.key(record.path), stamp and stamp.size, stamp and stamp.mtime_ns),
                        *(record.state, recognition, record.finished, record.error_kind),
                        pack_record(record),
                    ),
                )
                found = database.execute(
                    "select id from file where path = ? and state not in ('done', 'running')",
                    (self._database.key(record.path),),
                ).fetchone()
                if found:
                    self._forget_windows(database, found[0])

    def let_go(self, claim: Claim) -> None:
        """Give back a claimed file; its windows are kept."""
        with self._database.writing() as database:
            database.execute(
                "update file set state = 'waiting', run = null where id = ? and run = ? and attempt = ?",
                (claim.file, self.runs.own, claim.attempt),
            )

    def transcript(self, path: Path) -> Transcript | None:
        """The transcript of a file that is done; None where none is kept."""
        found = self._database.ask(
            "select transcript from file where path = ? and transcript not null", (self._database.key(path),)
        )
        return unpack_transcript(found[0][0]) if found else None

    def restamp(self, path: Path, identity: Identity) -> None:
        """A file has another stamp, and the same content."""
        with self._database.writing() as database:
            database.execute(
                "update file set size = ?, mtime_ns = ? where path = ?",
                (identity.stamp.size, identity.stamp.mtime_ns, self._database.key(path)),
            )

    def heard(self, recognition: str) -> tuple[float, float]:
        """Seconds of media that were heard with a model and options, and of work that they took."""
        (found,) = self._database.ask(
            "select coalesce(sum(duration), 0), coalesce(sum(work_s), 0) from file"
            " where recognition = ? and work_s > 0",
            (recognition,),
        )
        return float(found[0]), float(found[1])

    def same_content(self, digest: bytes) -> list[Path]:
        """Files with this content, of which a transcript is kept."""
        rows = self._database.ask("select path from file where digest = ? and transcript not null", (digest,))
        return [self._database.path_of(path) for (path,) in rows]

    def adopt(self, path: Path, like: Path, identity: Identity) -> None:
        """A file has the content of another one: what is known of that is known of it.

        Where that one is gone, it was renamed; its row moves. None of its outputs are the new one's.
        """
        stamp = identity.stamp
        with self._database.writing() as database:
            database.execute("delete from file where path = ?", (self._database.key(path),))
            database.execute(
                "insert into file (path, size, mtime_ns, digest, state, recognition, duration, work_s,"
                " record, transcript)"
                " select ?, ?, ?, digest, 'done', recognition, duration, work_s, record, transcript"
                " from file where path = ?",
                (
                    self._database.key(path),
                    stamp.size,
                    stamp.mtime_ns,
                    self._database.key(like),
                ),
            )
            if not like.exists():
                database.execute("delete from file where path = ?", (self._database.key(like),))


def _stamp(path: Path) -> FileStamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None
