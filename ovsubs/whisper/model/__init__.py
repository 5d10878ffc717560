"""Model directory -> compiled graphs -> logits: the one place that runs Whisper on OpenVINO."""

from ovsubs.whisper.model.devices import Device, check_device, float_precision, list_devices
from ovsubs.whisper.model.session import (
    CompileOptions,
    DecoderSession,
    KeyValueRows,
    WhisperModel,
    check_compile_options,
    open_model,
)

__all__ = [
    "CompileOptions",
    "DecoderSession",
    "Device",
    "KeyValueRows",
    "WhisperModel",
    "check_compile_options",
    "check_device",
    "float_precision",
    "list_devices",
    "open_model",
]
