from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.layout.break_costs import break_costs
from ovsubs.subtitles.layout.lines import (
    LINE_WEIGHT,
    ORPHAN_COST,
    TOP_HEAVY_COST,
    LineDivider,
    fitting_ends,
)
from ovsubs.subtitles.layout.pieces import Piece, cut_text
from ovsubs.subtitles.styles import LayoutRules

NETFLIX = LayoutRules()


Division = tuple[float, list[tuple[int, int]]]


def divide_lines(pieces: Sequence[Piece], costs: Sequence[float], rules: LayoutRules) -> Division:
    """The cheapest division of a whole cue into lines, and its cost."""
    return LineDivider(pieces, costs, rules).divide(0, len(pieces))


def line_width(pieces: Sequence[Piece], first: int, end: int) -> int:
    """In columns."""
    return sum(piece.width + len(piece.glue) for piece in pieces[first:end]) - len(pieces[first].glue)


def lines(text: str, rules: LayoutRules = NETFLIX, language: str = "en") -> list[str]:
    pieces = list(cut_text(text, rules.max_line_width))
    _, bounds = divide_lines(pieces, break_costs(pieces, language), rules)
    return ["".join(piece.glue + piece.text for piece in pieces[a:b]).strip() for a, b in bounds]


def test_what_fits_one_line_stays_on_one_line() -> None:
    text = "Forty-two columns exactly, this line has.."
    assert len(text) == 42
    assert lines(text) == [text]


def test_one_column_too_many_makes_two_lines_after_a_clause() -> None:
    text = "Forty-two columns exactly, this line has it"
    assert len(text) == 43
    assert lines(text) == ["Forty-two columns exactly,", "this line has it"]


def test_the_lower_line_is_the_longer_one_when_both_breaks_are_equal() -> None:
    assert lines("aaaaaaaaaaaaaaaaaaaa bbbbbb cccccccccccccccccccc") == [
        "aaaaaaaaaaaaaaaaaaaa",
        "bbbbbb cccccccccccccccccccc",
    ]


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("He walked down to the old harbour with the man from London", "He walked down to the old harbour"),
        ("She told me about it because I had asked her twice before", "She told me about it"),
        ("The whole thing was invented by Alexander Graham Bell himself", "The whole thing was invented"),
        ("It weighed nearly two hundred and some 45 kilograms by then", "It weighed nearly two hundred"),
    ],
)
def test_lines_break_where_a_reader_would(text: str, upper: str) -> None:
    assert lines(text)[0] == upper


def test_no_word_stands_alone_in_a_line_where_another_break_is_as_good() -> None:
    assert all(" " in line for line in lines("Incomprehensibilities happened here and over there again"))


def test_speakers_have_lines_of_their_own() -> None:
    assert lines("- Where have you been all day long? - Nowhere.") == [
        "- Where have you been all day long?",
        "- Nowhere.",
    ]


def test_chinese_breaks_at_its_marks() -> None:
    assert lines("我们今天要讨论的问题是如何让机器，自动生成字幕，这个问题", language="zh") == [
        "我们今天要讨论的问题是如何让机器，",
        "自动生成字幕，这个问题",
    ]


def test_words_in_a_line_can_be_limited() -> None:
    rules = LayoutRules(max_words_per_line=2)
    assert lines("one two three", rules) == ["one", "two three"]
    pieces = list(cut_text("one two three four five", 42))
    assert list(fitting_ends(pieces, 0, rules, 2)) == [1, 2, 3, 4]
    cut = list(cut_text("abcdefgh ij", 4))
    assert list(fitting_ends(cut, 0, LayoutRules(max_line_width=4, max_words_per_line=1), 2)) == [1, 2]


words = st.lists(st.text(alphabet="abcde.,", min_size=1, max_size=20), min_size=1, max_size=30)


@given(words, st.integers(20, 60), st.none() | st.integers(1, 4))
def test_lines_fit_and_are_as_few_as_can_be(spoken: list[str], width: int, most: int | None) -> None:
    rules = LayoutRules(max_line_width=width, max_words_per_line=most)
    pieces = list(cut_text(" ".join(spoken), width))
    _, bounds = divide_lines(pieces, break_costs(pieces, "en"), rules)
    assert [place for bound in bounds for place in range(*bound)] == list(range(len(pieces)))
    assert all(line_width(pieces, a, b) <= width and b - a <= (most or b) for a, b in bounds)
    fewer = len(bounds) - 1
    assert not fewer or len(pieces) not in fitting_ends(pieces, 0, rules, fewer)


def cost_of(bounds: list[tuple[int, int]], pieces: list[Piece], costs: list[float]) -> float:
    """What a division into lines costs, written down as its docstring says."""
    target = line_width(pieces, 0, len(pieces)) / len(bounds)
    total = 0.0
    for first, end in bounds:
        width = line_width(pieces, first, end)
        total += ((width - target) / NETFLIX.max_line_width) ** 2 + (ORPHAN_COST if end == first + 1 else 0.0)
        if end < len(pieces):
            total += LINE_WEIGHT * costs[end - 1] + (TOP_HEAVY_COST if width > target else 0.0)
    return total


@given(st.lists(st.text(alphabet="abc.,", min_size=1, max_size=16), min_size=1, max_size=9))
def test_no_other_two_lines_cost_less(spoken: list[str]) -> None:
    pieces = list(cut_text(" ".join(spoken), 42))
    costs = break_costs(pieces, "en")
    cost, bounds = divide_lines(pieces, costs, NETFLIX)
    if len(bounds) != 2:
        return
    others = [[(0, place), (place, len(pieces))] for place in range(1, len(pieces))]
    fitting = [two for two in others if all(line_width(pieces, a, b) <= 42 for a, b in two)]
    assert cost == pytest.approx(min(cost_of(two, pieces, costs) for two in fitting))


def test_a_stretch_within_a_transcript_has_the_lines_that_it_has_alone() -> None:
    pieces = list(
        cut_text("Before it. He walked down to the old harbour with the man from London. And after", 42)
    )
    costs = break_costs(pieces, "en")
    alone = divide_lines(pieces[2:15], costs[2:15], NETFLIX)
    assert LineDivider(pieces, costs, NETFLIX).divide(2, 15) == alone
