"""A repository with a ready-made IR -> a model directory in the cache."""

import shutil
from pathlib import Path

from ovsubs.errors import ModelNotFound
from ovsubs.models.hub import download
from ovsubs.models.manifest import check_ir_directory
from ovsubs.models.partial import partial_directory, put_in_place
from ovsubs.models.sources import IrDirectory, Places, Report, recognize_directory, short_name


def fetch_ir(repo: str, source: str, places: Places, report: Report) -> Path:
    """Download a model directory, which appears whole or not at all.

    Args:
        repo: on the Hub.
        source: what the caller calls it; decides the directory's name.
        places: whose cache it goes into.
        report: told of each step.

    Raises:
        ModelNotFound: it cannot be had, or is no OpenVINO model.
    """
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


def is_absent(error: ModelNotFound) -> bool:
    """Whether the Hub answered that there is no such repository, rather than not answering."""
    from huggingface_hub.errors import RepositoryNotFoundError

    return isinstance(error.__cause__, RepositoryNotFoundError)
