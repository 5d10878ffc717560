"""How the work for an input grows with its length: linear or worse, whatever else the machine does."""

import time
from collections.abc import Callable

FACTOR = 8  # how much longer the longer input is
MOST = 24  # what is linear takes 8 times as long, what is quadratic 64 times


def assert_linear(run: Callable[[int], object], n: int) -> None:
    """Run something for `n` and for `FACTOR * n` units; fail if that takes far more than so many times."""
    told = []
    for _ in range(3):  # a machine may stumble once, what is quadratic is so each time
        short, long = _seconds(run, n), _seconds(run, FACTOR * n)
        # Below a hundredth of a second nothing is told, and nothing is slow.
        if long < MOST * max(short, 0.01):
            return
        told.append(f"{n} units: {short:.3f} s, {FACTOR * n} units: {long:.3f} s")
    raise AssertionError("; ".join(told))


def _seconds(run: Callable[[int], object], n: int) -> float:
    """CPU time of this process."""
    began = time.process_time()
    run(n)
    return time.process_time() - began
