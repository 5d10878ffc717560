"""What the shells and pipes of Windows do otherwise, simulated where this is another system."""

import errno
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from systems import needs_posix

from ovsubs.cli import wildcards
from ovsubs.cli.wildcards import expand_wildcards
from ovsubs.subtitles.formats.read import read_subtitles

CUES = "1\n00:00:00,120 --> 00:00:04,477\n{text}\n"
TEXTS = "Ever tried. Ça va? Привет. 日本語 🎬 ♪"  # no code page of a console has all of it


@pytest.fixture
def as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "IS_WINDOWS", True)
    monkeypatch.setattr("ovsubs.cli.entry.IS_WINDOWS", True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.srt", "b.srt", "b [1].srt", "b1.srt", "._a.srt", "notes.txt"):
        (tmp_path / name).write_text(CUES.format(text="Ever tried."))
    return tmp_path


@pytest.mark.usefixtures("as_on_windows")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("*.srt", ["a.srt", "b [1].srt", "b.srt", "b1.srt"]),
        ("?.srt", ["a.srt", "b.srt"]),
        ("b [1].srt", ["b [1].srt"]),
        ("b [1]*", ["b [1].srt"]),
        ("*.mp4", ["*.mp4"]),
        ("a.srt", ["a.srt"]),
    ],
)
def test_wildcards_stand_for_files(folder: Path, typed: str, found: list[str]) -> None:
    assert [path.name for path in expand_wildcards([folder / typed])] == found


@needs_posix
def test_a_name_with_a_star_is_a_name_where_shells_expand(folder: Path) -> None:
    assert expand_wildcards([folder / "*.srt"]) == [folder / "*.srt"]


@pytest.mark.usefixtures("as_on_windows")
def test_a_command_takes_wildcards(folder: Path, ovsubs: Callable[..., Any]) -> None:
    ended = ovsubs("qc", folder / "?.srt", "--no-media", "--language", "en")

    assert ended.code == 0
    assert "a.srt" in ended.out
    assert "b.srt" in ended.out
    assert "b1.srt" not in ended.out


class GonePipe(io.StringIO):
    """A stdout whose reader has gone, as Windows tells it."""

    def flush(self) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")


@pytest.mark.usefixtures("as_on_windows")
def test_a_reader_that_has_enough_is_told_from_an_error(
    folder: Path,
    ovsubs: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ovsubs.cli import main

    monkeypatch.setattr(sys, "stdout", GonePipe())
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "ascii", "utf-8"])
def test_any_text_and_name_is_told_whatever_the_console_knows(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / f"{TEXTS.replace('?', '')}.srt"
    path.write_text(CUES.format(text=TEXTS), encoding="utf-8")
    command = [sys.executable, "-c", "from ovsubs.cli import main; main()", "qc", path, "--no-media"]
    missing = path.with_name("Привет 日本語.srt")
    done = subprocess.run(
        [*map(str, command), str(missing), "-l", "en"],
        capture_output=True,
        env={**_environment(), "PYTHONIOENCODING": encoding},
        timeout=300,
        check=False,
    )

    assert done.returncode == 1
    assert "Привет. 日本語" in done.stdout.decode("utf-8")
    said = done.stderr.decode(encoding)
    assert "Traceback" not in said
    assert said.strip().endswith("no such file; check the path")
    assert len(said.strip().splitlines()) == 1


def test_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.srt"
    path.write_bytes(CUES.format(text="Ever tried.\nEver failed.").replace("\n", "\r\n").encode())
    (cue,) = read_subtitles(path).cues
    assert cue.lines == ("Ever tried.", "Ever failed.")


def _environment() -> dict[str, str]:
    import os

    import ovsubs

    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    return {**kept, "PYTHONPATH": str(Path(ovsubs.__file__).parents[1])}
