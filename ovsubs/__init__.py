"""Subtitles for videos with Whisper on OpenVINO, on your own machine.

    import ovsubs

    model = ovsubs.load_model("base")
    transcript = model.transcribe("talk.mp4")
    transcript.save("talk.srt")

Everything here is loaded when it is first used, so that `import ovsubs` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ovsubs.audio.regions import VadOptions
    from ovsubs.convert.export import ExportOptions, export_model
    from ovsubs.errors import OvsubsError
    from ovsubs.library.plan import SubtitleOptions
    from ovsubs.library.run import subtitle
    from ovsubs.loading import load_model, transcribe
    from ovsubs.pipeline import Model, Progress
    from ovsubs.quantization.options import QuantizeOptions, Recordings
    from ovsubs.quantization.quantize import quantize_model
    from ovsubs.recognition import TranscribeOptions
    from ovsubs.subtitles.cues import Cue, LayoutOptions
    from ovsubs.transcript import Segment, Transcript, Word
    from ovsubs.whisper.model import CompileOptions, Device, list_devices

__all__ = [
    "CompileOptions",
    "Cue",
    "Device",
    "ExportOptions",
    "LayoutOptions",
    "Model",
    "OvsubsError",
    "Progress",
    "QuantizeOptions",
    "Recordings",
    "Segment",
    "SubtitleOptions",
    "TranscribeOptions",
    "Transcript",
    "VadOptions",
    "Word",
    "__version__",
    "export_model",
    "list_devices",
    "load_model",
    "quantize_model",
    "subtitle",
    "transcribe",
]
__version__ = "0.1.0"

_HOMES = {
    "CompileOptions": "ovsubs.whisper.model",
    "Cue": "ovsubs.subtitles.cues",
    "Device": "ovsubs.whisper.model",
    "ExportOptions": "ovsubs.convert.export",
    "LayoutOptions": "ovsubs.subtitles.cues",
    "Model": "ovsubs.pipeline",
    "OvsubsError": "ovsubs.errors",
    "Progress": "ovsubs.pipeline",
    "QuantizeOptions": "ovsubs.quantization.options",
    "Recordings": "ovsubs.quantization.options",
    "Segment": "ovsubs.transcript",
    "SubtitleOptions": "ovsubs.library.plan",
    "TranscribeOptions": "ovsubs.recognition",
    "Transcript": "ovsubs.transcript",
    "VadOptions": "ovsubs.audio.regions",
    "Word": "ovsubs.transcript",
    "export_model": "ovsubs.convert.export",
    "list_devices": "ovsubs.whisper.model",
    "load_model": "ovsubs.loading",
    "quantize_model": "ovsubs.quantization.quantize",
    "subtitle": "ovsubs.library.run",
    "transcribe": "ovsubs.loading",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ovsubs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
