"""Generators that yield steps and return a result: run to the end, or with steps or errors changed."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar

Step = TypeVar("Step")
Other = TypeVar("Other")
Result = TypeVar("Result")


def run_to_end(
    steps: Generator[Step, None, Result], on_step: Callable[[Step], Any] = lambda step: None
) -> Result:
    """Run a generator to its end and return what it returns.

    Args:
        steps: is closed, with what it holds, where anything raises.
        on_step: called with each step.
    """
    changed = map_steps(steps, on_step)
    while True:
        try:
            next(changed)
        except StopIteration as ended:
            result: Result = ended.value
            return result


def map_steps(
    steps: Generator[Step, None, Result], change: Callable[[Step], Other]
) -> Generator[Other, None, Result]:
    """The same work, with each of its steps changed.

    Args:
        steps: is closed with the generator that is returned.
        change: called with each step.
    """
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as ended:
                result: Result = ended.value
                return result
            yield change(step)


def catch_errors(
    steps: Generator[Step, None, Result], result_of: Callable[[Exception], Result]
) -> Generator[Step, None, Result]:
    """The same work, in which an error has a result: one of the work, not of those who follow its steps.

    Args:
        steps: is closed with the generator that is returned.
        result_of: called with the error.
    """
    with closing(steps):
        while True:  # not `yield from`: what a consumer throws in is no error of the work
            try:
                step = next(steps)
            except StopIteration as ended:
                result: Result = ended.value
                return result
            except Exception as error:  # whatever it is: other work is waiting
                return result_of(error)
            yield step
