"""Text as it stands in a subtitle file, without its markup -> the lines of a cue."""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"  # invisible, of no width; written where text would be taken for markup
_PROTECTION = re.compile(rf"(?<=[-<{{\\]){WORD_JOINER}")


def cue_lines(text: str) -> tuple[str, ...]:
    """Its lines without those that are empty, and without space around them."""
    return tuple(line.strip() for line in text.split("\n") if line.strip())


def unprotected(text: str) -> str:
    """Without the word joiners that keep what our SRT and ASS hold from being taken for markup."""
    return _PROTECTION.sub("", text)
