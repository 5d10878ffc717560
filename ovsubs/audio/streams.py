"""A file -> the streams in it, with what hearing one of them or copying them all needs to know.

ffmpeg describes its input in lines for a person, in which the tags of the file stand as they are: a
language of `en)`, or one of two lines, can make of it whatever it likes. So it is also asked for the head
of its format `framecrc`, which has the kind and codec of every stream and no word out of the file. The
description adds what can do no harm.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ovsubs.audio.ffmpeg import media_input, running_ffmpeg, why_it_failed
from ovsubs.errors import EmptyFile, MediaError, MissingFile, UnreadableMedia

VIDEO, AUDIO, SUBTITLE, ATTACHMENT, DATA = "Video", "Audio", "Subtitle", "Attachment", "Data"
DEFAULT, FORCED, COVER = "default", "forced", "attached pic"  # ffmpeg's names of the flags

# Each packet is written at once, and the first of them ends the head: what follows is not waited for.
_AT_ONCE = ("-max_interleave_delta", "1", "-flush_packets", "1")
# No tag goes into the table, nor into what ffmpeg says of it.
_UNTAGGED = ("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1")
_HEAD = ("-map", "0", "-copy_unknown", "-c", "copy", *_UNTAGGED, *_AT_ONCE, "-f", "framecrc", "-")
_OUTPUT = "\nOutput #0, framecrc, "  # here begins what ffmpeg says of the table
_HEAD_LINE = re.compile(r"#(media_type|codec_id) (\d+): (\S+)")
_STREAM = re.compile(r"^ *Stream #0:(\d+)(?=[\[(:])", re.MULTILINE)
_NUMBER_AND_LANGUAGE = r"(?:\[(\w+)\])?(?:\({}\))?"  # "[0x101](eng)"
_ANY_KIND = "Video|Audio|Subtitle|Attachment|Data|Unknown"
_FLAGS = re.compile(rf"\(({DEFAULT}|{FORCED}|{COVER})\)")
_CODEC = re.compile(r"[\w-]+")
_TAG = re.compile(r"\(([^()]{4}) / 0x[0-9A-F]+\)")  # "(tmcd / 0x64636D74)"
_SIZE = re.compile(r", (\d+)x(\d+)(?=[ ,]|$)")
_START = re.compile(r", start (-?[\d.]+)")
_ROTATION = re.compile(r"^\s+Display ?Matrix: rotation of (-?[\d.]+) degrees", re.IGNORECASE)
_METADATA = re.compile(r"^\s+(title|name|filename)\s*: (.+)$")
_DURATION = re.compile(r"^  Duration: (?:N/A|(\d+):(\d\d):(\d\d\.\d+))(?:, start: (-?[\d.]+))?", re.MULTILINE)
_SPECIAL_FILES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `index` counts all streams from 0; `number` is the container's own, where it has any.

    `kind` is one of the constants above. `language`, `title` and `filename` are the container's tags, `tag`
    its four letters for the codec. `width` and `height` are in pixels as a player shows them, turned
    by the file's rotation; 0 where there is no picture. `start` is in seconds of the container's clock.
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
    start: float = 0.0

    @property
    def is_cover(self) -> bool:
        """A still picture that stands for the file, such as a poster."""
        return COVER in self.flags


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `duration` in seconds, 0.0 where the file does not say.

    `start` is where the container's clock begins, in seconds. `apple_tags`: it has tags of QuickTime's own
    (place, camera) that only a .mov keeps.
    """

    path: Path
    duration: float
    streams: tuple[Stream, ...]
    apple_tags: bool
    start: float = 0.0

    def of_kind(self, kind: str) -> list[Stream]:
        """Streams of a kind in order, without covers."""
        return [stream for stream in self.streams if stream.kind == kind and not stream.is_cover]


def read_contents(path: Path) -> Contents:
    """Find out which streams a file holds, without decoding them. None is required.

    Raises:
        MissingFile, EmptyFile: there is nothing to read.
        UnreadableMedia: not audio or video, damaged, not a file, no permission, or it cannot be read on.
    """
    check_readable(path)
    if path.stat().st_size == 0:
        raise EmptyFile(path)
    head, said = _describe(path)
    if "\nInput #0, " not in f"\n{said}":
        raise UnreadableMedia(path, why_it_failed(said))
    header = _DURATION.search(said)
    # What is estimated of an MPEG stream can be far off.
    known = header and header[1] and "Estimating duration from bitrate" not in said
    return Contents(
        path,
        int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3]) if header and known else 0.0,
        tuple(_streams(head, said)),
        "com.apple.quicktime." in said,
        float(header[4] or 0.0) if header else 0.0,
    )


def check_readable(path: Path, error: type[MediaError] = UnreadableMedia) -> None:
    """Refuse what cannot be opened, or what would not end if it were, without opening it.

    Raises:
        MissingFile: no such file.
        MediaError: a folder, pipe, socket or device, or no permission; it is of the kind that `error` names.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise MissingFile(path) from problem
    except (OSError, ValueError) as problem:  # such as a name that is too long, or links in a circle
        raise error(path, getattr(problem, "strerror", None) or problem) from problem
    if stat.S_ISDIR(mode):
        raise error(path, "it is a folder")
    for is_one, what in _SPECIAL_FILES:
        if is_one(mode):
            raise error(path, f"it is {what}, not a file")
    if not os.access(path, os.R_OK):
        raise error(path, "permission denied")


def _describe(path: Path) -> tuple[str, str]:
    """The head of ffmpeg's table of packets, empty where it makes none, and what it says of its input."""
    arguments = [*media_input(path), *_HEAD]
    with running_ffmpeg(arguments, source=path, verbosity=("-nostats",)) as child:
        head = []
        for line in child.output:
            if not line.startswith(b"#"):
                child.process.kill()
                break
            head.append(line.decode("utf-8", errors="replace"))
        said = child.finish()[1]
    return "".join(head), said.rpartition(_OUTPUT)[0] or said


def _streams(head: str, said: str) -> Iterator[Stream]:
    """Every stream, in order."""
    codecs, kinds = dict[int, str](), dict[int, str]()
    for what, index, value in _HEAD_LINE.findall(head):
        if what == "codec_id":
            codecs[int(index)] = value
        else:
            kinds[int(index)] = value.capitalize()
    places = dict[int, list[int]]()  # a stream in a group may be told more than once
    for begin in _STREAM.finditer(said):
        places.setdefault(int(begin[1]), []).append(begin.end())
    # No head is made where ffmpeg knows too little of a stream: then the description alone has to do.
    for index in sorted(kinds or places):
        kind = kinds.get(index, _ANY_KIND)
        stream = Stream(index, 0, kind, codecs.get(index, "unknown"), "", None, frozenset())
        for place in reversed(places.get(index, [])):
            if line := _told_of(said, place, kind, codecs.get(index, "")):
                end = found.start() if (found := _STREAM.search(said, line.end())) else None
                stream = _with_lines(_described(stream, line), said[line.end() : end].splitlines())
                break
        if stream.kind != _ANY_KIND:
            yield stream


def _told_of(said: str, place: int, kind: str, codec: str) -> re.Match[str] | None:
    """What is told of a stream from this place on: its number, its language, and what follows its kind.

    Whatever a language holds, the last kind in the line is the stream's; only where none is in the line, the
    language has lines of its own.
    """
    what = f": ({kind}): ({re.escape(codec)}.*)$"
    greedy = re.compile(_NUMBER_AND_LANGUAGE.format("(.*)") + what, re.MULTILINE)
    lines = re.compile(_NUMBER_AND_LANGUAGE.format(r"((?:.|\n)*?)") + what, re.MULTILINE)
    return greedy.match(said, place) or lines.match(said, place)


def _described(stream: Stream, line: re.Match[str]) -> Stream:
    number, language, kind, details = line.groups()
    codec, tag, size = _CODEC.match(details), _TAG.search(details), _SIZE.search(details)
    start = _START.search(details)
    return replace(
        stream,
        number=int(number, 0) if number else 0,
        kind=kind,
        codec=codec[0] if codec else "unknown",
        tag=tag[1] if tag else "",
        language=None if language in (None, "", "und") else " ".join(language.split()),
        flags=frozenset(_FLAGS.findall(details)),
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
        start=float(start[1]) if start else 0.0,
    )


def _with_lines(stream: Stream, lines: Iterable[str]) -> Stream:
    """With what the lines say that follow the stream's own."""
    for line in lines:
        if turned := _ROTATION.match(line):
            if round(float(turned[1]) / 90) % 2:
                stream = replace(stream, width=stream.height, height=stream.width)
        elif told := _METADATA.match(line):
            key, value = told[1], told[2].strip()
            if key == "filename":
                stream = replace(stream, filename=value)
            else:
                stream = replace(stream, title=stream.title or value)
    return stream
