"""A file -> what is in it (`probe`), the track to hear (`choose_track`), its samples (`stream_audio`)."""

import re
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.ffmpeg import ask_ffmpeg, media_input, running_ffmpeg, why_it_failed
from ovsubs.audio.streams import AUDIO, DEFAULT, VIDEO, Stream, read_contents
from ovsubs.audio.track_language import same_language
from ovsubs.errors import MissingFile, NoAudioStream, NoMediaInFolder, NoSuchTrack, UnreadableMedia

SAMPLE_RATE_HZ = 16_000  # what Whisper and Silero were trained on
_BYTES_PER_SAMPLE = 2  # s16le
_FULL_SCALE = 32768.0  # s16
_ENDS_EARLY_S = 1.0  # a track this much shorter than its file says has lost something
_ENDS_EARLY_SHARE = 0.01  # ... and so much, since some containers give rough durations

_AUDIO = "aac ac3 aif aiff amr caf flac m4a m4b mka mp2 mp3 oga ogg opus wav wma"
_VIDEO = "3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
MEDIA_SUFFIXES = frozenset(f".{ending}" for ending in f"{_AUDIO} {_VIDEO}".split())


SUBTITLED, BURNED = "subtitled", "burned"  # talk.burned.mp4: copies with subtitles in them
COPY_MARKS = (SUBTITLED, BURNED)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track. `index` counts audio tracks from 0; it is what `--audio-track` names.

    `language` is the container's own tag ("eng", "en-US"). `start` says where the track's first
    sample lies in the file as players show it, in seconds: add it to every time in the track.
    """

    index: int
    language: str | None
    title: str | None
    default: bool
    start: float
    codec: str

    def __str__(self) -> str:
        details = [detail for detail in (self.language, self.title and repr(self.title)) if detail]
        return " ".join([str(self.index), *details, *(["(default)"] if self.default else [])])


@dataclass(frozen=True, slots=True)
class Media:
    """An audio or video file. `duration` is the longest stream's, in seconds; cover art is no video."""

    path: Path
    duration: float
    tracks: tuple[AudioTrack, ...]
    has_video: bool


def probe(path: Path) -> Media:
    """Find out what a file holds, with one call of ffmpeg (two where the container gives no duration).

    Raises:
        MissingFile, EmptyFile: there is nothing to read.
        UnreadableMedia: not audio or video, damaged, not a file, no permission, or it cannot be read on.
        NoAudioStream: pictures only.
    """
    contents = read_contents(path)
    tracks = tuple(
        _track(index, stream, contents.start) for index, stream in enumerate(contents.of_kind(AUDIO))
    )
    if not tracks:
        raise NoAudioStream(path)
    duration = contents.duration or _duration_by_reading(path)
    return Media(path, duration, tracks, has_video=bool(contents.of_kind(VIDEO)))


def choose_track(media: Media, wanted: int | str | None) -> AudioTrack:
    """The audio track to transcribe: the one flagged default, else the first, unless one is named.

    Args:
        media: as probed.
        wanted: an index, or a language as 2- or 3-letter code or English name (`en`, `eng`,
            `English`). Of several tracks in that language the default one is taken, else the first.

    Raises:
        NoSuchTrack: none fits; the message lists those that are there.
    """
    if isinstance(wanted, str) and wanted.isdecimal():
        wanted = int(wanted)
    if wanted is None:
        fitting = list(media.tracks)
    elif isinstance(wanted, int):
        fitting = [track for track in media.tracks if track.index == wanted]
    else:
        tagged = [track for track in media.tracks if track.language]
        fitting = [track for track in tagged if same_language(str(track.language), wanted)]
    if not fitting:
        raise NoSuchTrack(media.path, wanted, ", ".join(map(str, media.tracks)))
    return next((track for track in fitting if track.default), fitting[0])


def stream_audio(
    media: Media,
    track: AudioTrack,
    *,
    block_s: float = 30.0,
    start: float = 0.0,
    length: float | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> Generator[NDArray[np.float32], None, None]:
    """Decode a track to 16 kHz mono in consecutive blocks; only one block is in memory.

    All channels are mixed down. Holes in the track's time stamps are filled with silence, so that
    sample n of the stream is heard at `track.start + n / SAMPLE_RATE_HZ` in the file. A track
    without samples yields nothing. ffmpeg ends when the iterator does: at its end, when it is
    closed or collected, and on any exception, KeyboardInterrupt included.

    Args:
        media: as probed.
        track: one of `media.tracks`.
        block_s: seconds in each block but the last.
        start: where to begin, in seconds of the track.
        length: seconds to give; to the end by default.
        on_damage: called with one sentence if a whole-track read ends before the file's duration
            because the file is cut off or broken. What could be decoded has been yielded by then.

    Yields:
        Blocks in [-1, 1).  # float32 [n_samples]

    Raises:
        UnreadableMedia: ffmpeg fails before the first sample, or for a minute can read nothing.
    """
    seek = ["-ss", f"{track.start + start:.6f}"] if start else []
    limit = ["-t", f"{length:.6f}"] if length is not None else []
    picked = ["-map", f"0:a:{track.index}", "-vn", "-sn", "-dn"]
    # async=1 fills and trims where time stamps jump by over 0.1 s; it stretches nothing.
    wanted = ["-af", "aresample=async=1", "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "s16le", "pipe:1"]
    block_bytes = max(1, round(block_s * SAMPLE_RATE_HZ)) * _BYTES_PER_SAMPLE
    n_samples = 0
    arguments = [*seek, *media_input(media.path), *picked, *limit, *wanted]
    with running_ffmpeg(arguments, source=media.path) as child:
        while len(block := _samples(child.output.read(block_bytes))):
            n_samples += len(block)
            yield block
        code, stderr = child.finish()
    if code and not n_samples:
        raise UnreadableMedia(media.path, why_it_failed(stderr))
    if on_damage and not start and length is None:
        damage = _damage(media, track, n_samples / SAMPLE_RATE_HZ, code, stderr)
        if damage:
            on_damage(damage)


def find_media(paths: Sequence[Path]) -> list[Path]:
    """Files to work on: a file stands for itself, a folder for the media files right in it, sorted.

    Copies of a video with subtitles in them, which we have made (`talk.burned.mp4`), are left out of a folder
    where the video itself is.

    Raises:
        MissingFile: a path is not there.
        NoMediaInFolder: a folder holds no file with an ending in `MEDIA_SUFFIXES`.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise MissingFile(path)
        if not path.is_dir():
            found.append(path)
            continue
        inside = _without_copies(visible_files(path, MEDIA_SUFFIXES))
        if not inside:
            raise NoMediaInFolder(path)
        found.extend(inside)
    return found


def visible_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Files right in a folder with one of the endings (small letters, in any case), sorted.

    Hidden ones are left out: macOS leaves a `._talk.mp4` beside each video on a foreign disk.
    """
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
    )


def _without_copies(files: Iterable[Path]) -> list[Path]:
    by_name = {file: file.stem.rpartition(".") for file in files}
    stems = {file.stem for file in by_name}
    return [file for file, (of, _, mark) in by_name.items() if mark not in COPY_MARKS or of not in stems]


def _samples(raw: bytes) -> NDArray[np.float32]:
    samples = np.frombuffer(raw, "<i2", count=len(raw) // _BYTES_PER_SAMPLE).astype(np.float32)
    samples /= _FULL_SCALE
    return samples


def _damage(media: Media, track: AudioTrack, heard_s: float, code: int, stderr: str) -> str | None:
    """A sentence if the track broke off. In a video, sound that merely ends first is no damage."""
    if code and not media.duration:
        return f"ffmpeg stopped after {heard_s:.1f} s ({why_it_failed(stderr)})"
    expected_s = media.duration - track.start
    if expected_s - heard_s < max(_ENDS_EARLY_S, _ENDS_EARLY_SHARE * expected_s):
        return None
    sound_only = not media.has_video and len(media.tracks) == 1
    if not code and not stderr.strip() and not sound_only:
        return None
    why = f" ({why_it_failed(stderr)})" if code or stderr.strip() else ""
    return f"the audio breaks off after {heard_s:.1f} of {expected_s:.1f} s{why}"


_TIME = re.compile(r"\btime=(\d+):(\d\d):(\d\d\.\d+)")


def _track(index: int, stream: Stream, file_start: float) -> AudioTrack:
    return AudioTrack(
        index=index,
        language=stream.language,
        title=stream.title,
        default=DEFAULT in stream.flags,
        start=max(0.0, round(stream.start - file_start, 6)),
        codec=stream.codec,
    )


def _duration_by_reading(path: Path) -> float:
    """Seconds of a file that does not say them: its packets are read, none is decoded."""
    said = ask_ffmpeg([*media_input(path), "-map", "0:a", "-c", "copy", "-f", "null", "-"], source=path)
    times = _TIME.findall(said)
    return _seconds(*times[-1]) if times else 0.0


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
