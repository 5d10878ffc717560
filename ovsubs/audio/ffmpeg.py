"""The ffmpeg child process: moviepy's bundled executable, quiet, local files only, never left behind."""

import contextlib
import io
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ovsubs.audio.demuxers import SELF_CONTAINED
from ovsubs.audio.lifeline import ends_with_us, start_watching
from ovsubs.audio.read_limit import read_limit
from ovsubs.audio.standstill import LOOK_S, Standstill, bytes_read
from ovsubs.errors import UnreadableMedia

# A disk that has to spin up takes 20 s, a network share that comes back a little more. Whoever waits longer
# for a single byte waits for ever.
STALLED_S = 60.0
_UNSEEN_FACTOR = 5  # more patience where nobody can see that ffmpeg is reading on
# Only local files: a playlist in disguise must not make ffmpeg open an address on the network.
_COMMON = ("-hide_banner", "-nostdin", "-protocol_whitelist", "file,pipe")
_PREFIX = re.compile(r"^(?:\[[^\]]* @ (?:0x)?[0-9a-fA-F]+\] ?)+")  # "[mov,mp4 @ 0x55e1] ": who speaks
_PART_BYTES, _N_PARTS = 65_536, 16  # what is read before somebody asks for it
# Of this thread: set when nobody wants what it reads any more (`called_off_by`).
_CALLED_OFF = ContextVar[threading.Event | None]("called off", default=None)
_REAPED_S = 5.0  # the system ends a process at once, but where it waits for a network share that is gone


def ffmpeg_executable() -> str:
    """Path of the ffmpeg that moviepy brings (imageio-ffmpeg; `IMAGEIO_FFMPEG_EXE` overrides it).

    Asked of imageio-ffmpeg itself, because `import moviepy` costs half a second.
    """
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_url(path: Path) -> str:
    """The path as ffmpeg reads it literally, whatever is in it (colons, a leading dash, `%d`)."""
    return f"file:{path}"


def media_input(path: Path) -> list[str]:
    """The arguments that make ffmpeg read a file that somebody gave us: that file, and no other.

    What is a list of other files (HLS, ffconcat, DASH, SDP, numbered pictures), whatever its name says, is
    refused before ffmpeg opens one of them.
    """
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", SELF_CONTAINED, "-i", input_url(path)]


def ask_ffmpeg(arguments: Sequence[str], source: Path | None = None) -> str:
    """Run ffmpeg to its end and return what it says (its stderr). Its exit code is not looked at.

    Raises:
        UnreadableMedia: for a minute it has neither read nor written anything; `source` is named.
    """
    with running_ffmpeg(arguments, source=source, verbosity=()) as child:
        while child.output.read(_PART_BYTES):
            pass
        return child.finish()[1]


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
def running_ffmpeg(
    arguments: Sequence[str],
    folder: Path | None = None,
    *,
    source: Path | None = None,
    limit_s: float | None = None,
    verbosity: Sequence[str] = ("-v", "error"),
) -> Iterator[FfmpegChild]:
    """Start ffmpeg with its stdout as a pipe; it is killed and reaped on the way out, however that is.

    It works in `folder` if one is given; relative paths in `arguments` are of that folder then.

    It runs in a session of its own: Ctrl-C in the terminal reaches us alone, and we end it in silence.
    stderr goes to a file, since a pipe that nobody empties would stop ffmpeg in the middle.
    Should we be killed, it is killed as well.

    Args:
        arguments: behind those that are always given.
        folder: to work in.
        source: what is read, to be named in an error.
        limit_s: how long, while its output is waited for, it may neither write nor read anything; it has
            `STALLED_S` before its first byte, and by default.
        verbosity: options on what it tells.

    Raises:
        UnreadableMedia: while its output is read: it has been at a standstill for too long.
    """
    command = [ffmpeg_executable(), *_COMMON, *verbosity, *arguments]
    start_watching()
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=folder,
            creationflags=_creation_flags(),
            start_new_session=True,
        )
        try:
            with ends_with_us(process):  # first of all: we may be killed at any instant
                output = _Output(process, source, STALLED_S if limit_s is None else limit_s)
                try:
                    yield FfmpegChild(process, io.BufferedReader(output), complaints)
                finally:
                    process.kill()
                    output.close()
        finally:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_REAPED_S)


class _Output(io.RawIOBase):
    """What a child writes, as it comes. A thread reads it: Windows can wait for no pipe with a limit.

    Its reader waits at most `limit_s` for a child that neither writes nor reads.
    """

    def __init__(self, process: subprocess.Popen[bytes], source: Path | None, limit_s: float) -> None:
        super().__init__()
        self._process, self._source, self._limit_s = process, source, limit_s
        self._parts = queue.Queue[bytes](_N_PARTS)
        self._rest = b""
        self._is_over = threading.Event()
        self._has_begun = False
        self._n_counted = 0  # bytes read by the child, as far as the limit knows
        self._is_held = threading.Event()  # it waits for the limit
        self._called_off = _CALLED_OFF.get()
        threading.Thread(target=self._read_on, name="ffmpeg's output", daemon=True).start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill up to the whole buffer with what has come; 0 at the end.

        Raises:
            UnreadableMedia: the child is at a standstill.
        """
        if not self._rest:
            self._rest = self._next()
        n_bytes = min(len(buffer), len(self._rest))
        buffer[:n_bytes], self._rest = self._rest[:n_bytes], self._rest[n_bytes:]
        return n_bytes

    def close(self) -> None:
        """Let the thread go; nothing more comes. Call it when the child is killed."""
        self._is_over.set()
        with contextlib.suppress(queue.Empty):
            self._parts.get_nowait()  # it may be waiting to hand over one more
        super().close()

    def _next(self) -> bytes:
        standstill, began = Standstill(), self._has_begun
        while not self._is_over.is_set():
            with contextlib.suppress(queue.Empty):
                part = self._parts.get(timeout=LOOK_S)
                self._has_begun = True
                if not part:
                    self._is_over.set()
                return part
            if self._called_off and self._called_off.is_set():
                raise UnreadableMedia(self._source or "ffmpeg", "nobody wants it any more")
            n_read = bytes_read(self._process)
            limit_s = self._limit_s if began else max(self._limit_s, STALLED_S)
            if n_read is None:
                limit_s *= _UNSEEN_FACTOR
            if self._is_held.is_set():
                standstill = Standstill()
            if standstill.seconds(n_read) > limit_s:
                raise UnreadableMedia(self._source or "ffmpeg", f"for {limit_s:.0f} s nothing could be read")
        return b""

    def _read_on(self) -> None:
        pipe = self._process.stdout
        assert isinstance(pipe, io.FileIO)
        with pipe:
            while part := pipe.read(_PART_BYTES):
                if not self._hand_over(part):
                    return
                if read_limit().is_set:
                    self._keep_limit()
        self._hand_over(b"")

    def _keep_limit(self) -> None:
        """Let the child wait, before a full pipe, where it has read too fast."""
        n_read = bytes_read(self._process)
        if n_read is not None:
            n_new, self._n_counted = n_read - self._n_counted, n_read
            self._is_held.set()
            read_limit().wait_for(n_new, self._is_over)
            self._is_held.clear()

    def _hand_over(self, part: bytes) -> bool:
        """Whether it was taken; nobody takes it after the end."""
        while not self._is_over.is_set():
            with contextlib.suppress(queue.Full):
                self._parts.put(part, timeout=LOOK_S)
                return True
        return False


@contextmanager
def called_off_by(event: threading.Event) -> Iterator[None]:
    """Within this, in this thread, reading from ffmpeg ends with an error soon after the event is set.

    A thread that waits for a network share that is gone cannot be ended otherwise.
    """
    token = _CALLED_OFF.set(event)
    try:
        yield
    finally:
        _CALLED_OFF.reset(token)


def complaint_lines(stderr: str) -> list[str]:
    """What ffmpeg complains of, in order, without the names and addresses of its parts."""
    lines = (_PREFIX.sub("", line).strip() for line in stderr.splitlines())
    return [line for line in lines if line]


def why_it_failed(stderr: str) -> str:
    """The line of ffmpeg's stderr that tells a person most, without its addresses and repetitions."""
    if "moov atom not found" in stderr:
        return "no index (moov atom): the file is cut off, or it is not what its name says"
    if "Format not on whitelist" in stderr:
        return "it is a list of other files, or a picture, and only the file itself is opened"
    telling = [line for line in complaint_lines(stderr) if not line.startswith("Error opening input file")]
    if not telling:
        return "ffmpeg gives no reason"
    return telling[-1].removeprefix("Error opening input: ").rstrip(".")


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0
