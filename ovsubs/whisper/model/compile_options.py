"""What a caller asks of OpenVINO -> how it compiles the graphs of a model, on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ovsubs.bounds import check_count
from ovsubs.errors import InvalidOption
from ovsubs.whisper.model.device_capabilities import DeviceCapabilities, capabilities_of
from ovsubs.whisper.model.device_list import check_device, physical_device
from ovsubs.whisper.model.dynamic_quantization import ACTIVATION_GROUP_SIZE
from ovsubs.whisper.model.layer_timing import FLOATS, ModelSize, Precision
from ovsubs.whisper.model.precision import INT8, ModelPrecision, choose_precision

MAX_THREADS = 4096  # more than any machine has; OpenVINO would try to start as many


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How OpenVINO compiles the graphs. None leaves a choice to the program.

    `threads` and `streams` are counts (CPU). `inference_precision` is "f32", "bf16", "f16" or, on the CPU,
    "int8": linear layers in 8 bits, all else in floating point. None is on the CPU what it is fastest in, by
    a measurement, and elsewhere the device's own. `cache_dir` keeps compiled graphs between runs.

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
        if self.inference_precision not in (None, *FLOATS, INT8):
            why = f"choose from {', '.join((*FLOATS, INT8))}"
            raise InvalidOption("inference_precision", self.inference_precision, why)


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """What is left to decide by nobody: the device as OpenVINO takes it, and what it computes in.

    `can`: what the device can do. `precision`: None where it is not measured; then it gets `floats`, or makes
    its own choice.
    """

    device: str
    can: DeviceCapabilities
    precision: ModelPrecision | None
    floats: str | None
    options: CompileOptions

    @property
    def precision_name(self) -> str | None:
        """As `inference_precision` names it; None where the device makes its own choice."""
        return self.precision.name if self.precision else self.floats

    @property
    def key_type(self) -> str:
        """Element type of keys and values: bfloat16 where the decoder computes in it, half as much memory."""
        return "bf16" if self.precision and self.precision.decoder.floats == "bf16" else "f32"

    @property
    def cache_type(self) -> str:
        """Element type of the self-attention's own keys and values on the CPU, alone or beside a GPU.

        OpenVINO would take 8 bits: in f32 they move logits by up to 0.1 (tiny.en), in bfloat16 base makes 320
        errors with them and 309 without (7,356 words), and what they save is 3 % of the time. Where f32 is
        chosen and not asked for, float16 moves logits by 0.001 and takes 75 MB less in a batch of base.
        """
        if self.precision is None:
            return self.floats or "f16"
        floats = self.precision.decoder.floats
        return "f16" if floats == "f32" and self.options.inference_precision != "f32" else floats

    def properties(self, part: Precision | None) -> dict[str, Any]:
        """OpenVINO's properties for the encoder or the decoder, whose precision on the CPU is given."""
        options = self.options
        chosen: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if options.threads is not None:
            chosen["INFERENCE_NUM_THREADS"] = options.threads
        if options.streams is not None:
            chosen["NUM_STREAMS"] = options.streams
        if floats := part.floats if part else self.floats:
            chosen["INFERENCE_PRECISION_HINT"] = floats
        if part and part.int8:
            chosen["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = ACTIVATION_GROUP_SIZE
        if options.cache_dir is not None:
            chosen["CACHE_DIR"] = str(options.cache_dir)
        return chosen


def settle(options: CompileOptions, size: ModelSize | None = None) -> CompileSettings:
    """Decide what the options leave open.

    A virtual device that comes down to the CPU is the CPU: OpenVINO's own choice among one device costs a
    third more of its time.

    Args:
        options: as the caller gave them.
        size: of the model; None is that of base.

    Raises:
        DeviceNotFound: it is not there.
        InvalidOption: the CPU does not compute in the precision asked for; OpenVINO would take another.
    """
    device = physical_device(check_device(options.device))
    asked = options.inference_precision
    can = capabilities_of(device)
    if can.measured:
        precision = choose_precision(asked, size or ModelSize(), options.threads)
        return CompileSettings(device, can, precision, None, options)
    if asked == INT8 and not can.int8:
        raise InvalidOption("inference_precision", INT8, "only on device CPU")
    return CompileSettings(device, can, None, asked, options)
