"""A cue -> the parts of its time, each with the word that is spoken in it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.styles import GAP_FRAMES, USUAL_FRAME_RATE

FLICKER_MS = math.floor(GAP_FRAMES * 1000 / USUAL_FRAME_RATE)  # a shorter change is not seen as one


@dataclass(frozen=True, slots=True)
class WordInterval:
    """A part of a cue's time, `[start_ms, end_ms)`; `word` is spoken in it: (its line, its place there)."""

    start_ms: int
    end_ms: int
    word: tuple[int, int] | None = None


def word_intervals(cue: Cue) -> Iterator[WordInterval]:
    """Cut a cue's time at its words, without gaps: a moment for each word, and for each pause.

    A pause too short to be seen belongs to the word before it, or at the cue's start to the first word. A
    word that takes no time gets no moment. A cue whose words are not known is one moment without a word.
    """
    words = [
        ((n, place), word)
        for n, line in enumerate(cue.words)
        for place, word in enumerate(line)
        if word.end_ms > word.start_ms
    ]
    now_ms = cue.start_ms
    for number, (place, word) in enumerate(words):
        if word.start_ms - now_ms >= FLICKER_MS:
            yield WordInterval(now_ms, word.start_ms)
            now_ms = word.start_ms
        next_ms = words[number + 1][1].start_ms if number + 1 < len(words) else cue.end_ms
        end_ms = next_ms if next_ms - word.end_ms < FLICKER_MS else word.end_ms
        if end_ms <= now_ms:
            continue  # said at once with the next
        yield WordInterval(now_ms, end_ms, place)
        now_ms = end_ms
    if now_ms < cue.end_ms:
        yield WordInterval(now_ms, cue.end_ms)


def underlined_lines(cue: Cue, lines: Sequence[Sequence[str]], word: tuple[int, int] | None) -> list[str]:
    """The lines of a cue with one word between `<u>` and `</u>`, as SRT and WebVTT write it.

    Args:
        cue: its words are known if one of them is named.
        lines: the cue's lines, a text for each character: the character, protected as the format needs it.
        word: which one, as (line, place in it).
    """
    written = ["".join(line) for line in lines]
    if word is not None:
        number, place = word
        written[number] = _underlined(lines[number], cue.words[number], place)
    return written


def _underlined(line: Sequence[str], words: Sequence[CueWord], place: int) -> str:
    text = words[place].text
    begin = sum(len(word.text) for word in words[:place])
    end = begin + len(text)
    begin += len(text) - len(text.lstrip())
    return "".join((*line[:begin], "<u>", *line[begin:end], "</u>", *line[end:]))
