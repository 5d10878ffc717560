"""Lists in the help of an option, such as of formats -> what the library knows, when help is asked for.

To ask it at each start would cost 70 ms.
"""

import re
from collections.abc import Sequence
from typing import Any

_ASKS = re.compile(r"--help|-[A-Za-z]*h[A-Za-z]*")  # also among other short flags, as in `-qh`
_LIST = re.compile(r"\{(\w+)\}")


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether help may be shown for these arguments."""
    return any(_ASKS.fullmatch(argument) for argument in arguments)


def fill_help_lists(group: Any) -> None:
    """Put the names in the place of `{formats}` and its like.

    Args:
        group: click's command with the subcommands; the help of their options is changed.
    """
    lists = _lists()
    for command in group.commands.values():
        for parameter in command.params:
            if getattr(parameter, "help", None):
                parameter.help = _LIST.sub(lambda found: ", ".join(lists[found[1]]), parameter.help)


def _lists() -> dict[str, tuple[str, ...]]:
    from ovsubs.library.render import RENDERED
    from ovsubs.subtitles.formats import FORMATS, READ_SUFFIXES, WORD_TIME_FORMATS
    from ovsubs.subtitles.formats.registry import formats_that_obey
    from ovsubs.subtitles.styles import STYLES

    return {
        "formats": FORMATS,
        "rendered_formats": RENDERED,
        "read_formats": tuple(name for name in FORMATS if f".{name}" in READ_SUFFIXES),
        "word_formats": formats_that_obey("highlight_words"),
        "word_time_formats": WORD_TIME_FORMATS,
        "styles": tuple(STYLES),
    }
