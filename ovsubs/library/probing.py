"""Files -> what they hold, several looked at a time, some ahead of the one that is asked for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from ovsubs.audio.media import probe
from ovsubs.audio.streams import Media

_AHEAD = 4  # times as many as are looked at


class ProbeAhead:
    """Probes files in threads; use it with `with`.

    Each probe has the time limit of ffmpeg's calls, so that a share that hangs holds up nobody for ever.
    """

    def __init__(self, paths: Iterable[Path], n_threads: int | None = None) -> None:
        """`paths` are those that will be asked for, nearly all of them, and in this order."""
        # A probe waits for the disk and for a process to start more than it computes.
        self._n_threads = n_threads or min(8, 2 * (os.cpu_count() or 1))
        self._waiting = deque(paths)
        self._running = dict[Path, Future[Media]]()
        self._pool = ThreadPoolExecutor(self._n_threads, "probe")

    def probe(self, path: Path) -> Media:
        """What a file holds; see `ovsubs.audio.media.probe`.

        Raises:
            MediaError: it cannot be read.
        """
        self._fill()
        future = self._running.pop(path, None)
        if future is None:  # nobody expected it
            return probe(path)
        media = future.result()
        self._fill()
        return media

    def _fill(self) -> None:
        while self._waiting and len(self._running) < _AHEAD * self._n_threads:
            path = self._waiting.popleft()
            if path not in self._running:
                self._running[path] = self._pool.submit(probe, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
