"""Weights for the tests of this room: small ones made by hand, and the real ones where they are installed."""

from pathlib import Path

import pytest
from exported import Exported
from small_model import SmallModel, make_small_model

from ovsubs.export.ctranslate2 import convert_ctranslate2
from ovsubs.export.model_directory import ExportOptions, export_model


@pytest.fixture
def small_model() -> SmallModel:
    return make_small_model()


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache of the Hub, so that what a developer has downloaded changes no result."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="session")
def base_hugging_face(base_ctranslate2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("base")
    convert_ctranslate2(base_ctranslate2, output)
    return output


@pytest.fixture(scope="session")
def tiny_en_hugging_face(tiny_en_ctranslate2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("tiny.en")
    convert_ctranslate2(tiny_en_ctranslate2, output)
    return output


@pytest.fixture(scope="session")
def tiny_en_ir(tiny_en_ctranslate2: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """tiny.en exported with the defaults once for all tests; they must not change it."""
    lines: list[str] = []
    models = tmp_path_factory.mktemp("models")
    path = export_model("tiny.en", ExportOptions(models_dir=models, offline=True), lines.append)
    return Exported(path, tuple(lines))


@pytest.fixture(scope="session")
def tiny_en_fp32_ir(tiny_en_hugging_face: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny.en with weights stored as float32; tests must not change it."""
    options = ExportOptions(models_dir=tmp_path_factory.mktemp("models"), precision="fp32", offline=True)
    return export_model(str(tiny_en_hugging_face), options)
