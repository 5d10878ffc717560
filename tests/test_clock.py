"""Times as a person reads them."""

import pytest

from ovsubs.clock import clock_time


@pytest.mark.parametrize(
    ("seconds", "decimals", "shown"),
    [
        (0.0, 0, "0:00"),
        (59.6, 0, "1:00"),
        (3723.4, 0, "1:02:03"),
        (3599.96, 1, "1:00:00.0"),
        (123.44, 1, "2:03.4"),
        (3723.456, 3, "1:02:03.456"),
        (0.007, 3, "0:00.007"),
    ],
)
def test_times_are_shown_as_on_a_clock(seconds: float, decimals: int, shown: str) -> None:
    assert clock_time(seconds, decimals) == shown
