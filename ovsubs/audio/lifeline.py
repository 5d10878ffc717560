"""A child process -> one that ends when we do, even when we are killed and can end nothing ourselves.

On POSIX a shell waits at the end of a pipe that only this process holds open. When the pipe closes, it
kills the children it was told of. One shell serves the whole process. On Windows the children belong to a
job, which the system ends with its last handle. (`PR_SET_PDEATHSIG` is Linux's alone, and acts on the end
of the thread that has started a child.)
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

_SHELL = "/bin/sh"
_GUARD = """
running=' '
while read -r sign pid; do
  case $sign in
    +) running="$running$pid " ;;
    -) running="${running%% $pid *} ${running#* $pid }" ;;
  esac
done
[ "$running" = ' ' ] || kill -9 $running
"""
_STARTING = threading.Lock()


def start_watching() -> None:
    """Start what watches over children; before the first of them, which is not watched until then."""
    with contextlib.suppress(OSError):
        _start()


@contextmanager
def ends_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Within this a child is killed as soon as this process is gone. Where that cannot be had, it is not."""
    with contextlib.suppress(OSError):
        _hold(process)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            _release(process)


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _KILL_ON_JOB_CLOSE = 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    _EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation

    class _Limits(ctypes.Structure):  # JOBOBJECT_EXTENDED_LIMIT_INFORMATION
        _fields_ = (
            ("times", ctypes.c_int64 * 2),
            ("flags", wintypes.DWORD),
            ("working_set", ctypes.c_size_t * 2),
            ("n_processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("classes", wintypes.DWORD * 2),
            ("input_output", ctypes.c_uint64 * 6),
            ("memory", ctypes.c_size_t * 4),
        )

    @lru_cache(maxsize=1)
    def _job() -> int:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        job = kernel.CreateJobObjectW(None, None)
        limits = _Limits(flags=_KILL_ON_JOB_CLOSE)
        set_limits = kernel.SetInformationJobObject
        set_limits.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
        if not job or not set_limits(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)):
            raise ctypes.WinError(ctypes.get_last_error())
        return int(job)

    def _start() -> None:
        _job()

    def _hold(process: subprocess.Popen[bytes]) -> None:
        assign = ctypes.WinDLL("kernel32").AssignProcessToJobObject
        assign.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        assign(_job(), int(process._handle))  # type: ignore[attr-defined]

    def _release(process: subprocess.Popen[bytes]) -> None:
        """The job forgets a process that has ended."""

else:

    @lru_cache(maxsize=1)
    def _guard(owner: int) -> int:
        """Where the guard of this process is told of children; a fork of it gets its own."""
        listening, telling = os.pipe()
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        try:
            os.posix_spawn(
                _SHELL,
                [_SHELL, "-c", _GUARD],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, listening, 0), *quiet],
                setpgroup=0,  # Ctrl-C in the terminal is not for it
            )
        except OSError:
            os.close(telling)
            raise
        finally:
            os.close(listening)
        return telling

    def _start() -> int:
        with _STARTING:
            return _guard(os.getpid())

    def _hold(process: subprocess.Popen[bytes]) -> None:
        _tell(f"+ {process.pid}\n")

    def _release(process: subprocess.Popen[bytes]) -> None:
        _tell(f"- {process.pid}\n")

    def _tell(line: str) -> None:
        os.write(_start(), line.encode())
