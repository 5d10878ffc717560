"""The programs that a process has started."""

import subprocess
import sys
import time

from patience import PATIENCE_S

from ovsubs.evaluation.processes import programs_of

CHILD = "import sys; sys.stdin.read()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}, 'child'])"


def test_a_program_is_found_while_it_runs() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        try:
            until = time.monotonic() + PATIENCE_S
            while not (found := programs_of(parent.pid)) and time.monotonic() < until:
                time.sleep(0.05)
            assert [program.cmdline()[-1] for program in found] == ["child"]
        finally:
            parent.stdin.close()
            parent.wait(PATIENCE_S)
    assert programs_of(parent.pid) == []
