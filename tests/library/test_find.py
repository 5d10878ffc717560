"""Which files of a folder are worked on."""

from pathlib import Path

import pytest

from ovsubs.errors import MissingFile, NoMediaInFolder
from ovsubs.library.find import find_media


def test_copies_with_subtitles_in_them_are_left_out_where_the_video_is(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.burned.mp4", "a.subtitled.mkv", "b.burned.mp4", "c.final.mp4"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in find_media([tmp_path])] == ["a.mp4", "b.burned.mp4", "c.final.mp4"]
    assert find_media([tmp_path / "a.burned.mp4"]) == [tmp_path / "a.burned.mp4"]


def test_a_folder_stands_for_the_media_right_in_it(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mkv", "notes.txt", "c.srt"):
        (tmp_path / name).touch()
    (tmp_path / "deeper.mp4").mkdir()
    (tmp_path / "deeper.mp4" / "d.mp4").touch()
    named = tmp_path / "notes.txt"
    assert find_media([named, tmp_path]) == [named, tmp_path / "a.mkv", tmp_path / "b.MP4"]
    assert find_media([]) == []


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="gone"):
        find_media([tmp_path / "gone"])
    with pytest.raises(NoMediaInFolder, match="no audio or video file"):
        find_media([tmp_path])
