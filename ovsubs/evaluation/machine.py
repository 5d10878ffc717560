"""What a measurement depends on besides the models: the device, and what its CPU can."""

import os
import platform
import sys
from typing import Any

# Instructions that decide how fast a matrix product can be, as Linux names them.
_CPU_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16")


def device_name(device: str) -> str:
    """The maker's name of the device that computes, or of the CPU where OpenVINO chooses."""
    from ovsubs.whisper.model import list_devices

    wanted = device.strip().upper()
    kind, _, number = wanted.partition(".")
    names = {one.name: one.full_name for one in list_devices()}
    spellings = [wanted, *([kind] if number == "0" else []), *([] if number else [f"{kind}.0"]), "CPU"]
    return next((names[name] for name in spellings if name in names), platform.processor())


def product_flags() -> tuple[str, ...]:
    """Which of `_CPU_FLAGS` this CPU has; none where the system does not tell."""
    from ovsubs.whisper.model import cpu_flags

    return tuple(flag for flag in _CPU_FLAGS if flag in cpu_flags())


def describe_machine() -> dict[str, Any]:
    """The CPU with the flags that matter, logical CPUs, memory in 10^9 bytes, and the system."""
    return {
        "cpu": device_name("CPU"),
        "cpu_flags": list(product_flags()),
        "logical_cpus": os.cpu_count(),
        "memory_gb": round(_memory() / 1e9),
        "system": platform.system(),
    }


def _memory() -> int:
    """What this machine has, in bytes."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.virtual_memory().total)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def peak_memory() -> int:
    """The most memory that this process has had at once, in bytes."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
