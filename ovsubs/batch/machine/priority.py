"""How nice a run is to be -> what the system gives it, and the programs it starts."""

from __future__ import annotations

import os
import platform
import sys

from ovsubs.errors import InvalidOption

NICEST = 19
# ioprio_set(2) has no function in the C library; its number is the kernel's (arch/*/entry/syscalls).
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "ppc64le": 273, "s390x": 282}
_WHO_PROCESS = 1  # IOPRIO_WHO_PROCESS
_IDLE = 3 << 13  # IOPRIO_CLASS_IDLE, in its place (linux/ioprio.h)


def check_niceness(niceness: int) -> None:
    """Refuse what is no niceness.

    Raises:
        InvalidOption: it is not from 0 to 19.
    """
    if not 0 <= niceness <= NICEST:
        raise InvalidOption("nice", niceness, f"give a whole number from 0 to {NICEST}")


def lower_priority(niceness: int) -> None:
    """Let other programs go first: 0 changes nothing, 19 takes only what nobody else wants.

    It is added to what this process has, as `nice -n` does. Threads and programs that are started later
    have it as well; on Linux those that are there do not: call it first. Linux reads disks later by it, too,
    and at 19 when nobody else does. Windows knows two steps: below normal, and idle at 19.

    Raises:
        InvalidOption: it is not from 0 to 19.
    """
    check_niceness(niceness)
    if niceness:
        _lower(niceness)


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    # SetPriorityClass; children inherit these two, and no other.
    _BELOW_NORMAL, _IDLE_CLASS = 0x4000, 0x40

    def _lower(niceness: int) -> None:
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.SetPriorityClass.argtypes = (wintypes.HANDLE, wintypes.DWORD)
        level = _IDLE_CLASS if niceness == NICEST else _BELOW_NORMAL
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), level)

else:

    def _lower(niceness: int) -> None:
        os.nice(niceness)
        if niceness == NICEST:
            _read_when_idle()

    def _read_when_idle() -> None:
        """Below that Linux derives how disks are read from the niceness itself (ionice(1))."""
        number = _IOPRIO_SET.get(platform.machine())
        if sys.platform == "linux" and number is not None and sys.maxsize > 2**32:
            import ctypes

            ctypes.CDLL(None).syscall(number, _WHO_PROCESS, 0, _IDLE)  # refused in a sandbox: so be it
