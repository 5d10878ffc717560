"""Real ffmpeg, the real command line: what the tests of whole runs share."""

import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended, in_precision

from ovsubs.audio.ffmpeg import ffmpeg_executable

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # typer 0.25 imports what click 8.5 gives up
    from ovsubs.cli import main


def make_media(path: Path, *arguments: str | Path) -> Path:
    command = [ffmpeg_executable(), "-nostdin", "-v", "error", "-y", *map(str, arguments), f"file:{path}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., Path]:
    """Makes a file: `ffmpeg(folder / "talk.mkv", "-i", ...)` returns its path."""
    return make_media


@pytest.fixture(scope="session")
def talk(speech_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as an mp4 with a picture, as cameras write it: its index (moov) at the end."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=10")
    return make_media(path, *picture, "-i", speech_sample, "-pix_fmt", "yuv420p")


@pytest.fixture
def ovsubs(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs the command line in this process: `ovsubs("subtitle", path, "-o", folder)`."""

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(in_precision([str(argument) for argument in arguments]))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return run
