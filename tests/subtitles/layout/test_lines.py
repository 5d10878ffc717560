import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.layout.break_costs import break_costs
from ovsubs.subtitles.layout.lines import divide_lines, fitting_ends, line_width
from ovsubs.subtitles.layout.pieces import cut_text
from ovsubs.subtitles.styles import LayoutRules

NETFLIX = LayoutRules()


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
