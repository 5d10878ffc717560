"""A file -> what is in it (`probe`), the track to hear (`choose_track`), its samples (`stream_audio`)."""

import os
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.ffmpeg import ask_ffmpeg, input_url, running_ffmpeg, why_it_failed
from ovsubs.audio.track_language import same_language
from ovsubs.errors import EmptyFile, MissingFile, NoAudioStream, NoSuchTrack, UnreadableMedia

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
        UnreadableMedia: not audio or video, damaged, a folder, or no permission.
        NoAudioStream: pictures only.
    """
    if not path.exists():
        raise MissingFile(path)
    if path.is_dir():
        raise UnreadableMedia(path, "it is a folder")
    if not os.access(path, os.R_OK):
        raise UnreadableMedia(path, "permission denied")
    if path.stat().st_size == 0:
        raise EmptyFile(path)
    said = ask_ffmpeg(["-i", input_url(path)])
    if "\nInput #0, " not in f"\n{said}":
        raise UnreadableMedia(path, why_it_failed(said))
    media = _parse(path, said)
    if not media.tracks:
        raise NoAudioStream(path)
    if media.duration > 0.0 and "Estimating duration from bitrate" not in said:
        return media
    return replace(media, duration=_duration_by_reading(path))


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
        UnreadableMedia: ffmpeg fails before the first sample.
    """
    seek = ["-ss", f"{track.start + start:.6f}"] if start else []
    limit = ["-t", f"{length:.6f}"] if length is not None else []
    picked = ["-map", f"0:a:{track.index}", "-vn", "-sn", "-dn"]
    # async=1 fills and trims where time stamps jump by over 0.1 s; it stretches nothing.
    wanted = ["-af", "aresample=async=1", "-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "s16le", "pipe:1"]
    block_bytes = max(1, round(block_s * SAMPLE_RATE_HZ)) * _BYTES_PER_SAMPLE
    n_samples = 0
    with running_ffmpeg([*seek, "-i", input_url(media.path), *picked, *limit, *wanted]) as child:
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


_STREAM = re.compile(r"^\s*Stream #0:(\d+)(?:\[\w+\])?(?:\(([^)]*)\))?: (\w+): (.*)$")
_DURATION = re.compile(r"^  Duration: (?:N/A|(\d+):(\d\d):(\d\d\.\d+))(?:, start: (-?[\d.]+))?", re.MULTILINE)
_TITLE = re.compile(r"^\s+(?:title|name)\s*: (.+)$")
_TIME = re.compile(r"\btime=(\d+):(\d\d):(\d\d\.\d+)")


def _parse(path: Path, said: str) -> Media:
    """Read ffmpeg's description of its input.

    Own code: moviepy's parser gives no start per stream, and fails or warns on files without a
    known duration, subtitle streams and language tags such as en-US.
    """
    header = _DURATION.search(said)
    duration = _seconds(header[1], header[2], header[3]) if header and header[1] else 0.0
    file_start = float(header[4] or 0.0) if header else 0.0
    streams: dict[int, AudioTrack] = {}
    has_video, current = False, None
    for line in said.splitlines():
        stream = _STREAM.match(line)
        if stream:
            number, language, kind, details = int(stream[1]), stream[2], stream[3], stream[4]
            current = number if kind == "Audio" else None
            has_video = has_video or (kind == "Video" and "(attached pic)" not in details)
            if current is not None:
                streams[number] = _track(language, details, file_start)
        elif current is not None and not streams[current].title and (title := _TITLE.match(line)):
            streams[current] = replace(streams[current], title=title[1].strip())
    in_order = [streams[number] for number in sorted(streams)]
    tracks = tuple(replace(track, index=index) for index, track in enumerate(in_order))
    return Media(path, duration, tracks, has_video)


def _track(language: str | None, details: str, file_start: float) -> AudioTrack:
    start = re.search(r", start (-?[\d.]+)", details)
    codec = re.match(r"[\w-]+", details)
    return AudioTrack(
        index=0,
        language=None if language in (None, "und") else language,
        title=None,
        default="(default)" in details,
        start=max(0.0, round(float(start[1] if start else 0.0) - file_start, 6)),
        codec=codec[0] if codec else "unknown",
    )


def _duration_by_reading(path: Path) -> float:
    """Seconds of a file that does not say them: its packets are read, none is decoded."""
    said = ask_ffmpeg(["-i", input_url(path), "-map", "0:a", "-c", "copy", "-f", "null", "-"])
    times = _TIME.findall(said)
    return _seconds(*times[-1]) if times else 0.0


def _seconds(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
