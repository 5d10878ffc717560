"""What ffmpeg says of its input -> the audio tracks in it, as `Media`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track. `index` counts audio tracks from 0; it is what `--audio-track` names.

    `language` is the container's own tag ("eng", "en-US"). `start` says where the track's first
    sample lies in the file as players show it, in seconds: add it to every time in the track.
    `layout` is what ffmpeg calls its channels ("stereo", "5.1(side)", "10 channels"). `commentary`:
    somebody speaks about the film, or describes its pictures.
    """

    index: int
    language: str | None
    title: str | None
    default: bool
    start: float
    codec: str
    layout: str = "mono"
    commentary: bool = False

    def __str__(self) -> str:
        details = [detail for detail in (self.language, self.title and repr(self.title)) if detail]
        return " ".join([str(self.index), *details, *(["(default)"] if self.default else [])])


@dataclass(frozen=True, slots=True)
class Media:
    """An audio or video file. `duration` is the longest stream's, in seconds; cover art is no video.

    `container` is ffmpeg's name of the format ("mpegts", "matroska,webm").
    """

    path: Path
    duration: float
    tracks: tuple[AudioTrack, ...]
    has_video: bool
    container: str = ""


# A tag may hold anything, parentheses too: it ends where the kind of the stream follows.
_STREAM = re.compile(r"^\s*Stream #0:(\d+)(?:\[\w+\])?(?:\((.*?)\))?: ([A-Z]\w+): (.*)$")
_INPUT = re.compile(r"^Input #0, (.+?), from '", re.MULTILINE)
_DURATION = re.compile(r"^  Duration: (?:N/A|(\d+):(\d\d):(\d\d\.\d+))(?:, start: (-?[\d.]+))?", re.MULTILINE)
_TITLE = re.compile(r"^\s+(?:title|name)\s*: (.+)$")
_TIME = re.compile(r"\btime=(\d+):(\d\d):(\d\d\.\d+)")
_LAYOUT = re.compile(r" Hz, (\d+ channels|[^,]+?)(?: \([A-Z+0-9]+\))?(?:,|$)")
# ffmpeg's dispositions, and the titles that people give, in the languages of most files.
_ASIDE = re.compile(r"\((?:comment|visual impaired|descriptions)\)")
_ASIDE_TITLE = re.compile(
    r"comment(?:ary|aries|s|aire)|kommentar|comentari|commento|commenti|комментари|解説|评论"
    r"|audio.?desc|descri(?:bed|ptive|ption)|hörfilm|audiovision",
    re.IGNORECASE,
)


def read_banner(path: Path, said: str) -> Media:
    """Read ffmpeg's description of its input.

    Own code: moviepy's parser gives no start per stream, and fails or warns on files without a
    known duration, subtitle streams and language tags such as en-US.
    """
    container, header = _INPUT.search(said), _DURATION.search(said)
    duration = seconds(header[1], header[2], header[3]) if header and header[1] else 0.0
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
    tracks = tuple(_numbered(in_order))
    return Media(path, duration, tracks, has_video, container[1] if container else "")


def last_time(said: str) -> float:
    """Seconds that ffmpeg had come to, by the last of its lines of progress; 0 if there is none."""
    times = _TIME.findall(said)
    return seconds(*times[-1]) if times else 0.0


def seconds(hours: str, minutes: str, rest: str) -> float:
    """Seconds of "1:02:03.45"."""
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def _track(language: str | None, details: str, file_start: float) -> AudioTrack:
    start = re.search(r", start (-?[\d.]+)", details)
    codec = re.match(r"[\w-]+", details)
    layout = _LAYOUT.search(details)
    return AudioTrack(
        index=0,
        language=None if language in (None, "und") else language,
        title=None,
        default="(default)" in details,
        start=max(0.0, round(float(start[1] if start else 0.0) - file_start, 6)),
        codec=codec[0] if codec else "unknown",
        layout=layout[1] if layout else "",
        commentary=bool(_ASIDE.search(details)),
    )


def _numbered(tracks: list[AudioTrack]) -> Iterator[AudioTrack]:
    for index, track in enumerate(tracks):
        aside = track.commentary or bool(_ASIDE_TITLE.search(track.title or ""))
        yield replace(track, index=index, commentary=aside)
