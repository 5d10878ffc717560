import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.subtitles.breaking import Shape, break_text, columns

NETFLIX = Shape(max_width=42, max_lines=2)


def visible(text: str) -> str:
    """All characters that may not be lost: no white space, no control characters."""
    return "".join(char for char in text if not char.isspace() and not is_control(char))


def is_control(char: str) -> bool:
    return char <= "\x1f" or "\x7f" <= char <= "\x9f"


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u3000", "\x00", "\u00a0"])
def test_no_text_gives_no_cue(text: str) -> None:
    assert break_text(text, NETFLIX) == []


def test_what_fits_one_line_stays_on_one_line() -> None:
    text = "Forty-two columns exactly, this line has.."
    assert len(text) == 42
    assert break_text(text, NETFLIX) == [(text,)]


def test_one_column_too_many_makes_two_balanced_lines() -> None:
    text = "Forty-two columns exactly, this line has it"
    assert len(text) == 43
    assert break_text(text, NETFLIX) == [("Forty-two columns exactly,", "this line has it")]


def test_the_lower_line_is_the_longer_one_when_both_breaks_are_equal() -> None:
    text = "aaaaaaaaaaaaaaaaaaaa bbbbbb cccccccccccccccccccc"
    assert break_text(text, NETFLIX) == [("aaaaaaaaaaaaaaaaaaaa", "bbbbbb cccccccccccccccccccc")]


def test_cues_end_at_sentences_before_clauses_and_clauses_before_words() -> None:
    text = (
        "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better. "
        "That is what he said, and I think he was right about that."
    )
    assert break_text(text, NETFLIX) == [
        ("Ever tried. Ever failed.", "No matter. Try again. Fail again."),
        ("Fail better. That is what he said,", "and I think he was right about that."),
    ]


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    text = "It was then that the people of the whole town began to speak about Mr. Smith and J. R. Jones"
    for lines in break_text(text, NETFLIX):
        assert not lines[-1].endswith(("Mr.", "J.", "R."))


def test_white_space_of_any_kind_becomes_one_space() -> None:
    assert break_text(" a\tb\n\nc   d\r\ne\u2028f\x00g ", NETFLIX) == [("a b c d e f g",)]


def test_a_no_break_space_holds_its_words_together() -> None:
    assert break_text("Mais quoi\u00a0!", Shape(9, 1)) == [("Mais",), ("quoi\u00a0!",)]
    text = "Il a dit que personne ne viendrait ce soir\u00a0!"
    assert break_text(text, NETFLIX)[0][-1].endswith("soir\u00a0!")


def test_a_word_is_cut_only_if_it_is_longer_than_a_line() -> None:
    assert break_text("x" * 42 + " yes", NETFLIX) == [("x" * 42, "yes")]
    assert break_text("x" * 43, NETFLIX) == [("x" * 42, "x")]
    assert [len(line) for cue in break_text("x" * 100, NETFLIX) for line in cue] == [42, 42, 16]


def test_a_combining_mark_stays_with_its_letter() -> None:
    assert break_text("ab" + "e\u0301", Shape(3, 1)) == [("abe\u0301",)]
    assert break_text("abc" + "e\u0301", Shape(3, 1)) == [("abc",), ("e\u0301",)]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("字幕", 4), ("한글", 4), ("ﾊﾝｶｸ", 4), ("e\u0301", 1), ("", 0), ("😀", 2)]
)
def test_east_asian_characters_take_two_columns(text: str, width: int) -> None:
    assert columns(text) == width


def test_chinese_breaks_between_characters_at_punctuation() -> None:
    text = "我们今天要讨论的问题是如何让机器自动生成字幕，这个问题看起来很简单，但是实际上有很多困难。"
    assert break_text(text, NETFLIX) == [
        ("我们今天要讨论的问题是", "如何让机器自动生成字幕，"),
        ("这个问题看起来很简单，", "但是实际上有很多困难。"),
    ]


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    text = "彼は「もう一度やってみよう」と言った。ちょっと待って、「はい」。" * 4
    for width in range(10, 43):
        lines = [line for cue in break_text(text, Shape(width, 2)) for line in cue]
        assert "".join(lines) == text
        assert not any(line[0] in "。、」っょゃー" or line[-1] == "「" for line in lines)


def test_latin_words_inside_chinese_stay_whole() -> None:
    lines = [line for cue in break_text("我用Python写了程序" * 5, Shape(12, 2)) for line in cue]
    assert sum(line.count("Python") for line in lines) == 5


def test_korean_breaks_at_spaces() -> None:
    text = "오늘은 자막을 자동으로 만드는 방법에 대해서 이야기하려고 합니다"
    lines = [line for cue in break_text(text, NETFLIX) for line in cue]
    assert " ".join(lines) == text


@pytest.mark.parametrize(("width", "count"), [(42, 1), (42, 2), (42, 3), (20, 2), (37, 2)])
def test_other_widths_and_counts_are_kept(width: int, count: int) -> None:
    text = "The quick brown fox, who was tired of it all, jumped over the lazy dog. " * 5
    cues = break_text(text, Shape(width, count))
    assert all(len(lines) <= count and all(len(line) <= width for line in lines) for lines in cues)
    assert " ".join(line for lines in cues for line in lines) == text.strip()


def test_a_cue_takes_no_more_of_the_text_than_its_share() -> None:
    cues = break_text("one two three four five six", Shape(42, 2, max_columns=14))
    assert len(cues) == 2
    assert all(sum(map(columns, lines)) <= 14 for lines in cues)


texts = (
    st.text()
    | st.text(alphabet="ab ,.")
    | st.text(alphabet="字幕。「」、ー ab")
    | st.text(alphabet="xe\u0301\u0300")
)


@given(texts, st.integers(2, 60), st.integers(1, 4), st.floats(1, 200))
def test_lines_fit_and_no_character_is_lost_or_moved(text: str, width: int, count: int, share: float) -> None:
    cues = break_text(text, Shape(width, count, max_columns=share))
    assert visible("".join(line for lines in cues for line in lines)) == visible(text)
    for lines in cues:
        assert 1 <= len(lines) <= count
        assert all(line.strip() == line and len(line.splitlines()) == 1 for line in lines)
        assert all(columns(line) <= width for line in lines)


@given(st.lists(st.text(alphabet="abcde.,", min_size=1, max_size=20)))
def test_words_that_fit_a_line_stay_whole(words: list[str]) -> None:
    cues = break_text(" ".join(words), Shape(20, 2))
    assert [word for lines in cues for line in lines for word in line.split(" ")] == words
