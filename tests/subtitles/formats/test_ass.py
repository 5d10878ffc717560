import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import matplotlib
import numpy as np
import pysubs2
import pytest
from cue_examples import (
    EVER_TRIED,
    SPECIAL_TEXTS,
    cue_lists,
    in_cs,
    protected_as_said,
    read_by_ffmpeg,
    rows_of,
)
from hypothesis import given, settings
from patience import PATIENCE_S

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.timestamps import to_cs

HEAD = """\
[Script Info]
Title: talk
ScriptType: v4.00+
Language: en
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,72,&H00FFFFFF,&H00A0A0A0,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,120,120,60,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def events_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("Dialogue: ")]


def read_by_pysubs2(text: str) -> list[tuple[int, int, str]]:
    rows = list[tuple[int, int, str]]()
    for event in pysubs2.SSAFile.from_string(text, format_="ass"):
        lines = re.sub(r"\{\\k\d+\}", "", event.text).split("\\N")
        rows.append((event.start, event.end, "\n".join(map(protected_as_said, lines))))
    return rows


def test_ass_is_written_as_expected() -> None:
    cues = [
        Cue(0, 1917, ("Ever tried.",)),
        Cue(3_723_004, 360_000_000, ("- R&D, <no>", "{\\an8} C:\\new, ok")),
    ]
    assert write_ass(cues, language="en", title="talk") == HEAD + (
        "Dialogue: 0,0:00:00.00,0:00:01.92,Default,,0,0,0,,Ever tried.\n"
        "Dialogue: 0,1:02:03.00,100:00:00.00,Default,,0,0,0,,"
        "- R&D, <no>\\N\\{{}\\\u2060an8} C:\\\u2060new, ok\n"
    )


def test_no_cues_are_a_script_without_events() -> None:
    assert write_ass([], language="en", title="talk") == HEAD
    assert read_by_pysubs2(HEAD) == []


def test_title_and_language_are_left_out_where_they_are_not_known() -> None:
    assert write_ass([]) == HEAD.replace("Title: talk\n", "").replace("Language: en\n", "")


def test_a_title_of_two_lines_cannot_add_to_the_script() -> None:
    text = write_ass([], title="a\n[Events]\nDialogue: x")
    assert text.splitlines()[1] == "Title: a [Events] Dialogue: x"
    assert events_of(text) == []


def test_a_cue_shorter_than_a_centisecond_lasts_one() -> None:
    [event] = events_of(write_ass([Cue(1004, 1005, ("a",))]))
    assert event.startswith("Dialogue: 0,0:00:01.00,0:00:01.01,")
    [event] = events_of(write_ass([Cue(1001, 1003, ("a",))]))
    assert event.startswith("Dialogue: 0,0:00:01.00,0:00:01.01,")


def test_words_are_karaoke_as_long_as_the_cue() -> None:
    [sung, plain] = events_of(write_ass([EVER_TRIED, Cue(5000, 6000, ("No matter.",))], highlight_words=True))
    assert sung.endswith(r",,{\k20}{\k36}Ever {\k94}tried.\NEver {\k150}failed.")
    assert plain.endswith(",,No matter.")


@given(cue_lists())
def test_karaoke_does_not_drift(cues: list[Cue]) -> None:
    text = write_ass(cues, highlight_words=True)
    for cue, event in zip(cues, events_of(text), strict=True):
        lengths = [int(k) for k in re.findall(r"\{\\k(\d+)\}", event)]
        rounded = in_cs([cue])[0]
        assert sum(lengths) * 10 == rounded.duration_ms
        assert 0 not in lengths
        reached = [rounded.start_ms + 10 * n for n in accumulate(lengths, initial=0)]
        starts = [to_cs(word.start_ms) * 10 for line in cue.words for word in line]
        assert set(reached[1:-1]) | {rounded.start_ms} == {*starts, rounded.start_ms} - {rounded.end_ms}
    assert read_by_pysubs2(text) == rows_of(in_cs(cues))


@given(cue_lists())
def test_pysubs2_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert read_by_pysubs2(write_ass(cues)) == rows_of(in_cs(cues))


def test_ffmpeg_reads_what_was_written() -> None:
    cues = [Cue(n * 1000, n * 1000 + 990, (text, text)) for n, text in enumerate(SPECIAL_TEXTS)]
    assert read_by_ffmpeg(write_ass(cues, title="{\\an8}"), "ass") == rows_of(cues)
    assert read_by_ffmpeg(write_ass([EVER_TRIED], highlight_words=True), "ass") == rows_of([EVER_TRIED])


@given(cue_lists())
@settings(max_examples=25, deadline=None)
def test_ffmpeg_reads_back_what_was_written(cues: list[Cue]) -> None:
    for highlight_words in (False, True):
        text = write_ass(cues, highlight_words=highlight_words)
        assert read_by_ffmpeg(text, "ass") == rows_of(in_cs(cues))


Draw = Callable[..., np.ndarray]
WIDTH, HEIGHT = 480, 270


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a script at a time over one colour, with libass and a font that is at hand everywhere.

    Gives how far each point is from that colour.  # int16 [HEIGHT, WIDTH]
    """
    (tmp_path / "fonts").mkdir()
    for font in (Path(matplotlib.get_data_path()) / "fonts/ttf").glob("DejaVuSans*.ttf"):
        shutil.copy(font, tmp_path / "fonts")

    def draw(text: str, seconds: float = 0.5) -> np.ndarray:
        (tmp_path / "talk.ass").write_text(text, encoding="utf-8")
        command = [ffmpeg_executable(), "-v", "error", "-f", "lavfi"]
        command += ["-i", f"color=c=gray:s={WIDTH}x{HEIGHT}:d=5:r=20", "-ss", str(seconds), "-frames:v", "1"]
        command += ["-vf", "subtitles=talk.ass:fontsdir=fonts:force_style='FontName=DejaVu Sans'"]
        command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
        done = subprocess.run(command, check=True, timeout=PATIENCE_S, capture_output=True, cwd=tmp_path)
        picture = np.frombuffer(done.stdout, np.uint8).reshape(HEIGHT, WIDTH).astype(np.int16)
        return picture - picture[0, 0]

    return draw


def script(text: str) -> str:
    """A script whose one event has exactly this text, nothing protected."""
    return write_ass([Cue(0, 2000, ("@",))]).replace(",,@", f",,{text}")


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("a{b", "a{b"),  # libass takes a brace that is never closed as one
        ("a}b", "a}b"),
        ("C:\\qed", "C:\\qed"),  # and a backslash that begins nothing
        ("a < b & c", "a < b & c"),
    ],
)
def test_libass_draws_braces_and_backslashes_as_such(said: str, same: str, draw: Draw) -> None:
    drawn = draw(write_ass([Cue(0, 2000, (said,))]))
    assert np.count_nonzero(drawn) > 100
    np.testing.assert_array_equal(drawn, draw(script(same)))


@pytest.mark.parametrize(
    ("said", "part"), [("{\\an8}low", "}low"), ("{hidden}", "hidden}"), ("a\\Nb", "ab"), ("a\\{b}", "b}")]
)
def test_libass_hides_nothing_that_looks_like_a_tag(said: str, part: str, draw: Draw) -> None:
    whole, less = draw(write_ass([Cue(0, 2000, (said,))])), draw(script(part))
    rows, columns = np.nonzero(whole)
    assert rows.min() > HEIGHT * 3 // 4  # one line, at the bottom
    assert np.ptp(columns) > np.ptp(np.nonzero(less)[1]) + 3


def test_a_cue_stands_at_the_bottom_in_white_with_a_black_outline(draw: Draw) -> None:
    drawn = draw(write_ass([Cue(0, 2000, ("Ever tried.", "Ever failed."))]))
    rows, columns = np.nonzero(drawn)
    assert HEIGHT * 3 // 4 < rows.min() < rows.max() < HEIGHT * 19 // 20
    assert abs(columns.min() + columns.max() - WIDTH) <= 4
    gray = 128  # a little less or more, after YUV
    assert gray - 8 <= -drawn.min() <= gray + 8
    assert 255 - gray - 8 <= drawn.max() <= 255 - gray + 8
    assert not np.any(draw(write_ass([Cue(0, 2000, ("Ever tried.",))]), 2.1))


def test_libass_whitens_each_word_when_it_is_spoken(draw: Draw) -> None:
    text = write_ass([EVER_TRIED], highlight_words=True)
    white = [np.count_nonzero(draw(text, seconds) > 100) for seconds in (1.1, 1.4, 1.9, 2.3, 3.0)]
    assert white[0] == 0
    assert white[0] < white[1] < white[2] == white[3] < white[4]


@pytest.mark.parametrize(("language", "text"), [("he", "שלום."), ("fa", "سلام.")])
def test_a_full_stop_stands_left_of_text_that_runs_to_the_left(language: str, text: str, draw: Draw) -> None:
    cues = [Cue(0, 2000, (text,))]
    ours, left_to_right = draw(write_ass(cues, language=language)), draw(write_ass(cues))
    assert not np.array_equal(ours, left_to_right)
    rtl_mark = "\u200f"  # makes what is behind it run to the left
    np.testing.assert_array_equal(ours, draw(write_ass([Cue(0, 2000, (f"{text}{rtl_mark}",))])))
