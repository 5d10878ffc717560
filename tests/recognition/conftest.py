"""What the tests of this room share: a small model in f32, and texts as a decoder could have said them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import Script
from scripted_model import scripted_components

from ovsubs.pipeline import Model
from ovsubs.recognition import Components, open_tracks
from ovsubs.whisper.model import CompileOptions


@pytest.fixture(scope="session")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[Model]:
    """tiny.en in f32: what is decoded beside a window must not change its text."""
    with Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


@pytest.fixture
def components(tmp_path: Path) -> Components:
    """A model without weights, and what belongs to it."""
    return scripted_components(tmp_path)


@pytest.fixture
def chunks_of_30_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a detector a chunk is a window."""
    monkeypatch.setattr(open_tracks, "MAX_CHUNK_WITHOUT_VAD_S", 30.0)


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Decoded windows in the tokens of a model without weights."""
    return Script(scripted_components(tmp_path_factory.mktemp("scripted")))
