"""Subtitle file -> cues: SubRip and WebVTT here, TTML and ASS in modules of their own.

The format is found by what a file holds, not by its name: many a `.srt` is WebVTT. Own code and not pysubs2
(1.8), which takes 100:00:01 for 0:00:01, loses a number that ends the last cue of an SRT, takes WebVTT's
comments and identifiers for text and two time stamps within a line for a new cue, and stops at TTML with
`dur`, frames or ticks.
"""

from __future__ import annotations

import errno
import html
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ovsubs.errors import MissingFile, UnreadableSubtitles
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.parsing.ass import STEP_MS, is_ass, read_ass
from ovsubs.subtitles.parsing.markup import without_enclosed
from ovsubs.subtitles.parsing.plain_text import cue_lines, unprotected
from ovsubs.subtitles.parsing.ttml import is_ttml, read_ttml

MAX_BYTES = 64 * 2**20  # the subtitles of a day are below 10 MB: what is larger is no subtitle file

_TIME = r"(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_NUMBER = re.compile(r"\s*\d+\s*")
# What players take for markup in SRT: the HTML of old, the tags of ASS and those of MicroDVD.
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|em|strong|ruby|rt)\s*/?>|</?(?:font|span|c|v)>", re.IGNORECASE)
_SRT_LONG_TAG = re.compile(r"</?(?:font|span|c|v)[\s.=]", re.IGNORECASE)  # up to the next ">"
_ASS_TAG = re.compile(r"\{(?:\\|[A-Za-z]:)")  # up to the next "}"
_VTT_TAG = re.compile("<")  # up to the next ">"
_LONG_NUMBER = re.compile(r"&#0*+[0-9]{8,}")  # no character, and `html` stumbles over thousands of digits
_BREAK = re.compile(r"\\[Nn]|<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """What a file holds. `cues` are in the order of the file, whatever their times; some may have no text.

    `step_ms` is what its times are counted in; `notes` are sentences for the person.
    """

    cues: tuple[Cue, ...]
    format: str
    step_ms: int = 1
    notes: tuple[str, ...] = ()


def read_subtitles(path: Path) -> SubtitleFile:
    """Read an SRT, WebVTT, TTML, ASS or SSA file in UTF-8, UTF-16 or Windows-1252. An empty one has no cues.

    Raises:
        MissingFile: it is not there.
        UnreadableSubtitles: it is no subtitle file, or damaged.
    """
    text, notes = read_text(path)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        if text.lstrip().startswith("WEBVTT"):
            return SubtitleFile(tuple(_read_lines(text.split("\n"), _vtt_text, is_vtt=True)), "vtt", 1, notes)
        if is_ttml(text):
            return SubtitleFile(tuple(read_ttml(text)), "ttml", 1, notes)
        if is_ass(text):
            return SubtitleFile(tuple(read_ass(text)), "ass", STEP_MS, notes)
        cues = tuple(_read_lines(text.split("\n"), _srt_text, is_vtt=False))
    except ValueError as error:
        raise UnreadableSubtitles(path, error) from error
    if text.strip() and not cues:
        raise UnreadableSubtitles(path, "there is no cue in it")
    return SubtitleFile(cues, "srt", 1, notes)


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """A text file as it is, whatever its encoding, and a note where that was guessed.

    Raises:
        MissingFile: it is not there.
        UnreadableSubtitles: a folder, too large, no permission, or no text.
    """
    try:
        check_is_file(path)
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableSubtitles(path, f"it is larger than {MAX_BYTES // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableSubtitles(path, error.strerror or error) from error
    try:
        return content.decode(_encoding(content)), ()
    except UnicodeDecodeError:
        pass
    if b"\0" in content:
        raise UnreadableSubtitles(path, "it is not text")
    note = "read as Windows-1252, since it is not UTF-8; if letters look wrong, save it as UTF-8"
    return content.decode("cp1252", errors="replace"), (note,)


def check_is_file(path: Path) -> None:
    """Refuse what cannot be read to its end, such as a folder, a device or a pipe that nobody writes to.

    Raises:
        MissingFile: nothing is there.
        OSError: something else than a file is, or its folder may not be looked into.
    """
    if not path.exists():
        raise MissingFile(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.is_file():
        raise OSError(errno.EINVAL, "a device or a pipe, not a file", str(path))


def _encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    begin = content[:200]  # without a mark, UTF-16 is told by where the zeros of its Latin letters are
    if begin.count(0) > len(begin) // 4:
        return "utf-16-be" if begin[::2].count(0) > begin[1::2].count(0) else "utf-16-le"
    return "utf-8-sig"


def _read_lines(lines: Sequence[str], plain: Callable[[str], str], *, is_vtt: bool) -> Iterator[Cue]:
    """Cues of SRT or WebVTT. The text of WebVTT ends at an empty line, that of SRT at the next cue.

    Raises:
        ValueError: a cue begins with times that are none.
    """
    places = [n for n, line in enumerate(lines) if _is_timing(lines, n)]
    numbered = not is_vtt and bool(places) and places[0] > 0 and bool(_NUMBER.fullmatch(lines[places[0] - 1]))
    for place, following in pairwise([*places, len(lines)]):
        times = _TIMING.fullmatch(lines[place])
        if times is None:
            raise ValueError(f"line {place + 1} has no times: {lines[place].strip()[:60]!r}")
        text = list(lines[place + 1 : following])
        if is_vtt:
            text = text[: next((n for n, line in enumerate(text) if not line.strip()), None)]
        elif numbered and following < len(lines) and text and _NUMBER.fullmatch(text[-1]):
            text.pop()  # the number of the next cue
        yield Cue(_ms(times.groups()[:4]), _ms(times.groups()[4:]), cue_lines(plain("\n".join(text))))


def _is_timing(lines: Sequence[str], place: int) -> bool:
    """Whether a line gives times, or stands where they should be: an arrow within text is text."""
    if "-->" not in lines[place]:
        return False
    before = lines[place - 1].strip() if place else ""
    return bool(_TIMING.fullmatch(lines[place])) or not before or before.isdecimal()


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _srt_text(text: str) -> str:
    text = without_enclosed(text, _ASS_TAG, "}")
    text = _BREAK.sub("\n", text).replace("\\h", "\u00a0")
    return unprotected(_SRT_TAG.sub("", without_enclosed(text, _SRT_LONG_TAG, ">")))


def _vtt_text(text: str) -> str:
    return html.unescape(_LONG_NUMBER.sub("&#x110000", without_enclosed(text, _VTT_TAG, ">")))
