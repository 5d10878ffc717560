"""Segments -> the same without what is not spoken: for viewers who hear.

SDH (subtitles for the deaf and hard of hearing) tell of sounds, "[door closes]" or "(laughs)", of music by
notes, and of who speaks, "JOHN:" or a dash. Whisper writes all of that at times: it has learnt from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ovsubs.transcript import Segment, Word

_NOT_SPOKEN = re.compile(
    r"\[[^\]]*\]|\([^)]*\)|（[^）]*）|【[^】]*】|\{[^}]*\}"  # sounds
    r"|[♪♫♬🎵🎶]+"  # music: its words stay
    r"|^\s*(?:>>\s*)?[A-Z][A-Z .'-]{1,24}:(?=\s)|>>+"  # who speaks
    r"|(?:(?<=^)|(?<=[.!?…]\s)|(?<=\s\s))[-–—](?=\s)"  # a dash: another one speaks
)


def without_sdh(segment: Segment) -> Segment:
    """The segment without sounds, music notes and names of speakers; its words still are its text."""
    spans = [match.span() for match in _NOT_SPOKEN.finditer(segment.text.lstrip())]
    lead = len(segment.text) - len(segment.text.lstrip())
    spans = [(first + lead, end + lead) for first, end in spans]
    if not spans:
        return segment
    return replace(segment, text=_cut(segment.text, 0, spans), words=tuple(_cut_words(segment.words, spans)))


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
    """A text that begins at `offset`, without the spans."""
    return "".join(
        char
        for place, char in enumerate(text, start=offset)
        if not any(first <= place < end for first, end in spans)
    )
