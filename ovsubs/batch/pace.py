"""Progress of the files in work -> how fast the run is, and which of them are nearly done."""

from __future__ import annotations

import math
import time
from pathlib import Path

from ovsubs.library.events import FileProgress


class Pace:
    """Positions of the files in work, and the speed of all of them together."""

    def __init__(self) -> None:
        self._positions = dict[Path, tuple[float, float]]()  # position and duration, in seconds
        self._media_s = 0.0
        self._began = time.monotonic()

    @property
    def rtfx(self) -> float:
        """Seconds of media in a second, since the first file came on; 0.0 before that."""
        seconds = time.monotonic() - self._began
        return self._media_s / seconds if seconds > 0.0 else 0.0

    def advance(self, event: FileProgress) -> None:
        """A file has come on."""
        before, _ = self._positions.get(event.file.path, (0.0, 0.0))
        if not self._media_s:
            self._began = time.monotonic()
        self._media_s += max(0.0, event.position - before)
        self._positions[event.file.path] = (event.position, event.duration)

    def end(self, path: Path) -> None:
        """A file is done, or given up."""
        self._positions.pop(path, None)

    def worth_finishing(self, seconds: float) -> list[Path]:
        """Files in work that are done within so many seconds, at the speed so far."""
        if math.isinf(seconds):
            return list(self._positions)
        within = self.rtfx * seconds
        left = {path: duration - position for path, (position, duration) in self._positions.items()}
        return [path for path, media_s in left.items() if media_s <= within]
