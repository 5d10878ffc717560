"""A child process -> how long it has made no progress, by what it has read so far."""

import re
import subprocess
import sys
import time
from pathlib import Path

LOOK_S = 1.0  # how often is looked
_COUNT = re.compile(r"^rchar: (\d+)", re.MULTILINE)  # in /proc/PID/io: what read() gave it, from wherever


class Standstill:
    """For how long something has not changed.

    Only seconds in which this process looked count: a computer that slept, or a caller that had other things
    to do, is no standstill.
    """

    def __init__(self) -> None:
        self._seen: object = None
        self._looked_at = time.monotonic()
        self._still_s = 0.0

    def seconds(self, seen: object) -> float:
        """Seconds since what is seen now was first seen, 0.0 where it is new."""
        now = time.monotonic()
        self._still_s = self._still_s + min(now - self._looked_at, 2 * LOOK_S) if seen == self._seen else 0.0
        self._seen, self._looked_at = seen, now
        return self._still_s


def bytes_read(process: subprocess.Popen[bytes]) -> int | None:
    """How many bytes a running child has read; None where the system does not tell (macOS)."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        counters = (ctypes.c_uint64 * 6)()  # IO_COUNTERS: reads, writes, others, then their bytes
        count = ctypes.WinDLL("kernel32").GetProcessIoCounters
        count.argtypes = (wintypes.HANDLE, ctypes.c_void_p)
        known = count(int(process._handle), ctypes.byref(counters))  # type: ignore[attr-defined]
        return int(counters[3]) if known else None
    try:
        told = Path(f"/proc/{process.pid}/io").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    found = _COUNT.search(told)
    return int(found[1]) if found else None
