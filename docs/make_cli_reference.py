"""Write docs/cli.md, all commands and options, from the objects that parse them.

Run it as `python docs/make_cli_reference.py`.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import click
from typer.main import get_command, get_command_name

from ovsubs.cli.app import app
from ovsubs.cli.help_lists import fill_help_lists

PAGE = Path(__file__).with_name("cli.md")
GENERAL = "General"  # options that stand in no panel of the help

_TITLE = """# Command line

Made by `python docs/make_cli_reference.py` from the commands themselves; change it there. As in other
Whisper tools, an option may also be written with `_` for `-` (`--output_dir`), and a switch with its value
(`--vad_filter False`)."""
_DEFAULT_IN_HELP = re.compile(r"\s*\[default: (.*)\]$")  # where the program finds the value itself
_HELP_ROW = ("`-h`, `--help`", "Show the options.", "")


def cli_reference() -> str:
    """The whole page, in Markdown."""
    group: Any = get_command(app)
    fill_help_lists(group)
    parts = [_TITLE, f"{group.help}", "\n".join(_summary(group)), "\n".join(_table("Option", _rows(group)))]
    for name, command in group.commands.items():
        parts.extend(_command(name, command))
    return "\n\n".join(parts) + "\n"


def _summary(group: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        yield f"- [`ovsubs {name}`](#ovsubs-{name}): {command.get_short_help_str(limit=1000)}"


def _command(name: str, command: Any) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    yield f"## ovsubs {name}"
    yield f"`ovsubs {name} {usage}`"
    yield inspect.cleandoc(command.help)
    if arguments := list(_arguments(name, command)):
        yield "\n".join(_table("Argument", arguments))
    panels = dict.fromkeys(_panel(option) for option in _options(command))
    for panel in sorted(panels, key=lambda panel: panel == GENERAL):  # general ones last, others as declared
        if len(panels) > 1:
            yield f"### {panel}"
        yield "\n".join(_table("Option", _rows(command, panel)))


def _arguments(name: str, command: Any) -> Iterator[tuple[str, str, str]]:
    # Asked of typer's own annotations: some versions of click forget an argument's help.
    infos: Any = app.registered_commands
    functions = {info.name or get_command_name(info.callback.__name__): info.callback for info in infos}
    hints = get_type_hints(functions[name], include_extras=True)
    for argument in command.params:
        if isinstance(argument, click.Argument):
            declared = hints[argument.name or ""].__metadata__[0]
            yield f"`{declared.metavar}`", _cell(declared.help), ""


def _rows(command: Any, panel: str = GENERAL) -> list[tuple[str, str, str]]:
    rows = []
    for option in _options(command):
        if _panel(option) == panel:
            help_text = _DEFAULT_IN_HELP.sub("", option.help)
            rows.append((_spellings(option), _cell(help_text), _cell(_default(option))))
    return [*rows, _HELP_ROW] if panel == GENERAL else rows


def _options(command: Any) -> list[Any]:
    return [option for option in command.params if isinstance(option, click.Option)]


def _panel(option: Any) -> str:
    return option.rich_help_panel or GENERAL


def _spellings(option: Any) -> str:
    """Short before long, as in `-o`, `--output-dir`; what turns a switch off after a stroke."""
    on = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    off = ", ".join(f"`{name}`" for name in sorted(option.secondary_opts, key=len))
    return f"{on} / {off}" if off else on


def _default(option: Any) -> str:
    told = _DEFAULT_IN_HELP.search(option.help)
    if told:
        return told[1]
    if option.is_flag:
        return "on" if option.default else "off"
    if option.required:
        return "has to be given"
    return "none" if option.default is None else f"`{option.default}`"


def _table(first: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    has_defaults = any(default for _, _, default in rows)
    n_columns = 3 if has_defaults else 2
    for row in [(first, "Meaning", "Default"), ("---",) * 3, *rows]:
        yield f"| {' | '.join(row[:n_columns])} |".replace("|  |", "| |")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(cli_reference(), encoding="utf-8")
