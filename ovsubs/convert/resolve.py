"""What a person calls a model -> a directory that runs, fetched or made where need be."""

import shutil
from pathlib import Path

from ovsubs.convert.catalog import KNOWN_MODELS
from ovsubs.convert.hub import download
from ovsubs.convert.manifest import check_ir_directory
from ovsubs.convert.partial import partial_directory, put_in_place
from ovsubs.convert.sources import (
    HubCheckpoint,
    HubIr,
    IrDirectory,
    Origin,
    Places,
    Report,
    find_model,
    find_places,
    recognize_directory,
    short_name,
)
from ovsubs.convert.wheels import WheelWeights
from ovsubs.errors import MissingExtra, ModelNotFound


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
            return _download_ir(origin.repo, source, places, report)
        except ModelNotFound as error:
            if known is None or not _is_absent(error):
                raise
            report(f"{error}; going on to the checkpoint {known.checkpoint}")
            origin = HubCheckpoint(known.checkpoint)
    return _export_into_cache(source, origin, places, report)


def _download_ir(repo: str, source: str, places: Places, report: Report) -> Path:
    output = places.cache_dir / short_name(source)
    report(f"downloading {repo}")
    with partial_directory(output) as partial:
        built = download(repo, partial / "model")
        if not isinstance(recognize_directory(built), IrDirectory):
            raise ModelNotFound(repo, "the repository holds no OpenVINO graphs")
        check_ir_directory(built)
        shutil.rmtree(built / ".cache", ignore_errors=True)  # huggingface_hub's notes on its download
        put_in_place(built, output, partial, overwrite=False)
    report(f"model in {output}")
    return output


def _is_absent(error: ModelNotFound) -> bool:
    """Whether the Hub answered that there is no such repository, rather than not answering."""
    from huggingface_hub.errors import RepositoryNotFoundError

    return isinstance(error.__cause__, RepositoryNotFoundError)


def _export_into_cache(source: str, origin: Origin, places: Places, report: Report) -> Path:
    from ovsubs.convert.export import ExportOptions, export_origin

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
        return _download_ir(known.ir, source, places, report)
