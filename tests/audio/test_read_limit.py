"""Files are read no faster than they may be, all together; what waits for that is no standstill."""

import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from systems import needs_linux

from ovsubs.audio import ffmpeg
from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.read_limit import ReadLimit, read_limit
from ovsubs.errors import InvalidOption

N_BYTES = 1_000_000


@pytest.fixture
def limit() -> Iterator[ReadLimit]:
    yield read_limit()
    read_limit().set(None)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(range(250)) * (N_BYTES // 250))
    return path


def n_samples(path: Path) -> int:
    media = probe(path)
    return sum(len(block) for block in stream_audio(media, media.tracks[0], block_s=1.0))


@needs_linux
@pytest.mark.parametrize("n_files", [1, 2])
def test_all_files_together_are_read_no_faster(sound: Path, limit: ReadLimit, n_files: int) -> None:
    limit.set(1_000_000)
    began = time.monotonic()
    with ThreadPoolExecutor(n_files) as pool:
        heard = list(pool.map(n_samples, [sound] * n_files))
    assert heard == [N_BYTES // 2] * n_files
    # The last of it waits for nobody, nor what the pipe and the reader hold.
    assert time.monotonic() - began > 0.6 * n_files * N_BYTES / 1_000_000


@needs_linux
def test_waiting_for_the_limit_is_no_standstill(
    sound: Path, limit: ReadLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpeg, "STALLED_S", 0.5)
    limit.set(500_000)
    assert n_samples(sound) == N_BYTES // 2


def test_nobody_waits_after_the_end(limit: ReadLimit) -> None:
    limit.set(100_000)
    is_over = threading.Event()
    is_over.set()
    began = time.monotonic()
    limit.wait_for(10**9, is_over)
    assert time.monotonic() - began < 60.0


@needs_linux
def test_a_limit_that_is_none_is_refused(limit: ReadLimit) -> None:
    with pytest.raises(InvalidOption, match=r"at least 0\.1 MB/s"):
        limit.set(1.0)
    assert not limit.is_set
