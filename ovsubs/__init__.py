"""Subtitles for videos with Whisper on OpenVINO, on your own machine.

    import ovsubs

    model = ovsubs.load_model("base")
    transcript = model.transcribe("talk.mp4")
    transcript.save("talk.srt")

Everything here is loaded when it is first used, so that `import ovsubs` costs nothing.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ovsubs.audio.regions import VadOptions
    from ovsubs.errors import OvsubsError
    from ovsubs.export.model_directory import ExportOptions, export_model
    from ovsubs.file_events import Progress
    from ovsubs.library.check import CheckedFile, CheckOptions, check_files
    from ovsubs.library.plan import SubtitleOptions, make_plan
    from ovsubs.library.render import RenderOptions, render_transcripts
    from ovsubs.library.run import run_plan, subtitle
    from ovsubs.library.videos import VideoOptions
    from ovsubs.loading import load_model, transcribe
    from ovsubs.pipeline import Model
    from ovsubs.quantization.make_int8 import export_int8
    from ovsubs.quantization.options import QuantizeOptions, Recordings
    from ovsubs.quantization.quantize import quantize_model
    from ovsubs.recognition import TranscribeOptions
    from ovsubs.subtitles.cue import Cue
    from ovsubs.subtitles.formats import FormatOptions
    from ovsubs.subtitles.layout.cues import lay_out
    from ovsubs.subtitles.styles import LayoutOptions
    from ovsubs.transcript import Segment, Transcript, Word
    from ovsubs.video.burn import BurnOptions, burn
    from ovsubs.video.embed import EmbedOptions, embed
    from ovsubs.whisper.model import CompileOptions, Device, list_devices

__all__ = [
    "BurnOptions",
    "CheckOptions",
    "CheckedFile",
    "CompileOptions",
    "Cue",
    "Device",
    "EmbedOptions",
    "ExportOptions",
    "FormatOptions",
    "LayoutOptions",
    "Model",
    "OvsubsError",
    "Progress",
    "QuantizeOptions",
    "Recordings",
    "RenderOptions",
    "Segment",
    "SubtitleOptions",
    "TranscribeOptions",
    "Transcript",
    "VadOptions",
    "VideoOptions",
    "Word",
    "__version__",
    "burn",
    "check_files",
    "embed",
    "export_int8",
    "export_model",
    "lay_out",
    "list_devices",
    "load_model",
    "make_plan",
    "quantize_model",
    "render_transcripts",
    "run_plan",
    "subtitle",
    "transcribe",
]
__version__ = "0.1.0"

_HOMES = {
    "BurnOptions": "ovsubs.video.burn",
    "CheckOptions": "ovsubs.library.check",
    "CheckedFile": "ovsubs.library.check",
    "CompileOptions": "ovsubs.whisper.model",
    "Cue": "ovsubs.subtitles.cue",
    "Device": "ovsubs.whisper.model",
    "EmbedOptions": "ovsubs.video.embed",
    "ExportOptions": "ovsubs.export.model_directory",
    "FormatOptions": "ovsubs.subtitles.formats",
    "LayoutOptions": "ovsubs.subtitles.styles",
    "Model": "ovsubs.pipeline",
    "OvsubsError": "ovsubs.errors",
    "Progress": "ovsubs.file_events",
    "QuantizeOptions": "ovsubs.quantization.options",
    "Recordings": "ovsubs.quantization.options",
    "RenderOptions": "ovsubs.library.render",
    "Segment": "ovsubs.transcript",
    "SubtitleOptions": "ovsubs.library.plan",
    "TranscribeOptions": "ovsubs.recognition",
    "Transcript": "ovsubs.transcript",
    "VadOptions": "ovsubs.audio.regions",
    "VideoOptions": "ovsubs.library.videos",
    "Word": "ovsubs.transcript",
    "burn": "ovsubs.video.burn",
    "check_files": "ovsubs.library.check",
    "embed": "ovsubs.video.embed",
    "export_int8": "ovsubs.quantization.make_int8",
    "export_model": "ovsubs.export.model_directory",
    "lay_out": "ovsubs.subtitles.layout.cues",
    "list_devices": "ovsubs.whisper.model",
    "load_model": "ovsubs.loading",
    "make_plan": "ovsubs.library.plan",
    "quantize_model": "ovsubs.quantization.quantize",
    "render_transcripts": "ovsubs.library.render",
    "run_plan": "ovsubs.library.run",
    "subtitle": "ovsubs.library.run",
    "transcribe": "ovsubs.loading",
}


# Nothing leaves this machine: when it is imported, OpenVINO sends a message to Google Analytics, and NNCF in
# its work, unless they do not find this package (openvino/tools/ovc/telemetry_utils.py, nncf/telemetry).
if "openvino_telemetry" not in sys.modules:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ovsubs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
