"""What a person calls a model -> a directory that runs, fetched or made where need be."""

from pathlib import Path

from ovsubs.errors import MissingExtra, ModelNotFound
from ovsubs.models.catalog import KNOWN_MODELS
from ovsubs.models.fetch import fetch_ir, is_absent
from ovsubs.models.manifest import check_ir_directory
from ovsubs.models.sources import (
    HubCheckpoint,
    HubIr,
    IrDirectory,
    Origin,
    Places,
    Report,
    find_model,
    find_places,
    short_name,
)
from ovsubs.models.wheels import WheelWeights


def resolve_ir(
    source: str,
    *,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
    offline: bool = False,
    report: Report = lambda line: None,
) -> Path:
    """The model directory to run for a path, a Hub id or a short name.

    What is on this machine is used as it is, and neither torch nor the network touched. A ready-made IR is
    downloaded into the cache; any other checkpoint is exported into the cache (FP16), if the export extra is
    installed. Every step is reported.

    Raises:
        ModelNotFound: nowhere, or the Hub cannot be reached; it says all that was looked at.
        BrokenModel: a directory was found, but a file is missing from it.
        MissingExtra: there are weights, but the packages that export them are not installed.
        ExportError: the export failed, with the reason.
    """
    places = find_places(models_dir, cache_dir, offline=offline)
    origin = find_model(
        source,
        models_dir=places.models_dir,
        cache_dir=places.cache_dir,
        offline=places.offline,
        report=report,
    )
    if isinstance(origin, IrDirectory):
        check_ir_directory(origin.path)
        return origin.path
    known = KNOWN_MODELS.get(short_name(source))
    if isinstance(origin, HubIr):
        try:
            return fetch_ir(origin.repo, source, places, report)
        except ModelNotFound as error:
            if known is None or not is_absent(error):
                raise
            report(f"{error}; going on to the checkpoint {known.checkpoint}")
            origin = HubCheckpoint(known.checkpoint)
    return _export_into_cache(source, origin, places, report)


def _export_into_cache(source: str, origin: Origin, places: Places, report: Report) -> Path:
    from ovsubs.export.model_directory import ExportOptions, export_origin  # most runs make nothing

    known = KNOWN_MODELS.get(short_name(source))
    options = ExportOptions(
        output=places.cache_dir / short_name(source),
        models_dir=places.models_dir,
        cache_dir=places.cache_dir,
        offline=places.offline,
    )
    try:
        return export_origin(source, origin, options, report)
    except MissingExtra as error:
        if places.offline or known is None or known.ir is None or not isinstance(origin, WheelWeights):
            raise
        report(f"{error}; going on to the ready-made OpenVINO model {known.ir} on the Hub")
        return fetch_ir(known.ir, source, places, report)
