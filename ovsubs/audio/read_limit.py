"""How fast files may be read: one limit for all that this process, and its ffmpeg, read at a time.

A network disk that one program reads as fast as it can has nothing left for others.
"""

from __future__ import annotations

import sys
import threading
import time
from functools import lru_cache

from ovsubs.errors import InvalidOption

LEAST_BYTES_PER_S = 100_000  # slower than the audio of a file is read at its own pace


class ReadLimit:
    """Bytes a second that may be read, shared by all threads; without a limit at first."""

    def __init__(self) -> None:
        self._bytes_per_s: float | None = None
        self._lock = threading.Lock()
        self._free_at = 0.0  # when what was read so far is paid for

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self._bytes_per_s is not None

    def set(self, bytes_per_s: float | None) -> None:
        """Set the limit; None takes it away.

        Raises:
            InvalidOption: it is too low, or this system does not tell what is read.
        """
        if bytes_per_s is not None and bytes_per_s < LEAST_BYTES_PER_S:
            raise InvalidOption(
                "max_read", bytes_per_s / 1e6, f"give at least {LEAST_BYTES_PER_S / 1e6} MB/s"
            )
        if bytes_per_s is not None and sys.platform == "darwin":
            raise InvalidOption("max_read", bytes_per_s / 1e6, "macOS does not tell how much a program reads")
        self._bytes_per_s = bytes_per_s

    def wait_for(self, n_bytes: int, is_over: threading.Event) -> None:
        """Wait until so many bytes, which have been read, are within the limit, or nobody waits any more."""
        if self._bytes_per_s is None or n_bytes <= 0:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + n_bytes / self._bytes_per_s
            wait_s = self._free_at - now
        is_over.wait(wait_s)


@lru_cache(maxsize=1)
def read_limit() -> ReadLimit:
    """The limit of this process."""
    return ReadLimit()
