"""Model directories that hold nothing sensible, and a Hub that nobody has used."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ovsubs.models.manifest import REQUIRED_FILES


@pytest.fixture
def make_ir(tmp_path: Path) -> Callable[[str], Path]:
    """Makes directories that have all files of a model, but nothing sensible in them."""

    def make(place: str) -> Path:
        directory = tmp_path / place
        directory.mkdir(parents=True)
        for name in REQUIRED_FILES:
            (directory / name).write_text("{}")
        return directory

    return make


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache of the Hub, so that what a developer has downloaded changes no result."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
