"""Markup with a beginning and an end -> the text without it, in linear time whatever the text.

A pattern such as `<[^>]*>` looks for the end behind every beginning: of a long text full of `<` and without
a `>`, that takes hours. Here an end that is not there is looked for once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TextRange = tuple[int, int]  # first character, and the one behind the last


def enclosed(text: str, opening: re.Pattern[str], closing: str) -> Iterator[TextRange]:
    """Where `opening` up to the next `closing` stands, both included, in order and not overlapping.

    Args:
        text: anything.
        opening: matches the beginning, in time that does not grow with the text behind it.
        closing: the end, as it is written.
    """
    place = 0
    while (begin := opening.search(text, place)) is not None:
        end = text.find(closing, begin.end())
        if end < 0:
            return
        place = end + len(closing)
        yield begin.start(), place


def without_enclosed(text: str, opening: re.Pattern[str], closing: str) -> str:
    """The text without what `enclosed` finds."""
    kept, place = list[str](), 0
    for first, end in enclosed(text, opening, closing):
        kept.append(text[place:first])
        place = end
    return "".join([*kept, text[place:]])
