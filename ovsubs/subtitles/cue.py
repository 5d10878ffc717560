"""The nouns of a subtitle file: cues and the words in them, and the crossing from seconds to milliseconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ovsubs.bounds import MAX_NUMBER
from ovsubs.errors import InvalidOption

MAX_TIME_S = MAX_NUMBER


@dataclass(frozen=True, slots=True)
class CueWord:
    """A word of a line, spoken during `[start_ms, end_ms)`; `text` has the space before it, if any."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Cue:
    """Text on the screen during `[start_ms, end_ms)`; no line is empty or contains a line break.

    `words` are those of each line: joined, they are the line. They are empty where it is not known when words
    are spoken, as in files of others. The times of words lie within those of the cue, and never fall.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    words: tuple[tuple[CueWord, ...], ...] = ()

    @property
    def duration_ms(self) -> int:
        """How long it stands."""
        return self.end_ms - self.start_ms

    @property
    def text(self) -> str:
        """Its lines, with line breaks between."""
        return "\n".join(self.lines)


def to_ms(seconds: float) -> int:
    """Seconds to whole milliseconds, rounded to the nearest: the only crossing between the two units.

    Raises:
        InvalidOption: not a finite number, or beyond `MAX_TIME_S`.
    """
    if not math.isfinite(seconds):
        raise InvalidOption("time", seconds, "give a finite number of seconds")
    if abs(seconds) > MAX_TIME_S:
        raise InvalidOption("time", seconds, f"give at most {MAX_TIME_S} seconds")
    return round(seconds * 1000)
