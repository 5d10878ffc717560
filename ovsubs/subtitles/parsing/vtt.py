"""WebVTT -> cues.

Read here and not through pysubs2 (1.8), which takes comments and identifiers for text, and two time stamps
within a line for a new cue.
"""

from __future__ import annotations

import html
import re

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.parsing.markup import without_enclosed
from ovsubs.subtitles.parsing.timed_lines import read_timed_lines

_TAG = re.compile("<")  # up to the next ">"
_LONG_NUMBER = re.compile(r"&#0*+[0-9]{8,}")  # no character, and `html` stumbles over thousands of digits


def is_vtt(text: str) -> bool:
    """Whether it begins as WebVTT has to."""
    return text.lstrip().startswith("WEBVTT")


def read_vtt(text: str) -> list[Cue]:
    """Read cues in the order of the file.

    Raises:
        ValueError: a cue begins with times that are none.
    """
    return read_timed_lines(text, _plain, is_vtt=True)


def _plain(text: str) -> str:
    return html.unescape(_LONG_NUMBER.sub("&#x110000", without_enclosed(text, _TAG, ">")))
