"""Which OpenVINO devices this machine has, and whether a device string names them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import DeviceNotFound

# OpenVINO's inference modes over other devices. MULTI and BATCH are left out: they fail on stateful graphs
# (OpenVINO 2026.4, "Can not find port") or gain nothing over our own batches.
_VIRTUAL = ("AUTO", "HETERO")
_DEVICE = re.compile(r"[A-Z_]+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Device:
    """One device as OpenVINO names it ("GPU.0") with the maker's full name."""

    name: str
    full_name: str


def list_devices() -> list[Device]:
    """All devices that OpenVINO sees, in its order."""
    core = shared_core()
    return [Device(name, str(core.get_property(name, "FULL_DEVICE_NAME"))) for name in core.available_devices]


def check_device(device: str) -> str:
    """The device string as OpenVINO takes it, after checking that every device in it is there.

    Takes `CPU`, `GPU`, `GPU.1`, `NPU`, `AUTO`, `AUTO:GPU,CPU`, `AUTO:-GPU` (any but that one),
    `HETERO:GPU,CPU`, in any case.

    Raises:
        DeviceNotFound: one of them is not on this machine; the message names those that are.
    """
    wanted = "".join(device.upper().split())
    available = shared_core().available_devices
    if wanted == "AUTO":
        return wanted
    mode, _, listed = wanted.partition(":")
    names = listed.split(",") if mode in _VIRTUAL else [wanted]
    excluded = {name for name in names if name.startswith("-") and mode == "AUTO"}
    wished = [name for name in names if name not in excluded]
    found = all(_DEVICE.fullmatch(name) and _is_available(name, available) for name in wished)
    left = wished or [name for name in available if f"-{name}" not in excluded]
    if not found or not left:
        raise DeviceNotFound(device, ", ".join([*available, "AUTO"]))
    return wanted


def physical_device(device: str) -> str:
    """The device that a virtual one comes down to: `AUTO` is `CPU` where nothing else is there.

    Args:
        device: as `check_device` returns it.
    """
    mode, _, listed = device.partition(":")
    if mode not in _VIRTUAL:
        return device
    names = [name for name in listed.split(",") if name]
    excluded = {name.removeprefix("-") for name in names if name.startswith("-")}
    wished = [name for name in names if not name.startswith("-")] or shared_core().available_devices
    left = [name for name in wished if name not in excluded]
    return left[0] if len(set(left)) == 1 else device


@lru_cache
def cpu_flags() -> frozenset[str]:
    """The instructions that the CPU has, as Linux names them; empty where the system does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    return read_cpu_flags(cpuinfo.read_text(encoding="utf-8")) if cpuinfo.is_file() else frozenset()


def read_cpu_flags(cpuinfo: str) -> frozenset[str]:
    """The flags of the first CPU in the text of /proc/cpuinfo; empty where it names none."""
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    return next(
        (frozenset(flags.split()) for name, _, flags in lines if name.strip() == "flags"), frozenset()
    )


def _is_available(name: str, available: list[str]) -> bool:
    """`GPU` also stands for `GPU.0`, and `GPU.0` for a lone `GPU`; the CPU has no number."""
    kinds = {known.partition(".")[0] for known in available}
    kind, _, number = name.partition(".")
    return name in available or (kind in kinds and (not number or (number == "0" and kind != "CPU")))
