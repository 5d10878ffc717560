"""Which files are the subtitles of a recording, by their names."""

from pathlib import Path

import pytest

from ovsubs.library.existing import find_existing, read_names
from ovsubs.library.subtitle_names import read_suffix


@pytest.mark.parametrize(
    ("between", "language"),
    [
        *(("en", "en"), ("eng", "en"), ("EN", "en"), ("English", "en"), ("en-US", "en"), ("en_GB", "en")),
        *(("en.cc", "en"), ("en.sdh", "en"), ("en.hi", "en"), ("en.SDH", "en"), ("en.default", "en")),
        *(("sdh.en", "en"), ("en.hi.default", "en"), ("en-US.sdh", "en"), ("eng.cc", "en")),
        *(("hi", "hi"), ("hin", "hi"), ("hi.hi", "hi"), ("hi.sdh", "hi"), ("hi-IN", "hi")),
        *(("de", "de"), ("ger", "de"), ("deu", "de"), ("de-AT", "de")),
        *(("pt-BR", "pt"), ("pob", "pt"), ("pb", "pt"), ("es-419", "es"), ("spa", "es")),
        *(("zh-Hans", "zh"), ("zh_Hant_TW", "zh"), ("chi", "zh"), ("zho", "zh"), ("yue", "yue")),
        *(
            ("nb", "no"),
            ("nob", "no"),
            ("nor", "no"),
            ("nn", "nn"),
            ("jv", "jw"),
            ("fil", "tl"),
            ("Haitian Creole", "ht"),
        ),
        ("und", "und"),
    ],
)
def test_a_name_says_the_language_as_media_servers_write_it(between: str, language: str) -> None:
    suffix = read_suffix(between.split("."))

    assert suffix is not None
    assert suffix.language == language
    assert not suffix.is_forced


@pytest.mark.parametrize("between", ["forced", "en.forced", "forced.en", "eng.foreign", "en.sdh.forced"])
def test_forced_subtitles_are_told_apart(between: str) -> None:
    suffix = read_suffix(between.split("."))

    assert suffix is not None
    assert suffix.is_forced


@pytest.mark.parametrize("between", [(), ("sdh",), ("cc", "default")])
def test_a_name_may_say_no_language(between: tuple[str, ...]) -> None:
    suffix = read_suffix(between)

    assert suffix is not None
    assert suffix.language is None


@pytest.mark.parametrize(
    "between", ["part2", "part2.en", "commentary.en", "en.de", "xx", "no-subs", "2", "en-forced", ""]
)
def test_what_says_anything_else_is_of_something_else(between: str) -> None:
    assert read_suffix(between.split(".")) is None


def named(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


def there(folder: Path, recording: str) -> list[str]:
    names = read_names(folder)
    found = find_existing(folder / recording, names, names)
    return [each.path.name for each in found if each.owner is None]


def test_the_subtitles_of_a_recording_are_found_by_its_name(tmp_path: Path) -> None:
    named(tmp_path, "ep.mkv", "ep.en.sdh.srt", "ep.en.srt", "ep.srt", "ep.de.VTT", "ep.en.forced.srt")
    named(tmp_path, "ep.part2.srt", "ep2.en.srt", "other.srt", "ep.en.idx", "ep")

    assert there(tmp_path, "ep.mkv") == ["ep.de.VTT", "ep.en.srt", "ep.srt", "ep.en.sdh.srt"]
    assert there(tmp_path, "absent.mkv") == []


def test_names_with_dots_of_their_own(tmp_path: Path) -> None:
    named(tmp_path, "Show.S01.E02.en.srt", "Show.S01.E02.mkv", "Show.S01.mkv", "Show.en.srt")

    assert there(tmp_path, "Show.S01.E02.mkv") == ["Show.S01.E02.en.srt"]
    assert there(tmp_path, "Show.S01.mkv") == []


def test_subtitles_belong_to_the_recording_whose_name_is_theirs(tmp_path: Path) -> None:
    named(tmp_path, "Movie.mkv", "Movie.it.srt", "Movie.it.sdh.srt")
    assert there(tmp_path, "Movie.mkv") == ["Movie.it.srt", "Movie.it.sdh.srt"]

    named(tmp_path, "Movie.it.mkv")

    assert there(tmp_path, "Movie.mkv") == []
    assert there(tmp_path, "Movie.it.mkv") == ["Movie.it.srt", "Movie.it.sdh.srt"]
    found = find_existing(tmp_path / "Movie.mkv", read_names(tmp_path), read_names(tmp_path))
    assert {each.owner for each in found} == {tmp_path / "Movie.it.mkv"}


def test_nothing_is_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert there(tmp_path / "absent", "ep.mkv") == []
