"""Results of files -> rows of the ledger: outputs are on the disk before a row tells of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ovsubs.audio.source import AudioSource
from ovsubs.batch.failures import kind_of
from ovsubs.batch.ledger.identity import Identity, identify, stamp_of
from ovsubs.batch.ledger.ledger import Claim, Ledger, OutputStamp
from ovsubs.batch.plan import BatchPlan
from ovsubs.batch.record import FileRecord, FileState
from ovsubs.errors import FileInUse
from ovsubs.library.events import FileProgress
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.plan import PlannedFile
from ovsubs.recognition.decoded import DecodedTrack

_STATES = {
    Status.DONE: FileState.DONE,
    Status.SKIPPED: FileState.SKIPPED,
    Status.FAILED: FileState.FAILED,
}


class Recorder:
    """What a run has claimed, and what it writes of it. Other threads may call `claim` and `known`."""

    def __init__(self, plan: BatchPlan) -> None:
        self._plan = plan
        self._claims = dict[Path, Claim]()

    def claim(self, file: PlannedFile) -> Claim:
        """Take a file for this run; again it is the same claim.

        Raises:
            FileInUse: another run has it.
            OSError: it cannot be read.
        """
        if file.path in self._claims:
            return self._claims[file.path]
        digests, identity = self._plan.digests, identify(file.path)
        if self._is_done(file, identity):
            raise FileInUse(file.path)
        claim = self._ledger(file.path).claim(
            file.path, identity, digests.recognition, digests.output, file.duration
        )
        if claim is None:
            raise FileInUse(file.path)
        self._claims[file.path] = claim
        return claim

    def _is_done(self, file: PlannedFile, identity: Identity) -> bool:
        """Whether another run has done a file since this one was planned."""
        row, digests = self._ledger(file.path).row(file.path), self._plan.digests
        return (
            row is not None
            and row.finished >= self._plan.made_at
            and (row.state, row.identity and row.identity.digest) == (FileState.DONE, identity.digest)
            and (row.recognition, row.output) == (digests.recognition, digests.output)
            and bool(row.outputs)
            and all(one.path.is_file() for one in row.outputs)
            and set(file.formats) <= {one.path.suffix.lower().removeprefix(".") for one in row.outputs}
        )

    def known(self, file: PlannedFile, source: AudioSource) -> DecodedTrack | None:
        """What has been decoded of a track in earlier runs; claims its file.

        Raises:
            FileInUse, OSError: see `claim`.
        """
        claim = self.claim(file)
        track = source.origin.choice.track.index if source.origin else 0
        return self._ledger(file.path).known(claim, track)

    def progress(self, event: FileProgress) -> None:
        """Keep the windows that have been decoded."""
        claim = self._claims.get(event.file.path)
        if claim is not None:
            self._ledger(event.file.path).add_decoded(claim, event.decoded, event.position)

    def attempt(self, path: Path) -> int:
        """How often a file has been tried, this time included; 1 where it was not even opened."""
        return self._claims[path].attempt if path in self._claims else 1

    def put_off(self, path: Path) -> None:
        """Give a claimed file back, to be tried again."""
        claim = self._claims.pop(path, None)
        if claim is not None:
            self._ledger(path).let_go(claim)

    def note(self, results: Sequence[FileResult]) -> None:
        """Write how files ended that needed no work: those below a root, and not what stands for a folder."""
        of_ledger = dict[Ledger, list[FileRecord]]()
        for result in results:
            ledger = self._plan.ledgers.get(result.path)
            if ledger is not None:
                of_ledger.setdefault(ledger, []).append(self._record(result))
        for ledger, records in of_ledger.items():
            ledger.note(records, self._plan.digests.recognition)

    def finish(self, file: PlannedFile, result: FileResult) -> FileRecord:
        """Write how a file ended."""
        record = self._record(result)
        claim = self._claims.pop(file.path, None)
        if claim is not None:
            self._ledger(file.path).finish(claim, record, _stamped(result.outputs), result.transcript)
        return record

    def _record(self, result: FileResult) -> FileRecord:
        transcript, report, error = result.transcript, result.report, result.error
        is_failed = result.status is Status.FAILED
        return FileRecord(
            path=result.path,
            state=_STATES[result.status],
            why=result.why,
            error_code=getattr(error, "code", type(error).__name__) if error is not None else "",
            error_kind=kind_of(error) if error is not None and is_failed else None,
            attempt=self.attempt(result.path),
            duration=transcript.duration if transcript else 0.0,
            work_s=transcript.seconds if transcript else 0.0,
            language=transcript.language if transcript else "",
            language_probability=transcript.language_probability if transcript else 0.0,
            n_cues=report.figures.n_cues if report else 0,
            n_errors=len(report.errors) if report else 0,
            median_cps=report.figures.median_cps if report else 0.0,
            outputs=result.outputs,
            doubtful=result.to_review,
            finished=time.time(),
        )

    def _ledger(self, path: Path) -> Ledger:
        return self._plan.ledger_of(path)


def _stamped(outputs: Sequence[Path]) -> list[OutputStamp]:
    """Outputs as they are on the disk; what has gone since is not there."""
    stamped = list[OutputStamp]()
    for path in outputs:
        with suppress(OSError):
            stamped.append(OutputStamp(path, stamp_of(path)))
    return stamped
