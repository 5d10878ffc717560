"""Text that makes patterns backtrack costs no more time than any other."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from growth import assert_linear

from ovsubs.audio.ffmpeg import complaint_lines, why_it_failed
from ovsubs.errors import UnreadableSubtitles
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.lrc import write_lrc
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.formats.ttml import write_ttml
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.layout.sdh import without_sdh
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Segment
from ovsubs.video.subtitle_files import SubtitleScript

RULES = LayoutOptions().rules("en")
FRAMES = {  # what stands before and behind
    "nothing": ("", ""),
    "srt": ("1\n00:00:01,000 --> 00:00:02,000\n", "\n"),
    "vtt": ("WEBVTT\n\n00:01.000 --> 00:02.000\n", "\n"),
    "ass": ("[Script Info]\n\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,", "\n"),
    "ttml": ("<tt><body><p begin='1s' end='2s'>", "</p></body></tt>"),
}
UNITS = (
    *("<", ">", "{", "}", "[", "(", "&", "\\", "-", " ", "\n", "\t", "1", "a", "♪", "（", "あ", "x "),
    *("<c ", "<font ", "<b", "<i>", "</", "<br ", "<?x?>", "<?", "<!--", "<!-- -->", "<!DOCTYPE ", "<tt:"),
    *("{\\", "{\\p1", "\\p1", "{y:", "{a}", "\\{", "\\N", "\\h", "&#1", "&#x1", "&amp;", "&lt", "] ", "[0"),
    *(
        "-->",
        " --> ",
        "--> \n",
        "1\n",
        "00:00:01,000 --> ",
        "1:",
        "00:",
        ">>",
        "- ",
        "A:",
        "\u2060",
        "<\u2060",
    ),
    *(
        "word ",
        "no no ",
        "Format: text\n",
        "[Events]\n",
        "Dialogue: ",
        ",",
        "<span begin='1s'>",
        "<p>",
        "<p/>",
    ),
)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_reading_and_checking_take_linear_time(tmp_path: Path, frame: str, unit: str) -> None:
    before, behind = FRAMES[frame]

    def run(n: int) -> None:
        path = tmp_path / "talk.srt"
        path.write_text(before + unit * n + behind, encoding="utf-8")
        with contextlib.suppress(UnreadableSubtitles):
            check_cues(read_subtitles(path).cues, RULES)

    assert_linear(run, 3000)


@pytest.mark.parametrize("name", ["redos_pi.srt", "blanklines.srt", "long_line.srt"])
def test_what_took_for_ever_once_is_read_or_refused(cases: Path, name: str) -> None:
    content = (cases / "hostile" / name).read_text(encoding="utf-8")

    with contextlib.suppress(UnreadableSubtitles):
        assert "".join(read_subtitles(cases / "hostile" / name).cues[0].text.split()) in "".join(
            content.split()
        )


WRITERS: dict[str, Callable[[list[Cue]], str]] = {
    "srt": write_srt,
    "vtt": write_vtt,
    "ass": write_ass,
    "ttml": write_ttml,
    "lrc": write_lrc,
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("unit", ["<", "< ", "{", "{ a", "[", "[ -", "\\", "-", "-->", "<b", "あ"], ids=repr)
def test_writing_takes_linear_time(writer: str, unit: str) -> None:
    assert_linear(lambda n: WRITERS[writer]([Cue(0, 1000, (unit * n,))]), 5000)


@pytest.mark.parametrize("unit", ["[", "(a", "[a] ", "（【{", "♪", "JOHN: ", ">>", "- ", " "], ids=repr)
def test_leaving_sounds_out_takes_linear_time(unit: str) -> None:
    def run(n: int) -> None:
        without_sdh(Segment(0, 0.0, 1.0, f"x{unit * n}", (), -0.1, 1.0, 0.0))

    assert_linear(run, 5000)


@pytest.mark.parametrize("unit", ["{", "{\\a", "{a}", "<", "}"], ids=repr)
def test_escaping_for_webvtt_takes_linear_time(unit: str) -> None:
    def run(n: int) -> str:
        cue = f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{unit * n}"
        return SubtitleScript(Path("talk.ass"), "ass", "", f"[Events]\n{cue}\n").as_vtt_source

    assert_linear(run, 5000)


def test_escaping_for_webvtt_leaves_tags_alone() -> None:
    cue = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,a < b, {\\i1<}c & d{\\i0"
    script = SubtitleScript(Path("talk.ass"), "ass", "", f"[Events]\n{cue}\n")

    assert script.as_vtt_source.endswith(",,a &lt; b, {\\i1<}c &amp; d{\\i0\n")


@pytest.mark.parametrize("unit", ["[", "[a @ 0x0] ", "[ @ 0x", " ", "a", "\n"], ids=repr)
def test_what_ffmpeg_says_is_read_in_linear_time(unit: str) -> None:
    assert_linear(lambda n: (complaint_lines(unit * n), why_it_failed(unit * n)), 5000)
