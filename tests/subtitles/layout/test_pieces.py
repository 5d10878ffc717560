import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken import said, said_word_by_word

from ovsubs.subtitles.columns import columns, n_characters
from ovsubs.subtitles.layout.pieces import cut_text, pieces_of
from ovsubs.transcript import Word


def texts(text: str, width: int = 42) -> list[str]:
    return [piece.text for piece in cut_text(text, width)]


def printed(text: str) -> str:
    """All characters that may not be lost: no white space, no control characters."""
    return "".join(char for char in text if not char.isspace() and not is_control(char))


def is_control(char: str) -> bool:
    return char <= "\x1f" or "\x7f" <= char <= "\x9f"


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u3000", "\x00", "\u00a0"])
def test_no_text_has_no_pieces(text: str) -> None:
    assert texts(text) == []


def test_white_space_of_any_kind_parts_words() -> None:
    assert texts(" a\tb\n\nc   d\r\ne\u2028f\x00g ") == ["a", "b", "c", "d", "e", "f", "g"]


def test_a_no_break_space_holds_its_words_together() -> None:
    assert texts("Mais quoi\u00a0!") == ["Mais", "quoi\u00a0!"]


def test_a_word_is_cut_only_if_it_is_wider_than_a_line() -> None:
    assert texts("x" * 42 + " yes") == ["x" * 42, "yes"]
    assert texts("x" * 43) == ["x" * 42, "x"]
    assert [piece.glue for piece in cut_text("x" * 43, 42)] == [" ", ""]


def test_a_combining_mark_stays_with_its_letter() -> None:
    assert texts("ab" + "e\u0301", 3) == ["abe\u0301"]
    assert texts("abc" + "e\u0301", 3) == ["abc", "e\u0301"]


@pytest.mark.parametrize(
    ("text", "width", "count"),
    [
        ("abc", 3, 3),
        ("字幕", 4, 2),
        ("한글", 4, 2),
        ("ﾊﾝｶｸ", 4, 4),
        ("e\u0301", 1, 1),
        ("", 0, 0),
        ("😀", 2, 1),
        ("a b", 3, 3),
        ("a\nb", 3, 2),
    ],
)
def test_width_counts_east_asian_characters_twice_and_reading_once(text: str, width: int, count: int) -> None:
    assert columns(text.replace("\n", " ")) == width
    assert n_characters(text) == count


def test_chinese_and_japanese_part_at_each_character_but_not_at_its_marks() -> None:
    assert texts("字幕，这个") == ["字", "幕，", "这", "个"]
    assert texts("「はい」と、言った。") == ["「は", "い」", "と、", "言っ", "た。"]
    assert texts("ちょっと") == ["ちょっ", "と"]


def test_latin_words_inside_chinese_stay_whole() -> None:
    assert texts("我用Python写") == ["我", "用", "Python", "写"]


def test_korean_parts_at_spaces() -> None:
    assert texts("오늘은 자막을") == ["오늘은", "자막을"]


def test_pieces_have_the_times_of_their_words() -> None:
    pieces = pieces_of([said_word_by_word(("One", 1.0, 1.2), ("two.", 1.4, 1.9))], 42, 9000)
    assert [(piece.text, piece.start_ms, piece.end_ms) for piece in pieces] == [
        ("One", 1000, 1200),
        ("two.", 1400, 1900),
    ]
    assert [piece.ends_segment for piece in pieces] == [False, True]


def test_without_words_a_segment_is_shared_by_width() -> None:
    pieces = pieces_of([said(1.0, 2.0, "aaaa bbbb")], 42, 9000)
    assert [(piece.start_ms, piece.end_ms) for piece in pieces] == [(1000, 1500), (1500, 2000)]


def test_words_that_are_not_those_of_the_text_give_no_times() -> None:
    strange = said_word_by_word(("Certainly", 2.5, 3.5))
    (piece,) = pieces_of([said(2.0, 4.0, " Yes.")], 42, 9000)
    assert (piece.start_ms, piece.end_ms) == (2000, 4000)
    (piece,) = pieces_of([type(strange)(0, 2.0, 4.0, " Yes.", (), 0, 0, 0, words=strange.words)], 42, 9000)
    assert (piece.start_ms, piece.end_ms) == (2000, 4000)


def test_a_word_that_is_cut_is_said_evenly() -> None:
    pieces = pieces_of([said_word_by_word(("abcdefgh", 2.0, 4.0))], 4, 9000)
    assert [(piece.text, piece.start_ms, piece.end_ms) for piece in pieces] == [
        ("abcd", 2000, 3000),
        ("efgh", 3000, 4000),
    ]


def test_times_never_fall_and_stay_within_the_media() -> None:
    segments = [said_word_by_word(("a", 5.0, 4.0), ("b", 3.0, 3.5), ("c", 12.0, 13.0)), said(-4.0, -2.0, "d")]
    assert [(piece.start_ms, piece.end_ms) for piece in pieces_of(segments, 42, 10_000)] == [
        (5000, 5000),
        (5000, 5000),
        (10_000, 10_000),
        (10_000, 10_000),
    ]


def test_characters_of_one_word_are_said_one_after_the_other() -> None:
    word = Word("字幕", 1.0, 2.0, 0.9)
    pieces = pieces_of([type(said(0, 0, ""))(0, 0.0, 9.0, "字幕", (), 0, 0, 0, words=(word,))], 42, 9000)
    assert [(piece.start_ms, piece.end_ms) for piece in pieces] == [(1000, 1500), (1500, 2000)]


some_text = (
    st.text()
    | st.text(alphabet="ab ,.")
    | st.text(alphabet="字幕。「」、ー ab")
    | st.text(alphabet="xe\u0301\u0300")
)


@given(some_text, st.integers(2, 60))
def test_no_character_is_lost_and_no_piece_is_wider_than_a_line(text: str, width: int) -> None:
    pieces = list(cut_text(text, width))
    assert printed("".join(piece.text for piece in pieces)) == printed(text)
    assert all(piece.width == columns(piece.text) <= width for piece in pieces)
    assert all(piece.text == piece.text.strip() != "" for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("あ〜い", ["あ〜", "い"]),
        ("彼は〝本〟と言った", ["彼", "は", "〝本〟", "と", "言っ", "た"]),
        ("我(你)他", ["我", "(你)", "他"]),
        ("用Python(中文)写", ["用", "Python", "(中", "文)", "写"]),
        ("百％と", ["百％", "と"]),
        ("ゕゖ", ["ゕゖ"]),
    ],
)
def test_marks_that_may_not_begin_or_end_a_line_stay_with_their_character(
    text: str, pieces: list[str]
) -> None:
    assert texts(text) == pieces


@pytest.mark.parametrize("whole", ["👩‍💻", "🇩🇪", "👍🏽", "क्ष", "e\u0301", "한"])
def test_what_is_written_as_one_is_not_cut(whole: str) -> None:
    width = columns(whole)
    assert texts(whole * 6, max(width, 2) + 1) == [whole] * 6 if width > 1 else True
    assert "".join(texts(whole * 9, max(width, 2))) == whole * 9
    assert all(len(piece) % len(whole) == 0 for piece in texts(whole * 9, max(width, 2)))
