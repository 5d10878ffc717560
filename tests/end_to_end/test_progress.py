"""What a person at a terminal sees while it works: position, speed, time left; and none of it elsewhere."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND, environment, run_process
from patience import PATIENCE_S
from systems import needs_posix

pytestmark = [
    pytest.mark.model,
    needs_posix,
]

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLUMNS = "120"


def run_at_a_terminal(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, and what the terminal got on stderr."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(TERM="xterm", COLUMNS=COLUMNS),
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # what Linux answers when the other side has closed
        pass
    finally:
        os.close(ours)
    out, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out.decode(), _CONTROL.sub("", shown.decode())


@pytest.fixture
def folder(talk: Path, tmp_path: Path) -> Path:
    """Two videos, one of which has a name that reads like rich's markup."""
    for name in ("one.mp4", "two [red].mp4"):
        shutil.copy(talk, tmp_path / name)
    return tmp_path


def test_a_terminal_shows_position_speed_and_time_left(folder: Path, tiny_en_model_dir: Path) -> None:
    code, out, shown = run_at_a_terminal("subtitle", folder, "-m", tiny_en_model_dir)

    assert code == 0, shown
    assert "looking at files" in shown
    assert "2 of 2 files" in shown
    assert "one.mp4" in shown or "two [red].mp4" in shown  # the file that has come on last
    assert re.search(r"0:\d\d / 0:20 · \d+\.\dx · 0:0\d left", shown)
    assert out.splitlines()[-1].endswith("two [red].srt")


def test_nothing_moves_where_nobody_looks(folder: Path, tiny_en_model_dir: Path) -> None:
    quiet = run_at_a_terminal("subtitle", folder, "-m", tiny_en_model_dir, "-q")
    logged = run_process("subtitle", folder, "-m", tiny_en_model_dir, "-y")

    assert quiet == (0, "", "")
    assert logged.code == 0
    assert logged.err == f"model from {tiny_en_model_dir}\n"
