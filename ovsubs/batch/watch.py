"""A library that grows -> plans of the files that are new, once each has stood still for a while.

Folders are looked at again and again: that works on every kind of disk, where notices of changes do not come
from network disks. Only what is not known yet costs more than a look at its stamp.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ovsubs.audio.streams import FileStamp
from ovsubs.batch.ledger.identity import stamp_of
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.plan import BatchOptions, BatchPlan, Digests, plan_library, root_of
from ovsubs.errors import MediaError
from ovsubs.library.find import Found
from ovsubs.library.plan import find

STILL_S = 10.0  # a file is taken when its size and time have not changed for so long
_EACH_S = 5.0
_YOUNG_S = 600.0  # what breaks off may still be written


class Watcher:
    """Looks for new files; what has been planned once is not looked at again until it changes."""

    def __init__(
        self, named: Sequence[Path], ledgers: Sequence[Ledger], options: BatchOptions, digests: Digests
    ) -> None:
        """Arguments are those of `make_batch_plan`."""
        self._named, self._ledgers, self._options, self._digests = named, ledgers, options, digests
        self._taken = dict[Path, FileStamp]()  # as they were planned
        self._seen = dict[Path, tuple[FileStamp, float]]()  # as they were, and since when
        self._next_look = 0.0

    def take(self, paths: Sequence[Path]) -> None:
        """These have been planned already."""
        for path in paths:
            if stamp := _stamp(path):
                self._taken[path] = stamp

    def look(self) -> BatchPlan | None:
        """A plan of what is new; None if nothing is, or it is too early to look again."""
        now = time.monotonic()
        if now < self._next_look:
            return None
        self._next_look = now + _EACH_S
        found = [find(one, self._options.subtitle) for one in self._named]
        still = [
            replace(each, files=tuple(file for file in each.files if self._is_new(file.path, now)))
            for each in found
            if isinstance(each, Found)
        ]
        if len(still) < len(found) or not any(each.files for each in still):
            return None  # a root may be away for a while
        roots = [root_of(one) for one in self._named]
        plan = plan_library(still, roots, self._ledgers, self._options, self._digests)
        self.take([file.path for each in still for file in each.files])
        return self._whole(plan)

    def _whole(self, plan: BatchPlan) -> BatchPlan:
        """The plan without files that cannot be read yet: a copy may stand still for longer."""
        results = plan.plan.settled
        is_young = [isinstance(result.error, MediaError) and _is_young(result.path) for result in results]
        for result, young in zip(results, is_young, strict=True):
            if young:
                self._taken.pop(result.path, None)
        settled = tuple(result for result, young in zip(results, is_young, strict=True) if not young)
        return replace(plan, plan=replace(plan.plan, settled=settled))

    def _is_new(self, path: Path, now: float) -> bool:
        """Whether a file is not known as it is, and has stood still."""
        stamp = _stamp(path)
        if stamp is None or self._taken.get(path) == stamp:
            return False
        before, since = self._seen.get(path, (None, now))
        if before != stamp:
            self._seen[path] = (stamp, now)
            return False
        return now - since >= STILL_S


def _is_young(path: Path) -> bool:
    stamp = _stamp(path)
    return stamp is not None and time.time() - stamp.mtime_ns / 1e9 < _YOUNG_S


def _stamp(path: Path) -> FileStamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None
