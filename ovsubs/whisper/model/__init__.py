"""Model directory -> compiled graphs -> logits: the one place that runs Whisper on OpenVINO."""

from ovsubs.whisper.model.compile_options import CompileOptions, CompileSettings, settle
from ovsubs.whisper.model.compiled import WhisperModel, open_model
from ovsubs.whisper.model.cross_kv_cache import CrossKVCache
from ovsubs.whisper.model.device_list import Device, check_device, cpu_flags, list_devices
from ovsubs.whisper.model.layer_timing import MeasuredPrecision, ModelSize, Precision
from ovsubs.whisper.model.precision import ModelPrecision, fastest_floats, measured_precisions
from ovsubs.whisper.model.session import DecoderSession

__all__ = [
    "CompileOptions",
    "CompileSettings",
    "CrossKVCache",
    "DecoderSession",
    "Device",
    "MeasuredPrecision",
    "ModelPrecision",
    "ModelSize",
    "Precision",
    "WhisperModel",
    "check_device",
    "cpu_flags",
    "fastest_floats",
    "list_devices",
    "measured_precisions",
    "open_model",
    "settle",
]
