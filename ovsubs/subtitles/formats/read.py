"""Anybody's subtitle file -> cues.

The format is found by what a file holds, not by its name: many a `.srt` is WebVTT.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import UnreadableSubtitles
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.registry import recognize_format
from ovsubs.subtitles.parsing.text_files import read_text


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
    """Read a file of a format that has a reader, in an encoding of `read_text`. An empty one has no cues.

    Raises:
        MissingFile: it is not there.
        UnreadableSubtitles: it is no subtitle file, or damaged.
    """
    text, notes = read_text(path)
    format, reader = recognize_format(text)
    try:
        cues = tuple(reader.read(text))
    except ValueError as error:
        raise UnreadableSubtitles(path, error) from error
    if reader.recognizes is None and text.strip() and not cues:
        raise UnreadableSubtitles(path, "there is no cue in it")
    return SubtitleFile(cues, format.name, reader.step_ms, notes)
