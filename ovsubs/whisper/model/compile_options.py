"""How OpenVINO compiles the graphs, and whether this machine can."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ovsubs.bounds import check_count
from ovsubs.errors import InvalidOption
from ovsubs.whisper.model.devices import (
    check_device,
    cpu_precisions,
    float_precision,
    gains_by_8_bits,
)
from ovsubs.whisper.model.eight_bits import GROUP_SIZE

MAX_THREADS = 4096  # more than any machine has; OpenVINO would try to start as many
_PRECISIONS = ("f32", "bf16", "f16")  # what INFERENCE_PRECISION_HINT takes on all devices
INT8 = "int8"  # linear layers in 8 bits, the rest in bf16 where the CPU has it, else in f32


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How OpenVINO compiles the graphs. None leaves a choice to OpenVINO.

    `threads` and `streams` are counts (CPU). `inference_precision` is "f32", "bf16", "f16" or, on the CPU,
    "int8": linear layers in 8 bits, all else in bf16 or f32. None is on a `CPU` int8 with
    AVX512-VNNI and no AMX, else bf16 where it has that, else f32; and the device's own elsewhere.
    `cache_dir` keeps compiled graphs between runs.

    Raises:
        InvalidOption: a count below 1, or another precision.
    """

    device: str = "CPU"
    threads: int | None = None
    streams: int | None = None
    inference_precision: str | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        for name, count in (("threads", self.threads), ("streams", self.streams)):
            if count is not None:
                check_count(name, count, "at least 1", least=1, most=MAX_THREADS)
        if self.inference_precision not in (None, *_PRECISIONS, INT8):
            why = f"choose from {', '.join((*_PRECISIONS, INT8))}"
            raise InvalidOption("inference_precision", self.inference_precision, why)

    def precision(self) -> str | None:
        """The precision to compute in; None leaves it to a device other than the CPU."""
        if self.inference_precision is not None or not self._is_cpu:
            return self.inference_precision
        return INT8 if gains_by_8_bits() else float_precision()

    @property
    def key_type(self) -> str:
        """Element type of keys and values: bfloat16 where the CPU computes in it, half as much to read."""
        return "bf16" if self._is_cpu and self._hint() == "bf16" else "f32"

    @property
    def cache_type(self) -> str | None:
        """Element type of the self-attention's own keys and values on the CPU; None: that of the computation.

        OpenVINO would take 8 bits in f32, which moves logits by up to 0.1 (tiny.en) and saves no time: the
        cache is a tenth of what a step reads. float16 moves them by 0.001 and takes 75 MB less than f32 in a
        batch of base; who asks for f32 gets all in f32.
        """
        if self._hint() != "f32":
            return None
        return "f32" if self.inference_precision == "f32" else "f16"

    def _hint(self) -> str | None:
        """What is not in 8 bits is computed in this precision."""
        precision = self.precision()
        return float_precision() if precision == INT8 else precision

    @property
    def _is_cpu(self) -> bool:
        return self.device.strip().upper() == "CPU"

    def properties(self) -> dict[str, Any]:
        """OpenVINO's properties for these options."""
        chosen: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self.threads is not None:
            chosen["INFERENCE_NUM_THREADS"] = self.threads
        if self.streams is not None:
            chosen["NUM_STREAMS"] = self.streams
        if hint := self._hint():
            chosen["INFERENCE_PRECISION_HINT"] = hint
        if self.precision() == INT8:
            chosen["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = GROUP_SIZE
        if self.cache_dir is not None:
            chosen["CACHE_DIR"] = str(self.cache_dir)
        return chosen


def check_compile_options(options: CompileOptions) -> str:
    """The device as OpenVINO takes it.

    Raises:
        DeviceNotFound: it is not there.
        InvalidOption: the CPU does not compute in the precision asked for; OpenVINO would take another.
    """
    device = check_device(options.device)
    if device == "CPU" and options.precision() not in cpu_precisions():
        why = f"this CPU computes in {' or '.join(sorted(cpu_precisions(), reverse=True))}"
        raise InvalidOption("inference_precision", options.precision(), why)
    if device != "CPU" and options.precision() == INT8:
        raise InvalidOption("inference_precision", INT8, "only on device CPU")
    return device
