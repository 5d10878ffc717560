"""What `--help` shows is all that an option's help says: none of it is taken for markup."""

import re
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from ovsubs.cli.app import app

GROUP: Any = get_command(app)


def letters(text: str) -> str:
    """Without spaces and frames, which lie between the lines of a table."""
    return re.sub(r"[\s─│╭╮╰╯]", "", text)


@pytest.mark.parametrize("name", sorted(GROUP.commands))
def test_all_of_a_help_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")  # typer's own
    command = GROUP.commands[name]

    shown = letters(CliRunner().invoke(app, [name, "--help"]).output)

    helps = [command.help, *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    assert [text for text in helps if letters(text) not in shown] == []
    assert len(helps) > 1
