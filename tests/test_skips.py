"""A run in which tests are skipped that need not be is not green."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
EXAMPLE = """
import pytest
from systems import _needs

def test_that_passes() -> None:
    pass

@_needs(False, "pipes")
def test_of_another_system() -> None:
    pass

def test_without_data() -> None:
    pytest.skip("the speech data is not there (data)")
"""
NOT_INSTALLED = """
def test_without_a_package() -> None:
    pytest.importorskip("no_such_package")
"""


def run_pytest(folder: Path, text: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_example.py").write_text(text)
    others = {name: value for name, value in os.environ.items() if not name.startswith("OVSUBS_TESTS_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", "--rootdir", str(folder)],
        cwd=folder,
        env=others | {"PYTHONPATH": str(TESTS)} | variables,
        capture_output=True,
        encoding="utf-8",
    )


def test_what_cannot_be_made_may_be_skipped(tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, EXAMPLE, OVSUBS_TESTS_LACK_NOTHING="1", OVSUBS_TESTS_AT_LEAST="1")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("variables", "code"), [({}, 0), ({"OVSUBS_TESTS_LACK_NOTHING": "1"}, pytest.ExitCode.TESTS_FAILED)]
)
def test_a_package_that_can_be_installed_may_not(
    tmp_path: Path, variables: dict[str, str], code: int
) -> None:
    ended = run_pytest(tmp_path, EXAMPLE + NOT_INSTALLED, **variables)
    assert ended.returncode == code, ended.stdout
    assert ("may not be skipped: could not import 'no_such_package'" in ended.stdout) == bool(code)


def test_too_few_are_said(tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, EXAMPLE, OVSUBS_TESTS_AT_LEAST="2")
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 tests passed, 2 have to" in ended.stdout
