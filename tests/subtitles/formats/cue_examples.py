"""Cues to write, and the bundled ffmpeg as an independent reader of what was written."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st
from patience import PATIENCE_S

from ovsubs.audio.ffmpeg import ffmpeg_executable, input_url
from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.parsing.plain_text import WORD_JOINER

# Texts that some format or player would take for markup, and scripts that are easy to spoil.
SPECIAL_TEXTS = (
    "a --> b",
    "00:00:01,000 --> 00:00:02,000",
    "<i>not slanted</i>",
    "x<y and y>z",
    "<font color=red>",
    "a<>b",
    "I <3 you",
    "you <3> me",
    "1 <",
    "{\\an8}top",
    "{\\k20}sung",
    "{y:i}tag",
    "{comment} {",
    "C:\\new\\Name\\home",
    "ends in \\",
    "a < b",
    "1 < 2 > 0",
    "{ok} &amp; &lt;",
    "<00:00:01.000>x",
    "[00:01.00] y",
    "[music]",
    "- dash",
    "2020",
    "WEBVTT",
    "NOTE no comment",
    'say "it", twice',
    "♪ la ♪",
    "שלום, עולם!",
    "سلام دنیا.",
    "你好，世界",
    "👩‍💻 🙂",
)


def protected_as_said(text: str) -> str:
    """A text without what protects it: word joiners, and the empty block that ASS has behind a brace."""
    return text.replace(WORD_JOINER, "").replace("\\{{}", "{")


def read_by_ffmpeg(text: str, format: str) -> list[tuple[int, int, str]]:
    """Start and end in milliseconds and text of each cue, as ffmpeg reads a file of that name and content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"talk.{format}"
        path.write_bytes(text.encode())
        command = [
            ffmpeg_executable(),
            "-v",
            "error",
            "-i",
            input_url(path),
            "-c:s",
            "text",
            "-f",
            "srt",
            "-",
        ]
        done = subprocess.run(command, check=True, timeout=PATIENCE_S, capture_output=True)
    assert done.stderr == b""
    return parse_srt(done.stdout.decode())


def parse_srt(text: str) -> list[tuple[int, int, str]]:
    """Start and end in milliseconds and text of each block, by the letter."""
    cues = list[tuple[int, int, str]]()
    for block in re.split(r"\n\n+(?=\d+\n\d+:\d\d:\d\d,\d{3} -->)", text.strip("\n")) if text.strip() else []:
        _, times, *lines = block.split("\n")
        start, end = ((_ms(time)) for time in times.split(" --> "))
        cues.append((start, end, protected_as_said("\n".join(lines))))
    return cues


def _ms(time: str) -> int:
    hours, minutes, seconds, ms = map(int, re.split("[:,]", time))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


def rows_of(cues: Sequence[Cue]) -> list[tuple[int, int, str]]:
    """Start and end in milliseconds and text of each cue."""
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in cues]


def in_cs(cues: Sequence[Cue]) -> list[Cue]:
    """Cues with times that centiseconds can hold: the nearest, and an end behind the start."""
    rounded = list[Cue]()
    for cue in cues:
        start_ms = (cue.start_ms + 5) // 10 * 10
        end_ms = max((cue.end_ms + 5) // 10 * 10, start_ms + 10)
        rounded.append(Cue(start_ms, end_ms, cue.lines))
    return rounded


_LETTERS = st.text(
    alphabet="abzNnhky ÄßЖ字幕ー!?.,-'\"&%$#@♪\\<>{}[]():;/1920שלסلام🙂", min_size=1, max_size=8
)
_MARKUP = st.sampled_from(
    ["-->", "--", ">", "{\\an8}", "{\\k20}", "\\N", "<u>", "</u>", "&lt;", "<", "{", "}"]
)


@st.composite
def spoken_lines(draw: st.DrawFn) -> list[str]:
    """Texts of the words of one line; the spaces between are the words'.

    Readers strip the ends of a line.
    """
    words = draw(st.lists(st.one_of(_LETTERS, _MARKUP), min_size=1, max_size=4))
    words = ["".join(word.split()) or "x" for word in words]
    words[1:] = [draw(st.sampled_from(["", " "])) + word for word in words[1:]]
    return ["x" + words[0], *words[1:-1], words[-1] + "x"] if len(words) > 1 else ["x" + words[0] + "x"]


@st.composite
def cue_lists(draw: st.DrawFn, longest_h: int = 100) -> list[Cue]:
    """Cues in order with words, from a millisecond to some seconds long, some times far apart."""
    cues, now_ms = list[Cue](), 0
    for _ in range(draw(st.integers(0, 4))):
        start_ms = now_ms + draw(st.integers(0, longest_h * 3_600_000 // 5))
        now_ms = start_ms + draw(st.integers(1, 7000))
        texts = draw(st.lists(spoken_lines().filter(_has_no_empty_block), min_size=1, max_size=2))
        n_words = sum(map(len, texts))
        times = draw(st.lists(st.integers(start_ms, now_ms), min_size=2 * n_words, max_size=2 * n_words))
        ordered = sorted(times)
        spans = iter(zip(ordered[::2], ordered[1::2], strict=True))
        words = tuple(tuple(CueWord(text, *next(spans)) for text in line) for line in texts)
        cues.append(Cue(start_ms, now_ms, tuple("".join(line) for line in texts), words))
    return cues


def _has_no_empty_block(words: Sequence[str]) -> bool:
    """What protects a brace in ASS could, said in SRT, not be told apart from it."""
    return "{}" not in "".join(words)


def tiles(cue: Cue, parts: Sequence[tuple[int, int]]) -> bool:
    """Whether stretches of time cover a cue without gap and overlap."""
    bounds = [cue.start_ms, *(end for _, end in parts)]
    return bounds[:-1] == [start for start, _ in parts] and bounds[-1] == cue.end_ms and _rises(bounds)


def _rises(numbers: Sequence[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


EVER_TRIED = Cue(
    1000,
    4000,
    ("Ever tried.", "Ever failed."),
    (
        (CueWord("Ever", 1200, 1500), CueWord(" tried.", 1560, 2000)),
        (CueWord("Ever", 2500, 2500), CueWord(" failed.", 2500, 3950)),
    ),
)
