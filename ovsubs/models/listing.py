"""Model directories -> the list of models that are on this machine."""

import re
from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import BrokenModel
from ovsubs.models.manifest import DECODER, ENCODER, read_manifest
from ovsubs.models.sources import IrDirectory, find_places, recognize_directory

# How the stored weights show in the graph's XML: (element type, name of the precision), the narrowest first.
_STORED_TYPES = (
    ("i4", "int4"),
    ("u4", "int4"),
    ("i8", "int8"),
    ("u8", "int8"),
    ("f16", "fp16"),
    ("f32", "fp32"),
)
_WEIGHT = re.compile(r'<data element_type="(\w+)"[^<>]*?\bsize="(\d{1,18})"')  # of a Const layer


@dataclass(frozen=True, slots=True)
class ModelListing:
    """One model on disk: `name` is what `load_model` takes, `source` its origin, as far as that is known."""

    name: str
    path: Path
    size_bytes: int
    precision: str
    source: str


def list_models(models_dir: Path | None = None, cache_dir: Path | None = None) -> list[ModelListing]:
    """Models in the models directory and the cache, by name; what is hidden by the first is not listed again.

    Directories without a manifest, as from optimum-cli, are listed with the precision that their graphs show.
    A directory whose manifest is broken is listed as such.
    """
    places = find_places(models_dir, cache_dir)
    found: dict[str, ModelListing] = {}
    for directory in (places.models_dir, places.cache_dir):
        if not directory.is_dir():
            continue
        for path in directory.iterdir():
            if not path.name.startswith(".") and path.name not in found and (listing := _listed(path)):
                found[path.name] = listing
    return [found[name] for name in sorted(found)]


def _listed(path: Path) -> ModelListing | None:
    """A model as it is listed; None where there is none."""
    try:
        return _describe(path) if isinstance(recognize_directory(path), IrDirectory) else None
    except OSError as error:
        return ModelListing(path.name, path, 0, "unknown", f"unreadable: {error.strerror or error}")


def _describe(path: Path) -> ModelListing:
    size_bytes = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    try:
        manifest = read_manifest(path)
        if manifest and not (isinstance(manifest.precision, str) and isinstance(manifest.source, str)):
            raise BrokenModel(path, "its precision or its source is no text")
    except (BrokenModel, RecursionError, AttributeError):
        return ModelListing(path.name, path, size_bytes, "unknown", "unreadable ovsubs.json")
    if manifest is None:
        return ModelListing(path.name, path, size_bytes, _precision(path), "unknown")
    return ModelListing(path.name, path, size_bytes, manifest.precision, manifest.source)


def _precision(path: Path) -> str:
    encoder, decoder = (_graph_precision(path / f"{stem}.xml") for stem in (ENCODER, DECODER))
    return encoder if encoder == decoder else f"{encoder} encoder, {decoder} decoder"


def _graph_precision(xml: Path) -> str:
    """The element type that takes most of a graph's bytes."""
    if not xml.is_file():
        return "unknown"
    totals: dict[str, int] = {}
    for kind, size in _WEIGHT.findall(xml.read_text(encoding="utf-8", errors="replace")):
        totals[kind] = totals.get(kind, 0) + int(size)
    names = dict(_STORED_TYPES)
    return names.get(max(totals, key=totals.__getitem__), "unknown") if totals else "unknown"
