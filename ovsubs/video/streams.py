"""A file -> the streams in it, with what a copy of it has to keep."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ovsubs.audio.ffmpeg import ask_ffmpeg, input_url, why_it_failed
from ovsubs.errors import EmptyFile, MediaError, MissingFile, UnreadableMedia

VIDEO, AUDIO, SUBTITLE, ATTACHMENT, DATA = "Video", "Audio", "Subtitle", "Attachment", "Data"
DEFAULT, FORCED, COVER = "default", "forced", "attached pic"  # ffmpeg's names of the flags

_STREAM = re.compile(r"^\s*Stream #0:(\d+)(?:\[(\w+)\])?(?:\(([^)]*)\))?: (\w+): (.*)$")
_FLAGS = re.compile(rf"\(({DEFAULT}|{FORCED}|{COVER})\)")
_CODEC = re.compile(r"^[\w-]+")
_TAG = re.compile(r"\(([^()]{4}) / 0x[0-9A-F]+\)")  # "(tmcd / 0x64636D74)"
_SIZE = re.compile(r", (\d+)x(\d+)(?=[ ,]|$)")
_ROTATION = re.compile(r"^\s+Display ?Matrix: rotation of (-?[\d.]+) degrees", re.IGNORECASE)
_METADATA = re.compile(r"^\s+(title|name|filename)\s*: (.+)$")
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `index` counts all streams from 0; `number` is the container's own, where it has any.

    `kind` is one of the constants above. `language`, `title` and `filename` are the container's tags, `tag`
    its four letters for the codec. `width` and `height` are in pixels as a player shows them, turned
    by the file's rotation; 0 where there is no picture.
    """

    index: int
    number: int
    kind: str
    codec: str
    tag: str
    language: str | None
    flags: frozenset[str]
    width: int = 0
    height: int = 0
    title: str | None = None
    filename: str | None = None

    @property
    def is_cover(self) -> bool:
        """A still picture that stands for the file, such as a poster."""
        return COVER in self.flags


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `duration` in seconds, 0.0 where the file does not say.

    `apple_tags`: it has tags of QuickTime's own (place, camera) that only a .mov keeps.
    """

    path: Path
    duration: float
    streams: tuple[Stream, ...]
    apple_tags: bool

    def of_kind(self, kind: str) -> list[Stream]:
        """Streams of a kind in order, without covers."""
        return [stream for stream in self.streams if stream.kind == kind and not stream.is_cover]


def read_contents(path: Path) -> Contents:
    """Find out which streams a file holds, without decoding them. None is required.

    Raises:
        MissingFile, EmptyFile: there is nothing to read.
        UnreadableMedia: not audio or video, damaged, a folder, or no permission.
    """
    check_readable(path)
    if path.stat().st_size == 0:
        raise EmptyFile(path)
    said = ask_ffmpeg(["-i", input_url(path)])
    if "\nInput #0, " not in f"\n{said}":
        raise UnreadableMedia(path, why_it_failed(said))
    header = _DURATION.search(said)
    # What is estimated of an MPEG stream can be far off.
    known = header and "Estimating duration from bitrate" not in said
    return Contents(
        path,
        int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3]) if header and known else 0.0,
        _streams(said),
        "com.apple.quicktime." in said,
    )


def check_readable(path: Path, error: type[MediaError] = UnreadableMedia) -> None:
    """Refuse what cannot be opened.

    Raises:
        MissingFile: no such file.
        MediaError: a folder, or no permission; it is of the kind that `error` names.
    """
    try:
        there = path.exists()
    except OSError as problem:  # such as a name that is too long
        raise error(path, problem.strerror or problem) from problem
    if not there:
        raise MissingFile(path)
    if path.is_dir():
        raise error(path, "it is a folder")
    if not os.access(path, os.R_OK):
        raise error(path, "permission denied")


def _streams(said: str) -> tuple[Stream, ...]:
    """Read ffmpeg's description. A stream in a group may be told more than once."""
    found: dict[int, Stream] = {}
    current = -1
    for line in said.splitlines():
        if stream := _STREAM.match(line):
            current = int(stream[1])
            found[current] = _stream(current, stream[2], stream[3], stream[4], stream[5])
        elif current in found and (turned := _ROTATION.match(line)):
            found[current] = _rotated(found[current], float(turned[1]))
        elif current in found and (told := _METADATA.match(line)):
            found[current] = _with_metadata(found[current], told[1], told[2].strip())
    return tuple(found[index] for index in sorted(found))


def _stream(index: int, number: str | None, language: str | None, kind: str, details: str) -> Stream:
    codec, tag, size = _CODEC.match(details), _TAG.search(details), _SIZE.search(details)
    return Stream(
        index=index,
        number=int(number, 0) if number else 0,
        kind=kind,
        codec=codec[0] if codec else "unknown",
        tag=tag[1] if tag else "",
        language=None if language in (None, "und") else language,
        flags=frozenset(_FLAGS.findall(details)),
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
    )


def _rotated(stream: Stream, degrees: float) -> Stream:
    if round(degrees / 90) % 2 == 0:
        return stream
    return replace(stream, width=stream.height, height=stream.width)


def _with_metadata(stream: Stream, key: str, value: str) -> Stream:
    if key == "filename":
        return replace(stream, filename=value)
    return replace(stream, title=stream.title or value)
