"""All kinds of subtitle files, a line for each, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from ovsubs.errors import InvalidOption, UnknownFormat
from ovsubs.subtitles.formats.ass import ASS
from ovsubs.subtitles.formats.format import CueReader, SubtitleFormat
from ovsubs.subtitles.formats.lrc import LRC
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.srt import SRT
from ovsubs.subtitles.formats.tables import CSV, TSV, TXT
from ovsubs.subtitles.formats.ttml import TTML
from ovsubs.subtitles.formats.vtt import VTT
from ovsubs.transcript import Transcript

JSON = SubtitleFormat("json", write_transcript=Transcript.to_json, keeps_words=True)

_ALL = {one.name: one for one in (SRT, VTT, ASS, TTML, LRC, TXT, TSV, CSV, JSON)}

FORMATS = tuple(_ALL)
CUE_FORMATS = tuple(name for name, one in _ALL.items() if one.write_cues)  # the others have no layout
# In the order in which a text is asked about; last comes the one that all others are taken for.
_READABLE = sorted(
    ((one, one.reader) for one in _ALL.values() if one.reader is not None),
    key=lambda each: (each[1].recognizes is None, each[1].is_loose),
)
WORD_TIME_FORMATS = tuple(name for name, one in _ALL.items() if one.uses_word_times)
READ_SUFFIXES = frozenset(suffix for one in _ALL.values() for suffix in one.read_suffixes)
_RANKED = sorted((one.video_rank, name) for name, one in _ALL.items() if one.video_rank is not None)
VIDEO_FORMATS = tuple(name for _, name in _RANKED)  # what a video takes, the best first


def recognize_format(text: str) -> tuple[SubtitleFormat, CueReader]:
    """The format that a text is in, by what it holds, with its reader; SRT where it is no other."""
    return next(
        (one, reader) for one, reader in _READABLE if reader.recognizes is None or reader.recognizes(text)
    )


def find_format(name: str) -> SubtitleFormat:
    """The format of this name, in whatever case.

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    if name.lower() not in _ALL:
        raise UnknownFormat(name, ", ".join(FORMATS))
    return _ALL[name.lower()]


def known_format(name: str) -> str:
    """Name of a format in lower case ("SRT" is "srt").

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    return find_format(name).name


def check_obeyed(options: FormatOptions, formats: Sequence[str]) -> None:
    """Refuse an option that none of the formats that are to be written can obey.

    Raises:
        InvalidOption: there is one.
    """
    for name in _given(options):
        able = formats_that_obey(name)
        if not set(able) & set(formats):
            why = f"{', '.join(formats)} cannot show it; choose from {', '.join(able)}"
            raise InvalidOption(name, getattr(options, name), why)


def formats_that_obey(option: str) -> tuple[str, ...]:
    """The formats that can show what a field of `FormatOptions` asks for."""
    return tuple(one.name for one in _ALL.values() if option in one.obeys)


def obeyed_by(format: str, options: FormatOptions) -> FormatOptions:
    """What a format can obey of options, for when several are written; the rest is at its default."""
    obeys = find_format(format).obeys
    return replace(options, **{name: _DEFAULTS[name] for name in _given(options) if name not in obeys})


_DEFAULTS: dict[str, Any] = {option.name: option.default for option in fields(FormatOptions)}


def _given(options: FormatOptions) -> list[str]:
    return [name for name, default in _DEFAULTS.items() if getattr(options, name) != default]
