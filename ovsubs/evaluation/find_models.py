"""What the caller calls models -> their directories, each with a label of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ovsubs.errors import InvalidOption
from ovsubs.evaluation.compare import BenchmarkedModel
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.manifest import check_ir_directory

_MAX_PARTS = 20  # of a path in a label


def find_models(
    models: Sequence[str],
    *,
    models_dir: Path | None = None,
    offline: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> list[BenchmarkedModel]:
    """Find models that are to be measured, in the order in which they are named.

    Args:
        models: names or directories.
        models_dir: see `find_places`.
        offline: the Hub is not asked.
        report: gets one line for each step.

    Raises:
        InvalidOption: two of them are the same directory.
        BrokenModel: a directory is not complete.
        OvsubsError: as of `resolve_ir`.
    """
    found = list[BenchmarkedModel]()
    for model, label in zip(models, label_models(models), strict=True):
        directory = resolve_ir(model, models_dir=models_dir, offline=offline, report=report)
        check_ir_directory(directory)
        found.append(BenchmarkedModel(label, directory))
    _refuse_twins(found)
    return found


def label_models(models: Sequence[str]) -> list[str]:
    """What to call models in a table: names as they are, directories by the end of their path."""
    paths = {model: Path(model).resolve() for model in models if Path(model).is_dir()}
    names = {model for model in models if model not in paths}
    n_parts = 1
    while n_parts < _MAX_PARTS and _are_mistakable(paths, names, n_parts):
        n_parts += 1
    return [_last(paths[model], n_parts) if model in paths else model for model in models]


def _are_mistakable(paths: Mapping[str, Path], names: set[str], n_parts: int) -> bool:
    labels = {_last(path, n_parts) for path in paths.values()}
    return len(labels) < len(set(paths.values())) or not labels.isdisjoint(names)


def _last(path: Path, n_parts: int) -> str:
    return "/".join(path.parts[-n_parts:])


def _refuse_twins(models: Sequence[BenchmarkedModel]) -> None:
    seen = set[Path]()
    for model in models:
        directory = model.directory.resolve()
        if directory in seen:
            why = "it is there twice; each model is measured against the first"
            raise InvalidOption("model", model.label, why)
        seen.add(directory)
