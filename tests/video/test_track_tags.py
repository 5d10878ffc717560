"""A language as a person writes it, or as it stands in a file's name, becomes the tag of a track."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.errors import UnknownLanguage
from ovsubs.video.track_tags import NameTags, language_tag, read_name
from ovsubs.whisper.languages import LANGUAGES


@pytest.mark.parametrize(
    ("language", "terminologic", "bibliographic"),
    [
        ("en", "eng", "eng"),
        ("de", "deu", "ger"),
        ("ger", "deu", "ger"),
        ("deu", "deu", "ger"),
        (" German ", "deu", "ger"),
        ("FR", "fra", "fre"),
        ("zh", "zho", "chi"),
        ("cmn", "zho", "chi"),
        ("pt-BR", "por", "por"),
        ("zh_Hant_TW", "zho", "chi"),
        ("Flemish", "nld", "dut"),
        ("jw", "jav", "jav"),
        ("haw", "haw", "haw"),
        ("yue", "yue", "yue"),
        ("und", "und", "und"),
        ("gsw", "gsw", "gsw"),  # Swiss German: in ISO 639-2, not in our list
    ],
)
def test_a_language_has_the_tag_of_its_container(
    language: str, terminologic: str, bibliographic: str
) -> None:
    assert language_tag(language, terminologic=True) == terminologic
    assert language_tag(language, terminologic=False) == bibliographic


@pytest.mark.parametrize("language", ["", "Klingon", "e", "12", "d-e", "été"])
def test_what_is_no_language_is_refused(language: str) -> None:
    with pytest.raises(UnknownLanguage):
        language_tag(language, terminologic=True)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_of_whisper_has_a_tag_by_code_and_by_name(code: str) -> None:
    tag = language_tag(code, terminologic=True)

    assert len(tag) == 3
    assert language_tag(LANGUAGES[code], terminologic=True) == tag


@given(st.sampled_from(sorted(LANGUAGES)), st.booleans())
def test_a_tag_is_its_own_tag(code: str, terminologic: bool) -> None:
    tag = language_tag(code, terminologic=terminologic)

    assert language_tag(tag, terminologic=terminologic) == tag


@pytest.mark.parametrize(
    ("video", "subtitles", "expected"),
    [
        ("talk.mp4", "talk.srt", NameTags(None, False)),
        ("talk.mp4", "talk.en.srt", NameTags("en", False)),
        ("talk.mp4", "TALK.EN.SRT", NameTags("en", False)),
        ("talk.mp4", "talk.eng.vtt", NameTags("eng", False)),
        ("talk.mp4", "talk.German.srt", NameTags("german", False)),
        ("talk.mp4", "talk.pt-BR.srt", NameTags("pt-br", False)),
        ("talk.mp4", "talk.en.forced.srt", NameTags("en", True)),
        ("talk.mp4", "talk.forced.srt", NameTags(None, True)),
        ("talk.mp4", "talk.en.sdh.srt", NameTags("en", False)),
        ("talk.mp4", "talk.en.hi.srt", NameTags("en", False)),
        ("talk.mp4", "talk.hi.srt", NameTags("hi", False)),
        ("talk.mp4", "other.fr.srt", NameTags("fr", False)),
        ("talk.mp4", "en.srt", NameTags(None, False)),  # a name, not an ending
        ("talk.mp4", "talk.final.srt", NameTags(None, False)),
        ("show.no.mp4", "show.no.srt", NameTags(None, False)),  # the video's own name, not Norwegian
        ("show.no.mp4", "show.no.de.srt", NameTags("de", False)),
        ("show.mp4", "show.s01e02.it.srt", NameTags("it", False)),
    ],
)
def test_the_name_of_a_file_tells_its_language_and_if_it_is_forced(
    video: str, subtitles: str, expected: NameTags
) -> None:
    assert read_name(Path(subtitles), Path(video)) == expected
