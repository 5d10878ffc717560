"""Real ffmpeg, real speech: what the tests of this room share."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from skips import NO_DATA

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.tracks import choose_track
from ovsubs.audio.vad import SpeechDetector, open_detector

DATA = Path(__file__).parents[3] / "shared" / "data"


def _read_samples(path: Path) -> np.ndarray:
    media = probe(path)
    return np.concatenate([np.zeros(0, np.float32), *stream_audio(media, choose_track(media, None))])


@pytest.fixture(scope="session")
def read_samples() -> Callable[[Path], np.ndarray]:
    """Reads the whole default track of a file.  # float32 [n_samples]"""
    return _read_samples


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"{NO_DATA} ({DATA})")
    return DATA


@pytest.fixture(scope="session")
def chapter(data: Path) -> np.ndarray:
    """Two minutes of a LibriSpeech chapter, utterances joined in order.  # float32 [n_samples]"""
    files = sorted((data / "librispeech/test-clean/7127/75947").glob("*.flac"))
    joined = [_read_samples(path) for path in files[:18]]
    return np.concatenate(joined)[: 120 * 16_000]


@pytest.fixture(scope="session")
def detector() -> Iterator[SpeechDetector]:
    with open_detector() as opened:
        yield opened


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Callable[..., Path]:
    """Make a file: `ffmpeg("talk.mkv", "-f", "lavfi", "-i", ...)` returns its path."""

    def make(name: str, *arguments: str) -> Path:
        path = tmp_path / name
        command = [ffmpeg_executable(), "-nostdin", "-v", "error", "-y", *arguments, f"file:{path}"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    return make
