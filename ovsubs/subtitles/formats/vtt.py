"""Cues -> WebVTT (W3C, WebVTT: The Web Video Text Tracks Format).

Written here and not through pysubs2 (1.8), which leaves `&` and `<` unescaped and drops `{...}`.
"""

from collections.abc import Iterable

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.format import CueDocument, CueReader, SubtitleFormat
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.timestamps import clock
from ovsubs.subtitles.formats.word_highlight import WordInterval, underlined_lines, word_intervals
from ovsubs.subtitles.parsing.vtt import is_vtt, read_vtt

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_vtt(cues: Iterable[Cue], options: FormatOptions | None = None) -> str:
    """Write WebVTT, with `&`, `<` and `>` escaped. No cues give the header alone.

    Args:
        cues: in order, not overlapping.
        options: `vtt_settings` stand behind the times of every cue. With `highlight_words` there is a cue for
            each word while it is spoken, with the word underlined, as openai/whisper writes it; and one
            without for each pause.
    """
    options = options or FormatOptions()
    settings = "".join(f" {setting}" for setting in options.vtt_settings.split())
    blocks = ["WEBVTT\n"]
    for cue in cues:
        lines = [[_ESCAPED.get(character, character) for character in line] for line in cue.lines]
        for moment in (
            word_intervals(cue) if options.highlight_words else [WordInterval(cue.start_ms, cue.end_ms)]
        ):
            times = f"{clock(moment.start_ms, '.')} --> {clock(moment.end_ms, '.')}{settings}"
            text = "\n".join(underlined_lines(cue, lines, moment.word))
            blocks.append(f"{times}\n{text}\n")
    return "\n".join(blocks)


def _write(document: CueDocument) -> str:
    return write_vtt(document.cues, document.options)


VTT = SubtitleFormat(
    "vtt",
    write_cues=_write,
    obeys=("highlight_words", "vtt_settings"),
    reader=CueReader(read_vtt, is_vtt),
    read_suffixes=(".vtt",),
    video_rank=2,
)
