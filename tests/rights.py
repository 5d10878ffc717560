"""Runs a program that obeys file permissions even where the tests run as root, as they do in containers."""

import ctypes
import os
import sys

_PR_CAPBSET_DROP = 24  # linux/prctl.h
_ABOVE_PERMISSIONS = (1, 2)  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, linux/capability.h
_IS_LINUX = sys.platform.startswith("linux")

# Put before a command. Elsewhere than on Linux root cannot be bound.
AS_A_USER = (sys.executable, __file__) if _IS_LINUX else ()
PERMISSIONS_HOLD = _IS_LINUX or (hasattr(os, "geteuid") and os.geteuid() != 0)


def main() -> None:
    """Become the program that the arguments name, without root's right to read and write everything."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _ABOVE_PERMISSIONS:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "root keeps its rights")
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
