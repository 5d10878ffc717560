"""Lines of times, each followed by the text of a cue -> cues: what SRT and WebVTT have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.parsing.plain_text import cue_lines

_TIME = r"(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_NUMBER = re.compile(r"\s*\d+\s*")


def read_timed_lines(text: str, plain: Callable[[str], str], *, is_vtt: bool) -> list[Cue]:
    """Read the cues of SRT or WebVTT. The text of WebVTT ends at an empty line, that of SRT at the next cue.

    Args:
        text: of the file, whose lines end in a line feed.
        plain: takes the markup out of the text of a cue.
        is_vtt: which of the two it is.

    Raises:
        ValueError: a cue begins with times that are none.
    """
    lines, cues = text.split("\n"), list[Cue]()
    places = [n for n, line in enumerate(lines) if _is_timing(lines, n)]
    numbered = not is_vtt and bool(places) and places[0] > 0 and bool(_NUMBER.fullmatch(lines[places[0] - 1]))
    for place, following in pairwise([*places, len(lines)]):
        times = _TIMING.fullmatch(lines[place])
        if times is None:
            raise ValueError(f"line {place + 1} has no times: {lines[place].strip()[:60]!r}")
        own = list(lines[place + 1 : following])
        if is_vtt:
            own = own[: next((n for n, line in enumerate(own) if not line.strip()), None)]
        elif numbered and following < len(lines) and own and _NUMBER.fullmatch(own[-1]):
            own.pop()  # the number of the next cue
        cues.append(Cue(_ms(times.groups()[:4]), _ms(times.groups()[4:]), cue_lines(plain("\n".join(own)))))
    return cues


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
