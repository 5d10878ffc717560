"""Segments -> the same without what is not spoken: for viewers who hear.

SDH (subtitles for the deaf and hard of hearing) tell of sounds, "[door closes]" or "(laughs)", of music by
notes, and of who speaks, "JOHN:" or a dash. Whisper writes all of that at times: it has learnt from them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ovsubs.transcript import Segment, Word

_CLOSING = {"[": "]", "(": ")", "（": "）", "【": "】", "{": "}"}
_NOT_SPOKEN = re.compile(
    r"[\[(（【{]"  # sounds, up to the closing bracket
    r"|[♪♫♬🎵🎶]+"  # music: its words stay
    r"|^\s*(?:>>\s*)?[A-Z][A-Z .'-]{1,24}:(?=\s)|>>+"  # who speaks
    r"|(?:(?<=^)|(?<=[.!?…]\s)|(?<=\s\s))[-–—](?=\s)"  # a dash: another one speaks
)


def without_sdh(segment: Segment) -> Segment:
    """The segment without sounds, music notes and names of speakers; its words still are its text."""
    spans = list(_not_spoken(segment.text.lstrip()))
    lead = len(segment.text) - len(segment.text.lstrip())
    spans = [(first + lead, end + lead) for first, end in spans]
    if not spans:
        return segment
    return replace(segment, text=_cut(segment.text, 0, spans), words=tuple(_cut_words(segment.words, spans)))


def _not_spoken(text: str) -> Iterator[tuple[int, int]]:
    """First and end of each stretch to leave out, in order; a bracket that is never closed is text."""
    place, never_closed = 0, set[str]()  # so that no end is looked for twice in vain
    while (found := _NOT_SPOKEN.search(text, place)) is not None:
        first, place = found.span()
        closing = _CLOSING.get(found[0])
        if closing is not None:
            end = -1 if closing in never_closed else text.find(closing, place)
            if end < 0:
                never_closed.add(closing)
                continue
            place = end + len(closing)
        yield first, place


def _cut_words(words: Sequence[Word], spans: Sequence[tuple[int, int]]) -> Iterator[Word]:
    reached, space = 0, ""
    for word in words:
        text = _cut(word.word, reached, spans)
        text = text if text.startswith(" ") else space + text
        reached += len(word.word)
        space = "" if text.strip() else text  # that of a word that goes is the next one's
        if text.strip():
            yield replace(word, word=text)


def _cut(text: str, offset: int, spans: Sequence[tuple[int, int]]) -> str:
    """A text that begins at `offset`, without the spans, which are in order."""
    kept, place, stop = list[str](), offset, offset + len(text)
    for number in range(bisect_right(spans, offset, key=lambda span: span[1]), len(spans)):
        first, end = spans[number]
        if first >= stop:
            break
        kept.append(text[place - offset : max(first, place) - offset])
        place = min(end, stop)
    return "".join([*kept, text[place - offset :]])
