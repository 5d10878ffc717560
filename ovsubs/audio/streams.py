"""A file -> the streams in it, with all that transcribing one of them or copying them all needs.

ffmpeg describes its input in lines for people, which contain the tags of the file as they are: a language tag
of `en)`, or of two lines, can forge any of them. So the head of its format `framecrc` is read as well, which
has the kind, codec and channels of every stream and no text from the file. From the description comes only
what cannot be forged into another stream.
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
ASIDE = ("comment", "visual impaired", "descriptions")  # somebody speaks about the film, or describes it

# Each packet is written at once, and the first of them ends the head: what follows is not waited for.
_AT_ONCE = ("-max_interleave_delta", "1", "-flush_packets", "1")
# No tag goes into the table, nor into what ffmpeg says of it.
_UNTAGGED = ("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1")
_HEAD = ("-map", "0", "-copy_unknown", "-c", "copy", *_UNTAGGED, *_AT_ONCE, "-f", "framecrc", "-")
_OUTPUT = "\nOutput #0, framecrc, "  # here begins what ffmpeg says of the table
_HEAD_LINE = re.compile(r"^#(media_type|codec_id|channel_layout_name) (\d+): (.+)$", re.MULTILINE)
_STREAM = re.compile(r"^ *Stream #0:(\d+)(?=[\[(:])", re.MULTILINE)
_NUMBER_AND_LANGUAGE = r"(?:\[(\w+)\])?(?:\({}\))?"  # "[0x101](eng)"
_ANY_KIND = "Video|Audio|Subtitle|Attachment|Data|Unknown"
_FLAGS = re.compile(rf"\(({'|'.join((DEFAULT, FORCED, COVER, *ASIDE))})\)")
_CODEC = re.compile(r"[\w-]+")
_TAG = re.compile(r"\(([^()]{4}) / 0x[0-9A-F]+\)")  # "(tmcd / 0x64636D74)"
_SIZE = re.compile(r", (\d+)x(\d+)(?=[ ,]|$)")
_START = re.compile(r", start (-?[\d.]+)")
_LAYOUT = re.compile(r" Hz, ([^,]+)")
_CHANNELS = re.compile(r" \([A-Z+0-9]+\)$")  # "3 channels (FL+FR+LFE2)"
_ROTATION = re.compile(r"^\s+Display ?Matrix: rotation of (-?[\d.]+) degrees", re.IGNORECASE)
_METADATA = re.compile(r"^\s+(title|name|filename)\s*: (.+)$")
_INPUT = re.compile(r"^Input #0, (.+?), from '", re.MULTILINE)
_DURATION = re.compile(r"^  Duration: (?:N/A|(\d+):(\d\d):(\d\d\.\d+))(?:, start: (-?[\d.]+))?", re.MULTILINE)
_TIME = re.compile(r"\btime=(\d+):(\d\d):(\d\d\.\d+)")
# The titles that people give to commentaries and descriptions, in the languages of most files.
_ASIDE_TITLE = re.compile(
    r"comment(?:ary|aries|s|aire)|kommentar|comentari|commento|commenti|комментари|解説|评论"
    r"|audio.?desc|descri(?:bed|ptive|ption)|hörfilm|audiovision",
    re.IGNORECASE,
)
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
    `layout` is what ffmpeg calls the channels ("stereo", "5.1(side)", "10 channels").
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
    layout: str = ""

    @property
    def is_cover(self) -> bool:
        """A still picture that stands for the file, such as a poster."""
        return COVER in self.flags


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size in bytes, and time of the last change in nanoseconds: a file with another stamp has changed."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `duration` in seconds, 0.0 where the file does not say.

    `start` is where the container's clock begins, in seconds. `apple_tags`: it has tags of QuickTime's own
    (place, camera) that only a .mov keeps. `container` is ffmpeg's name of the format ("mpegts",
    "matroska,webm"). `stamp`: of the file when it was looked at.
    """

    path: Path
    duration: float
    streams: tuple[Stream, ...]
    apple_tags: bool
    start: float = 0.0
    container: str = ""
    stamp: FileStamp | None = None

    def of_kind(self, kind: str) -> list[Stream]:
        """Streams of a kind in order, without covers."""
        return [stream for stream in self.streams if stream.kind == kind and not stream.is_cover]


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track. `index` counts audio tracks from 0; it is what `audio_track` names.

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
    """An audio or video file as one hears it. `duration` is the longest stream's, in seconds.

    `has_video`: there is a moving picture; cover art is none.
    """

    contents: Contents
    duration: float
    tracks: tuple[AudioTrack, ...]
    has_video: bool

    @property
    def path(self) -> Path:
        """The file."""
        return self.contents.path


def read_contents(path: Path) -> Contents:
    """Find out which streams a file holds, without decoding them. None is required.

    Raises:
        MissingFile, EmptyFile: there is nothing to read.
        UnreadableMedia: not audio or video, damaged, not a file, no permission, or it cannot be read on.
    """
    check_readable(path)
    stamp = stamp_of(path)
    if stamp.size == 0:
        raise EmptyFile(path)
    head, said = _describe(path)
    if "\nInput #0, " not in f"\n{said}":
        raise UnreadableMedia(path, why_it_failed(said))
    return replace(parse_contents(path, head, said), stamp=stamp)


def stamp_of(path: Path) -> FileStamp:
    """Size and time of the last change of a file.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    return FileStamp(status.st_size, status.st_mtime_ns)


def is_current(contents: Contents) -> bool:
    """Whether the file is the one whose contents were read: it has not changed, nor gone, since then."""
    try:
        return stamp_of(contents.path) == contents.stamp
    except OSError:
        return False


def parse_contents(path: Path, head: str, said: str) -> Contents:
    """Read the head of ffmpeg's table of packets, empty where it makes none, and what it says of its input.

    Own code: moviepy's parser gives no start per stream, and fails or warns on files without a
    known duration, subtitle streams and language tags such as en-US.
    """
    container, header = _INPUT.search(said), _DURATION.search(said)
    # What is estimated of an MPEG stream can be far off.
    known = header and header[1] and "Estimating duration from bitrate" not in said
    return Contents(
        path,
        _seconds(header[1], header[2], header[3]) if header and known else 0.0,
        tuple(_streams(head, said)),
        "com.apple.quicktime." in said,
        float(header[4] or 0.0) if header else 0.0,
        container[1] if container else "",
    )


def media_of(contents: Contents) -> Media:
    """The file as one hears it: its audio tracks, none of which is required."""
    tracks = tuple(
        _track(index, stream, contents.start) for index, stream in enumerate(contents.of_kind(AUDIO))
    )
    has_video = bool(contents.of_kind(VIDEO))
    return Media(contents, contents.duration, tracks, has_video)


def last_time(said: str) -> float:
    """Seconds that ffmpeg had come to, by the last of its lines of progress; 0 if there is none."""
    times = _TIME.findall(said)
    return _seconds(*times[-1]) if times else 0.0


def _seconds(hours: str, minutes: str, rest: str) -> float:
    """Seconds of "1:02:03.45"."""
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def _track(index: int, stream: Stream, file_start: float) -> AudioTrack:
    return AudioTrack(
        index=index,
        language=stream.language,
        title=stream.title,
        default=DEFAULT in stream.flags,
        start=max(0.0, round(stream.start - file_start, 6)),
        codec=stream.codec,
        layout=stream.layout,
        commentary=bool(stream.flags.intersection(ASIDE) or _ASIDE_TITLE.search(stream.title or "")),
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
    told: dict[str, dict[int, str]] = {"media_type": {}, "codec_id": {}, "channel_layout_name": {}}
    for what, index, value in _HEAD_LINE.findall(head):
        told[what][int(index)] = value.strip()
    kinds, codecs, layouts = told.values()
    places = dict[int, list[int]]()  # a stream in a group may be told more than once
    for begin in _STREAM.finditer(said):
        places.setdefault(int(begin[1]), []).append(begin.end())
    # No head is made where ffmpeg knows too little of a stream: then the description alone has to do.
    for index in sorted(kinds or places):
        kind = kinds[index].capitalize() if index in kinds else _ANY_KIND
        stream = Stream(index, 0, kind, codecs.get(index, "unknown"), "", None, frozenset())
        for place in reversed(places.get(index, [])):
            if line := _told_of(said, place, kind, codecs.get(index, "")):
                end = found.start() if (found := _STREAM.search(said, line.end())) else None
                stream = _with_lines(_described(stream, line), said[line.end() : end].splitlines())
                break
        if index in layouts:
            stream = replace(stream, layout=_CHANNELS.sub("", layouts[index]))
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
    start, layout = _START.search(details), _LAYOUT.search(details)
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
        layout=_CHANNELS.sub("", layout[1]) if layout and kind == AUDIO else "",
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
