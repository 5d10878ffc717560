"""What is somebody else's, names and texts, is printed without moving a cursor or turning a line around."""

import ast
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from growth import assert_linear
from hypothesis import given
from hypothesis import strategies as st

import ovsubs.cli as package
from ovsubs.cli.printing import CELL_COLUMNS, TEXT_COLUMNS, cell, printable, text_cell
from ovsubs.subtitles.columns import columns

Run = Callable[..., Any]
EVIL = "a\x1b[2J\x1b]0;x\x07\u202egpj.\x9b1m\u2066b\r\x7f"
MOVES = [chr(n) for n in (0x1B, 0x07, 0x9B, 0x0D, 0x7F, 0x202E, 0x2066)]


def is_safe(said: str) -> bool:
    return not any(character in said for character in MOVES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("talk.mp4", "talk.mp4"),
        ("C:\\talks\\über 講義 \U0001f600.mp4", "C:\\talks\\über 講義 \U0001f600.mp4"),
        ("שיעור.mp4", "שיעור.mp4"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("gpj.\u202e4pm", "gpj.\\u202e4pm"),
        (os.fsdecode(b"caf\xe9"), "caf\\udce9"),
    ],
)
def test_what_cannot_be_printed_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_nothing_printed_is_a_control_character(text: str) -> None:
    shown = printable(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(one) for one in shown} & {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI"}


@given(st.text(), st.integers(5, 60))
def test_a_cell_is_cut_at_its_width(text: str, most: int) -> None:
    shown = cell(text, most)
    assert columns(shown) <= most
    assert shown.endswith("…") or shown == printable(text)


def test_a_long_text_costs_no_time() -> None:
    assert_linear(lambda n: (cell("word " * n), text_cell("word " * n), text_cell("\x1b" * n)), 50_000)
    assert columns(text_cell("word " * 50_000)) <= TEXT_COLUMNS
    assert columns(cell("word " * 50_000)) <= CELL_COLUMNS


def test_every_line_goes_through_one_module() -> None:
    ways = {"print", "echo", "secho", "write", "print_exc", "print_exception"}
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
        if path.name in ("printing.py", "streams.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            of = ast.unparse(called.value) if isinstance(called, ast.Attribute) else ""
            allowed = (of, path.name) == ("console", "tables.py")
            assert name not in ways or allowed, f"{path.name}:{node.lineno} prints by itself"


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """Subtitles whose name and text would clear the screen."""
    path = tmp_path / f"{EVIL}.srt"
    path.write_text(f"1\n00:00:00,000 --> 00:00:00,100\n{EVIL}{'x' * 60}\n", encoding="utf-8")
    return path


def test_names_and_texts_of_checked_files_are_written_out(ovsubs: Run, evil: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"

    ended = ovsubs("qc", evil, tmp_path / f"absent{EVIL}.srt", "--json", found)

    assert ended.code == 1
    assert is_safe(ended.out + ended.err)
    assert "\\x1b[2J" in ended.out
    assert "absent" in ended.err
    assert json.loads(found.read_text(encoding="utf-8"))["files"][0]["path"] == str(evil)


@pytest.mark.parametrize(
    "call",
    [
        ("render", "NAME.json"),
        ("render", "NAME.json", "--debug"),
        ("subtitle", "NAME.mp4"),
        ("embed", "NAME.mp4", "NAME.srt"),
        ("burn", "NAME.mp4", "NAME.srt"),
        ("models", "--model-dir", "NAME"),
        ("subtitle", "a.mp4", "--style", "NAME"),
        ("subtitle", "a.mp4", "--threads", "NAME"),
        ("subtitle", "a.mp4", "--NAME"),
        ("NAME",),
    ],
)
def test_errors_write_names_out(ovsubs: Run, tmp_path: Path, call: tuple[str, ...]) -> None:
    ended = ovsubs(*(argument.replace("NAME", EVIL) for argument in call))

    assert ended.code in (1, 2)
    assert is_safe(ended.out + ended.err)
    assert "x1b" in ended.out + ended.err


def test_results_keep_their_names_on_the_disk(ovsubs: Run, tmp_path: Path) -> None:
    talk = tmp_path / f"{EVIL}.json"
    talk.write_text('{"segments": [], "language": "en"}', encoding="utf-8")

    ended = ovsubs("render", talk)

    assert ended.code == 0
    assert is_safe(ended.out)
    assert talk.with_suffix(".srt").is_file()


def test_a_name_is_not_taken_for_an_emoji_or_markup(ovsubs: Run, tmp_path: Path) -> None:
    ended = ovsubs("subtitle", tmp_path / ":smile:[red]x.mp4")

    assert ":smile:[red]x.mp4" in ended.out
    assert ":smile:[red]x.mp4" in ended.err
