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
    from ovsubs.errors import OvsubsError
    from ovsubs.library.plan import SubtitleOptions
    from ovsubs.library.run import subtitle
    from ovsubs.loading import load_model, transcribe
    from ovsubs.pipeline import Model, Progress
    from ovsubs.recognition import TranscribeOptions
    from ovsubs.subtitles.cues import Cue, LayoutOptions
    from ovsubs.transcript import Segment, Transcript
    from ovsubs.whisper.model import CompileOptions, Device, list_devices

__all__ = [
    "CompileOptions",
    "Cue",
    "Device",
    "LayoutOptions",
    "Model",
    "OvsubsError",
    "Progress",
    "Segment",
    "SubtitleOptions",
    "TranscribeOptions",
    "Transcript",
    "VadOptions",
    "__version__",
    "list_devices",
    "load_model",
    "subtitle",
    "transcribe",
]
__version__ = "0.1.0"

_HOMES = {
    "CompileOptions": "ovsubs.whisper.model",
    "Cue": "ovsubs.subtitles.cues",
    "Device": "ovsubs.whisper.model",
    "LayoutOptions": "ovsubs.subtitles.cues",
    "Model": "ovsubs.pipeline",
    "OvsubsError": "ovsubs.errors",
    "Progress": "ovsubs.pipeline",
    "Segment": "ovsubs.transcript",
    "SubtitleOptions": "ovsubs.library.plan",
    "TranscribeOptions": "ovsubs.recognition",
    "Transcript": "ovsubs.transcript",
    "VadOptions": "ovsubs.audio.regions",
    "list_devices": "ovsubs.whisper.model",
    "load_model": "ovsubs.loading",
    "subtitle": "ovsubs.library.run",
    "transcribe": "ovsubs.loading",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ovsubs' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
