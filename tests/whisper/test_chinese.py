"""Chinese in one script: what is asked for, and that nothing but characters changes."""

from pathlib import Path

import pytest
from opencc import OpenCC

from ovsubs.errors import InvalidOption, UnknownLanguage
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Segment, Word
from ovsubs.whisper.chinese import in_one_script
from ovsubs.whisper.languages import chinese_tag, language_code

MIXED = "这个軟體的头髮，發展里面"


def segment(text: str, *words: str) -> Segment:
    timed = tuple(Word(word, float(n), n + 1.0, 0.9) for n, word in enumerate(words))
    return Segment(0, 0.0, 20.0, text, (1, 2), -0.2, 1.2, 0.01, words=timed)


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("zh-Hans", "zh-Hans"),
        ("ZH_HANT", "zh-Hant"),
        ("zh-tw", "zh-TW"),
        ("zh_CN", "zh-CN"),
        ("zh-SG", "zh-SG"),
        ("Zh-Hk", "zh-HK"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-MO", "zh-HK"),
    ],
)
def test_tags_of_chinese_name_a_script(language: str, tag: str) -> None:
    assert chinese_tag(language) == tag
    assert language_code(language) == "zh"


@pytest.mark.parametrize("language", ["zh", "Chinese", "yue", "ja", "en"])
def test_other_names_say_nothing_of_a_script(language: str) -> None:
    assert chinese_tag(language) is None


@pytest.mark.parametrize("language", ["zh-XX", "zh-Latn", "yue-Hant", "en-Hans"])
def test_what_is_no_tag_of_chinese_is_refused(language: str) -> None:
    with pytest.raises(UnknownLanguage):
        language_code(language)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("zh-Hans", "这个软体的头发，发展里面"),
        ("zh-CN", "这个软体的头发，发展里面"),
        ("zh-Hant", "這個軟體的頭髮，發展裡面"),
        ("zh-TW", "這個軟體的頭髮，發展裡面"),
        ("zh-HK", "這個軟體的頭髮，發展裏面"),
    ],
)
def test_a_line_has_one_script_and_says_the_same(tag: str, text: str) -> None:
    assert in_one_script(segment(MIXED), tag).text == text


def test_words_are_converted_with_the_words_around_them_and_keep_their_times() -> None:
    written = in_one_script(segment("头发干净", "头", "发", "干净"), "zh-Hant")
    assert [word.word for word in written.words] == ["頭", "髮", "乾淨"]
    assert [(word.start, word.end) for word in written.words] == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    assert (written.start, written.end, written.tokens) == (0.0, 20.0, (1, 2))


def test_words_that_are_not_the_text_are_converted_alone() -> None:
    written = in_one_script(segment("头发", "头发", "干净"), "zh-Hant")
    assert [word.word for word in written.words] == ["頭髮", "乾淨"]
    assert written.text == "頭髮"


def test_latin_letters_stay() -> None:
    assert in_one_script(segment(" OpenVINO 3.5%"), "zh-Hant").text == " OpenVINO 3.5%"


def test_two_scripts_cannot_be_asked_for_at_once() -> None:
    with pytest.raises(InvalidOption, match="one script"):
        TranscribeOptions(multilingual=True, languages=("zh-Hans", "zh-Hant"))
    assert TranscribeOptions(multilingual=True, languages=("en", "zh-Hant")).chinese_tag == "zh-Hant"


def one_sided(text: str) -> tuple[int, int]:
    """How many characters are traditional alone, and how many simplified alone."""
    simplified, traditional = OpenCC("t2s").convert(text), OpenCC("s2t").convert(text)
    return (
        sum(a != b for a, b in zip(text, simplified, strict=True)),
        sum(a != b for a, b in zip(text, traditional, strict=True)),
    )


@pytest.mark.model
@pytest.mark.parametrize(("language", "is_simplified"), [("zh", True), (None, True), ("zh-hant", False)])
def test_a_recording_of_several_speakers_has_one_script(
    base_model: Model, cases: Path, language: str | None, is_simplified: bool
) -> None:
    options = TranscribeOptions(language=language, word_timestamps=True)
    found = base_model.transcribe(cases / "zh_scripts.flac", options=options)
    n_traditional, n_simplified = one_sided(found.text)
    assert n_traditional + n_simplified > 30
    assert (n_traditional if is_simplified else n_simplified) <= 1  # a character that both scripts have
    assert found.language == "zh"
    assert all("".join(word.word for word in one.words) == one.text for one in found.segments)


@pytest.mark.model
def test_segments_that_are_streamed_have_one_script(base_model: Model, cases: Path) -> None:
    options = TranscribeOptions(language="zh-hant")
    text = "".join(one.text for one in base_model.stream(cases / "zh_scripts.flac", options=options))
    n_traditional, n_simplified = one_sided(text)
    assert n_traditional > 15
    assert n_simplified <= 1
