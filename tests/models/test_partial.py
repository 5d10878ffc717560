import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S
from systems import needs_posix

from ovsubs.errors import OutputExists, UnwritableOutput
from ovsubs.models.partial import partial_directory, put_in_place


def build(output: Path, content: str, *, overwrite: bool = False) -> None:
    with partial_directory(output) as partial:
        (partial / "model").mkdir()
        (partial / "model" / "file").write_text(content)
        put_in_place(partial / "model", output, partial, overwrite=overwrite)


def test_a_finished_directory_is_all_that_stays(tmp_path: Path) -> None:
    build(tmp_path / "models" / "base", "new")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["base"]
    assert (tmp_path / "models" / "base" / "file").read_text() == "new"


def test_what_is_there_is_kept_unless_asked(tmp_path: Path) -> None:
    build(tmp_path / "base", "old")
    with pytest.raises(OutputExists):
        build(tmp_path / "base", "new")
    assert (tmp_path / "base" / "file").read_text() == "old"
    build(tmp_path / "base", "new", overwrite=True)
    assert (tmp_path / "base" / "file").read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 1


def build_half(output: Path, error: type[BaseException]) -> None:
    with partial_directory(output) as partial:
        (partial / "half").touch()
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interruption_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error):
        build_half(tmp_path / "base", error)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableOutput), partial_directory(tmp_path / "file" / "base"):
        pass


WAIT = """
import sys, time
from pathlib import Path
from ovsubs.models.partial import partial_directory
with partial_directory(Path(sys.argv[1])) as partial:
    (partial / "half").touch()
    print("ready", flush=True)
    time.sleep(600)
"""


def start_export(output: Path) -> subprocess.Popen[str]:
    repository = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT, str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": repository},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@needs_posix
def test_sigterm_leaves_nothing(tmp_path: Path) -> None:
    with start_export(tmp_path / "base") as process:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    assert list(tmp_path.iterdir()) == []


@needs_posix
def test_what_a_killed_export_left_is_swept_by_the_next(tmp_path: Path) -> None:
    with start_export(tmp_path / "base") as process:
        process.kill()
        process.wait(PATIENCE_S)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".base.partial-")
    build(tmp_path / "base", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_an_export_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    with partial_directory(tmp_path / "base") as running:
        build(tmp_path / "other", "new")
        assert running.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
