from itertools import pairwise

import pytest
from cue_examples import EVER_TRIED, SPECIAL_TEXTS, cue_lists, in_cs, read_by_ffmpeg
from hypothesis import given, settings

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.lrc import CLEAR_MS, write_lrc

HEAD = "[re:ovsubs]\n"


def test_lrc_is_written_as_expected() -> None:
    cues = [
        Cue(0, 1917, ("Ever tried.", "Ever failed.")),
        Cue(2000, 3005, ("No matter.",)),
        Cue(3_723_004, 5_999_994, ("Try again.",)),
        Cue(6_000_000, 360_000_000, ("Fail better.",)),
    ]
    assert write_lrc(cues, language="en") == (
        "[re:ovsubs]\n[la:en]\n"
        "[00:00.00]Ever tried. Ever failed.\n"
        "[00:02.00]No matter.\n"
        "[00:03.01]\n"
        "[62:03.00]Try again.\n"
        "[100:00.00]Fail better.\n"
        "[6000:00.00]\n"
    )


def test_no_cues_are_the_head_alone() -> None:
    assert write_lrc([]) == HEAD
    assert write_lrc([], highlight_words=True, language="de") == f"{HEAD}[la:de]\n"


@pytest.mark.parametrize(("gap_ms", "cleared"), [(CLEAR_MS - 1, False), (CLEAR_MS, True)])
def test_a_line_ends_before_a_long_gap(gap_ms: int, cleared: bool) -> None:
    text = write_lrc([Cue(0, 1000, ("a",)), Cue(1000 + gap_ms, 9000, ("b",))])
    assert ("[00:01.00]\n" in text) is cleared


def test_words_have_times_of_their_own_and_the_last_an_end() -> None:
    assert write_lrc([EVER_TRIED, Cue(5000, 6000, ("No matter.",))], highlight_words=True) == (
        f"{HEAD}[00:01.00]<00:01.20>Ever <00:01.56>tried. <00:02.50>Ever failed.<00:03.95>\n"
        "[00:05.00]No matter.\n"
        "[00:06.00]\n"
    )


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (("你好，", "世界。"), "你好，世界。"),
        (("世界", "abc"), "世界 abc"),
        (("안녕", "세상", "字", "幕", "🙂", "🙂"), "안녕 세상 字幕 🙂 🙂"),
    ],
)
def test_lines_are_joined_by_a_space_but_not_where_the_script_has_none(
    lines: tuple[str, ...], joined: str
) -> None:
    assert write_lrc([Cue(0, 1000, lines)]) == f"{HEAD}[00:00.00]{joined}\n[00:01.00]\n"
    words = tuple((CueWord(line, 0, 1000),) for line in lines)
    plain = write_lrc([Cue(0, 1000, lines, words)], highlight_words=True)
    assert plain.replace("<00:00.00>", "").replace("<00:01.00>", "") == write_lrc([Cue(0, 1000, lines)])


def test_what_looks_like_a_time_is_protected() -> None:
    text = write_lrc([Cue(0, 1000, ("[00:01.00] <00:02.00> [x] <y>",)), Cue(1000, 2000, ("[music]",))])
    assert text == (
        f"{HEAD}[00:00.00]\u2060[\u206000:01.00] <\u206000:02.00> [x] <y>\n"
        "[00:01.00]\u2060[music]\n[00:02.00]\n"
    )


def lines_read_by_ffmpeg(cues: list[Cue]) -> list[tuple[int, str]]:
    return [(start, text) for start, _, text in read_by_ffmpeg(write_lrc(cues), "lrc") if text]


def test_ffmpeg_reads_what_was_written() -> None:
    cues = [Cue(n * 1000, n * 1000 + 999, (text, text)) for n, text in enumerate(SPECIAL_TEXTS)]
    assert lines_read_by_ffmpeg(cues) == [
        (cue.start_ms, ("" if "世" in cue.text else " ").join(cue.lines)) for cue in cues
    ]


@given(cue_lists())
@settings(max_examples=25, deadline=None)
def test_ffmpeg_reads_back_what_was_written(cues: list[Cue]) -> None:
    single = [Cue(cue.start_ms, cue.end_ms, cue.lines[:1]) for cue in cues]
    starts = [cue.start_ms for cue in in_cs(single)]
    if all(a < b for a, b in pairwise(starts)):  # ffmpeg puts lines with the same time into one
        assert lines_read_by_ffmpeg(single) == [(cue.start_ms, cue.text) for cue in in_cs(single)]
