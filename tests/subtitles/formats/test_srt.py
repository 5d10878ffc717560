import pysubs2
import pytest
from cue_examples import (
    EVER_TRIED,
    SPECIAL_TEXTS,
    cue_lists,
    protected_as_said,
    read_by_ffmpeg,
    rows_of,
    tiles,
)
from hypothesis import given, settings

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.srt import write_srt

CUES = [
    Cue(0, 1917, ("Ever tried.",)),
    Cue(3_723_004, 360_000_000, ("- Ever failed.", "- R&D, <no> matter --> \\o/")),
]


def read_by_pysubs2(text: str) -> list[tuple[int, int, str]]:
    events = pysubs2.SSAFile.from_string(text, format_="srt")
    return [(e.start, e.end, "\n".join(map(protected_as_said, e.text.split("\\N")))) for e in events]


def test_srt_is_written_as_expected() -> None:
    assert write_srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,917\nEver tried.\n\n"
        "2\n01:02:03,004 --> 100:00:00,000\n- Ever failed.\n- R&D, <\u2060no> matter --\u2060> \\o/\n"
    )


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("C:\\new\\Name\\home", "C:\\\u2060new\\\u2060Name\\\u2060home"),
        ("\\o/ \\", "\\o/ \\"),
        ("{\\an8}{ y:i}{ok} {", "{\u2060\\an8}{\u2060 y:i}{ok} {\u2060"),
        ("a <, < b </b> <!-- <?", "a <, <\u2060 b <\u2060/b> <\u2060!-- <\u2060?"),
        ("a<>b <3> < 1", "a<\u2060>b <\u20603> <\u2060 1"),
        ("-- > --> --->", "-- > --\u2060> ---\u2060>"),
    ],
)
def test_a_word_joiner_is_set_only_into_what_looks_like_markup(said: str, written: str) -> None:
    assert write_srt([Cue(0, 1000, (said,))]) == f"1\n00:00:00,000 --> 00:00:01,000\n{written}\n"


def test_no_cues_are_an_empty_file() -> None:
    assert write_srt([]) == ""
    assert read_by_pysubs2("") == []


def test_the_word_that_is_spoken_is_underlined() -> None:
    assert write_srt([EVER_TRIED, Cue(5000, 6000, ("No matter.",))], highlight_words=True) == (
        "1\n00:00:01,000 --> 00:00:01,200\nEver tried.\nEver failed.\n\n"
        "2\n00:00:01,200 --> 00:00:01,560\n<u>Ever</u> tried.\nEver failed.\n\n"
        "3\n00:00:01,560 --> 00:00:02,000\nEver <u>tried.</u>\nEver failed.\n\n"
        "4\n00:00:02,000 --> 00:00:02,500\nEver tried.\nEver failed.\n\n"
        "5\n00:00:02,500 --> 00:00:04,000\nEver tried.\nEver <u>failed.</u>\n\n"
        "6\n00:00:05,000 --> 00:00:06,000\nNo matter.\n"
    )


def test_what_looks_like_markup_is_protected_across_the_border_of_two_words() -> None:
    words = (
        (CueWord("--", 0, 500), CueWord(">", 500, 1000)),
        (CueWord("<", 1000, 1500), CueWord("b>", 1500, 2000)),
    )
    text = write_srt([Cue(0, 2000, ("-->", "<b>"), words)], highlight_words=True)
    assert [block.split("\n", 2)[2].rstrip("\n") for block in text.split("\n\n")] == [
        "<u>--\u2060</u>>\n<\u2060b>",
        "--\u2060<u>></u>\n<\u2060b>",
        "--\u2060>\n<u><\u2060</u>b>",
        "--\u2060>\n<\u2060<u>b></u>",
    ]


def test_ffmpeg_reads_what_was_written() -> None:
    cues = [Cue(n * 1000, n * 1000 + 999, (text, text)) for n, text in enumerate(SPECIAL_TEXTS)]
    assert read_by_ffmpeg(write_srt(cues), "srt") == rows_of(cues)


@pytest.mark.parametrize("text", SPECIAL_TEXTS)
def test_a_word_with_what_looks_like_markup_is_underlined_and_read_as_it_was_said(text: str) -> None:
    words = ((CueWord("x", 0, 1000), CueWord(f" {text}", 1000, 2000), CueWord(" y", 2000, 3000)),)
    cue = Cue(0, 3000, (f"x {text} y",), words)
    assert read_by_ffmpeg(write_srt([cue], highlight_words=True), "srt") == [
        (start_ms, start_ms + 1000, cue.text) for start_ms in (0, 1000, 2000)
    ]


@given(cue_lists())
def test_pysubs2_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert read_by_pysubs2(write_srt(cues)) == rows_of(cues)


@given(cue_lists())
@settings(max_examples=25, deadline=None)
def test_ffmpeg_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert not cues or read_by_ffmpeg(write_srt(cues), "srt") == rows_of(cues)


@given(cue_lists())
def test_with_words_underlined_each_cue_is_there_all_its_time_with_all_its_text(cues: list[Cue]) -> None:
    rows = read_by_pysubs2(write_srt(cues, highlight_words=True))
    for cue in cues:
        own = [row for row in rows if cue.start_ms <= row[0] < cue.end_ms]
        assert tiles(cue, [(start_ms, end_ms) for start_ms, end_ms, _ in own])
        assert {text.replace("{\\u1}", "").replace("{\\u0}", "") for _, _, text in own} == {cue.text}
    assert len(rows) == len(write_srt(cues, highlight_words=True).split(" --> ")) - 1
