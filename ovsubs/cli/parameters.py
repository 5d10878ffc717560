"""The parameters of a command -> the options of the library that are called the same."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Options = TypeVar("Options")


def from_parameters(
    kind: type[Options], given: Mapping[str, Any], prefix: str = "", **values: object
) -> Options:
    """Options whose fields are parameters of a command, by their names.

    Args:
        kind: a dataclass.
        given: the parameters by their names: `locals()` of the command, at its beginning.
        prefix: of the parameters, such as "vad_".
        values: fields that no parameter has the name or the value of; they go before.

    Raises:
        InvalidOption: the options refuse a value.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    taken = {name: given[prefix + name] for name in names if prefix + name in given}
    return kind(**taken | values)


def with_options_of(
    other: Callable[..., None], *, without: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of another one, behind its own; it takes them as keywords.

    Args:
        other: the command whose options they are.
        without: parameters of it that are left out.
    """

    def give(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        names = {parameter.name for parameter in own} | set(without)
        shared = [
            parameter
            for parameter in inspect.signature(other, eval_str=True).parameters.values()
            if parameter.name not in names
        ]
        vars(command)["__signature__"] = inspect.Signature([*own, *shared])
        command.__annotations__ = {one.name: one.annotation for one in (*own, *shared)}
        return command

    return give
