"""Cues -> SubRip.

Written here and not through pysubs2 (1.8), which changes text: it drops `{...}`, turns a written `\\N`, `\\n`
or `\\h` into white space, and sets every time beyond 99:59:59,999 to that.
"""

import re
from collections.abc import Iterable

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.format import CueDocument, CueReader, SubtitleFormat
from ovsubs.subtitles.formats.timestamps import clock
from ovsubs.subtitles.formats.word_highlight import WordInterval, underlined_lines, word_intervals
from ovsubs.subtitles.parsing.plain_text import WORD_JOINER
from ovsubs.subtitles.parsing.srt import read_srt

# What players (ffmpeg, libass, VLC) read as markup in SRT: an arrow, an HTML tag of any name (`<3>`) or of
# none, an ASS or MicroDVD tag, an ASS line break or hard space; a brace at the end of a line, since the line
# break becomes `\N` in ffmpeg.
_MARKUP = re.compile(r"--(?=>)|<(?=>|\s*[A-Za-z0-9_/!?])|\{(?=\\|\s*[A-Za-z]:|$)|\\(?=[nNh])")


def write_srt(cues: Iterable[Cue], *, highlight_words: bool = False) -> str:
    """Write SubRip. No cues give an empty text, which is the valid empty SRT.

    SRT cannot escape, so a word joiner (U+2060) is set into what would be read as an arrow or a tag. Players
    that draw SRT with libass, such as mpv, hide what stands `{in braces}` all the same: no sign that keeps it
    visible there is invisible elsewhere.

    Args:
        cues: in order, not overlapping.
        highlight_words: a cue for each word while it is spoken, with the word underlined, as openai/whisper
            writes it; and one without for each pause.
    """
    blocks = list[str]()
    for cue in cues:
        lines = [_protected(line) for line in cue.lines]
        for moment in word_intervals(cue) if highlight_words else [WordInterval(cue.start_ms, cue.end_ms)]:
            times = f"{clock(moment.start_ms, ',')} --> {clock(moment.end_ms, ',')}"
            text = "\n".join(underlined_lines(cue, lines, moment.word))
            blocks.append(f"{len(blocks) + 1}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _protected(line: str) -> list[str]:
    """The characters of a line, those that begin what looks like markup with a word joiner behind them."""
    characters = list(line)
    for match in _MARKUP.finditer(line):
        characters[match.end() - 1] += WORD_JOINER
    return characters


def _write(document: CueDocument) -> str:
    return write_srt(document.cues, highlight_words=document.options.highlight_words)


SRT = SubtitleFormat(
    "srt",
    write_cues=_write,
    obeys=("highlight_words",),
    reader=CueReader(read_srt, recognizes=None),
    read_suffixes=(".srt",),
    video_rank=1,
)
