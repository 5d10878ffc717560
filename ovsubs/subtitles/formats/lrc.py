"""Cues -> LRC, the lyrics of music players; with words, enhanced LRC."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.format import CueDocument, SubtitleFormat
from ovsubs.subtitles.formats.timestamps import minutes_cs, to_cs
from ovsubs.subtitles.layout.pieces import EAST_ASIAN
from ovsubs.subtitles.parsing.plain_text import WORD_JOINER

# A line stays until the next one. Where that is longer away than this, an empty line ends it.
CLEAR_MS = 2000
_NO_SPACE = re.compile(f"[{EAST_ASIAN}]{{2}}")  # between two of them, Chinese and Japanese write none
_MARKUP = re.compile(r"[\[<](?=\s*-?\d)")  # what would be read as a time


def write_lrc(cues: Sequence[Cue], *, language: str = "", highlight_words: bool = False) -> str:
    """Write LRC: a line for each cue, and an empty one behind the last cue and before every long gap.

    Times are in centiseconds. LRC cannot escape, so a word joiner (U+2060) is set into what would be read as
    a time.

    Args:
        cues: in order, not overlapping.
        language: code of the text, for `[la:]`.
        highlight_words: a time before each word and behind the last (enhanced LRC).
    """
    written = ["[re:ovsubs]", *([f"[la:{language}]"] if language else [])]
    next_starts: list[int | None] = [*(cue.start_ms for cue in cues[1:]), None]
    for cue, next_ms in zip(cues, next_starts, strict=False):
        sung = highlight_words and cue.words
        text = _joined(cue, list(map(_timed_line, cue.words)) if sung else list(map(_protected, cue.lines)))
        text += f"<{_stamp(cue.words[-1][-1].end_ms)}>" if sung else ""
        guard = WORD_JOINER if text.startswith("[") else ""  # ffmpeg drops any bracket behind a time
        written.append(f"[{_stamp(cue.start_ms)}]{guard}{text}")
        if next_ms is None or next_ms - cue.end_ms >= CLEAR_MS:
            written.append(f"[{_stamp(cue.end_ms)}]")
    return "".join(f"{line}\n" for line in written)


def _joined(cue: Cue, written: Sequence[str]) -> str:
    """One line of what was written for each line of a cue, with spaces where there are some in the text."""
    text = written[0]
    for (before, after), line in zip(pairwise(cue.lines), written[1:], strict=True):
        text += line if _NO_SPACE.fullmatch(before[-1] + after[0]) else f" {line}"
    return text


def _timed_line(words: Sequence[CueWord]) -> str:
    """The words with their times; one that begins in the same hundredth as the one before has none."""
    written, last = "", ""
    for word in words:
        bare = word.text.lstrip()
        space = word.text[: len(word.text) - len(bare)]
        stamp = f"<{_stamp(word.start_ms)}>"
        written += f"{space}{stamp if stamp != last else ''}{_protected(bare)}"
        last = stamp
    return written


def _protected(text: str) -> str:
    return _MARKUP.sub(rf"\g<0>{WORD_JOINER}", text)


def _stamp(ms: int) -> str:
    return minutes_cs(to_cs(ms))


def _write(document: CueDocument) -> str:
    return write_lrc(
        document.cues, language=document.language, highlight_words=document.options.highlight_words
    )


LRC = SubtitleFormat("lrc", write_cues=_write, obeys=("highlight_words",))
