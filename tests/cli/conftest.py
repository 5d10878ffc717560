"""The command line in this process: what the tests of this room share. They need no model."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # typer 0.25 imports what click 8.5 gives up
    from ovsubs.cli import main


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def ovsubs(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs the command line: `ovsubs("subtitle", "talk.mp4")`."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return run
