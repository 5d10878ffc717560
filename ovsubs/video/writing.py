"""Arguments for ffmpeg -> a new video that appears whole or not at all."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import STALLED_S, complaint_lines, running_ffmpeg
from ovsubs.audio.standstill import Standstill, bytes_read
from ovsubs.audio.streams import DATA, Contents, Stream
from ovsubs.errors import (
    ConversionFailed,
    OutputExists,
    OutputIsInput,
    OvsubsError,
    UnsupportedContainer,
    UnwritableVideo,
)
from ovsubs.places import can_write_in, move_into_place
from ovsubs.steps import run_to_end
from ovsubs.temporary import temporary_beside

OnProgress = Callable[[float, float], None]  # seconds that are done, and of the whole (0.0: not known)
OnNote = Callable[[str], None]  # one line for a person


@dataclass(frozen=True, slots=True)
class CopyPosition:
    """How far a copy is: `position` of `duration`, in seconds of the video; 0.0 is a length not known."""

    position: float
    duration: float


def ignore(*told: object) -> None:
    """Take what nobody asked to be told."""
    del told


Copying = Generator[CopyPosition, None, Path]  # a copy while it is made; returns where it is


def finish(copying: Copying, on_progress: OnProgress | None) -> Path:
    """Make a copy to its end; returns where it is. It is given up where `on_progress` raises."""
    tell = on_progress or ignore
    return run_to_end(copying, lambda at: tell(at.position, at.duration))


DRAWN = b"drawn"  # which picture has just been drawn, where ffmpeg is told to say so
KEPT_DATA = frozenset({"gpmd"})  # GoPro's telemetry is the one kind of data that ffmpeg copies into MP4
_ENDS_EARLY_S = 1.0  # a video this much shorter than its file says has lost something
_ENDS_EARLY_SHARE = 0.01  # ... and so much, since some containers give rough durations
_US_PER_S = 1_000_000
_GETS_ON = (b"out_time_us", b"frame", b"total_size", DRAWN)  # what ffmpeg tells of its progress
_SLOW_BYTES_PER_S = 5_000_000  # of a disk
# What ffmpeg says where the place to write to is at fault, not what it reads.
_NO_PLACE = ("No space left on device", "Disk quota exceeded", "File too large", "Read-only file system")
_WRONG_CONTAINER = "Could not write header"  # a stream that this kind of file cannot hold


def choose_output(video: Path, named: Path | None, mark: str, ending: str) -> Path:
    """Where a new video goes: `talk.<mark>.mp4` beside the video or in the folder named, else as named.

    Raises:
        UnwritableVideo: what is named can be no file.
    """
    name = f"{video.stem}.{mark}{ending}"
    if named is None:
        return video.with_name(name)
    try:
        return named / name if named.is_dir() else named
    except OSError as error:
        raise UnwritableVideo(named, error.strerror or error) from error


def check_output(output: Path, sources: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse, before any work, an output that cannot or must not be written.

    Raises:
        OutputIsInput: it is one of the sources, under whatever name.
        OutputExists: it is there and `overwrite` is false.
        UnwritableVideo: its folder is missing or read-only, or something else has its name.
    """
    try:
        target = output.resolve()
        if any(target == source.resolve() or _is_same(target, source) for source in sources):
            raise OutputIsInput(output)
        if target.exists() and not target.is_file():
            raise UnwritableVideo(output, "a folder or device has this name")
        if target.exists() and not overwrite:
            raise OutputExists(output)
        if not target.parent.is_dir():
            raise UnwritableVideo(output, f"there is no folder {target.parent}")
    except OSError as error:
        raise UnwritableVideo(output, error.strerror or error) from error
    if not can_write_in(target.parent):
        raise UnwritableVideo(output, f"no permission to write in {target.parent}")


@contextmanager
def appearing_whole(output: Path) -> Iterator[Path]:
    """A free path beside the output. What is written there takes the output's place, or is removed.

    Raises:
        UnwritableVideo: the file cannot be stored or renamed.
    """
    target = output.resolve()
    try:
        with temporary_beside(target) as temporary:
            yield temporary
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
            move_into_place(temporary, target)
    except OSError as error:
        raise UnwritableVideo(output, error.strerror or error) from error


def run_ffmpeg(
    source: Contents,
    output: Path,
    arguments: Sequence[str],
    folder: Path,
) -> Generator[CopyPosition, None, list[str]]:
    """Run ffmpeg to its end; it is killed when this is left in any other way.

    Args:
        source: what is read, to name it in an error.
        output: what is made of it in the end, to name it in an error.
        arguments: what to read and what to write.
        folder: of relative paths in the arguments.

    Yields:
        How far it is, a few times a second.

    Returns:
        What ffmpeg complained of without giving up, such as a file that breaks off.

    Raises:
        UnwritableVideo, UnsupportedContainer, ConversionFailed: by what ffmpeg gave as its reason.
    """
    with running_ffmpeg(["-progress", "pipe:1", *arguments], folder, source=source.path) as child:
        state, standstill = dict[bytes, bytes](), Standstill()
        for line in child.output:
            key, _, value = line.strip().partition(b"=")
            if key == b"out_time_us" and value.isdigit():
                yield CopyPosition(int(value) / _US_PER_S, source.duration)
            if key in _GETS_ON:
                state[key] = value
            elif key == b"progress":
                _check_gets_on(standstill, source.path, child.process, state)
        code, stderr = child.finish()
    if code:
        raise _failure(source.path, output, code, stderr)
    return complaint_lines(stderr)


def _check_gets_on(
    standstill: Standstill, video: Path, process: subprocess.Popen[bytes], state: dict[bytes, bytes]
) -> None:
    """Refuse to wait any longer for an ffmpeg that tells how far it is again and again, and gets no further.

    A file that is written is read once more at its end, to move its index to its beginning.
    """
    n_bytes = state.get(b"total_size", b"")
    limit_s = STALLED_S + (int(n_bytes) / _SLOW_BYTES_PER_S if n_bytes.isdigit() else 0.0)
    if standstill.seconds((bytes_read(process), *state.items())) > limit_s:
        raise ConversionFailed(video, f"for {limit_s:.0f} s it got no further")


def check_made(
    made: Contents, source: Contents, expected: Iterable[Stream | str], complaints: list[str]
) -> None:
    """Refuse a result that lost something.

    Args:
        made: the result.
        source: what it was made of.
        expected: streams that had to come through, or the kinds of those that are new.
        complaints: what ffmpeg said while it worked.

    Raises:
        ConversionFailed: streams are missing, or it ends early and ffmpeg had to say something about it.
    """
    wanted = Counter(stream if isinstance(stream, str) else stream.kind for stream in expected)
    found = Counter(stream.kind for stream in made.streams if stream.kind != DATA or stream.tag in KEPT_DATA)
    if wanted != found:
        kinds = ", ".join(
            f"{found[kind]} of {wanted[kind]} {kind.lower()}" for kind in sorted(wanted | found)
        )
        raise ConversionFailed(source.path, f"of its streams came through: {kinds}")
    missing_s = source.duration - made.duration
    if complaints and missing_s > max(_ENDS_EARLY_S, _ENDS_EARLY_SHARE * source.duration):
        why = f"{made.duration:.1f} of {source.duration:.1f} s could be read: {complaints[0]}"
        raise ConversionFailed(source.path, why)


def _failure(video: Path, output: Path, code: int, stderr: str) -> OvsubsError:
    complaints = complaint_lines(stderr) or ["ffmpeg gives no reason"]
    if code < 0:  # POSIX: ended by a signal, as where a file grows beyond what is allowed
        why = signal.strsignal(-code) or f"signal {-code}"
        return UnwritableVideo(output, f"the system stopped ffmpeg: {why.lower()}")
    for reason in _NO_PLACE:
        if reason in stderr:
            return UnwritableVideo(output, reason.lower())
    if _WRONG_CONTAINER in stderr and output.suffix.lower() != ".mkv":
        return UnsupportedContainer(output, complaints[0].rstrip("."), ".mkv")
    return ConversionFailed(video, complaints[0].rstrip("."))


def _is_same(target: Path, source: Path) -> bool:
    return target.exists() and source.exists() and target.samefile(source)
