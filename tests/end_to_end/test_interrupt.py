"""Ctrl-C in the middle of a long file: it ends at once and says so, and nothing is left running."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import COMMAND, environment
from patience import PATIENCE_S
from systems import needs_linux

pytestmark = [
    pytest.mark.model,
    needs_linux,
]

BITS_RATE = ("-b:a", "24k")


@pytest.fixture
def long_talk(speech_sample: Path, ffmpeg: Callable[..., Path], tmp_path: Path) -> Path:
    """Forty minutes of speech: more than ffmpeg is asked for at once, so that it waits in the middle."""
    once = ffmpeg(tmp_path / "once.mp3", "-i", speech_sample, *BITS_RATE)
    path = ffmpeg(tmp_path / "long.mp3", "-stream_loop", "240", "-i", once, "-c", "copy")
    once.unlink()
    return path


@pytest.fixture
def running(long_talk: Path, tiny_en_model_dir: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command line at work on the long file; ended after the test whatever happens."""
    arguments = ["subtitle", str(long_talk), "-m", str(tiny_en_model_dir), "-f", "all", "-o"]
    output = tmp_path / "out"
    output.mkdir()
    process = subprocess.Popen(
        [*COMMAND, *arguments, str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment(TMPDIR=str(tmp_path)),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def children(pid: int) -> list[int]:
    """Processes that a process has started and that still run."""
    found = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for child in " ".join(found).split()]


def is_decoding(pid: int) -> bool:
    """Whether it is the ffmpeg that streams samples, not one that only looks at the file."""
    try:
        return b"pipe:1" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def wait_for_decoder(process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if decoders := [child for child in children(process.pid) if is_decoding(child)]:
            return decoders[0]
        time.sleep(0.02)
    pytest.fail("ffmpeg never came to run")


def test_ctrl_c_ends_the_run_and_its_ffmpeg_and_leaves_no_file(
    running: subprocess.Popen[bytes], long_talk: Path, tmp_path: Path
) -> None:
    decoder = wait_for_decoder(running)
    time.sleep(1.5)  # into the recognition
    assert is_decoding(decoder)

    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)

    assert running.returncode == 130
    assert out == b""
    assert [line for line in err.decode().splitlines() if not line.startswith("model from ")] == [
        "ovsubs: stopped"
    ]
    assert not is_decoding(decoder)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [long_talk]


def test_ctrl_c_reaches_ffmpeg_through_us_alone(running: subprocess.Popen[bytes]) -> None:
    """A terminal sends SIGINT to the whole process group; ffmpeg is in a session of its own."""
    decoder = wait_for_decoder(running)

    sessions = [
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3] for pid in (running.pid, decoder)
    ]

    assert sessions[0] != sessions[1] == str(decoder)
