"""Model directory -> compiled graphs -> logits: the one place that runs Whisper on OpenVINO."""

from ovsubs.whisper.model.compile_options import CompileOptions, check_compile_options
from ovsubs.whisper.model.compiled import WhisperModel, open_model
from ovsubs.whisper.model.devices import Device, check_device, cpu_flags, float_precision, list_devices
from ovsubs.whisper.model.rows import KeyValueRows
from ovsubs.whisper.model.session import DecoderSession

__all__ = [
    "CompileOptions",
    "DecoderSession",
    "Device",
    "KeyValueRows",
    "WhisperModel",
    "check_compile_options",
    "check_device",
    "cpu_flags",
    "float_precision",
    "list_devices",
    "open_model",
]
