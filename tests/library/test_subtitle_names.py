from pathlib import Path

import pytest

from ovsubs.errors import MissingFile, NoSubtitlesInFolder
from ovsubs.library.subtitle_names import find_subtitles, language_of, recording_of


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("talk.srt", None),
        ("de.srt", None),
        ("talk.de.srt", "de"),
        ("talk.ger.srt", "de"),
        ("talk.German.srt", "de"),
        ("talk.pt-BR.srt", "pt"),
        ("talk.zh_Hans.vtt", "zh"),
        ("talk.en.forced.srt", "en"),
        ("talk.en.sdh.default.srt", "en"),
        ("talk.forced.srt", None),
        ("talk.hi.srt", "hi"),
        ("talk.en.hi.srt", "en"),
        ("talk.part2.hi.srt", "hi"),
        ("talk.is.good.srt", None),
        ("S01.E02.srt", None),
    ],
)
def test_the_language_is_that_before_the_ending(name: str, language: str | None) -> None:
    assert language_of(Path(name)) == language


@pytest.mark.parametrize(
    ("name", "recording"),
    [
        ("talk.srt", "talk.mp4"),
        ("talk.de.srt", "talk.mp4"),
        ("talk.de.forced.srt", "talk.mp4"),
        ("talk.sdh.srt", "talk.mp4"),
        ("talk.json", "talk.mp4"),
        ("talk.part2.srt", None),
        ("other.srt", None),
        ("film.en.srt", "film.en.mkv"),
    ],
)
def test_the_recording_has_the_same_name(tmp_path: Path, name: str, recording: str | None) -> None:
    for other in ("talk.mp4", "film.en.mkv", "film.mkv", "other.txt", "talk.srt"):
        (tmp_path / other).touch()
    (tmp_path / "other.mp4").mkdir()
    assert recording_of(tmp_path / name) == (recording and tmp_path / recording)


def test_nothing_is_beside_a_file_in_no_folder(tmp_path: Path) -> None:
    assert recording_of(tmp_path / "absent" / "talk.srt") is None


def test_a_folder_stands_for_the_subtitles_right_in_it(tmp_path: Path) -> None:
    for name in ("b.VTT", "a.srt", "c.ass", "d.ttml", "a.json", "a.mp4", "a.txt", "._a.srt"):
        (tmp_path / name).touch()
    (tmp_path / "deeper.srt").mkdir()
    (tmp_path / "deeper.srt" / "z.srt").touch()

    assert [path.name for path in find_subtitles(tmp_path)] == ["a.srt", "b.VTT", "c.ass", "d.ttml"]
    assert find_subtitles(tmp_path / "a.txt") == [tmp_path / "a.txt"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        find_subtitles(tmp_path / "absent.srt")
    with pytest.raises(NoSubtitlesInFolder):
        find_subtitles(tmp_path)
