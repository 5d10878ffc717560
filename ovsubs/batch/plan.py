"""Roots of a library, and what their ledgers know -> what is to be done, and what is not, and why."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

from ovsubs.audio.track_language import same_language
from ovsubs.batch.jobs.shards import Shard
from ovsubs.batch.ledger.digests import output_digest, recognition_digest
from ovsubs.batch.ledger.identity import Identity, identify, stamp_of
from ovsubs.batch.ledger.ledger import Ledger, LedgerRow
from ovsubs.batch.record import ErrorKind, FileState
from ovsubs.bounds import check_count, check_number
from ovsubs.errors import NoAudioStream
from ovsubs.library.embedded import embedded_subtitles
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.find import Found
from ovsubs.library.plan import Plan, PlannedFile, SubtitleOptions, find, plan_found
from ovsubs.video.writing import ignore

_TEXT_BYTES_PER_S = 30  # of dense speech in SRT: 100 kB an hour


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What is wanted of an unattended run.

    `subtitle`: what is written for each file. `min_duration_s`: shorter ones are skipped. `ignore_embedded`:
    subtitle tracks in a video do not count as there. `retry_failed`: try files again that failed for good.
    `max_attempts`: at a file whose error may pass. `time_limit_s`: for each file. `shard`: the part of the
    files that is this run's. `n_doubtful`: places of each file that are most likely wrong, for the report.

    Raises:
        InvalidOption: a number is out of its range.
    """

    subtitle: SubtitleOptions = field(default_factory=SubtitleOptions)
    min_duration_s: float = 0.0
    ignore_embedded: bool = False
    retry_failed: bool = False
    max_attempts: int = 3
    time_limit_s: float = math.inf
    shard: Shard | None = None
    n_doubtful: int = 20

    def __post_init__(self) -> None:
        check_number("min_duration_s", self.min_duration_s, "give at least 0", least=0.0)
        check_count("max_attempts", self.max_attempts, "give at least 1", least=1)
        if math.isfinite(self.time_limit_s):
            check_number("time_limit_s", self.time_limit_s, "give more than 0", least=0.001)


@dataclass(frozen=True, slots=True)
class Digests:
    """What everything that is made in this run depends on, besides the files."""

    recognition: str
    output: str

    @classmethod
    def of(cls, options: SubtitleOptions, model_dir: Path) -> Digests:
        """Those of options and a model."""
        return cls(recognition_digest(options.transcribe, model_dir), output_digest(options))


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a run is to do.

    `plan`: files that are to be heard, whose language decides, or that need copies; and what is settled.
    `renders`: files of which a transcript is kept, so that nothing is to be heard. `finished` are done, as
    the ledger knows and the disk confirms; `failed_before` failed for good in an earlier run. `ledgers` has
    the one of each planned file. `made_at` is when it was begun, in seconds since 1970.
    """

    plan: Plan
    renders: tuple[PlannedFile, ...]
    finished: tuple[Path, ...]
    failed_before: tuple[FileResult, ...]
    ledgers: dict[Path, Ledger]
    digests: Digests
    made_at: float

    @property
    def duration(self) -> float:
        """Of all that is to be heard, in seconds."""
        return sum(file.duration for file in self.plan.files)

    @property
    def paths(self) -> list[Path]:
        """All files that it speaks of, those that need nothing among them."""
        planned = (*self.renders, *self.plan.files, *self.plan.undecided, *self.plan.copies)
        results = (*self.plan.settled, *self.failed_before)
        return [*(file.path for file in planned), *(result.path for result in results), *self.finished]

    def ledger_of(self, path: Path) -> Ledger:
        """The ledger that knows a file of the plan."""
        return self.ledgers[path]


class _Standing(Enum):
    FRESH = auto()
    RENDER = auto()
    FINISHED = auto()
    FAILED = auto()


_TO_DO = (_Standing.FRESH, _Standing.RENDER)


@dataclass(frozen=True, slots=True)
class _Known:
    """How a file stands, and what of its outputs may be replaced since we wrote them."""

    standing: _Standing
    ours: frozenset[Path] = frozenset()


def root_of(named: Path) -> Path:
    """The folder whose ledger knows what is named: the folder itself, or that of a file."""
    return named if named.is_dir() else named.parent


def make_batch_plan(
    named: Sequence[Path],
    ledgers: Sequence[Ledger],
    options: BatchOptions,
    digests: Digests,
    on_file: Callable[[int, int], None] = ignore,
) -> BatchPlan:
    """Look at all files of a library; those that are done are only asked for their stamps.

    Args:
        named: folders, or files.
        ledgers: of each of them.
        options: of the run.
        digests: of options and model.
        on_file: called with how many of those that are not done have been looked at, and how many there are.
    """
    found = [find(one, options.subtitle) for one in named]
    return plan_library(found, [root_of(one) for one in named], ledgers, options, digests, on_file)


def plan_library(
    found: Sequence[Found | FileResult],
    roots: Sequence[Path],
    ledgers: Sequence[Ledger],
    options: BatchOptions,
    digests: Digests,
    on_file: Callable[[int, int], None] = ignore,
) -> BatchPlan:
    """The same of files that have been found; `roots` are the folders of each."""
    made_at = time.time()
    looked_at, ledger_of, known = list[Found | FileResult](), dict[Path, Ledger](), dict[Path, _Known]()
    failed_before, finished = list[FileResult](), list[Path]()
    for each, root, ledger in zip(found, roots, ledgers, strict=True):
        if isinstance(each, FileResult):
            looked_at.append(each)
            continue
        mine, look = _of_shard(each, root, options.shard), _Look(ledger, digests, options)
        known |= {file.path: look.at(file.path) for file in mine.files}
        ledger_of |= {file.path: ledger for file in mine.files}
        to_do = tuple(file for file in mine.files if known[file.path].standing in _TO_DO)
        looked_at.append(replace(mine, files=to_do))
        failed_before += look.failed_before
        finished += look.finished
    ours = {path: one.ours for path, one in known.items() if one.ours}
    plan = plan_found(looked_at, options.subtitle, on_file, ours)
    rendered = {path for path, one in known.items() if one.standing is _Standing.RENDER}
    to_hear, skipped = _worth_hearing(plan.files, rendered, options)
    return BatchPlan(
        replace(plan, files=to_hear, settled=(*map(_mild, plan.settled), *skipped)),
        tuple(file for file in plan.files if file.path in rendered),
        tuple(finished),
        tuple(failed_before),
        ledger_of,
        digests,
        made_at,
    )


def _of_shard(found: Found, top: Path, shard: Shard | None) -> Found:
    if shard is None:
        return found
    return replace(
        found, files=tuple(file for file in found.files if shard.takes(file.path.relative_to(top)))
    )


class _Look:
    """What a ledger knows of the files that were found, compared with the files."""

    def __init__(self, ledger: Ledger, digests: Digests, options: BatchOptions) -> None:
        self._ledger, self._digests, self._options = ledger, digests, options
        self._rows = ledger.rows()
        self._sizes = {row.identity.stamp.size for row in self._rows.values() if row.identity}
        self.failed_before = list[FileResult]()
        self.finished = list[Path]()

    def at(self, path: Path) -> _Known:
        """How a file stands. What cannot be read is fresh: the plan tells why."""
        try:
            return self._at(path)
        except OSError:
            return _Known(_Standing.FRESH)

    def _at(self, path: Path) -> _Known:
        row = self._rows.get(path)
        row = self._renamed(path) if row is None else row
        if row is None or row.identity is None:
            return _Known(_Standing.FRESH)
        ours = frozenset(one.path for one in row.outputs if _is_as_written(one.path, one.stamp))
        if not self._has_same_content(path, row.identity):
            return _Known(_Standing.FRESH, ours)
        is_current = row.recognition == self._digests.recognition
        if row.state is FileState.FAILED and is_current and row.error_kind is ErrorKind.LASTING:
            return self._failed(path)
        if not is_current or not row.has_transcript or self._options.subtitle.overwrite:
            return _Known(_Standing.FRESH, ours)
        is_done = row.state is FileState.DONE and row.output == self._digests.output
        if is_done and self._are_there(row):
            self.finished.append(path)
            return _Known(_Standing.FINISHED)
        return _Known(_Standing.RENDER, ours)

    def _are_there(self, row: LedgerRow) -> bool:
        """Whether all that was written is there, and in each format that is wanted now."""
        written = {one.path.suffix.lower().removeprefix(".") for one in row.outputs}
        has_all = written.issuperset(self._options.subtitle.formats)
        return has_all and all(one.path.is_file() for one in row.outputs)

    def _failed(self, path: Path) -> _Known:
        if self._options.retry_failed:
            return _Known(_Standing.FRESH)
        record = self._ledger.record(path)
        told = record.why if record else str(path)
        why = f"{told} (in an earlier run; `retry_failed` tries again)"
        self.failed_before.append(FileResult(path, Status.FAILED, why=why))
        return _Known(_Standing.FAILED)

    def _has_same_content(self, path: Path, known: Identity) -> bool:
        if stamp_of(path) == known.stamp:
            return True
        now = identify(path)
        if now.digest != known.digest:
            return False
        self._ledger.restamp(path, now)
        return True

    def _renamed(self, path: Path) -> LedgerRow | None:
        """The row of a file that had another name, or of one with the same content."""
        if stamp_of(path).size not in self._sizes:
            return None
        now = identify(path)
        like = next(iter(self._ledger.same_content(now.digest)), None)
        if like is None or like == path:
            return None
        self._ledger.adopt(path, like, now)
        return self._ledger.row(path)


def _is_as_written(path: Path, stamp: object) -> bool:
    """Whether an output is there, and nobody has changed it since."""
    with suppress(OSError):
        return stamp_of(path) == stamp
    return False


def _worth_hearing(
    files: Sequence[PlannedFile], rendered: Collection[Path], options: BatchOptions
) -> tuple[tuple[PlannedFile, ...], list[FileResult]]:
    """The files that are to be heard, and those that are too short or have subtitles inside."""
    to_hear, skipped = list[PlannedFile](), list[FileResult]()
    for file in files:
        if file.path in rendered:
            continue
        why = _why_not(file, options)
        if why:
            skipped.append(FileResult(file.path, Status.SKIPPED, why=f"{file.path}: {why}"))
        else:
            to_hear.append(file)
    return tuple(to_hear), skipped


def _why_not(file: PlannedFile, options: BatchOptions) -> str | None:
    if file.duration < options.min_duration_s:
        return f"it lasts {file.duration:.1f} s, and `min_duration_s` is {options.min_duration_s:g}"
    if options.ignore_embedded or file.media is None or options.subtitle.overwrite:
        return None
    track = embedded_subtitles(file.media.contents, file.language or _tagged_language(file))
    if track is None:
        return None
    return f"it has a subtitle track in {track.language} already; `ignore_embedded` makes others all the same"


def _tagged_language(file: PlannedFile) -> str | None:
    """The language of all audio tracks, if they are tagged with one."""
    assert file.media is not None
    tags = [track.language for track in file.media.tracks if not track.commentary]
    first = tags[0] if tags else None
    if first is None or not all(tag and same_language(tag, first) for tag in tags):
        return None
    return first


def _mild(result: FileResult) -> FileResult:
    """A file without sound is no failure in a library: there is nothing to be done for it."""
    if isinstance(result.error, NoAudioStream):
        return FileResult(result.path, Status.SKIPPED, why=f"{result.path}: it has no audio track")
    return result


def disk_needed(plan: BatchPlan, options: SubtitleOptions) -> int:
    """Bytes that the run will write, roughly: text by the hour, copies as large as their videos."""
    n_copies = int(options.videos.embed) + int(options.videos.burn)
    copied = (*plan.plan.files, *plan.plan.copies) if n_copies else ()
    videos = sum(file.path.stat().st_size for file in copied if file.path.exists())
    return round(plan.duration * _TEXT_BYTES_PER_S * len(options.formats)) + n_copies * videos
