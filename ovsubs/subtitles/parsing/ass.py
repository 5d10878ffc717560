"""ASS and SSA -> cues.

Read here and not through pysubs2 (1.8), which takes the columns of the events for granted, knows no times
from 100 hours on, and takes a brace that libass shows (`\\{`) for the beginning of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.parsing.markup import enclosed, without_enclosed
from ovsubs.subtitles.parsing.plain_text import cue_lines, unprotected

STEP_MS = 10  # times are in hundredths of a second

_SECTION = re.compile(r"^[^\S\n]*\[(?:script info|events)\]", re.IGNORECASE | re.MULTILINE)
_TIME = re.compile(r"(\d{1,5}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})")
_USUAL_COLUMNS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_BRACE = re.compile(r"\{")  # what stands from one to the next closing one is no text
_DRAWING = re.compile(r"\\p[1-9]")  # within braces: what follows is the outline of a shape
_SHOWN_BRACE = "\ufdd0"  # stands for `\{`; Unicode keeps it free for such use


def is_ass(text: str) -> bool:
    """Whether it has the sections of a script."""
    return bool(_SECTION.search(text))


def read_ass(text: str) -> list[Cue]:
    """Dialogue by its beginning, as players show it; no comments and no drawings.

    Raises:
        ValueError: a line of dialogue has too few columns, or times that are none.
    """
    return sorted(_dialogue(text.split("\n")), key=lambda cue: cue.start_ms)


def _dialogue(lines: Sequence[str]) -> Iterator[Cue]:
    columns: Sequence[str] = _USUAL_COLUMNS
    in_events = False
    for number, line in enumerate(lines, start=1):
        name, _, rest = line.strip().partition(":")
        if name.startswith("[") and name.endswith("]"):
            in_events = name.lower() == "[events]"
        elif in_events and name.lower() == "format":
            columns = [column.strip().lower() for column in rest.split(",")]
            if not {"start", "end", "text"} <= set(columns) or columns[-1] != "text":
                raise ValueError(f"line {number}: its events have no start, end and text")
        elif in_events and name.lower() == "dialogue":
            values = dict(zip(columns, rest.split(",", len(columns) - 1), strict=False))
            if "text" not in values:
                raise ValueError(f"line {number} has {len(values)} columns of {len(columns)}")
            if not _is_drawing(values["text"]):
                yield Cue(_ms(values["start"], number), _ms(values["end"], number), _lines(values["text"]))


def _is_drawing(text: str) -> bool:
    return any(_DRAWING.search(text, first, end) for first, end in enclosed(text, _BRACE, "}"))


def _ms(time: str, number: int) -> int:
    found = _TIME.fullmatch(time.strip())
    if found is None:
        raise ValueError(f"line {number}: {time.strip()[:40]!r} is no time")
    seconds = (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])
    return seconds * 1000 + int(found[4].ljust(3, "0"))


def _lines(text: str) -> tuple[str, ...]:
    text = without_enclosed(text.replace("\\{", _SHOWN_BRACE), _BRACE, "}")
    text = re.sub(r"\\[Nn]", "\n", text).replace("\\h", "\u00a0")
    return cue_lines(unprotected(text.replace(_SHOWN_BRACE, "{")))
