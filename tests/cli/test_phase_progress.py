"""Progress of long work, and Ctrl-C in it."""

import signal
from contextlib import suppress

import pytest

from ovsubs.cli.quantize import PhaseProgress


def test_an_interruption_that_is_lost_on_its_way_stops_the_next_step() -> None:
    before = signal.getsignal(signal.SIGINT)
    with PhaseProgress(quiet=True) as progress:
        progress.tell("encoder", 0.5)
        with suppress(KeyboardInterrupt):  # as a finalizer does
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            progress.tell("encoder", 0.6)
    assert signal.getsignal(signal.SIGINT) is before


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with PhaseProgress(quiet=True) as progress:
        progress.say("a step")
        progress.tell("check", 0.5)
    assert capfd.readouterr() == ("", "")
