"""What the tests of this room share: a small model in f32, and texts as a decoder could have said them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted import Script

from ovsubs.pipeline import Model
from ovsubs.whisper.model import CompileOptions


@pytest.fixture(scope="session")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[Model]:
    """tiny.en in f32: what is decoded beside a window must not change its text."""
    with Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


@pytest.fixture(scope="session")
def script(tiny_model: Model) -> Script:
    """Decoded windows in the tokens of tiny.en."""
    return Script(tiny_model._engine)


@pytest.fixture(scope="session")
def recordings(shared_data: Path) -> Callable[[str], Path]:
    """A recording by its name in the folder of recordings; a test without it skips."""

    def find(name: str) -> Path:
        path = shared_data / name
        if not path.is_file():
            pytest.skip(f"the recording {path} is not there")
        return path

    return find
