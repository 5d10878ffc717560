"""Which files of a folder are worked on, and what is said of the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rights import AS_A_USER
from systems import needs_permissions, needs_posix

from ovsubs.errors import MissingFile, NoMediaInFolder
from ovsubs.library import find
from ovsubs.library.find import EVERYTHING, FoundFile, find_media
from ovsubs.library.patterns import IGNORED, LEFT_OUT, NOT_INCLUDED, Patterns


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def below(folder: Path, *, recursive: bool = True, patterns: Patterns = EVERYTHING) -> list[str]:
    """The files that are found, as they are named below the folder."""
    found = find_media(folder, recursive=recursive, patterns=patterns).files
    assert all(file.path.parent == folder / file.subfolder for file in found)
    return [file.path.relative_to(folder).as_posix() for file in found]


def passed_over(folder: Path, *, recursive: bool = True, patterns: Patterns = EVERYTHING) -> dict[str, str]:
    found = find_media(folder, recursive=recursive, patterns=patterns)
    return {left_out.path.relative_to(folder).as_posix(): left_out.why for left_out in found.passed_over}


def test_a_folder_is_searched_in_depth_in_the_order_of_names(tmp_path: Path) -> None:
    touch(
        tmp_path, "z.MP4", "a.mkv", "b/z.wav", "b/a.wav", "b/c/d.flac", "B/a.mp3", "a/b.opus", "c.mp4/d.mp4"
    )

    everything = ["a.mkv", "z.MP4", "B/a.mp3", "a/b.opus", "b/a.wav", "b/z.wav", "b/c/d.flac", "c.mp4/d.mp4"]
    assert below(tmp_path) == everything
    assert below(tmp_path, recursive=False) == ["a.mkv", "z.MP4"]
    assert passed_over(tmp_path) == {}
    assert passed_over(tmp_path, recursive=False) == dict.fromkeys(["B", "a", "b", "c.mp4"], find.BELOW)


def test_a_file_stands_for_itself_whatever_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", ".hidden.mp4", "a.burned.mp4", "a.mp4", ".season/a.mp4")

    for name in ("notes.txt", ".hidden.mp4", "a.burned.mp4"):
        assert find_media(tmp_path / name).files == (FoundFile(tmp_path / name),)
    assert below(tmp_path / ".season") == ["a.mp4"]


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "deep/notes.txt", ".hidden/a.mp4")

    with pytest.raises(MissingFile, match="gone"):
        find_media(tmp_path / "gone")
    with pytest.raises(NoMediaInFolder, match="no audio or video file"):
        find_media(tmp_path)
    touch(tmp_path, "deep/a.mp4")
    with pytest.raises(NoMediaInFolder):
        find_media(tmp_path, recursive=False)
    assert below(tmp_path) == ["deep/a.mp4"]


def test_what_is_hidden_or_of_the_system_or_no_media_is_passed_over_and_said(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.mp4", ".b.mp4", "._a.mp4", ".git/c.mp4", "a.srt", "notes", "deep/.d/e.mp4", "deep/f.mp4"
    )
    touch(tmp_path, ".ovsubs-0123.tmp", "$RECYCLE.BIN/g.mp4", "@eaDir/a.mp4/film.mp4", "lost+found/x.mp4")

    assert below(tmp_path) == ["a.mp4", "deep/f.mp4"]
    assert passed_over(tmp_path) == {
        **dict.fromkeys([".b.mp4", "._a.mp4", ".git", "deep/.d"], find.HIDDEN),
        **dict.fromkeys(["a.srt", "notes"], find.NO_MEDIA),
        **dict.fromkeys(["$RECYCLE.BIN", "@eaDir", "lost+found"], find.SYSTEM),
        ".ovsubs-0123.tmp": find.UNFINISHED,
    }


def test_copies_with_subtitles_in_them_are_left_out_where_the_video_is(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.burned.mp4", "a.subtitled.mkv", "b.burned.mp4", "c.final.mp4", "week1/d.mp4")
    touch(tmp_path, "out/a.burned.mp4", "out/week1/d.subtitled.mp4", "out/week2/d.subtitled.mp4")

    assert below(tmp_path) == [
        "a.mp4",
        "b.burned.mp4",
        "c.final.mp4",
        "out/week2/d.subtitled.mp4",
        "week1/d.mp4",
    ]
    copies = ["a.burned.mp4", "a.subtitled.mkv", "out/a.burned.mp4", "out/week1/d.subtitled.mp4"]
    assert passed_over(tmp_path) == dict.fromkeys(copies, find.COPY)


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "disk/film.mkv", "disk/more/other.mkv", "library/a.mp4")
    library = tmp_path / "library"
    (library / "film.mkv").symlink_to(tmp_path / "disk" / "film.mkv")
    (library / "more").symlink_to(tmp_path / "disk" / "more", target_is_directory=True)
    (library / "round").symlink_to(library, target_is_directory=True)
    (library / "gone.mkv").symlink_to(tmp_path / "nowhere.mkv")
    (library / "self.mkv").symlink_to(library / "self.mkv")
    (tmp_path / "named").symlink_to(library, target_is_directory=True)

    assert below(library) == ["a.mp4", "film.mkv"]
    assert passed_over(library) == {
        **dict.fromkeys(["more", "round"], find.LINKED_FOLDER),
        **dict.fromkeys(["gone.mkv", "self.mkv"], find.BROKEN_LINK),
    }
    assert below(tmp_path / "named") == ["a.mp4", "film.mkv"]  # a person meant what is behind it


@needs_posix
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")

    assert below(tmp_path) == ["a.mp4"]
    assert passed_over(tmp_path) == {"pipe.mp4": find.NO_MEDIA}


def test_patterns_say_what_is_searched_and_what_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mkv", "notes.txt", ".c.mp4", "extras/d.mp4", "extras/e/f.mp4", "x/g.mp4")
    touch(tmp_path, "x/extras.mp4", "x/y/h.wav")

    excluded = Patterns(exclude=("extras", "*.mkv", "notes.txt"))
    assert below(tmp_path, patterns=excluded) == ["a.mp4", "x/extras.mp4", "x/g.mp4", "x/y/h.wav"]
    assert passed_over(tmp_path, patterns=excluded) == {
        **dict.fromkeys(["b.mkv", "extras"], LEFT_OUT),
        "notes.txt": find.NO_MEDIA,
        ".c.mp4": find.HIDDEN,
    }
    included = Patterns(include=("/x/", "*.mkv"), exclude=("y/",))
    assert below(tmp_path, patterns=included) == ["b.mkv", "x/extras.mp4", "x/g.mp4"]
    assert passed_over(tmp_path, patterns=included) == {
        **dict.fromkeys(["a.mp4", "extras/d.mp4", "extras/e/f.mp4"], NOT_INCLUDED),
        "x/y": LEFT_OUT,
        "notes.txt": find.NO_MEDIA,
        ".c.mp4": find.HIDDEN,
    }
    assert below(tmp_path, recursive=False, patterns=Patterns(exclude=("*.mkv",))) == ["a.mp4"]
    assert passed_over(tmp_path, recursive=False, patterns=excluded)["extras"] == LEFT_OUT
    assert passed_over(tmp_path, recursive=False, patterns=excluded)["x"] == find.BELOW


def test_what_ignore_files_say_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mkv", "x/a.mkv", "x/b.mkv", "x/y/b.mkv", "z/a.mp4")
    (tmp_path / ".ovsubsignore").write_text("*.mkv\nz/\n")
    (tmp_path / "x" / ".ovsubsignore").write_text("!/b.mkv\n")
    (tmp_path / "z" / ".ovsubsignore").write_text("[")  # not searched, so nobody reads it

    assert below(tmp_path) == ["a.mp4", "x/b.mkv"]
    assert passed_over(tmp_path) == {
        **dict.fromkeys(["b.mkv", "x/a.mkv", "x/y/b.mkv", "z"], IGNORED),
        **dict.fromkeys([".ovsubsignore", "x/.ovsubsignore"], find.HIDDEN),
    }
    assert below(tmp_path / "x") == [
        "a.mkv",
        "b.mkv",
        "y/b.mkv",
    ]  # what is above the named folder does not count


def test_a_file_that_is_named_is_taken_whatever_patterns_say(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / ".ovsubsignore").write_text("*\n")

    named = tmp_path / "a.mp4"
    assert find_media(named, patterns=Patterns(("b",), ("a.mp4",))).files == (FoundFile(named),)
    with pytest.raises(NoMediaInFolder):
        find_media(tmp_path)
    (tmp_path / ".ovsubsignore").unlink()
    for patterns in (Patterns(include=("b",)), Patterns(exclude=("a*",))):
        with pytest.raises(NoMediaInFolder):
            find_media(tmp_path, patterns=patterns)


def test_a_copy_of_a_video_that_patterns_leave_out_is_no_video_of_its_own(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a.mp4",
        "a.burned.mp4",
        "b.mp4",
        "b.subtitled.mkv",
        "c.mp4",
        "out/x/d.burned.mp4",
        "x/d.mp4",
    )
    (tmp_path / ".ovsubsignore").write_text("/b.mp4\nx/d.mp4")

    assert below(tmp_path, patterns=Patterns(exclude=("/a.mp4",))) == ["c.mp4"]


def test_the_folder_of_an_ignore_file_that_cannot_be_read_is_not_searched(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "x/b.mp4", "x/y/c.mp4", "z/d.mp4", "z/.ovsubsignore/e.mp4")
    (tmp_path / "x" / ".ovsubsignore").write_text("b.mp4\n[b.mp4\n")

    assert below(tmp_path) == ["a.mp4"]
    unreadable = {path.name: str(error.strerror) for path, error in find_media(tmp_path).unreadable}
    why = ".ovsubsignore cannot be obeyed, so this folder is not searched: "
    assert unreadable == {
        "x": f"{why}line 2: '[b.mp4' is no pattern: its brackets do not close or hold more than "
        r"characters and ranges; [ itself is \[",
        "z": f"{why}it is no file",
    }
    found = find_media(tmp_path / "x")  # the folder that is named, too
    assert (found.files, [path for path, _ in found.unreadable]) == ((), [tmp_path / "x"])


@needs_permissions
def test_an_ignore_file_of_somebody_else_hides_its_folder_alone(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp4", "a/.ovsubsignore", "z/3.mp4")
    (tmp_path / "a" / ".ovsubsignore").chmod(0)
    program = (
        "import sys; from pathlib import Path; from ovsubs.library.find import find_media;"
        "found = find_media(Path(sys.argv[1]));"
        "print([file.path.name for file in found.files], [(p.name, e.strerror) for p, e in found.unreadable])"
    )

    done = subprocess.run(
        [*AS_A_USER, sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    why = ".ovsubsignore cannot be obeyed, so this folder is not searched: Permission denied"
    assert done.stdout == f"['3.mp4'] [('a', {why!r})]\n"


@needs_permissions
def test_a_folder_that_cannot_be_listed_stops_nobody(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp4", "locked/2.mp4", "z/3.mp4")
    (tmp_path / "locked").chmod(0)
    program = (
        "import sys; from pathlib import Path; from ovsubs.library.find import find_media;"
        "found = find_media(Path(sys.argv[1]));"
        "print([file.path.name for file in found.files], [(p.name, e.strerror) for p, e in found.unreadable])"
    )

    done = subprocess.run(
        [*AS_A_USER, sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False
    )
    (tmp_path / "locked").chmod(0o700)

    assert done.stderr == ""
    assert done.stdout == "['1.mp4', '3.mp4'] [('locked', 'Permission denied')]\n"


def test_folders_may_be_nested_deeper_than_calls(tmp_path: Path) -> None:
    deepest = tmp_path
    for _ in range(sys.getrecursionlimit() + 100):
        deepest = deepest / "d"
        deepest.mkdir()
    touch(tmp_path, "z.mp4", "d/d/a.mp4")

    try:
        assert below(tmp_path) == ["z.mp4", "d/d/a.mp4"]
    finally:
        (tmp_path / "d/d/a.mp4").unlink()
        while deepest != tmp_path:  # what tidies up behind tests goes as deep as calls do
            deepest.rmdir()
            deepest = deepest.parent


def test_thousands_of_files_are_found_once_each(tmp_path: Path) -> None:
    for show in range(20):
        touch(tmp_path, *(f"show{show:02d}/s{n // 25:02d}/e{n:03d}.mkv" for n in range(250)))

    found = find_media(tmp_path).files

    assert len(found) == len({file.path for file in found}) == 5000
    assert [file.path for file in found] == sorted(file.path for file in found)
