"""Progress of long work, and Ctrl-C in it."""

import signal
from contextlib import suppress

import pytest

from ovsubs.cli.benchmark import BenchmarkProgress
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.quantize import PhaseProgress
from ovsubs.evaluation.compare import Position


def test_an_interruption_that_is_lost_on_its_way_stops_the_next_step() -> None:
    before = signal.getsignal(signal.SIGINT)
    with PhaseProgress(quiet=True) as progress:
        progress.tell("encoder", 0.5)
        with suppress(KeyboardInterrupt):  # as a finalizer does
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress.tell("encoder", 0.6)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_that_is_lost_before_the_work_is_seen_in_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    with noted_interrupts() as noted:
        with suppress(KeyboardInterrupt):  # as an import does, where libraries are loaded
            signal.raise_signal(signal.SIGINT)
        with noted_interrupts() as within:
            assert within == noted == [signal.SIGINT]
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert noted == [signal.SIGINT] * 2
    assert signal.getsignal(signal.SIGINT) is before


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with PhaseProgress(quiet=True) as progress:
        progress.say("a step")
        progress.tell("check", 0.5)
    assert capfd.readouterr() == ("", "")


RUNS = [
    Position(1, 2, "a", 0.0),
    Position(1, 2, "a", 5.0),
    Position(2, 2, "b", 0.0),
    Position(2, 2, "b", 5.0),
]


def test_without_a_terminal_a_run_has_a_line_when_the_next_begins(capfd: pytest.CaptureFixture[str]) -> None:
    with BenchmarkProgress(quiet=False) as progress:
        for position in RUNS:
            progress.tell(position)
    assert capfd.readouterr() == ("", "run 1 of 2 done: a\n")


def test_quiet_runs_have_no_line(capfd: pytest.CaptureFixture[str]) -> None:
    with BenchmarkProgress(quiet=True) as progress:
        for position in RUNS:
            progress.tell(position)
    assert capfd.readouterr() == ("", "")
