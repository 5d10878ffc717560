import re
from dataclasses import fields, replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.breaking import columns
from ovsubs.subtitles.cues import Cue, LayoutOptions, lay_out, to_ms
from ovsubs.transcript import Segment, Word

OPTIONS = LayoutOptions()


def said(start: float, end: float, text: str) -> Segment:
    return Segment(0, start, end, text, (), -0.2, 1.2, 0.01)


def said_word_by_word(*words: tuple[str, float, float]) -> Segment:
    """A segment whose own times are far from those of its words."""
    text = "".join(f" {word}" for word, _, _ in words)
    timed = tuple(Word(f" {word}", start, end, 0.9) for word, start, end in words)
    return replace(said(0.0, 30.0, text), words=timed)


def words_of(cues: list[Cue]) -> list[str]:
    return [word for cue in cues for line in cue.lines for word in line.split()]


def assert_readable_order(cues: list[Cue], duration: float) -> None:
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    assert all(cue.end_ms <= following.start_ms for cue, following in pairwise(cues))
    assert not cues or cues[-1].end_ms <= max(to_ms(duration), len(cues))


@pytest.mark.parametrize(
    ("seconds", "ms"), [(0.0, 0), (1.0, 1000), (0.0004, 0), (0.0006, 1), (12.3456, 12346), (-1.5, -1500)]
)
def test_seconds_become_the_nearest_millisecond(seconds: float, ms: int) -> None:
    assert to_ms(seconds) == ms


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_a_time_that_is_not_a_number_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidOption, match="finite"):
        to_ms(seconds)


def test_no_segments_give_no_cues() -> None:
    assert lay_out([], OPTIONS, 10.0) == []
    assert lay_out([], OPTIONS, 0.0) == []


def test_segments_without_text_give_no_cues() -> None:
    assert lay_out([said(0, 1, ""), said(1, 2, " \n"), said(2, 4, "Yes.")], OPTIONS, 9.0) == [
        Cue(2000, 4000, ("Yes.",))
    ]


def test_a_short_segment_is_one_cue_with_its_own_times() -> None:
    assert lay_out([said(1.0, 3.5, " Hello there.")], OPTIONS, 10.0) == [Cue(1000, 3500, ("Hello there.",))]


def test_neighbouring_cues_keep_the_gap() -> None:
    cues = lay_out([said(0, 2, "One."), said(2, 4, "Two.")], OPTIONS, 4.0)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 1917), (2000, 4000)]


def test_the_gap_yields_to_the_shortest_duration() -> None:
    cues = lay_out([said(0, 0.85, "One."), said(0.85, 4, "Two.")], OPTIONS, 4.0)
    assert (cues[0].start_ms, cues[0].end_ms) == (0, 833)
    cues = lay_out([said(0, 0.5, "One."), said(0.5, 4, "Two.")], OPTIONS, 4.0)
    assert (cues[0].start_ms, cues[0].end_ms) == (0, 500)


@pytest.mark.parametrize(("next_s", "end_ms"), [(3.2, 3117), (3.49, 3407), (3.5, 3000), (3.05, 2967)])
def test_a_gap_that_would_flicker_is_closed(next_s: float, end_ms: int) -> None:
    cues = lay_out([said(1, 3, "One."), said(next_s, 5, "Two.")], OPTIONS, 9.0)
    assert cues[0].end_ms == end_ms


def test_a_gap_is_not_closed_beyond_the_longest_duration() -> None:
    cues = lay_out([said(0, 6.9, "One."), said(7.3, 9, "Two.")], OPTIONS, 9.0)
    assert cues[0].end_ms == 7000


def test_a_short_cue_is_extended_where_there_is_room() -> None:
    cues = lay_out([said(1, 1.2, "One."), said(1.9, 2.0, "Two."), said(9.8, 9.9, "End.")], OPTIONS, 10.0)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(1000, 1833), (1900, 2733), (9800, 10000)]


def test_a_long_segment_is_divided_by_its_text() -> None:
    text = "This sentence has exactly as many letters. This sentence has exactly as many letters."
    cues = lay_out([said(0, 10, text)], OPTIONS, 20.0)
    assert [cue.lines for cue in cues] == [
        ("This sentence has exactly as many letters.",),
        ("This sentence has exactly as many letters.",),
    ]
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 4917), (5000, 10000)]


def test_cues_are_timed_by_their_words() -> None:
    first, second = (
        "It was a long way down to the sea and up.",
        "But nobody had ever told any of us of that before.",
    )
    words = [(word, 1.0 + 0.2 * n, 1.1 + 0.2 * n) for n, word in enumerate(first.split())]
    words += [(word, 6.0 + 0.2 * n, 6.1 + 0.2 * n) for n, word in enumerate(second.split())]
    cues = lay_out([said_word_by_word(*words)], OPTIONS, 30.0)
    assert [" ".join(cue.lines) for cue in cues] == [first, second]
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(1000, 3100), (6000, 8100)]


def test_a_word_that_is_cut_has_its_time_in_both_cues() -> None:
    options = LayoutOptions(max_line_width=4, max_line_count=1, min_duration_ms=0, min_gap_ms=0)
    cues = lay_out([said_word_by_word(("abcdefgh", 2.0, 4.0))], options, 30.0)
    assert words_of(cues) == ["abcd", "efgh"]
    assert cues[0].start_ms == 2000
    assert cues[-1].end_ms == 4000


def test_words_that_are_not_those_of_the_text_give_no_times() -> None:
    strange = replace(said(2.0, 4.0, " Yes."), words=(Word(" Certainly", 2.5, 3.5, 0.9),))
    (cue,) = lay_out([strange], OPTIONS, 9.0)
    assert cue.lines == ("Yes.",)


def test_no_cue_lasts_longer_than_the_longest_duration() -> None:
    cues = lay_out([said(0, 20, "One, two, three, four, five, six, seven.")], OPTIONS, 30.0)
    assert [cue.lines for cue in cues] == [("One, two,",), ("three,",), ("four, five,",), ("six, seven.",)]
    assert all(cue.end_ms - cue.start_ms <= 7000 for cue in cues)
    assert lay_out([said(0, 20, "Hm.")], OPTIONS, 30.0) == [Cue(0, 7000, ("Hm.",))]


def test_a_segment_that_overlaps_the_next_is_cut_short() -> None:
    cues = lay_out([said(0, 5, "One."), said(3, 8, "Two.")], OPTIONS, 8.0)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 2917), (3000, 8000)]


def test_segments_that_start_together_share_their_time() -> None:
    cues = lay_out([said(1, 3, "One."), said(1, 5, "Two.")], OPTIONS, 8.0)
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(1000, 2917), (3000, 5000)]


def test_a_segment_of_no_length_gets_the_shortest_duration() -> None:
    assert lay_out([said(2, 2, "Hi.")], OPTIONS, 8.0) == [Cue(2000, 2833, ("Hi.",))]
    assert lay_out([said(2, 1, "Hi.")], OPTIONS, 8.0) == [Cue(2000, 2833, ("Hi.",))]


def test_text_beyond_the_end_of_the_media_is_moved_inside() -> None:
    cues = lay_out([said(0, 3, "One."), said(12, 14, "Two.")], OPTIONS, 10.0)
    assert cues == [Cue(0, 3000, ("One.",)), Cue(9167, 10000, ("Two.",))]


def test_a_media_shorter_than_its_text_still_loses_no_word() -> None:
    cues = lay_out([said(0, 0, "One."), said(0, 0, "Two.")], OPTIONS, 0.0)
    assert cues == [Cue(0, 1, ("One.",)), Cue(1, 2, ("Two.",))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_line_width", 1),
        ("max_line_width", 42.0),
        ("max_line_count", 0),
        ("max_line_count", True),
        ("min_duration_ms", -1),
        ("min_duration_ms", 7001),
        ("max_duration_ms", 0),
        ("min_gap_ms", -1),
        ("min_gap_ms", "83"),
    ],
)
def test_an_option_that_cannot_be_obeyed_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidOption, match=name):
        LayoutOptions(**{name: value})  # type: ignore[arg-type]


def test_the_defaults_are_netflix() -> None:
    assert {option.name: getattr(OPTIONS, option.name) for option in fields(OPTIONS)} == {
        "max_line_width": 42,
        "max_line_count": 2,
        "min_duration_ms": 833,
        "max_duration_ms": 7000,
        "min_gap_ms": 83,
        "chain_gap_ms": 500,
    }


def with_words(segment: Segment, spans: list[tuple[float, float]]) -> Segment:
    """The segment with a time for each piece of its text between spaces, as long as there are any."""
    pieces = re.findall(r"\s*\S+", segment.text)
    timed = [Word(piece, min(span), max(span), 0.5) for piece, span in zip(pieces, spans, strict=False)]
    return replace(segment, words=tuple(timed))


times = st.floats(-5, 60) | st.sampled_from([0.0, 10.0, 10.0, 10.001])
sayings = (
    st.text(alphabet="ab c,.\n\t", max_size=200)
    | st.text(max_size=30)
    | st.text(alphabet="字幕。、", max_size=90)
)
segments = st.builds(
    with_words, st.builds(said, times, times, sayings), st.lists(st.tuples(times, times), max_size=30)
)
options = st.builds(
    LayoutOptions,
    max_line_width=st.integers(2, 50),
    max_line_count=st.integers(1, 3),
    min_duration_ms=st.integers(0, 1500),
    max_duration_ms=st.integers(1500, 9000),
    min_gap_ms=st.integers(0, 300),
    chain_gap_ms=st.integers(0, 900),
)


@given(st.lists(segments, max_size=8), options, st.floats(0, 60))
def test_cues_never_overlap_and_never_lose_a_character(
    spoken: list[Segment], options: LayoutOptions, duration: float
) -> None:
    cues = lay_out(spoken, options, duration)
    assert_readable_order(cues, duration)
    shown = "".join(word for word in words_of(cues))
    heard = "".join(segment.text for segment in spoken)
    assert shown == "".join(c for c in heard if not c.isspace() and not (c < " " or "\x7f" <= c <= "\x9f"))
    for cue in cues:
        assert 1 <= len(cue.lines) <= options.max_line_count
        assert all(columns(line) <= options.max_line_width for line in cue.lines)
        assert cue.end_ms - cue.start_ms <= options.max_duration_ms


@given(st.lists(st.builds(said, times, times, st.text(alphabet="abc,. \n", max_size=150))), st.floats(0, 60))
def test_words_stay_whole_and_in_order(spoken: list[Segment], duration: float) -> None:
    heard = [word for segment in spoken for word in segment.text.split()]
    assume(all(len(word) <= 42 for word in heard))
    assert words_of(lay_out(spoken, OPTIONS, duration)) == heard


@given(
    st.lists(st.tuples(st.floats(0.1, 9), st.text(alphabet="ab ,.", min_size=1)), max_size=20),
)
def test_well_formed_segments_keep_their_starts(steps: list[tuple[float, str]]) -> None:
    spoken, now = [], 0.0
    for length, text in steps:
        spoken.append(said(now, now + length, "x " + text))
        now += length
    starts = {cue.start_ms for cue in lay_out(spoken, LayoutOptions(max_line_width=200), now)}
    assert {to_ms(segment.start) for segment in spoken} <= starts
