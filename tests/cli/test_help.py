"""What `--help` shows is all that an option's help says: none of it is taken for markup."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ovsubs.cli.app import app

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


def letters(text: str) -> str:
    """Without spaces and frames, which lie between the lines of a table."""
    return re.sub(r"[\s─│╭╮╰╯]", "", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_all_of_a_help_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")  # typer's own
    command = get_command(app).commands[name]  # type: ignore[attr-defined]

    shown = letters(CliRunner().invoke(app, [name, "--help"]).output)

    helps = [command.help, *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    assert [text for text in helps if letters(text) not in shown] == []
    assert len(helps) > 1
