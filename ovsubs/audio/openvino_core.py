"""The one OpenVINO core of a process.

A core loads the CPU plugin for itself, and that puts a signal stack of its own in the place of the one there
is, which it brings back when it goes. Where cores come and go in another order, the stack that is left is
gone, and the next signal, Ctrl-C for one, ends the process with a segmentation fault (OpenVINO 2026.4,
`SigAltStackSetup` of the CPU plugin). So there is one core, which stays.
"""

from functools import lru_cache

import openvino as ov


@lru_cache
def shared_core() -> ov.Core:
    """The core that all graphs are read and compiled with."""
    return ov.Core()
