"""`kill -9`: no ffmpeg goes on for nobody, and what is left lying about is gone after the next run."""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import COMMAND, environment, run_process
from leaving import command_line, descendants, is_running, kill_and_see, wait_until
from systems import needs_linux

pytestmark = [
    pytest.mark.model,
    needs_linux,
]

HELLO = "1\n00:00:01,000 --> 00:00:04,000\nHello there.\n"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def folder(ffmpeg: Callable[..., Path], tmp_path: Path) -> Path:
    """A video that takes a while to encode and to copy, with subtitles; and a place for temporary folders."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "videos").mkdir()
    noise = ("-f", "lavfi", "-i", "nullsrc=s=480x270:r=25:d=12,geq=random(1)*255:128:128")
    sound = ("-f", "lavfi", "-i", "sine=d=12")
    kept = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-c:a", "flac")
    ffmpeg(tmp_path / "videos" / "talk.mkv", *noise, *sound, *kept)
    (tmp_path / "videos" / "talk.en.srt").write_text(HELLO)
    return tmp_path / "videos"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts the command line; what it started is gone after the test, whatever happens."""
    started = list[subprocess.Popen[bytes]]()

    def run(*arguments: str | Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=environment(TMPDIR=str(folder.parent / "temporary")),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def run_again(folder: Path, *arguments: str | Path) -> None:
    ended = run_process(*arguments, cwd=folder, TMPDIR=str(folder.parent / "temporary"))
    assert ended.code == 0, ended.err


def ffmpeg_of(process: subprocess.Popen[bytes], argument: str) -> int | None:
    """The ffmpeg that a run has started with an argument like this one, as soon as it is there."""
    try:
        found = [child for child in descendants(process.pid) if argument in command_line(child)]
    except (ProcessLookupError, FileNotFoundError):  # one has ended while it was looked at
        return None
    return found[0] if found else None


def written_by(pid: int) -> int:
    """Bytes, a pipe's among them."""
    (line,) = re.findall(r"wchar: (\d+)", Path(f"/proc/{pid}/io").read_text())
    return int(line)


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def stop(pid: int) -> None:
    """Hold an ffmpeg in its middle, however fast the machine is."""
    subprocess.run(["kill", f"-{signal.SIGSTOP.value}", str(pid)], check=True)


def catch_writing(begin: Callable[[], subprocess.Popen[bytes]], folder: Path) -> tuple[Any, int]:
    """A run whose ffmpeg is writing, and that ffmpeg. A copy may be whole before anybody has looked."""
    while True:
        process = begin()
        while process.poll() is None:
            writer = ffmpeg_of(process, ".ovsubs-")
            if writer and list(folder.glob(".ovsubs-*.tmp")):
                return process, writer
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("call", "made"),
    [
        (("embed", "talk.mkv", "talk.en.srt"), "talk.subtitled.mkv"),
        (("burn", "talk.mkv", "talk.en.srt", "--preset", "placebo"), "talk.burned.mkv"),
    ],
)
def test_no_writer_goes_on_and_the_next_run_cleans_up(
    folder: Path, start: Start, call: tuple[str, ...], made: str
) -> None:
    process, writer = catch_writing(lambda: start(*call, "--overwrite"), folder)
    stop(writer)

    assert kill_and_see(process) == set()
    assert not is_running(writer)
    assert list((folder.parent / "temporary").iterdir()) != []

    run_again(folder, *(argument.replace("placebo", "ultrafast") for argument in call), "--overwrite")

    assert everything(folder) == sorted(["talk.en.srt", "talk.mkv", made])
    assert list((folder.parent / "temporary").iterdir()) == []


def test_no_reader_goes_on(
    folder: Path, start: Start, speech_sample: Path, tiny_en_model_dir: Path, ffmpeg: Callable[..., Path]
) -> None:
    once = ffmpeg(folder / "once.mp3", "-i", speech_sample, "-b:a", "24k")
    ffmpeg(folder / "long.mp3", "-stream_loop", "240", "-i", once, "-c", "copy")

    process = start("subtitle", "long.mp3", "-m", tiny_en_model_dir)
    wait_until(lambda: ffmpeg_of(process, "pipe:1"), "ffmpeg never came to read")
    reader = ffmpeg_of(process, "pipe:1")
    assert reader
    wait_until(lambda: written_by(reader) > 2_000_000, "nobody takes what it writes")  # more than is buffered
    stop(reader)  # it would notice that nobody reads, as soon as it has more to write

    assert kill_and_see(process) == set()
    assert not is_running(reader)


def test_a_run_leaves_alone_what_another_one_writes(folder: Path, start: Start) -> None:
    shutil.copy(folder / "talk.mkv", folder / "other.mkv")
    process = start("burn", "talk.mkv", "talk.en.srt", "--preset", "placebo")
    wait_until(lambda: list(folder.glob(".ovsubs-*.tmp")), "ffmpeg never came to write")
    (half_written,) = folder.glob(".ovsubs-*.tmp")

    run_again(folder, "embed", "other.mkv", "talk.en.srt")

    assert half_written.exists()
    assert process.poll() is None
