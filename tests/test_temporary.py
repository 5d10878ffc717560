"""What a run makes beside its results is gone with it, or when the next one comes; never before."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from systems import needs_links

from ovsubs import temporary
from ovsubs.temporary import temporary_beside, temporary_folder

DAY_S = 24 * 3600
HOLDS = """
import sys, time
from pathlib import Path
from ovsubs.temporary import temporary_beside, temporary_folder
with temporary_beside(Path(sys.argv[1]) / "talk.mp4") as file, temporary_folder() as folder:
    file.write_text("half")
    (folder / "cues.ass").write_text("half")
    print(file, folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("TMP", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "temporary")


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def start_holder(folder: Path) -> tuple[subprocess.Popen[str], Path, Path]:
    """Another process that has both kinds of them, and where they are."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(temporary.__file__).parents[1])},
    )
    assert process.stdout
    file, made = process.stdout.readline().split()
    return process, Path(file), Path(made)


def run_once(folder: Path) -> None:
    """What each run does that writes there."""
    with temporary_beside(folder / "other.mp4") as file:
        file.write_text("whole")
        file.replace(folder / "other.mp4")
    with temporary_folder() as made:
        assert list(made.iterdir()) == []


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_file_is_renamed_or_gone(tmp_path: Path) -> None:
    with temporary_beside(tmp_path / "a.srt") as file:
        assert not file.exists()
        assert file.parent == tmp_path
        file.write_text("whole")
        file.replace(tmp_path / "a.srt")
    with contextlib.suppress(KeyboardInterrupt), temporary_beside(tmp_path / "b.srt") as file:
        file.write_text("half")
        raise KeyboardInterrupt

    assert names(tmp_path) == ["a.srt"]


def test_a_folder_is_gone_with_all_that_is_in_it(tmp_path: Path) -> None:
    with temporary_folder() as folder:
        (folder / "within").mkdir()
        (folder / "within" / "cues.ass").write_text("half")

    assert everything(tmp_path) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    process, file, folder = start_holder(tmp_path)
    end(process)
    assert file.exists()
    assert folder.exists()

    run_once(tmp_path)

    assert everything(tmp_path) == ["other.mp4"]
    assert not folder.exists()


def test_what_a_running_process_has_is_left_alone(tmp_path: Path) -> None:
    process, file, folder = start_holder(tmp_path)
    try:
        for old in (file, file.with_suffix(".lock"), folder):
            os.utime(old, (time.time() - 3 * DAY_S,) * 2)  # an export of three days
        run_once(tmp_path)

        assert file.read_text() == "half"
        assert (folder / "cues.ass").read_text() == "half"
    finally:
        end(process)


def test_two_of_one_process_leave_each_other_alone(tmp_path: Path) -> None:
    with temporary_beside(tmp_path / "a.mp4") as first, temporary_beside(tmp_path / "b.mp4") as second:
        first.write_text("a")
        second.write_text("b")
        run_once(tmp_path)
        assert (first.read_text(), second.read_text()) == ("a", "b")


def test_many_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from ovsubs.atomic import write_atomically
for number in range(40):
    write_atomically(Path(sys.argv[1]) / f"{sys.argv[2]}-{number}.srt", b"whole")
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(temporary.__file__).parents[1])}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(number)], stderr=subprocess.PIPE, env=environment
        )
        for number in range(4)
    ]
    said = [process.communicate()[1] for process in running]

    assert said == [b""] * 4
    assert names(tmp_path) == sorted(f"{who}-{number}.srt" for who in range(4) for number in range(40))


@pytest.mark.parametrize(
    ("name", "is_abandoned"),
    [
        (".ovsubs-0123456789abcdef.tmp", True),  # of an earlier version
        (".ovsubs-00000000-1-0123abcd.tmp", True),  # of another machine
        (".ovsubs-notes.tmp", False),
        ("ovsubs-0123456789abcdef.tmp", False),
        (".other-0123456789abcdef.tmp", False),
    ],
)
def test_what_has_no_lock_is_ours_for_a_day(tmp_path: Path, name: str, is_abandoned: bool) -> None:
    left = tmp_path / name
    left.write_text("half")
    run_once(tmp_path)
    assert left.exists()

    os.utime(left, (time.time() - 2 * DAY_S,) * 2)
    run_once(tmp_path)
    assert left.exists() != is_abandoned


def test_what_another_machine_has_is_left_alone_as_long_as_it_grows(tmp_path: Path) -> None:
    """On a shared disk, where a lock need not be seen from here."""
    lock = tmp_path / ".ovsubs-00000000-1-0123abcd.lock"
    lock.touch()
    os.utime(lock, (time.time() - 2 * DAY_S,) * 2)
    file = lock.with_suffix(".tmp")
    file.write_text("half")
    run_once(tmp_path)
    assert file.exists()

    os.utime(file, (time.time() - 2 * DAY_S,) * 2)
    run_once(tmp_path)
    assert everything(tmp_path) == ["other.mp4"]


@needs_links
def test_a_link_that_looks_like_one_is_not_followed(tmp_path: Path) -> None:
    owner = temporary._owner()
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "diary.txt").write_text("mine")
    (tmp_path / "temporary" / f"ovsubs-{owner}-0123abcd").symlink_to(kept)
    (tmp_path / f".ovsubs-{owner}-0123abcd.lock").symlink_to(kept / "diary.txt")

    run_once(tmp_path)

    assert (kept / "diary.txt").read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), temporary_beside(tmp_path / "absent" / "a.srt"):
        pass
