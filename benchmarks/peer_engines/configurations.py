"""The configurations that are compared: what each is called, and how its engine is set."""

from dataclasses import dataclass, field
from typing import Any

OURS = "ovsubs"  # what the others are compared with


@dataclass(frozen=True, slots=True)
class Configuration:
    """`adaptor` is a name in `run.ADAPTORS`, `form` one in `weights.FORMS`.

    What is not in `settings` is the engine's own default.
    """

    name: str
    adaptor: str
    form: str
    settings: dict[str, Any] = field(default_factory=dict)


def _faster_whisper(name: str, compute_type: str, beam_size: int, batch_size: int = 0) -> Configuration:
    settings = {"compute_type": compute_type, "batch_size": batch_size, "beam_size": beam_size}
    return Configuration(f"faster-whisper {name}", "faster_whisper", "ctranslate2", settings)


def _optimum_intel(name: str, num_beams: int, inference_precision: str | None) -> Configuration:
    settings = {
        "num_beams": num_beams,
        "inference_precision": inference_precision,
        "chunk_length_s": 30,
        "batch_size": 1,
        "return_timestamps": True,
    }
    return Configuration(name, "optimum_intel", "ir", settings)


CONFIGURATIONS = (
    Configuration(OURS, "ovsubs", "ir"),
    _faster_whisper("int8", "int8", 1),
    _faster_whisper("int8 beam 5", "int8", 5),
    _faster_whisper("float32", "float32", 1),
    _faster_whisper("float32 beam 5", "float32", 5),
    _faster_whisper("batched 8 int8", "int8", 1, 8),
    _faster_whisper("batched 16 int8", "int8", 1, 16),
    _faster_whisper("batched 8 int8 beam 5", "int8", 5, 8),
    _faster_whisper("batched 8 float32", "float32", 1, 8),
    Configuration("openvino-genai", "openvino_genai", "ir", {"return_timestamps": True}),
    Configuration(
        "openvino-genai INT8 weights", "openvino_genai", "ir-int8-weights", {"return_timestamps": True}
    ),
    _optimum_intel("optimum-intel pipeline", 1, None),
    # 5 is the pipeline's own default. At OpenVINO 2026.4's default precision, bf16 on CPUs that have it, it
    # crashed in each of four tries, and never in f32.
    _optimum_intel("optimum-intel pipeline beam 5", 5, "f32"),
    Configuration("openai-whisper", "openai_whisper", "openai"),
    Configuration("openai-whisper beam 5", "openai_whisper", "openai", {"beam_size": 5}),
    Configuration("whisper.cpp", "whisper_cpp", "ggml", {"params_sampling_strategy": 0}),
    Configuration(
        "whisper.cpp beam 5",
        "whisper_cpp",
        "ggml",
        {"params_sampling_strategy": 1, "beam_search": {"beam_size": 5, "patience": -1.0}},
    ),
)
