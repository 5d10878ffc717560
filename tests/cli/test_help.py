"""What `--help` shows is all that an option's help says, with the lists that the library knows."""

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from typer.main import get_command

from ovsubs.audio.regions import VadOptions
from ovsubs.batch.hooks.options import HookOptions
from ovsubs.batch.plan import BatchOptions
from ovsubs.cli import batch as batch_run
from ovsubs.cli import batch_commands, subtitle_commands
from ovsubs.cli import subtitle as subtitle_run
from ovsubs.cli.app import app
from ovsubs.cli.help_lists import fill_help_lists
from ovsubs.library.plan import SubtitleOptions
from ovsubs.library.render import RENDERED
from ovsubs.library.videos import VideoOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import FORMATS, FormatOptions
from ovsubs.subtitles.styles import STYLES, LayoutOptions
from ovsubs.whisper.model import CompileOptions
from ovsubs.whisper.segments import SilenceOptions

GROUP: Any = get_command(app)
NAMES = sorted(GROUP.commands)
KINDS = {
    kind.__name__: kind
    for kind in (
        *(VadOptions, TranscribeOptions, SilenceOptions, LayoutOptions, FormatOptions, VideoOptions),
        *(SubtitleOptions, BatchOptions, HookOptions, CompileOptions),
        *(subtitle_run.Verbosity, batch_run.Wishes),
    )
}


def command_named(name: str) -> Any:
    group: Any = get_command(app)
    fill_help_lists(group)
    return group.commands[name]


def letters(text: str) -> str:
    """Without spaces and frames, which lie between the lines of a table."""
    return re.sub(r"[\s─│╭╮╰╯]", "", text)


@pytest.mark.parametrize("name", NAMES)
def test_all_of_a_help_is_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, ovsubs: Callable[..., Any]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")  # typer's own
    command = command_named(name)

    shown = letters(ovsubs(name, "--help").out)

    helps = [command.help, *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    assert [text for text in helps if letters(text) not in shown] == []
    assert len(helps) > 1


@pytest.mark.parametrize("flags", ["-h", "-qh", "-hq", "-vh"])
def test_lists_are_filled_however_help_is_asked_for(ovsubs: Callable[..., Any], flags: str) -> None:
    assert "{" not in ovsubs("subtitle", flags).out


@pytest.mark.parametrize("name", NAMES)
def test_no_list_is_left_out(name: str) -> None:
    helps = [getattr(parameter, "help", None) or "" for parameter in command_named(name).params]
    assert not [text for text in helps if re.search(r"[{}]", text)]


def test_the_help_names_every_format_and_style() -> None:
    helps = {option.name: option.help for option in command_named("subtitle").params}
    assert helps["output_format"] == f"{', '.join(FORMATS)}, several with commas, or all."
    assert helps["style"].startswith(", ".join(STYLES))
    rendered = {option.name: option.help for option in command_named("render").params}["output_format"]
    assert rendered == f"{', '.join(RENDERED)}, several with commas, or all."


@pytest.mark.parametrize(
    ("command", "helper"),
    [
        (subtitle_commands.subtitle, subtitle_commands.wanted_of),
        (subtitle_commands.render, None),
        (batch_commands.batch, subtitle_commands.wanted_of),
    ],
)
def test_every_parameter_of_a_command_is_used(
    command: Callable[..., None], helper: Callable[..., object] | None
) -> None:
    """By its name in the body, or as a field of options that are made of parameters. `--debug` is for all."""
    sources = [inspect.getsource(one) for one in (command, helper) if one]
    tree = ast.parse("\n".join(sources))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {"debug"}
    used |= {
        node.slice.value  # given["name"]
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "from_parameters":
            kind, _, *rest = call.args
            prefix = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
            name = kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", "")
            used |= {f"{prefix}{field.name}" for field in fields(KINDS[name])}

    assert set(inspect.signature(command).parameters) <= used
