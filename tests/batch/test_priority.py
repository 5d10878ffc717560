"""A run that is nice is so in a process of its own, and its programs are."""

import subprocess
import sys

import pytest
from patience import PATIENCE_S
from systems import needs_linux, needs_posix

from ovsubs.batch.machine.priority import check_niceness, lower_priority
from ovsubs.errors import InvalidOption

TELL = "import os; print(os.nice(0))"
IONICE = (
    "import subprocess; print(subprocess.run(['ionice'], capture_output=True, text=True, check=True).stdout)"
)


def told_after(niceness: int, tell: str) -> str:
    """What a program that a process starts after lowering its priority tells."""
    code = (
        "import subprocess, sys\nfrom ovsubs.batch.machine.priority import lower_priority\n"
        f"lower_priority({niceness})\n"
        f"print(subprocess.run([sys.executable, '-c', {tell!r}], capture_output=True, text=True).stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return done.stdout.strip()


@needs_posix
@pytest.mark.parametrize("niceness", [0, 5, 19])
def test_what_a_nice_run_starts_is_as_nice(niceness: int) -> None:
    own = int(subprocess.run([sys.executable, "-c", TELL], check=True, capture_output=True, text=True).stdout)
    assert int(told_after(niceness, TELL)) == min(19, own + niceness)


@needs_linux
def test_the_nicest_reads_disks_when_nobody_else_does() -> None:
    assert told_after(19, IONICE) == "idle"
    assert told_after(18, IONICE) != "idle"


@pytest.mark.parametrize("niceness", [-1, 20, 1000])
def test_what_is_no_niceness_is_refused(niceness: int) -> None:
    for refuse in (check_niceness, lower_priority):
        with pytest.raises(InvalidOption, match="whole number from 0 to 19"):
            refuse(niceness)
