"""Hours by the clock on the wall, over midnight and over both changes of the clocks."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovsubs.batch.machine.schedule import Hours, HourSpan, parse_hours
from ovsubs.errors import InvalidOption

BERLIN = ZoneInfo("Europe/Berlin")
MINUTES = st.integers(0, 1439)


def berlin(month: int, day: int, hour: int, minute: int = 0, second: int = 0, *, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=BERLIN, fold=fold)


def hours(seconds: float) -> float:
    return seconds / 3600


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("23:00-07:00", [(1380, 420)]),
        ("9-17", [(540, 1020)]),
        ("6-8, 22:30-24", [(360, 480), (1350, 1440)]),
        ("0-24", [(0, 1440)]),
        ("00:00-00:01", [(0, 1)]),
    ],
)
def test_hours_are_read(text: str, spans: list[tuple[int, int]]) -> None:
    assert parse_hours(text) == Hours(tuple(HourSpan(*span) for span in spans))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "9-",
        "-9",
        "9-17-20",
        "9:5-10",
        "9:60-10",
        "25-3",
        "24-3",
        "9-24:01",
        "9-17,",
        "9–17",
        "9am-5pm",
        "٩-17",
    ],
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="between"):
        parse_hours(text)


@pytest.mark.parametrize("text", ["9-9", "9:00-9", "0-0", "23:15-23:15"])
def test_a_span_that_ends_when_it_begins_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="ends when it begins; the whole day is 0-24"):
        parse_hours(text)


def test_hours_are_written_as_they_are_read() -> None:
    assert str(parse_hours("9-17,22:30-6")) == "09:00-17:00,22:30-06:00"


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [((22, 59), False), ((23, 0), True), ((0, 0), True), ((6, 59), True), ((7, 0), False), ((12, 0), False)],
)
def test_a_night_begins_with_its_first_minute_and_ends_before_its_last(
    clock: tuple[int, int], is_open: bool
) -> None:
    assert parse_hours("23-7").is_open(datetime(2026, 6, 1, *clock)) is is_open


def test_the_change_is_the_end_of_what_is_open_and_the_begin_of_what_is_not() -> None:
    night = parse_hours("23-7")
    assert night.seconds_until_change(berlin(6, 1, 22, 59, 30)) == 30
    assert hours(night.seconds_until_change(berlin(6, 1, 23))) == 8
    assert hours(night.seconds_until_change(berlin(6, 1, 7))) == 16


def test_parts_of_seconds_are_kept() -> None:
    at = datetime(2026, 6, 1, 6, 59, 59, 750_000, tzinfo=BERLIN)
    assert parse_hours("23-7").seconds_until_change(at) == pytest.approx(0.25, abs=1e-5)


def test_spans_that_touch_are_one() -> None:
    assert hours(parse_hours("22-2,2-6").seconds_until_change(berlin(6, 1, 23))) == 7


@pytest.mark.parametrize("text", ["0-24", "0-12,12-24", "7-3,2-8"])
def test_a_whole_day_never_changes(text: str) -> None:
    assert parse_hours(text).is_open(berlin(6, 1, 12))
    assert parse_hours(text).seconds_until_change(berlin(6, 1, 12)) == math.inf


def test_the_night_in_spring_is_an_hour_shorter() -> None:
    """On 29 March 2026 02:00 is 03:00."""
    assert hours(parse_hours("23-7").seconds_until_change(berlin(3, 28, 23))) == 7
    assert hours(parse_hours("9-23").seconds_until_change(berlin(3, 28, 23))) == 9


def test_the_night_in_autumn_is_an_hour_longer() -> None:
    """On 25 October 2026 03:00 is 02:00."""
    assert hours(parse_hours("23-7").seconds_until_change(berlin(10, 24, 23))) == 9
    assert hours(parse_hours("23-7").seconds_until_change(berlin(10, 25, 2, 30))) == 5.5
    assert hours(parse_hours("23-7").seconds_until_change(berlin(10, 25, 2, 30, fold=1))) == 4.5


def test_what_begins_within_the_hour_that_is_left_out_begins_behind_it() -> None:
    assert hours(parse_hours("2:30-5").seconds_until_change(berlin(3, 29, 1))) == 1
    assert hours(parse_hours("1-2:30").seconds_until_change(berlin(3, 29, 1))) == 1


def test_a_span_within_the_hour_that_is_left_out_comes_a_day_later() -> None:
    assert hours(parse_hours("2-3").seconds_until_change(berlin(3, 29, 1))) == 24


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    hour = parse_hours("2:15-2:45")
    assert hours(hour.seconds_until_change(berlin(10, 25, 2, 15))) == 0.5
    assert hours(hour.seconds_until_change(berlin(10, 25, 2, 45))) == 0.5
    assert hour.is_open(berlin(10, 25, 2, 15, fold=1))


def test_a_time_without_a_zone_is_that_of_this_machine() -> None:
    assert parse_hours("0-24").is_open(datetime(2026, 6, 1, 12))
    assert hours(parse_hours("9-17").seconds_until_change(datetime(2026, 6, 1, 16))) == 1


@given(
    st.lists(st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=3),
    st.integers(0, 525_600),
)
def test_until_the_change_all_is_as_it_is_now(pairs: list[tuple[int, int]], minute: int) -> None:
    wanted = Hours(tuple(HourSpan(*pair) for pair in pairs))
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    seconds = wanted.seconds_until_change(start.astimezone(BERLIN))
    if math.isinf(seconds):
        seconds = 86_400.0
    else:
        change = (start + timedelta(seconds=seconds)).astimezone(BERLIN)
        assert wanted.is_open(change) != wanted.is_open(start.astimezone(BERLIN))
    before = (start + timedelta(seconds=seconds - 1)).astimezone(BERLIN)
    assert wanted.is_open(before) == wanted.is_open(start.astimezone(BERLIN))
