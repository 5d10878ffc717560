"""Files to be done -> the one that is next: in order, those that failed again after a while."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator

from ovsubs.batch.control import Control
from ovsubs.library.plan import PlannedFile

_BACK_OFF_S = (30.0, 300.0, 1800.0)  # before the second try, the third and each further one


class WorkQueue(Iterator[PlannedFile | None]):
    """Files in order; None where there is none for now, and the end when there will be no more.

    That is so when all that it gave have been told as ended. One thread uses it.
    """

    def __init__(self, files: Iterable[PlannedFile], control: Control) -> None:
        self._waiting = deque(files)
        self._control = control
        self._put_off = list[tuple[float, int, PlannedFile]]()  # when, number, file: a heap
        self._n_put_off = 0
        self._n_out = 0

    @property
    def n_out(self) -> int:
        """How many files have been given and not told as ended."""
        return self._n_out

    def __next__(self) -> PlannedFile | None:
        if self._control.is_stopping:
            raise StopIteration
        if self._control.is_paused:
            return None
        if self._put_off and self._put_off[0][0] <= time.monotonic():
            self._n_out += 1
            return heapq.heappop(self._put_off)[2]
        if self._waiting:
            self._n_out += 1
            return self._waiting.popleft()
        if self._put_off or self._n_out:
            return None
        raise StopIteration

    def add(self, file: PlannedFile) -> None:
        """Take in another file, behind the others."""
        self._waiting.append(file)

    def ended(self) -> None:
        """A file that was given is done, or has failed for good."""
        self._n_out -= 1

    def put_off(self, file: PlannedFile, attempt: int) -> float:
        """Give a file again after a while, in seconds, that is longer after each attempt; returns it."""
        back_off_s = _BACK_OFF_S[min(attempt, len(_BACK_OFF_S)) - 1]
        self._n_out -= 1
        self._n_put_off += 1
        heapq.heappush(self._put_off, (time.monotonic() + back_off_s, self._n_put_off, file))
        return back_off_s

    def give_back(self, file: PlannedFile) -> None:
        """Give a file again as soon as it goes on: it was not the file's fault."""
        self._n_out -= 1
        self._waiting.appendleft(file)
