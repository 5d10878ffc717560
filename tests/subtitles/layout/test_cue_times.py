from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.layout.cue_times import Spoken, times_of_cues
from ovsubs.subtitles.styles import LayoutRules

RULES = LayoutRules()
END = 60_000


def times(*cues: tuple[int, int, int], rules: LayoutRules = RULES, end: int = END) -> list[tuple[int, int]]:
    return times_of_cues([Spoken(*cue) for cue in cues], rules, end)


def test_no_cues_have_no_times() -> None:
    assert times_of_cues([], RULES, END) == []


def test_a_cue_stands_while_it_is_spoken() -> None:
    assert times((1000, 3500, 20)) == [(1000, 3500)]


def test_a_short_cue_stands_long_enough_to_be_seen() -> None:
    assert times((1000, 1200, 5)) == [(1000, 1833)]


def test_a_cue_stands_long_enough_to_be_read() -> None:
    assert times((1000, 2000, 60)) == [(1000, 4000)]  # 60 characters at 20 a second


def test_a_cue_ends_a_gap_before_the_next_one() -> None:
    assert times((1000, 2000, 60), (3000, 5000, 10)) == [(1000, 2917), (3000, 5000)]


@pytest.mark.parametrize(("next_ms", "end_ms"), [(3200, 3117), (3499, 3416), (3500, 3000), (3084, 3001)])
def test_a_gap_that_would_flicker_is_closed(next_ms: int, end_ms: int) -> None:
    assert times((1000, 3000, 10), (next_ms, next_ms + 2000, 10))[0] == (1000, end_ms)


def test_a_gap_is_not_closed_beyond_the_longest_duration() -> None:
    assert times((0, 6900, 10), (7300, 9000, 10))[0] == (0, 7000)


def test_no_cue_stands_longer_than_the_longest_duration() -> None:
    assert times((0, 20_000, 300)) == [(0, 7000)]


def test_a_first_cue_that_is_too_short_begins_up_to_two_frames_early() -> None:
    assert times((1000, 1400, 5), (1850, 4000, 10)) == [(934, 1767), (1850, 4000)]


def test_the_next_cue_waits_up_to_two_frames_for_one_that_cannot_begin_early() -> None:
    assert times((0, 400, 5), (850, 4000, 10)) == [(0, 833), (916, 4000)]


def test_a_short_cue_begins_two_frames_early_where_the_one_before_has_ended() -> None:
    assert times((1000, 2000, 5), (5000, 5400, 5), (5800, 6633, 5), (6716, 9000, 9)) == [
        (1000, 2000),
        (4917, 5717),
        (5800, 6633),
        (6716, 9000),
    ]


def test_speech_that_is_too_fast_leaves_short_cues_and_keeps_gaps() -> None:
    assert times((0, 300, 9), (300, 600, 9), (600, 900, 9), (900, 3000, 9)) == [
        (0, 217),
        (300, 517),
        (600, 900),
        (983, 3000),
    ]


def test_cues_that_begin_together_are_pushed_apart() -> None:
    starts = [start for start, _ in times((1000, 1000, 5), (1000, 1000, 5), (1000, 3000, 5))]
    assert starts == [917, 1167, 1417]  # the first two frames early


def test_text_behind_the_end_of_the_media_is_moved_inside() -> None:
    assert times((0, 3000, 5), (10_000, 10_000, 5), end=10_000) == [(0, 3000), (9750, 10_000)]


def test_a_media_too_short_for_its_cues_lasts_a_millisecond_for_each() -> None:
    assert times((0, 0, 5), (0, 0, 5), end=0) == [(0, 1), (1, 2)]


def test_times_are_on_frames_where_there_is_a_frame_rate() -> None:
    rules = replace(RULES, frame_rate=25.0, min_gap_ms=80, chain_gap_ms=480)
    assert times((1010, 3333, 5), (5057, 7019, 5), rules=rules) == [(1000, 3360), (5040, 7040)]
    first, second = times((1010, 3333, 5), (3340, 7019, 5), rules=rules)
    assert (first, second) == ((1000, 3280), (3360, 7040))


def test_a_frame_that_is_no_whole_millisecond_gathers_no_error() -> None:
    rules = replace(RULES, frame_rate=23.976)
    for start, end in times(*((n * 3000, n * 3000 + 2000, 9) for n in range(300)), rules=rules, end=900_000):
        for ms in (start, end):
            assert abs(ms / 1000 * 23.976 - round(ms / 1000 * 23.976)) < 0.013


lengths = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3000), st.integers(1, 84)), max_size=30)
rules = st.builds(
    LayoutRules,
    max_cps=st.sampled_from([9.0, 20.0, float("inf")]),
    min_duration_ms=st.integers(0, 1500),
    max_duration_ms=st.integers(1500, 9000),
    min_gap_ms=st.integers(0, 300),
    chain_gap_ms=st.integers(0, 900),
    frame_rate=st.sampled_from([None, 23.976, 25.0, 60.0]),
)


@given(lengths, rules, st.integers(0, 90_000))
def test_cues_rise_and_never_overlap(
    spoken: list[tuple[int, int, int]], rules: LayoutRules, end: int
) -> None:
    cues, now = list[Spoken](), 0
    for pause, length, n_characters in spoken:
        cues.append(Spoken(min(now + pause, end), min(now + pause + length, end), n_characters))
        now += pause + length
    found = times_of_cues(cues, rules, end)
    assert len(found) == len(cues)
    assert all(0 <= start < stop for start, stop in found)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(found))
    slack_ms = 2 * rules.frame_ms if rules.frame_rate else 0
    least_ms = len(cues) * (rules.frame_ms if rules.frame_rate else 1)  # what the cues cannot do without
    assert not found or found[-1][1] <= max(end, least_ms) + slack_ms
    assert all(stop - start <= rules.max_duration_ms + slack_ms for start, stop in found)


@given(lengths, rules.filter(lambda rules: rules.frame_rate is None))
def test_where_speech_leaves_room_every_rule_is_kept(
    spoken: list[tuple[int, int, int]], rules: LayoutRules
) -> None:
    roomy = max(rules.min_duration_ms, 84) + rules.min_gap_ms  # two frames at least
    cues, now = list[Spoken](), 0
    for pause, length, n_characters in spoken:
        cues.append(Spoken(now, now + min(length, rules.max_duration_ms), n_characters))
        now += max(length + pause, roomy)
    found = times_of_cues(cues, rules, now + roomy)
    assert [start for start, _ in found] == [cue.start_ms for cue in cues]
    assert all(rules.min_duration_ms <= stop - start <= rules.max_duration_ms for start, stop in found)
    assert all(start - stop >= rules.min_gap_ms for (_, stop), (start, _) in pairwise(found))
