"""What click makes of the arguments, checked for all commands: no empty name, no number beyond all bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ovsubs.bounds import MAX_NUMBER
from ovsubs.errors import InvalidOption

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # which is generic from click 8.4 on

# What may be said of nothing; of all else an empty text is a slip, and as a path it is the folder at hand.
MAY_BE_EMPTY = frozenset(
    {
        *("vtt_settings", "initial_prompt", "hotwords", "languages", "title"),
        *("ignored_encoder_layers", "ignored_decoder_layers"),
    }
)


def check_values(group: Any) -> None:
    """Have each value of each command checked when it is parsed.

    Args:
        group: click's command with the subcommands; their parameters get other types.
    """
    for command in group.commands.values():
        for parameter in command.params:
            if not isinstance(parameter.type, click.types.BoolParamType):
                parameter.type = _Checked(parameter.type, may_be_empty=parameter.name in MAY_BE_EMPTY)


class _Checked(_ParamType):
    """A type that refuses values which no option can obey."""

    def __init__(self, inner: click.ParamType[Any], *, may_be_empty: bool) -> None:
        self._inner = inner
        self._may_be_empty = may_be_empty
        self.name = inner.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)  # help and completion ask for more than a name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as the type within makes it.

        Raises:
            InvalidOption: it is empty, or a number that is none or beyond all bounds.
        """
        if value == "" and not self._may_be_empty:
            raise InvalidOption(_spelled(param), "", "it is empty")
        converted = self._inner.convert(value, param, ctx)
        is_number = isinstance(converted, (int, float)) and not isinstance(converted, bool)
        if is_number and not -MAX_NUMBER <= converted <= MAX_NUMBER:
            why = f"give a number, at most {MAX_NUMBER}"
            raise InvalidOption(_spelled(param), str(value)[:20], why)
        return converted


def _spelled(parameter: click.Parameter | None) -> str:
    """A parameter as a person knows it."""
    if isinstance(parameter, click.Option):
        return str(parameter.name)
    return str(parameter.metavar or parameter.name).removesuffix("...") if parameter else ""
