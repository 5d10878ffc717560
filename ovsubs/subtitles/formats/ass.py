"""Cues -> Advanced SubStation Alpha (v4.00+), with a style for 16:9 video.

Written here and not through pysubs2 (1.8), which sets every time beyond 9:59:59.99 to that, and leaves it to
the caller to protect text.
"""

from collections.abc import Iterable

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.direction import RIGHT_TO_LEFT
from ovsubs.subtitles.formats.format import CueDocument, CueReader, SubtitleFormat
from ovsubs.subtitles.formats.timestamps import clock_cs, to_cs
from ovsubs.subtitles.parsing.ass import STEP_MS, is_ass, read_ass
from ovsubs.subtitles.parsing.plain_text import WORD_JOINER

# A backslash begins a line break, a space or an escape, with whatever is behind it. libass shows `\{` as a
# brace; the empty `{}` behind it keeps a renderer without that escape from hiding text up to the next `}`.
_PROTECTED = {"\\": f"\\{WORD_JOINER}", "{": "\\{{}"}

# Arial, of which every system has one or its like; 42 average letters of size 72 take two thirds of 1920, as
# BBC has it (Subtitle Guidelines: 68 %). White, in karaoke grey until spoken, a black outline of 3 and a soft
# shadow of 1, bottom centre (2), 120 to the sides and 60 below: more than the 5 % that old screens cut off.
_STYLE = (
    "Default,Arial,72,&H00FFFFFF,&H00A0A0A0,&H00000000,&H80000000,"
    "0,0,0,0,100,100,0,0,1,3,1,2,120,120,60,{encoding}"
)
_ENCODING = 1  # a Windows character set: the default one
_ENCODING_RIGHT_TO_LEFT = -1  # libass takes the base direction from the text, and else left to right


def write_ass(
    cues: Iterable[Cue], *, language: str = "", title: str = "", highlight_words: bool = False
) -> str:
    """Write ASS. No cues give a script without events.

    Times are in centiseconds. A cue shorter than one lasts one.

    Args:
        cues: in order, not overlapping.
        language: code of the text; gives right-to-left text its base direction.
        title: of what is subtitled.
        highlight_words: karaoke: each word turns white when it is spoken.
    """
    events = [_dialogue(cue, highlight_words) for cue in cues]
    return "\n".join([*_head(language, title), *events, ""])


def _head(language: str, title: str) -> list[str]:
    title = " ".join(title.split())
    encoding = _ENCODING_RIGHT_TO_LEFT if language in RIGHT_TO_LEFT else _ENCODING
    return [
        "[Script Info]",
        *([f"Title: {title}"] if title else []),
        "ScriptType: v4.00+",
        *([f"Language: {language}"] if language else []),
        "PlayResX: 1920",
        "PlayResY: 1080",
        "WrapStyle: 0",
        "ScaledBorderAndShadow: yes",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, "
        "Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, "
        "Alignment, MarginL, MarginR, MarginV, Encoding",
        f"Style: {_STYLE.format(encoding=encoding)}",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]


def _dialogue(cue: Cue, highlight_words: bool) -> str:
    start_cs = to_cs(cue.start_ms)
    end_cs = max(to_cs(cue.end_ms), start_cs + 1)
    text = (
        _karaoke(cue, start_cs, end_cs)
        if highlight_words and cue.words
        else r"\N".join(map(_protected, cue.lines))
    )
    return f"Dialogue: 0,{clock_cs(start_cs)},{clock_cs(end_cs)},Default,,0,0,0,,{text}"


def _karaoke(cue: Cue, start_cs: int, end_cs: int) -> str:
    """The text with `{\\k}` before each word: how long until the next one, together as long as the cue.

    A word that would take no time, where a cue lasts less than a hundredth of a second a word, shares it with
    the word before it.
    """
    starts = [to_cs(word.start_ms) for line in cue.words for word in line]
    lengths = iter(b - a for a, b in zip(starts, [*starts[1:], end_cs], strict=True))
    lead = starts[0] - start_cs
    lines = list[str]()
    for line in cue.words:
        written = ""
        for word in line:
            bare = word.text.lstrip()
            space = word.text[: len(word.text) - len(bare)]
            written += f"{space}{_for(next(lengths))}{_protected(bare)}"
        lines.append(written)
    return _for(lead) + r"\N".join(lines)


def _for(length_cs: int) -> str:
    return f"{{\\k{length_cs}}}" if length_cs else ""


def _protected(text: str) -> str:
    return "".join(_PROTECTED.get(character, character) for character in text)


def _write(document: CueDocument) -> str:
    highlight_words = document.options.highlight_words
    return write_ass(
        document.cues, language=document.language, title=document.title, highlight_words=highlight_words
    )


ASS = SubtitleFormat(
    "ass",
    write_cues=_write,
    obeys=("highlight_words",),
    reader=CueReader(read_ass, is_ass, STEP_MS, is_loose=True),
    read_suffixes=(".ass", ".ssa"),
    video_rank=0,
)
