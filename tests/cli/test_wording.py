"""What the library says, for a person who types commands; names of files stay as they are."""

from typing import Any

import click
import pytest
import typer

from ovsubs.cli import app
from ovsubs.cli.wording import as_commanded, exit_code, why_it_ended
from ovsubs.errors import (
    BrokenModel,
    InvalidOption,
    MissingFile,
    ModelNotFound,
    OutputExists,
    OvsubsError,
    SubtitlesExist,
    UnknownLanguage,
    UnwritableVideo,
)


def command(name: str) -> click.Command:
    group: Any = typer.main.get_command(app)
    found: click.Command = group.commands[name]
    return found


@pytest.mark.parametrize(
    ("error", "name", "said"),
    [
        (OutputExists("a.srt"), "subtitle", "a.srt: already there; use --overwrite to replace it"),
        (
            OutputExists("my `model` a.srt"),
            "subtitle",
            "my `model` a.srt: already there; use --overwrite to replace it",
        ),
        (MissingFile("no `title`.mp4"), "embed", "no `title`.mp4: no such file; check the path"),
        (
            SubtitlesExist("`language`.srt", "already there", "replace it"),
            "subtitle",
            "`language`.srt: already there; use --overwrite to replace it",
        ),
        (ModelNotFound("x", "see (`offline`)"), "export", "model 'x' not found: see (--offline)"),
        (
            BrokenModel("m", "no"),
            "subtitle",
            "m: not a usable Whisper model (no); export it again with `ovsubs export`",
        ),
        (
            UnwritableVideo("a.mp4", "no"),
            "burn",
            "a.mp4: cannot be written (no); choose another place with --output",
        ),
        (InvalidOption("n_review", 3, "no"), "qc", "--review = 3 is not valid: no"),
        (InvalidOption("style", "`model`", "no"), "subtitle", "--style = '`model`' is not valid: no"),
        (
            InvalidOption("languages", "x", "with `multilingual`"),
            "subtitle",
            "--languages = 'x' is not valid: with --multilingual",
        ),
        (InvalidOption("languages", "x", "no"), "embed", "--language = 'x' is not valid: no"),
        (
            InvalidOption("encoder.ignored", "(", "no"),
            "quantize",
            "--ignored-encoder-layers = '(' is not valid: no",
        ),
        (
            InvalidOption("calibration.part", "x", "no"),
            "quantize",
            "--calibration-part = 'x' is not valid: no",
        ),
        (InvalidOption("part", "x", "no"), "benchmark", "--dataset-part = 'x' is not valid: no"),
        (InvalidOption("audio", "x", "no"), "subtitle", "audio = 'x' is not valid: no"),
    ],
)
def test_options_become_flags_of_the_command(error: OvsubsError, name: str, said: str) -> None:
    assert as_commanded(error, command(name)) == said


def test_what_nobody_has_foreseen_says_where_to_look() -> None:
    assert why_it_ended("a.mp4: ValueError: x", ValueError("x")).endswith("; run with --debug to see where")
    assert why_it_ended("a.mp4: no space", OSError(28, "no space")) == "a.mp4: no space"
    assert why_it_ended("a `model` note", None) == "a `model` note"


def test_the_exit_code_tells_whether_another_call_is_needed() -> None:
    assert exit_code(UnknownLanguage("xx")) == 2
    assert exit_code(ModelNotFound("x", "nowhere")) == 2
    assert exit_code(MissingFile("a.mp4")) == 1
    assert exit_code(OutputExists("a.srt")) == 1
