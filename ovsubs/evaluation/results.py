"""What was measured, and its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ovsubs.atomic import write_atomically
from ovsubs.errors import NotComparable, UnwritableFile, UnwritableOutput
from ovsubs.evaluation.word_errors import CharacterErrors, WordErrors, total
from ovsubs.places import can_write_in

FORMAT = 1  # of the file; raised when a reader must know of a change
_NUMBERS = re.compile(r"\[\s+([\d.e-]+(?:,\s+[\d.e-]+)*)\s+\]")  # a list of numbers over several lines


@dataclass(frozen=True, slots=True)
class Signature:
    """Under which conditions models were measured. Accuracy compares where `accuracy_key` is equal.

    `batch_size`, `threads` and `inference_precision` are None where the program chose. `cpu_flags` are
    instructions that decide how fast a matrix product can be.
    """

    dataset: str
    dataset_digest: str
    n_files: int
    n_words: int
    audio_s: float
    language: str
    normalizer: str
    beam_size: int
    batch_size: int | None
    device: str
    device_name: str
    cpu_flags: tuple[str, ...]
    threads: int | None
    inference_precision: str | None
    versions: dict[str, str]

    @property
    def accuracy_key(self) -> tuple[str, ...]:
        """What must be equal before word error rates are compared."""
        return accuracy_key(self.dataset_digest, self.language, self.normalizer, self.beam_size)

    @property
    def line(self) -> str:
        """What a reader of the figures has to know, in one line, as sacreBLEU does (arXiv:1804.08771)."""
        parts = [
            f"dataset:{Path(self.dataset).name}@{self.dataset_digest}",
            f"files:{self.n_files}",
            f"audio:{self.audio_s / 60.0:.1f}min",
            f"lang:{self.language}",
            f"norm:{self.normalizer.split()[0]}",
            f"beam:{self.beam_size}",
            f"batch:{self.batch_size or 'auto'}",
            f"device:{self.device}({self.device_name})",
            f"threads:{self.threads or 'auto'}",
            f"precision:{self.inference_precision or 'auto'}",
            *(f"{name}:{version}" for name, version in self.versions.items()),
        ]
        return "|".join(parts)


def accuracy_key(digest: str, language: str, normalizer: str, beam_size: int) -> tuple[str, ...]:
    """`Signature.accuracy_key`, which is known before anything is measured."""
    return (digest, language, normalizer, f"beam size {beam_size}")


@dataclass(frozen=True, slots=True)
class Run:
    """One model, once over the whole dataset. Seconds are wall time; memory in 10^6 bytes."""

    load_s: float
    wall_s: float
    encoder_s: float
    decoder_s: float
    peak_memory_mb: float


@dataclass(frozen=True, slots=True)
class ModelResult:
    """All runs of one model. `words` are of each utterance, in the first run; sizes in bytes."""

    label: str
    precision: str
    size_bytes: int
    encoder_bytes: int
    decoder_bytes: int
    runs: tuple[Run, ...]
    words: tuple[WordErrors, ...]
    characters: CharacterErrors

    @property
    def errors(self) -> WordErrors:
        """Of all utterances."""
        return total(self.words)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models measured by turns on one dataset; the first is what the others are compared with."""

    signature: Signature
    command: str
    date: str
    models: tuple[ModelResult, ...]

    @property
    def line(self) -> str:
        """The models with their precisions, and the signature's line."""
        models = ",".join(f"{model.label}({model.precision})" for model in self.models)
        return f"models:{models}|{self.signature.line}"


def write_comparison(path: Path, comparison: Comparison, figures: list[dict[str, Any]]) -> None:
    """Write it whole or not at all, with the figures that follow from it for people to read.

    Raises:
        UnwritableFile: the place cannot be written.
    """
    content = {"format": FORMAT, "figures": figures, **asdict(comparison)}
    for model, result in zip(content["models"], comparison.models, strict=True):
        model["words"] = as_columns(result.words)
    write_text(path, dump_json(content))


def read_comparison(path: Path) -> Comparison:
    """Read what `write_comparison` wrote.

    Raises:
        NotComparable: it is not there, or no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise NotComparable(path, f"its format is {content['format']}, this reads {FORMAT}")
        signature = content["signature"]
        return Comparison(
            signature=Signature(**{**signature, "cpu_flags": tuple(signature["cpu_flags"])}),
            command=content["command"],
            date=content["date"],
            models=tuple(_model(one) for one in content["models"]),
        )
    except OSError as error:
        raise NotComparable(path, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotComparable(path, f"not a benchmark's JSON: {error!r}") from error


def as_columns(errors: Sequence[WordErrors]) -> dict[str, list[int]]:
    """Word errors as they stand in a JSON: under the name of each count a list, in the order of `errors`."""
    return {kind.name: [getattr(one, kind.name) for one in errors] for kind in fields(WordErrors)}


def from_columns(columns: Mapping[str, Sequence[int]]) -> tuple[WordErrors, ...]:
    """Word errors of what `as_columns` made.

    Raises:
        KeyError: a count is not there.
        ValueError: there are not equally many of each.
    """
    counts = (columns[kind.name] for kind in fields(WordErrors))
    return tuple(WordErrors(*row) for row in zip(*counts, strict=True))


def dump_json(content: Mapping[str, Any]) -> str:
    """A file's text, indented, with each list of numbers in one line."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return _NUMBERS.sub(lambda match: "[" + " ".join(match[1].split()) + "]", text)


def check_output(path: Path) -> None:
    """Refuse a file that could not be written, before anything is measured; makes its folder.

    Raises:
        UnwritableFile: it is a folder or a device, or its folder cannot be made or written.
    """
    try:
        if path.is_dir() or not path.name:
            raise UnwritableFile(path, "it is a folder")
        if path.exists() and not path.is_file():
            raise UnwritableFile(path, "it is a device")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
    if not can_write_in(path.parent):
        raise UnwritableFile(path, "its folder cannot be written")


def write_file(path: Path, content: bytes) -> None:
    """Write a small file whole or not at all; makes its folder.

    Raises:
        UnwritableFile: the place cannot be written.
    """
    check_output(path)
    try:
        write_atomically(path, content)
    except UnwritableOutput as error:
        raise UnwritableFile(path, error.why) from error


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8; see `write_file`."""
    write_file(path, text.encode("utf-8", errors="replace"))  # names of folders may be no UTF-8


def _model(content: dict[str, Any]) -> ModelResult:
    return ModelResult(
        **{
            **content,
            "runs": tuple(Run(**run) for run in content["runs"]),
            "words": from_columns(content["words"]),
            "characters": CharacterErrors(**content["characters"]),
        }
    )
