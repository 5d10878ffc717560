import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken import said, spoken

from ovsubs.subtitles.layout.sdh import without_sdh


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (" [door closes] Who is there?", "Who is there?"),
        (" Who (laughs) is there?", "Who is there?"),
        (" ♪ La la la ♪", "La la la"),
        (" JOHN: Who is there?", "Who is there?"),
        (" DR. O'NEIL: Come in.", "Come in."),
        (" >> Who is there?", "Who is there?"),
        (" - Who? - Me.", "Who? Me."),
        (" （笑）はい", "はい"),
        (" [Musik]", ""),
        (" It is 9:30 now: come.", "It is 9:30 now: come."),
        (" A well-known man - so he said - came.", "A well-known man - so he said - came."),
        (" He said: I know.", "He said: I know."),
    ],
)
def test_what_is_not_spoken_is_left_out(text: str, left: str) -> None:
    assert " ".join(without_sdh(said(0.0, 2.0, text)).text.split()) == left


def test_words_keep_their_times() -> None:
    segment = spoken("[door closes] Who is there?")
    kept = without_sdh(segment)
    assert [word.word for word in kept.words] == [" Who", " is", " there?"]
    assert kept.words == segment.words[2:]
    assert "".join(word.word for word in kept.words).split() == kept.text.split()


def test_a_sound_inside_a_word_cuts_it() -> None:
    segment = spoken("Who(sighs) is there?")
    assert "".join(word.word for word in without_sdh(segment).words).split() == ["Who", "is", "there?"]


@given(st.lists(st.text(alphabet="abc[]()♪-: ", min_size=1), min_size=1, max_size=8))
def test_words_stay_the_text(parts: list[str]) -> None:
    text = " ".join(parts)
    if not text.split():
        return
    segment = without_sdh(spoken(text))
    assert "".join(word.word for word in segment.words).split() == segment.text.split()


def test_text_without_sounds_is_left_alone() -> None:
    segment = spoken("Nobody knew why.")
    assert without_sdh(segment) is segment
