"""Tokens and their times -> words."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.audio.regions import SpeechRegion
from ovsubs.subtitles.clusters import clusters
from ovsubs.transcript import Word
from ovsubs.whisper.tokenizer import WhisperTokenizer
from ovsubs.whisper.words import close_up, keep_to_speech, words_of


@pytest.fixture(scope="module")
def tokenizer(base_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(base_model_dir)


def spoken(tokenizer: WhisperTokenizer, text: str, language: str = "en") -> list[Word]:
    """Each token lasts a tenth of a second and is as likely as not."""
    tokens = tokenizer.encode(text)
    starts = [0.1 * place for place in range(len(tokens) + 1)]
    return words_of(tokens, starts, [-0.6931] * len(tokens), tokenizer, language)


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        (" Mr. Quilter is here.", "en", [" Mr.", " Quilter", " is", " here."]),
        (' He said: "No way!" twice.', "en", [" He", " said:", ' "No', ' way!"', " twice."]),
        (" Don't pay $5 (or 3.5 kg)", "en", [" Don't", " pay", " $5", " (or", " 3.5", " kg)"]),
        (" Ça va très bien, n'est-ce pas?", "fr", [" Ça", " va", " très", " bien,", " n'est-ce", " pas?"]),
        (" Übergrößen", "de", [" Übergrößen"]),
        (" well-known, e.g. 1,000", "en", [" well-known,", " e.g.", " 1,000"]),
        (" (laughs) ♪ La la ♪", "en", [" (laughs)", " ♪ La", " la ♪"]),
        (" - Yes... - No", "en", [" - Yes...", " - No"]),
        ("你好，世界。", "zh", ["你好，", "世界。"]),
        ("「今日」は、OpenVINOの日。", "ja", None),
        (" Эх, ёлка!", "ru", [" Эх,", " ёлка!"]),
    ],
)
def test_words_are_the_text(
    tokenizer: WhisperTokenizer, text: str, language: str, words: list[str] | None
) -> None:
    found = [word.word for word in spoken(tokenizer, text, language)]
    assert "".join(found) == text
    if words is None:  # how many characters are one token is the tokenizer's affair
        assert "OpenVINO" in found
        assert not any(word.startswith(("。", "、", "」")) or word.endswith("「") for word in found)
    else:
        assert found == words


@pytest.mark.model
def test_a_word_lasts_until_its_punctuation_and_is_as_likely_as_its_tokens(
    tokenizer: WhisperTokenizer,
) -> None:
    first, second = spoken(tokenizer, " Yes, no.")
    assert (first.start, first.end) == pytest.approx((0.0, 0.1))
    assert (second.start, second.end) == pytest.approx((0.2, 0.3))
    assert first.probability == pytest.approx(0.5, abs=1e-3)


@pytest.mark.model
def test_nothing_but_marks_is_a_word_of_marks(tokenizer: WhisperTokenizer) -> None:
    assert "".join(word.word for word in spoken(tokenizer, ' "')) == ' "'
    assert "".join(word.word for word in spoken(tokenizer, "...")) == "..."
    assert spoken(tokenizer, "") == []


@pytest.mark.model
@given(st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(["en", "ja", "de", "th"]))
def test_no_character_is_lost_or_moved(tokenizer: WhisperTokenizer, text: str, language: str) -> None:
    tokens = tokenizer.encode(text)
    words = spoken(tokenizer, text, language)
    assert "".join(word.word for word in words) == tokenizer.decode(tokens)
    assert all(word.start <= word.end for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)


def word(start: float, end: float) -> Word:
    return Word(" so", start, end, 0.9)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((1.0, 1.5), (1.0, 1.5)),  # inside
        ((1.5, 4.0), (1.5, 2.0)),  # hangs over the pause
        ((2.2, 4.4), (4.0, 4.4)),  # begins in the pause
        ((1.9, 4.5), (4.0, 4.5)),  # lies over both, mostly the second
        ((2.5, 3.5), (2.5, 3.5)),  # where the detector hears nothing
        ((0.2, 9.0), (4.0, 7.0)),
    ],
)
def test_words_keep_to_speech(given: tuple[float, float], kept: tuple[float, float]) -> None:
    speech = [SpeechRegion(1.0, 2.0), SpeechRegion(4.0, 7.0)]
    (found,) = keep_to_speech([word(*given)], speech)
    assert (found.start, found.end) == kept


def test_without_regions_words_stay() -> None:
    assert keep_to_speech([word(1, 2)], []) == [word(1, 2)]


def test_the_first_word_is_that_of_the_last_stretch_under_it() -> None:
    """The path of the alignment begins with the window: over a note of the music in front of the sentence."""
    words = [Word(" I", 0.0, 17.1), Word(" believe", 17.1, 17.6)]
    speech = [SpeechRegion(0.4, 0.9), SpeechRegion(16.9, 20.0)]

    first, second = keep_to_speech(words, speech)

    assert (first.start, first.end) == (16.9, 17.1)
    assert (second.start, second.end) == (17.1, 17.6)


def test_a_first_word_before_a_short_pause_stays_where_it_is() -> None:
    words = [Word(" Well,", 0.0, 1.45), Word(" I", 1.45, 1.6)]
    speech = [SpeechRegion(0.2, 0.6), SpeechRegion(1.4, 3.0)]
    assert keep_to_speech(words, speech)[0].end == 0.6


def test_first_words_that_last_impossibly_long_go_to_what_follows() -> None:
    words = [Word(" I", 0.0, 8.9), Word(" believe", 8.9, 18.5), Word(" that", 18.5, 18.8)]

    first, second, third = close_up(words)

    assert third == words[2]
    assert (second.start, second.end) == (pytest.approx(18.5 - 0.56), 18.5)
    assert first.end == second.start
    assert first.end - first.start == pytest.approx(0.12)


def test_a_first_word_that_is_stretched_over_others_goes_to_what_follows_the_pause() -> None:
    """What was said before "who" is not in the text."""
    words = [Word(" who", 31.4, 32.5), Word(" then", 33.3, 33.6), Word(" was", 33.6, 33.9)]

    first, *rest = close_up(words)

    assert rest == words[1:]
    assert (first.start, first.end) == (pytest.approx(33.3 - 0.24), 33.3)


def test_first_words_before_one_that_lasts_for_seconds_go_to_what_follows_it() -> None:
    words = [Word(" I", 14.8, 16.0), Word(" believe", 16.0, 25.4), Word(" that", 25.4, 25.8)]
    first, second, third = close_up(words)
    assert third == words[2]
    assert (first.end, second.end) == (second.start, 25.4)
    assert second.end - first.start < 1.0

    long_too = [Word(" Before", 0.0, 11.1), Word(" his", 11.1, 12.8), Word(" death,", 14.9, 15.3)]
    assert [round(word.end, 1) for word in close_up(long_too)] == [14.7, 14.9, 15.3]


def test_a_first_word_that_ends_before_its_segment_begins_goes_to_what_follows_the_pause() -> None:
    words = [Word(" There", 11.2, 11.7), Word(" were", 12.7, 13.0)]
    assert close_up(words, opens=12.7)[0].end == 12.7
    assert close_up(words, opens=11.5) == words


def test_a_first_word_that_lasts_long_does_not_begin_before_its_segment() -> None:
    words = [Word(" And", 18.0, 18.8), Word(" so,", 18.8, 19.2)]
    assert close_up(words, opens=18.25)[0].start == 18.25
    assert close_up([replace(words[0], start=18.4)], opens=18.5)[0].start == 18.4


@pytest.mark.parametrize(
    "first",
    [
        Word(" Who,", 31.4, 32.5),  # a pause that is written
        Word(" who", 32.0, 32.5),  # short enough
        Word(" who", 31.4, 32.9),  # no pause
        Word(" whatsoever", 31.4, 32.5),  # long enough a word
    ],
)
def test_a_word_before_a_pause_stays_where_it_is(first: Word) -> None:
    words = [first, Word(" then", 33.3, 33.6)]
    assert close_up(words) == words


def test_words_that_last_as_long_as_words_do_stay_as_they_are() -> None:
    words = [Word(" Stephen,", 17.3, 18.4), Word(" leaning", 19.0, 19.2), Word(" back", 19.2, 24.0)]
    assert close_up(words) == words
    assert close_up(words[2:]) == words[2:]
    assert close_up([]) == []


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "language"),
    [("สวัสดีครับวันนี้เราจะพูดถึงเรื่องนำไป", "th"), ("ສະບາຍດີຂ້ອຍເຂົ້າ", "lo"), ("မင်္ဂလာပါကျွန်တော်", "my")],
)
def test_a_word_never_begins_with_what_hangs_on_the_letter_before(
    tokenizer: WhisperTokenizer, text: str, language: str
) -> None:
    found = [word.word for word in spoken(tokenizer, text, language)]
    assert "".join(found) == text
    assert len(found) > 3
    for before, after in pairwise(found):
        assert len(list(clusters(before[-1] + after[0]))) == 2
