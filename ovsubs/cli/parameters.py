"""The parameters of a command -> the options of the library that are called the same."""

from collections.abc import Mapping
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
