import html

import pysubs2
from cue_examples import EVER_TRIED, SPECIAL_TEXTS, cue_lists, read_by_ffmpeg, rows_of, tiles
from hypothesis import given, settings

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.vtt import write_vtt

HIGHLIGHT = FormatOptions(highlight_words=True)
CUES = [
    Cue(0, 1917, ("Ever tried.",)),
    Cue(3_723_004, 360_000_000, ("- Ever failed.", "- R&D, <no> matter --> \\o/")),
]


def read_by_pysubs2(text: str) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, html.unescape(e.text)) for e in pysubs2.SSAFile.from_string(text, format_="vtt")]


def test_vtt_is_written_as_expected() -> None:
    assert write_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.917\nEver tried.\n\n"
        "01:02:03.004 --> 100:00:00.000\n- Ever failed.\n- R&amp;D, &lt;no&gt; matter --&gt; \\o/\n"
    )


def test_no_cues_are_the_header_alone() -> None:
    assert write_vtt([]) == "WEBVTT\n"
    assert read_by_pysubs2("WEBVTT\n") == []


def test_cue_settings_stand_behind_the_times_of_every_cue() -> None:
    assert write_vtt(CUES, FormatOptions(vtt_settings=" line:85%\talign:center ")) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.917 line:85% align:center\nEver tried.\n\n"
        "01:02:03.004 --> 100:00:00.000 line:85% align:center\n"
        "- Ever failed.\n- R&amp;D, &lt;no&gt; matter --&gt; \\o/\n"
    )


def test_the_word_that_is_spoken_is_underlined_and_escaped() -> None:
    words = ((CueWord("R&D", 0, 500), CueWord(" <b>", 500, 1000)),)
    cues = [Cue(0, 1000, ("R&D <b>",), words), Cue(5000, 6000, ("No matter.",))]
    assert write_vtt(cues, FormatOptions(highlight_words=True, vtt_settings="size:50%")) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.500 size:50%\n<u>R&amp;D</u> &lt;b&gt;\n\n"
        "00:00:00.500 --> 00:00:01.000 size:50%\nR&amp;D <u>&lt;b&gt;</u>\n\n"
        "00:00:05.000 --> 00:00:06.000 size:50%\nNo matter.\n"
    )


def test_ffmpeg_reads_what_was_written() -> None:
    cues = [Cue(n * 1000, n * 1000 + 999, (text, text)) for n, text in enumerate(SPECIAL_TEXTS)]
    settings = FormatOptions(vtt_settings="position:10%,line-left")
    assert read_by_ffmpeg(write_vtt(cues, settings), "vtt") == rows_of(cues)
    assert {text for _, _, text in read_by_ffmpeg(write_vtt([EVER_TRIED], HIGHLIGHT), "vtt")} == {
        EVER_TRIED.text
    }


@given(cue_lists())
def test_pysubs2_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert read_by_pysubs2(write_vtt(cues)) == [
        (start_ms, end_ms, text.replace("\n", "\\N")) for start_ms, end_ms, text in rows_of(cues)
    ]


@given(cue_lists())
@settings(max_examples=25, deadline=None)
def test_ffmpeg_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert not cues or read_by_ffmpeg(write_vtt(cues), "vtt") == rows_of(cues)


@given(cue_lists())
@settings(max_examples=25, deadline=None)
def test_with_words_underlined_each_cue_is_there_all_its_time_with_all_its_text(cues: list[Cue]) -> None:
    rows = read_by_ffmpeg(write_vtt(cues, HIGHLIGHT), "vtt") if cues else []
    for cue in cues:
        own = [row for row in rows if cue.start_ms <= row[0] < cue.end_ms]
        assert tiles(cue, [(start_ms, end_ms) for start_ms, end_ms, _ in own])
        assert {text for _, _, text in own} == {cue.text}
