import pytest

from ovsubs.errors import UnknownLanguage
from ovsubs.whisper.languages import LANGUAGES, language_code


def test_all_hundred_languages_are_there() -> None:
    assert len(LANGUAGES) == 100
    assert LANGUAGES["en"] == "english"
    assert LANGUAGES["yue"] == "cantonese"
    assert LANGUAGES["ht"] == "haitian creole"


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_code_and_each_name_give_the_code(code: str) -> None:
    assert language_code(code) == code
    assert language_code(LANGUAGES[code]) == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("German", "de"),
        ("  FRENCH ", "fr"),
        ("EN", "en"),
        ("Castilian", "es"),
        ("mandarin", "zh"),
        ("Flemish", "nl"),
        ("Burmese", "my"),
        ("Haitian", "ht"),
    ],
)
def test_case_spaces_and_other_names_are_understood(given: str, code: str) -> None:
    assert language_code(given) == code


@pytest.mark.parametrize("given", ["klingon", "", "e", "eng-US", "english german"])
def test_anything_else_is_refused_by_name(given: str) -> None:
    with pytest.raises(UnknownLanguage) as caught:
        language_code(given)
    assert str(caught.value).startswith(f"unknown language {given!r}; give a code such as 'de'")


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_names_are_those_of_transformers() -> None:
    theirs = pytest.importorskip(
        "transformers.models.whisper.tokenization_whisper", reason="needs the export extra"
    )
    assert theirs.LANGUAGES == LANGUAGES
    assert {name: language_code(name) for name in theirs.TO_LANGUAGE_CODE} == theirs.TO_LANGUAGE_CODE
