import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.qc.check import Finding, Kind, QcReport, SpeechSpan, check_cues, summarize
from ovsubs.subtitles.qc.findings import CueFigures, clock
from ovsubs.subtitles.qc.repetition import times_repeated
from ovsubs.subtitles.styles import LayoutOptions, LayoutRules

RULES = LayoutRules()  # 42 columns, 2 lines, 20 a second, 833 to 7000 ms, gaps of 83 ms or from 500 ms
PLAIN = LayoutOptions("plain").rules("en")


def cue(start_ms: int, end_ms: int, *lines: str, words: bool = False) -> Cue:
    spoken = (CueWord(" ".join(lines), start_ms, end_ms),) if words else ()
    return Cue(start_ms, end_ms, lines or ("Yes.",), (spoken,) if words else ())


def found(report: QcReport) -> list[tuple[Kind, int | None]]:
    return [(finding.kind, finding.cue) for finding in report.findings]


def kinds(cues: Sequence[Cue], rules: LayoutRules = RULES, **known: int) -> list[tuple[Kind, int | None]]:
    return found(check_cues(cues, rules, None, known.get("duration_ms"), known.get("step_ms", 1)))


def text_of(n_characters: int) -> str:
    """Words of which no two are alike, so many characters in all."""
    text = " ".join("abcdefghijk"[: 1 + n % 7] + str(n) for n in range(n_characters // 3 + 1))
    return text[: n_characters - 1] + "."


def test_no_cues_have_no_findings() -> None:
    report = check_cues([], RULES, (), 0)
    assert report == QcReport(RULES, CueFigures(), ())
    assert summarize(report) == "no cues"


def test_a_line_may_be_just_so_wide() -> None:
    assert kinds([cue(0, 4000, "x", "y" * 42)]) == []
    report = check_cues([cue(0, 4000, "x", "y" * 43)], RULES)
    assert report.findings == (Finding(Kind.LINE_TOO_WIDE, 1, 0, 43, 42, f"x\n{'y' * 43}"),)
    assert report.findings[0].unit == "columns"


def test_wide_letters_count_twice() -> None:
    japanese = LayoutOptions().rules("ja")  # 26 columns, 4 characters a second
    assert kinds([cue(0, 4000, "いろはにほへとちりぬるを")], japanese) == []
    assert kinds([cue(0, 4000, "いろはにほへとちりぬるをわか")], japanese) == [(Kind.LINE_TOO_WIDE, 1)]


def test_so_many_lines_and_no_more() -> None:
    assert kinds([cue(0, 4000, "a", "b")]) == []
    assert kinds([cue(0, 4000, "a", "b", "c")]) == [(Kind.TOO_MANY_LINES, 1)]


def test_words_in_a_line_are_counted_where_the_rules_do() -> None:
    rules = replace(RULES, max_words_per_line=2)
    assert kinds([cue(0, 4000, "a b", "c d")], rules) == []
    assert kinds([cue(0, 4000, "a b", "c d e")], rules) == [(Kind.TOO_MANY_WORDS, 1)]
    assert kinds([cue(0, 4000, "a b", "c d e")]) == []


def test_text_may_be_just_so_fast() -> None:
    assert kinds([cue(0, 2000, text_of(40))]) == []
    report = check_cues([cue(0, 2000, text_of(41))], RULES)
    assert found(report) == [(Kind.TOO_FAST, 1)]
    assert (report.findings[0].value, report.findings[0].limit) == (20.5, 20.0)
    assert report.findings[0].is_error


@pytest.mark.parametrize(
    ("next_ms", "kind"),
    [
        (2133, Kind.TOO_FAST),  # it could stand for the 2050 ms that it needs
        (2132, Kind.SPEECH_TOO_FAST),  # 83 ms before that are 2049, which is not enough
    ],
)
def test_fast_speech_is_told_from_a_cue_that_ends_too_soon(next_ms: int, kind: Kind) -> None:
    following = cue(next_ms, next_ms + 2000)
    fast = cue(0, 2000, text_of(41), words=True)
    assert kinds([fast, following], replace(RULES, chain_gap_ms=0)) == [(kind, 1)]


def test_speech_may_be_too_fast_at_the_end_of_the_media_or_of_what_a_cue_may_last() -> None:
    fast = cue(0, 2000, text_of(41), words=True)
    assert kinds([fast]) == [(Kind.TOO_FAST, 1)]
    assert kinds([fast], duration_ms=2010) == [(Kind.SPEECH_TOO_FAST, 1)]
    assert kinds([fast], replace(RULES, max_duration_ms=2010)) == [(Kind.SPEECH_TOO_FAST, 1)]


def test_without_words_fast_text_is_an_error() -> None:
    assert kinds([cue(0, 2000, text_of(41)), cue(2000, 4000)]) == [(Kind.TOO_FAST, 1)]


def test_a_cue_lasts_from_the_shortest_duration_to_the_longest() -> None:
    assert kinds([cue(0, 833)]) == []
    assert kinds([cue(0, 832)]) == [(Kind.TOO_SHORT, 1)]
    assert kinds([cue(0, 7000)]) == []
    assert kinds([cue(0, 7001)]) == [(Kind.TOO_LONG, 1)]


def test_what_may_have_been_within_a_limit_before_rounding_is_not_told() -> None:
    """In hundredths of a second, 833 ms may be written as 830, and two frames as 80."""
    assert kinds([cue(0, 830)], step_ms=10) == []
    assert kinds([cue(0, 820)], step_ms=10) == [(Kind.TOO_SHORT, 1)]
    assert kinds([cue(0, 7010)], step_ms=10) == [(Kind.TOO_LONG, 1)]
    assert kinds([cue(0, 2000, "a"), cue(2080, 4000, "b")], step_ms=10) == []
    assert kinds([cue(0, 2000, "a"), cue(2070, 4000, "b")], step_ms=10) == [(Kind.GAP_TOO_SMALL, 2)]
    assert kinds([cue(0, 2000, text_of(41))], step_ms=50) == [(Kind.TOO_FAST, 1)]
    assert kinds([cue(0, 2000, text_of(41))], step_ms=51) == []


@pytest.mark.parametrize("end_ms", [1000, 900])
def test_a_cue_without_time_is_told_once(end_ms: int) -> None:
    assert kinds([cue(1000, end_ms, text_of(80))], PLAIN) == [(Kind.NO_TIME, 1)]
    assert kinds([cue(1000, end_ms)]) == [(Kind.NO_TIME, 1)]


@pytest.mark.parametrize(
    ("gap_ms", "expected"),
    [
        (-1, [(Kind.OVERLAP, 2)]),
        (0, []),
        (1, [(Kind.GAP_TOO_SMALL, 2)]),
        (82, [(Kind.GAP_TOO_SMALL, 2)]),
        (83, []),  # two frames, rounded down
        (84, []),  # and up
        (85, [(Kind.GAP_FLICKERS, 2)]),
        (499, [(Kind.GAP_FLICKERS, 2)]),
        (500, []),
    ],
)
def test_gaps_are_nothing_or_two_frames_or_half_a_second(
    gap_ms: int, expected: list[tuple[Kind, int]]
) -> None:
    assert kinds([cue(0, 2000, "Yes."), cue(2000 + gap_ms, 4000, "No.")]) == expected


def test_a_gap_that_flickers_is_only_a_warning() -> None:
    report = check_cues([cue(0, 2000, "Yes."), cue(2200, 4000, "No.")], RULES)
    assert report.findings == (Finding(Kind.GAP_FLICKERS, 2, 2200, 200, 500, "No."),)
    assert report.errors == ()


def test_a_cue_overlaps_whatever_still_stands() -> None:
    cues = [cue(0, 6000, "a"), cue(1000, 2000, "b"), cue(3000, 4000, "c"), cue(6000, 7000, "d")]
    report = check_cues(cues, RULES)
    assert found(report) == [(Kind.OVERLAP, 2), (Kind.OVERLAP, 3)]
    assert [finding.value for finding in report.findings] == [5000, 3000]


def test_a_cue_out_of_order_is_no_overlap_as_well() -> None:
    assert kinds([cue(5000, 6000, "a"), cue(1000, 2000, "b"), cue(8000, 9000, "c")]) == [
        (Kind.OUT_OF_ORDER, 2)
    ]


def test_cues_that_begin_together_are_in_order_and_overlap() -> None:
    assert kinds([cue(1000, 2000, "a"), cue(1000, 2000, "b")]) == [(Kind.OVERLAP, 2)]


def test_a_cue_without_text_is_found() -> None:
    assert kinds([Cue(0, 2000, ())]) == [(Kind.EMPTY, 1)]


def test_a_cue_may_end_one_frame_after_the_media() -> None:
    assert kinds([cue(0, 2042)], duration_ms=2000) == []
    assert kinds([cue(0, 2043)], duration_ms=2000) == [(Kind.BEYOND_END, 1)]
    assert kinds([cue(0, 2043)]) == []


def test_cues_lie_on_frames_where_there_is_a_frame_rate() -> None:
    rules = LayoutOptions(frame_rate=25.0).rules("en")
    assert kinds([cue(40, 2000)], rules) == []
    assert kinds([cue(41, 1999)], rules) == []  # rounding
    assert kinds([cue(42, 2000)], rules) == [(Kind.OFF_FRAME, 1)]
    assert kinds([cue(40, 2020)], rules) == [(Kind.OFF_FRAME, 1)]
    film = LayoutOptions(frame_rate=24000 / 1001).rules("en")
    assert kinds([cue(round(2 * 1001 / 24), round(48 * 1001 / 24))], film) == []


def test_the_same_text_again_is_counted() -> None:
    cues = [cue(0, 2000, "Thank you."), cue(2000, 4000, "Thank", "YOU"), cue(4000, 6000, "Thank you!")]
    report = check_cues([*cues, cue(6000, 8000, "Bye."), cue(8000, 10_000, "Thank you.")], RULES)
    assert report.findings == (
        Finding(Kind.SAME_TEXT, 2, 2000, 2, 1, "Thank\nYOU"),
        Finding(Kind.SAME_TEXT, 3, 4000, 3, 1, "Thank you!"),
    )
    assert kinds([cue(0, 2000, "♪"), cue(2000, 4000, "♪")]) == []


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 1),
        ("No, no, no, no, no!", 1),
        ("No, no, no, no, no, no!", 6),
        ("Come on, come on, come on.", 1),
        ("So come on, come on, come on, Come ON now.", 4),
        ("I think that I think that I think that I think that", 4),
        ("one two one two one two one three", 1),
        ("はははははは", 6),
        ("ありがとうありがとうありがとうありがとう", 4),
    ],
)
def test_a_loop_is_told_from_what_people_say(text: str, times: int) -> None:
    assert times_repeated(text) == times


def test_a_loop_in_a_cue_is_a_warning() -> None:
    report = check_cues([cue(0, 4000, "no no no no", "no no")], RULES)
    assert report.findings == (Finding(Kind.LOOP, 1, 0, 6, 3, "no no no no\nno no"),)
    assert report.errors == ()


SPEECH = (SpeechSpan(0, 4000), SpeechSpan(10_000, 14_000))


def beside(cues: Sequence[Cue], speech: Sequence[SpeechSpan] = SPEECH) -> list[tuple[Kind, int, float]]:
    report = check_cues(cues, PLAIN, speech)
    assert report.errors == ()
    return [(finding.kind, finding.start_ms, finding.value) for finding in report.findings]


def test_text_with_its_speech_has_no_findings() -> None:
    assert beside([cue(0, 4000), cue(10_000, 14_000, "No.")]) == []


def test_text_where_nobody_speaks_is_found() -> None:
    cues = [cue(0, 4000), cue(5000, 7000, "Thanks."), cue(10_000, 14_000, "No.")]
    assert beside(cues) == [(Kind.OUTSIDE_SPEECH, 5000, 0)]
    assert beside([cue(0, 3901), cue(3901, 5000, "Hm."), cue(10_000, 14_000, "No.")]) == [
        (Kind.OUTSIDE_SPEECH, 3901, 99)
    ]
    assert beside([cue(0, 3900), cue(3900, 5000, "Hm."), cue(10_000, 14_000, "No.")]) == []


def test_where_no_speech_is_heard_at_all_every_text_is_suspicious() -> None:
    assert beside([cue(0, 4000), cue(10_000, 10_050, "No.")], ()) == [
        (Kind.OUTSIDE_SPEECH, 0, 0),
        (Kind.OUTSIDE_SPEECH, 10_000, 0),
    ]


def test_a_second_of_speech_without_text_is_found() -> None:
    assert beside([cue(0, 4000), cue(10_999, 14_000, "No.")]) == []
    assert beside([cue(0, 4000), cue(11_000, 14_000, "No.")]) == [(Kind.NO_TEXT, 10_000, 1000)]
    assert beside([cue(0, 1000), cue(2500, 4000, "No.")]) == [
        (Kind.NO_TEXT, 1000, 1500),
        (Kind.NO_TEXT, 10_000, 4000),
    ]
    assert beside([]) == [(Kind.NO_TEXT, 0, 4000), (Kind.NO_TEXT, 10_000, 4000)]
    report = check_cues([Cue(0, 4000, ())], PLAIN, (SpeechSpan(0, 4000),))
    assert found(report) == [(Kind.NO_TEXT, None), (Kind.EMPTY, 1)]


def test_short_sentences_without_text_add_up_as_far_as_they_belong_together() -> None:
    assert beside([], [SpeechSpan(0, 500), SpeechSpan(3500, 4000)]) == [(Kind.NO_TEXT, 0, 1000)]
    assert beside([], [SpeechSpan(0, 500), SpeechSpan(3501, 4001)]) == []
    assert beside([cue(1000, 1100)], [SpeechSpan(0, 500), SpeechSpan(1000, 1600)]) == []


def test_text_long_before_or_after_its_speech_is_found() -> None:
    assert beside([cue(0, 4000), cue(8500, 14_000, "No.")]) == []
    assert beside([cue(0, 4000), cue(8499, 14_000, "No.")]) == [(Kind.TOO_EARLY, 8499, 1501)]
    assert beside([cue(0, 5500), cue(10_000, 14_000, "No.")]) == []
    assert beside([cue(0, 5501), cue(10_000, 14_000, "No.")]) == [(Kind.HANGING, 0, 1501)]


def test_a_word_far_from_speech_is_found_where_the_times_of_words_are_known() -> None:
    speech = (SpeechSpan(0, 1000), SpeechSpan(5000, 6000), SpeechSpan(9000, 10_000))

    def one(*times: tuple[int, int]) -> Cue:
        words = tuple(CueWord(f" w{number}", *span) for number, span in enumerate(times))
        return replace(cue(0, 10_000, "".join(word.text for word in words).strip()), words=(words,))

    assert beside([one((0, 900), (2000, 2400), (3600, 4000), (5100, 5900))], speech) == []
    assert beside([one((0, 900), (2001, 2400), (2500, 2600), (9000, 9900))], speech) == [
        (Kind.WORD_OUTSIDE, 2500, 1500)
    ]
    assert beside([one((0, 900), (7001, 7500), (7900, 8500))], speech) == [(Kind.WORD_OUTSIDE, 7001, 1001)]
    report = check_cues([one((0, 900), (2500, 3500), (9000, 9900))], PLAIN, speech)
    assert [(finding.cue, finding.text) for finding in report.findings] == [(1, "w1")]


def test_text_may_stand_as_long_as_it_takes_to_read() -> None:
    speech = (SpeechSpan(0, 2000),)
    needed = cue(0, 4000, text_of(40), text_of(40))
    assert found(check_cues([needed], RULES, speech)) == []
    assert found(check_cues([replace(needed, end_ms=4001)], RULES, speech)) == [(Kind.HANGING, 1)]


def test_the_figures_are_those_of_the_cues() -> None:
    cues = [cue(0, 1000, "x" * 10), cue(1000, 2000, "y" * 12, "z" * 8), cue(2000, 3000, "w" * 30)]
    figures = check_cues([*cues, Cue(3000, 5000, ())], RULES).figures
    assert figures == CueFigures(
        n_cues=4,
        n_characters=60,
        shown_ms=5000,
        median_cps=20.0,
        p95_cps=30.0,
        fastest_cps=30.0,
        share_too_fast=1 / 3,
        widest_line=30,
        most_lines=2,
        shortest_ms=1000,
        longest_ms=2000,
    )


def test_the_second_fastest_of_twenty_cues_is_the_95th_percentile() -> None:
    cues = [cue(1000 * n, 1000 * n + 1000, "x" * (n + 1)) for n in range(20)]
    assert check_cues(cues, RULES).figures.p95_cps == 19.0


def test_a_summary_is_one_line() -> None:
    one = cue(0, 2000, text_of(41))
    assert summarize(check_cues([one], RULES)) == (
        "1 cue, 20.5 characters a second (median), 1 too fast, 0 others"
    )
    assert summarize(check_cues([one, cue(2001, 2100)], RULES)) == (
        "2 cues, 20.5 characters a second (median), 2 too fast, 2 others"
    )
    assert summarize(check_cues([], RULES, SPEECH)) == "no cues, 0 too fast, 2 others"


def test_the_worst_findings_come_first_errors_before_warnings() -> None:
    cues = [cue(0, 4000, "x" * 50), cue(4200, 6000, "y" * 60, "a", "b"), cue(6000, 8000, "no" + " no" * 5)]
    report = check_cues(cues, replace(RULES, max_cps=math.inf))
    assert [(finding.kind, finding.value) for finding in report.worst(9)] == [
        (Kind.TOO_MANY_LINES, 3),
        (Kind.LINE_TOO_WIDE, 60),
        (Kind.LINE_TOO_WIDE, 50),
        (Kind.GAP_FLICKERS, 200),
        (Kind.LOOP, 6),
    ]
    assert report.worst(2) == report.worst(9)[:2]


@pytest.mark.parametrize(
    ("ms", "shown"), [(0, "0:00"), (59_999, "0:59"), (192_000, "3:12"), (3_723_500, "1:02:03")]
)
def test_times_are_shown_as_on_a_clock(ms: int, shown: str) -> None:
    assert clock(ms) == shown


def test_no_rule_of_the_plain_style_is_broken_by_whisper_segments() -> None:
    cues = [cue(0, 29_000, "x" * 400), cue(29_001, 29_002, "y")]
    assert kinds(cues, PLAIN) == []


def test_subtitles_made_by_others_are_checked(recordings: Callable[[str], Path]) -> None:
    film = read_subtitles(recordings("video/friday.vtt")).cues
    assert kinds(film) == [
        (Kind.TOO_SHORT, 2),
        (Kind.TOO_FAST, 2),
        (Kind.GAP_TOO_SMALL, 2),
        (Kind.TOO_FAST, 3),
        (Kind.GAP_TOO_SMALL, 3),
        (Kind.TOO_FAST, 4),
        (Kind.GAP_TOO_SMALL, 4),
        (Kind.TOO_FAST, 5),
        (Kind.GAP_TOO_SMALL, 5),
    ]
    talk = read_subtitles(recordings("video/ai_explained_16s.srt")).cues
    report = check_cues(talk, RULES)
    assert found(report) == [(Kind.LINE_TOO_WIDE, 2), (Kind.LINE_TOO_WIDE, 3)]
    assert report.figures.widest_line == 91


@st.composite
def clean_cues(draw: st.DrawFn) -> list[Cue]:
    """Cues that keep to `RULES`, no two with the same text."""
    cues, start_ms = list[Cue](), draw(st.integers(0, 5000))
    for number in range(draw(st.integers(2, 6))):
        lengths = draw(st.lists(st.integers(4, 42), min_size=1, max_size=2))
        lines = tuple(f"{number} {text_of(length - 2)}" for length in lengths)
        least_ms = max(RULES.min_duration_ms, math.ceil(1000 * sum(lengths) / RULES.max_cps))
        duration_ms = draw(st.integers(least_ms, RULES.max_duration_ms))
        cues.append(Cue(start_ms, start_ms + duration_ms, lines))
        gap_ms = draw(st.one_of(st.just(0), st.just(RULES.min_gap_ms), st.integers(RULES.chain_gap_ms, 9000)))
        start_ms += duration_ms + gap_ms
    return cues


@given(clean_cues())
def test_cues_that_keep_to_the_rules_have_no_findings(cues: list[Cue]) -> None:
    duration_ms = cues[-1].end_ms
    speech = [SpeechSpan(cue.start_ms, cue.end_ms) for cue in cues]
    report = check_cues(cues, RULES, speech, duration_ms)
    assert report.findings == ()
    assert report.figures.n_cues == len(cues)
    assert report.figures.median_cps <= report.figures.p95_cps <= report.figures.fastest_cps <= RULES.max_cps


# Each makes one cue wrong by itself, or in its distance to the cue before.
BROKEN: dict[Kind, Callable[[Cue, Cue], Cue]] = {
    Kind.LINE_TOO_WIDE: lambda before, cue: replace(cue, lines=("x" * 43,)),
    Kind.TOO_MANY_LINES: lambda before, cue: replace(cue, lines=("a", "b", "c")),
    Kind.TOO_FAST: lambda before, cue: replace(cue, lines=(text_of(1 + cue.duration_ms // 50 + 1),)),
    Kind.TOO_SHORT: lambda before, cue: replace(cue, end_ms=cue.start_ms + 832),
    Kind.NO_TIME: lambda before, cue: replace(cue, end_ms=cue.start_ms),
    Kind.GAP_TOO_SMALL: lambda before, cue: replace(cue, start_ms=before.end_ms + 40),
    Kind.GAP_FLICKERS: lambda before, cue: replace(cue, start_ms=before.end_ms + 300),
    Kind.OVERLAP: lambda before, cue: replace(cue, start_ms=before.end_ms - 1),
    Kind.OUT_OF_ORDER: lambda before, cue: replace(cue, start_ms=before.start_ms - 1),
    Kind.EMPTY: lambda before, cue: replace(cue, lines=()),
    Kind.SAME_TEXT: lambda before, cue: replace(cue, lines=before.lines),
    Kind.LOOP: lambda before, cue: replace(cue, lines=("a b " * 4,)),
}


@pytest.mark.parametrize("kind", BROKEN)
@given(cues=clean_cues(), data=st.data())
def test_one_broken_rule_is_found_with_the_number_of_its_cue(
    kind: Kind, cues: list[Cue], data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, len(cues) - 1))
    cues[place] = BROKEN[kind](cues[place - 1], cues[place])

    report = check_cues(cues, RULES)

    assert [finding.cue for finding in report.of(kind)] == [place + 1]
    assert {number for _, number in found(report)} <= {place + 1, place + 2}  # the next has another gap
    assert report.findings == tuple(sorted(report.findings, key=lambda finding: finding.start_ms))


@given(clean_cues(), st.data())
def test_speech_whose_cue_is_gone_is_found(cues: list[Cue], data: st.DataObject) -> None:
    speech = [SpeechSpan(cue.start_ms, cue.end_ms) for cue in cues]
    gone = cues.pop(data.draw(st.integers(0, len(cues) - 1)))

    report = check_cues(cues, RULES, speech)

    expected = [(None, gone.start_ms, gone.duration_ms)] if gone.duration_ms >= 1000 else []
    missing = report.of(Kind.NO_TEXT)
    assert [(finding.cue, finding.start_ms, finding.value) for finding in missing] == expected
    assert report.of(Kind.OUTSIDE_SPEECH) == ()
