"""Work that is followed step by step: what it returns, whose errors they are, and that it is closed."""

from collections.abc import Generator

import pytest

from ovsubs.steps import catch_errors, map_steps, run_to_end


def work(closed: list[str], error: Exception | None = None) -> Generator[int, None, str]:
    try:
        yield 1
        yield 2
        if error:
            raise error
        return "made"
    finally:
        closed.append("closed")


def test_the_result_comes_after_all_steps() -> None:
    closed, told = list[str](), list[int]()
    assert run_to_end(work(closed), told.append) == "made"
    assert (told, closed) == ([1, 2], ["closed"])


def test_steps_are_changed_and_the_result_is_not() -> None:
    told = list[str]()
    assert run_to_end(map_steps(work([]), str), told.append) == "made"
    assert told == ["1", "2"]


def test_an_error_of_the_work_has_a_result() -> None:
    assert run_to_end(catch_errors(work([], ValueError("no")), str)) == "no"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_error_of_those_who_follow_goes_through_and_ends_the_work(kind: type[BaseException]) -> None:
    closed = list[str]()
    followed = catch_errors(map_steps(work(closed), str), str)
    next(followed)
    with pytest.raises(kind):
        followed.throw(kind())
    assert closed == ["closed"]


def test_closing_the_outermost_closes_the_work() -> None:
    closed = list[str]()
    followed = catch_errors(map_steps(work(closed), str), str)
    next(followed)
    followed.close()
    assert closed == ["closed"]
