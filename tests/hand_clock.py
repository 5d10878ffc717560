"""A clock that goes on only when told."""

import pytest


class HandClock:
    """In the place of `time` in `ovsubs.timing`; `now` in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()
    monkeypatch.setattr("ovsubs.timing.time", clock)
    return clock
