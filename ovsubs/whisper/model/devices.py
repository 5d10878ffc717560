"""Which OpenVINO devices this machine has, and whether a device string names them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import openvino as ov

from ovsubs.errors import DeviceNotFound

# OpenVINO's inference modes over other devices. MULTI and BATCH are left out: they fail on stateful graphs
# (OpenVINO 2026.4, "Can not find port") or gain nothing over our own batches.
_VIRTUAL = ("AUTO", "HETERO")
_PRECISION_OF = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}  # OpenVINO's capability -> its precision hint
_DEVICE = re.compile(r"[A-Z_]+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Device:
    """One device as OpenVINO names it ("GPU.0") with the maker's full name."""

    name: str
    full_name: str


def list_devices() -> list[Device]:
    """All devices that OpenVINO sees, in its order."""
    core = ov.Core()
    return [Device(name, str(core.get_property(name, "FULL_DEVICE_NAME"))) for name in core.available_devices]


def check_device(device: str) -> str:
    """The device string as OpenVINO takes it, after checking that every device in it is there.

    Takes `CPU`, `GPU`, `GPU.1`, `NPU`, `AUTO`, `AUTO:GPU,CPU`, `AUTO:-GPU` (any but that one),
    `HETERO:GPU,CPU`, in any case.

    Raises:
        DeviceNotFound: one of them is not on this machine; the message names those that are.
    """
    wanted = "".join(device.upper().split())
    available = ov.Core().available_devices
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


@lru_cache
def cpu_precisions() -> tuple[str, ...]:
    """What the CPU computes in: f32; bf16 (AVX512-BF16, AMX), f16 (AMX-FP16) and int8 (VNNI) where it can."""
    found = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    floats = tuple(_PRECISION_OF[name] for name in found if name in _PRECISION_OF)
    return (*floats, "int8") if adds_in_32_bits() else floats


def has_bfloat16() -> bool:
    """Whether the CPU multiplies in bfloat16."""
    return "bf16" in cpu_precisions()


def float_precision() -> str:
    """The fastest floating point of the CPU: "bf16" or "f32"."""
    return "bf16" if has_bfloat16() else "f32"


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


def adds_in_32_bits() -> bool:
    """Whether the CPU adds products of 8 bits up in 32, by VNNI or AMX; False where the system does not tell.

    Without, OpenVINO's kernels add pairs of them up in 16 bits, which overflow.
    """
    return any(flag in cpu_flags() for flag in ("avx512_vnni", "avx_vnni", "amx_int8"))


def gains_by_8_bits() -> bool:
    """Whether products of 8 bits are the fastest: with AVX512-VNNI, unless AMX makes bf16 faster still.

    Not measured with AVX-VNNI alone, nor with AMX: there it is for those who ask.
    """
    return "avx512_vnni" in cpu_flags() and "amx_bf16" not in cpu_flags()


def _is_available(name: str, available: list[str]) -> bool:
    """`GPU` also stands for `GPU.0`, and `GPU.0` for a lone `GPU`; the CPU has no number."""
    kinds = {known.partition(".")[0] for known in available}
    kind, _, number = name.partition(".")
    return name in available or (kind in kinds and (not number or (number == "0" and kind != "CPU")))
