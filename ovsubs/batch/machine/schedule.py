"""Hours that a person names -> whether a run may work now, and how long until that changes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime

from ovsubs.errors import InvalidOption

_DAY_MIN = 24 * 60
_N_DAYS = 3  # a span of the hour that is left out in spring comes a day later
_FORM = "give hours such as 23:00-07:00, several with commas"
_SPAN = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?-([0-9]{1,2})(?::([0-5][0-9]))?")


@dataclass(frozen=True, slots=True)
class HourSpan:
    """One stretch of each day, `[begin, end)` in minutes after midnight; it may end on the next day.

    Raises:
        InvalidOption: there is no such time, or it ends when it begins.
    """

    begin_min: int
    end_min: int

    def __post_init__(self) -> None:
        if not (0 <= self.begin_min < _DAY_MIN and 0 <= self.end_min <= _DAY_MIN):
            raise InvalidOption("between", str(self), "a day has the times from 0:00 to 24:00")
        if self.begin_min == self.end_min:
            raise InvalidOption("between", str(self), "it ends when it begins; the whole day is 0-24")

    def __str__(self) -> str:
        return "-".join(f"{time // 60:02}:{time % 60:02}" for time in (self.begin_min, self.end_min))

    def takes(self, minute: int) -> bool:
        """Whether a minute of the day lies within."""
        if self.begin_min < self.end_min:
            return self.begin_min <= minute < self.end_min
        return minute >= self.begin_min or minute < self.end_min


@dataclass(frozen=True, slots=True)
class Hours:
    """When a run may work, by the clock on the wall.

    Times are local ones: with the zone they are of (`ZoneInfo`), or without one, which is that of this
    machine. One with a fixed offset, as `astimezone()` gives, does not know when the clocks change.
    """

    spans: tuple[HourSpan, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.spans))

    def is_open(self, at: datetime) -> bool:
        """Whether a run may work then."""
        minute = at.hour * 60 + at.minute
        return any(span.takes(minute) for span in self.spans)

    def seconds_until_change(self, at: datetime) -> float:
        """Seconds that pass from then until it may work no more, or again; infinite where that never comes.

        The clock on the wall is looked at for each minute that really passes: in spring it jumps over some,
        in autumn it shows some twice.
        """
        now, was_open = at.timestamp(), self.is_open(at)
        minute = now - at.second - at.microsecond / 1_000_000
        for n_min in range(1, _N_DAYS * _DAY_MIN + 1):
            then = minute + 60 * n_min
            if self.is_open(datetime.fromtimestamp(round(then), at.tzinfo)) != was_open:
                return then - now
        return math.inf


def parse_hours(text: str) -> Hours:
    """The hours that a person names: "23:00-07:00", "9-17", "6-8,22-24".

    Raises:
        InvalidOption: it is not of that form, or names no time of a day, or no time between two.
    """
    spans = []
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise InvalidOption("between", text, _FORM)
        begin_h, begin_min, end_h, end_min = (int(number or 0) for number in found.groups())
        spans.append(HourSpan(begin_h * 60 + begin_min, end_h * 60 + end_min))
    return Hours(tuple(spans))
