"""The command line as a person uses it: in this process where that is enough, else in one of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patience import PATIENCE_S

import ovsubs

COMMAND = (sys.executable, "-c", "from ovsubs.cli import main; main()")
SAYS = "ovsubs: "  # how each line begins that is meant for a person


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """What it had to say of files and options, one line each, without the first word."""
        return [line.removeprefix(SAYS) for line in self.err.splitlines() if line.startswith(SAYS)]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with the package importable from any folder."""
    return {**os.environ, "PYTHONPATH": str(Path(ovsubs.__file__).parents[1]), **more}


def in_precision(arguments: list[str]) -> list[str]:
    """The call in the precision of $OVSUBS_TESTS_PRECISION, where one is set and the call names none."""
    precision = os.environ.get("OVSUBS_TESTS_PRECISION")
    if not precision or arguments[:1] != ["subtitle"] or "--inference-precision" in arguments:
        return arguments
    return [*arguments, "--inference-precision", precision]


def run_process(
    *arguments: str | Path, cwd: Path | None = None, before: Sequence[str] = (), **variables: str
) -> Ended:
    """Run `ovsubs ARGUMENTS` in a process of its own; `before` stands before the command."""
    done = subprocess.run(
        [*before, *COMMAND, *in_precision([str(argument) for argument in arguments])],
        capture_output=True,
        cwd=cwd,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
        check=False,
    )
    decoded = (stream.decode("utf-8", errors="surrogateescape") for stream in (done.stdout, done.stderr))
    return Ended(done.returncode, *decoded)
