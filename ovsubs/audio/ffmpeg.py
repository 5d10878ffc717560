"""The ffmpeg child process: moviepy's bundled executable, quiet, local files only, never left behind."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Only local files: a playlist in disguise must not make ffmpeg open an address on the network.
_COMMON = ("-hide_banner", "-nostdin", "-protocol_whitelist", "file,pipe")
_PREFIX = re.compile(r"^(?:\[[^\]]* @ (?:0x)?[0-9a-fA-F]+\] ?)+")  # "[mov,mp4 @ 0x55e1] ": who speaks


def ffmpeg_executable() -> str:
    """Path of the ffmpeg that moviepy brings (imageio-ffmpeg; `IMAGEIO_FFMPEG_EXE` overrides it).

    Asked of imageio-ffmpeg itself, because `import moviepy` costs half a second.
    """
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_url(path: Path) -> str:
    """The path as ffmpeg reads it literally, whatever is in it (colons, a leading dash, `%d`)."""
    return f"file:{path}"


def ask_ffmpeg(arguments: Sequence[str]) -> str:
    """Run ffmpeg to its end and return what it says (its stderr). Its exit code is not looked at."""
    command = [ffmpeg_executable(), *_COMMON, *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        creationflags=_creation_flags(),
        start_new_session=True,
        check=False,
    )
    return done.stderr.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class FfmpegChild:
    """A running ffmpeg: its bytes come out of `output`, its complaints lie in a file until asked for."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    complaints: IO[bytes]

    def finish(self) -> tuple[int, str]:
        """Wait for the end; exit code and everything on stderr. Call it only after `output` has ended."""
        code = self.process.wait()
        self.complaints.seek(0)
        return code, self.complaints.read().decode("utf-8", errors="replace")


@contextmanager
def running_ffmpeg(arguments: Sequence[str], folder: Path | None = None) -> Iterator[FfmpegChild]:
    """Start ffmpeg with its stdout as a pipe; it is killed and reaped on the way out, however that is.

    It works in `folder` if one is given; relative paths in `arguments` are of that folder then.

    It runs in a session of its own: Ctrl-C in the terminal reaches us alone, and we end it in silence.
    stderr goes to a file, since a pipe that nobody empties would stop ffmpeg in the middle.
    """
    command = [ffmpeg_executable(), *_COMMON, "-v", "error", *arguments]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=folder,
            creationflags=_creation_flags(),
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            yield FfmpegChild(process, process.stdout, complaints)
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def complaint_lines(stderr: str) -> list[str]:
    """What ffmpeg complains of, in order, without the names and addresses of its parts."""
    lines = (_PREFIX.sub("", line).strip() for line in stderr.splitlines())
    return [line for line in lines if line]


def why_it_failed(stderr: str) -> str:
    """The line of ffmpeg's stderr that tells a person most, without its addresses and repetitions."""
    if "moov atom not found" in stderr:
        return "no index (moov atom): the file is cut off, or it is not what its name says"
    telling = [line for line in complaint_lines(stderr) if not line.startswith("Error opening input file")]
    if not telling:
        return "ffmpeg gives no reason"
    return telling[-1].removeprefix("Error opening input: ").rstrip(".")


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0
