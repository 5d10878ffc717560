"""Windows and macOS are not here: what they answer is simulated, at the calls of the system."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from as_on_windows import PlayerWindow, ignore_case

from ovsubs.atomic import write_atomically
from ovsubs.errors import UnwritableOutput
from ovsubs.places import file_key, is_portable_name, move_into_place


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file that has been made, and the one that it replaces."""
    made, target = tmp_path / "made.tmp", tmp_path / "talk.srt"
    made.write_text("new")
    target.write_text("old")
    return made, target


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Callable[..., PlayerWindow]:
    """Opens a file as a player on Windows does, so that nobody may replace it."""

    def open_file(path: Path, closes_after: int | None = None) -> PlayerWindow:
        return PlayerWindow(path, closes_after, monkeypatch)

    return open_file


def test_a_file_takes_the_place_of_another(files: tuple[Path, Path]) -> None:
    made, target = files
    move_into_place(made, target)
    assert target.read_text() == "new"
    assert not made.exists()


def test_a_folder_is_renamed(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    move_into_place(tmp_path / "made", tmp_path / "base")
    assert (tmp_path / "base").is_dir()


def test_what_is_held_for_a_moment_is_replaced_after_it(
    files: tuple[Path, Path], player: Callable[..., PlayerWindow]
) -> None:
    made, target = files
    player(target, closes_after=3)
    move_into_place(made, target)
    assert target.read_text() == "new"


def test_what_a_player_holds_stays_as_it_is_and_the_error_names_the_reason(
    files: tuple[Path, Path], player: Callable[..., PlayerWindow]
) -> None:
    made, target = files
    held = player(target)
    with pytest.raises(PermissionError, match="another program has it open"):
        move_into_place(made, target)
    assert (made.read_text(), target.read_text()) == ("new", "old")
    assert held.n_tries > 3
    assert held.waited_s < 10


def test_subtitles_that_a_player_holds_are_one_error_and_nothing_is_lost(
    files: tuple[Path, Path], player: Callable[..., PlayerWindow]
) -> None:
    made, target = files
    made.unlink()
    player(target)
    with pytest.raises(UnwritableOutput) as told:
        write_atomically(target, b"new")
    line = str(told.value)
    assert line.startswith(f"{target}: cannot be written (another program has it open")
    assert "\n" not in line
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_what_is_not_allowed_is_not_tried_again(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_tries = []

    def refuse(*paths: object) -> None:
        n_tries.append(1)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        move_into_place(*files)
    assert len(n_tries) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("CON", "con", "NUL.txt", "aux.en", "COM1", "lpt9.srt", "COM¹", "nul .x", "CONIN$"),
        *("a:b", "C:", "a?", "a*", 'a"b', "a<b", "a|b", "a/b", "a\\b", "a\tb", "a.", "a ", "..", ".", ""),
    ],
)
def test_a_name_that_some_system_refuses_is_told(name: str) -> None:
    assert not is_portable_name(name)


@pytest.mark.parametrize("name", ["base", "large-v3", "CONSOLE", "console.log", "COM0", "né 日本", ".x"])
def test_a_name_that_all_systems_take_is_told(name: str) -> None:
    assert is_portable_name(name)


def test_the_key_of_a_file_follows_links_and_tells_names_apart(tmp_path: Path) -> None:
    (tmp_path / "Folder").mkdir()
    assert file_key(tmp_path / "Folder" / ".." / "a.srt") == file_key(tmp_path / "a.srt")
    assert file_key(tmp_path / "a.srt") != file_key(tmp_path / "b.srt")


@pytest.fixture
def case_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    ignore_case(monkeypatch)


@pytest.mark.usefixtures("case_is_ignored")
@pytest.mark.parametrize("beside", ["Notes.txt", "1.mp4", None])
def test_letters_in_another_case_are_one_file_where_the_system_says_so(
    tmp_path: Path, beside: str | None
) -> None:
    folder = tmp_path / "Subtitles"
    folder.mkdir()
    if beside:
        (folder / beside).touch()
    assert file_key(folder / "Talk.srt") == file_key(folder / "talk.SRT")
    assert file_key(folder / "Caf\u00e9.srt") == file_key(folder / "cafe\u0301.srt")
    assert file_key(folder / "not there" / "Talk.srt") == file_key(folder / "not there" / "talk.srt")
    assert file_key(folder / "Talk.srt") != file_key(folder / "Talks.srt")


def test_case_counts_where_the_system_says_so(tmp_path: Path) -> None:
    (tmp_path / "Talk.srt").touch()
    is_one = (tmp_path / "talk.srt").exists()
    assert (file_key(tmp_path / "Talk.srt") == file_key(tmp_path / "talk.srt")) is is_one
