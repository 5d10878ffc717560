"""SubRip -> cues.

Read here and not through pysubs2 (1.8), which takes 100:00:01 for 0:00:01, and loses a number that ends the
last cue.
"""

from __future__ import annotations

import re

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.parsing.markup import without_enclosed
from ovsubs.subtitles.parsing.plain_text import unprotected
from ovsubs.subtitles.parsing.timed_lines import read_timed_lines

# What players take for markup in SRT: the HTML of old, the tags of ASS and those of MicroDVD.
_TAG = re.compile(r"</?(?:b|i|u|s|em|strong|ruby|rt)\s*/?>|</?(?:font|span|c|v)>", re.IGNORECASE)
_LONG_TAG = re.compile(r"</?(?:font|span|c|v)[\s.=]", re.IGNORECASE)  # up to the next ">"
_ASS_TAG = re.compile(r"\{(?:\\|[A-Za-z]:)")  # up to the next "}"
_BREAK = re.compile(r"\\[Nn]|<br\s*/?>", re.IGNORECASE)


def read_srt(text: str) -> list[Cue]:
    """Read cues in the order of the file.

    Raises:
        ValueError: a cue begins with times that are none.
    """
    return read_timed_lines(text, _plain, is_vtt=False)


def _plain(text: str) -> str:
    text = without_enclosed(text, _ASS_TAG, "}")
    text = _BREAK.sub("\n", text).replace("\\h", "\u00a0")
    return unprotected(_TAG.sub("", without_enclosed(text, _LONG_TAG, ">")))
