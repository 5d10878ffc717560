"""Options and model -> digests: what was made with other ones is stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ovsubs.library.plan import SubtitleOptions
from ovsubs.models.manifest import GRAPH_FILES, MANIFEST_NAME
from ovsubs.recognition import TranscribeOptions

# How many windows are decoded together changes no text.
_WITHOUT_EFFECT = frozenset({"batch_size"})


def recognition_digest(options: TranscribeOptions, model_dir: Path) -> str:
    """What a transcript depends on besides the file: the options of recognition, and the model's graphs.

    Args:
        options: of recognition.
        model_dir: a model directory; one with a manifest is told by the sums in it, another one by the sizes
            and times of its files.

    Raises:
        OSError: the directory cannot be read.
    """
    asked = {name: value for name, value in _plain(options).items() if name not in _WITHOUT_EFFECT}
    return _digest([asked, _graphs(model_dir)])


def output_digest(options: SubtitleOptions) -> str:
    """What the files depend on that are written of a transcript: layout, names and places.

    Formats are not in it: what is there in one of them is no worse for another one.
    """
    outputs = {name: _plain(getattr(options, name)) for name in ("layout", "format", "videos")}
    names = {"language_suffix": options.language_suffix, "output_dir": _plain(options.output_dir)}
    return _digest([outputs, names])


def _graphs(model_dir: Path) -> list[Any]:
    manifest = model_dir / MANIFEST_NAME
    if manifest.exists():
        content = json.loads(manifest.read_text(encoding="utf-8"))
        return [[one["name"], one["sha256"]] for one in content["files"]]
    stamps = [(model_dir / name).stat() for name in GRAPH_FILES]
    return [[stamp.st_size, stamp.st_mtime_ns] for stamp in stamps]


def _plain(value: Any) -> Any:
    """A value of options as JSON can hold it; the same for equal ones in each run."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value.absolute())
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"no digest of {type(value).__name__}")


def _digest(content: Any) -> str:
    written = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()
