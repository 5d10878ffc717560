"""Times of words -> the same, each with a duration: words said at one time are set one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Time = TypeVar("Time", int, float)  # milliseconds, or seconds


def apart(times: Sequence[tuple[Time, Time]], begin: Time, end: Time, least: Time) -> list[tuple[Time, Time]]:
    """Start and end of each word, each of them `least` long or longer, and none beyond the start of the next.

    A word that needs time takes it from the one after it, at the end of all from the ones before it.

    Args:
        times: of words in order; starts never fall.
        begin: no word begins earlier.
        end: no word ends later; `least` for each word fits before it.
        least: in the unit of the times.
    """
    starts: list[Time] = []
    earliest = begin
    for start, _ in times:
        starts.append(max(start, earliest))
        earliest = starts[-1] + least
    latest = end - least
    for place in range(len(starts) - 1, -1, -1):
        starts[place] = min(starts[place], latest)
        latest = starts[place] - least
    found: list[tuple[Time, Time]] = []
    for place, (start, (_, stop)) in enumerate(zip(starts, times, strict=True)):
        limit = starts[place + 1] if place + 1 < len(starts) else end
        found.append((start, min(max(stop, start + least), limit)))
    return found
