"""The documents say what the program does: every command in them parses, every option exists."""

import contextlib
import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from heard import is_sample

from ovsubs.cli import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MAKEFILE = ROOT / "Makefile"
WORKFLOW = ROOT / ".github" / "workflows" / "tests.yml"
REFERENCE = ROOT / "docs" / "cli.md"
CLUSTER = ROOT / "docs" / "cluster.md"
MAKE_REFERENCE = ROOT / "docs" / "make_cli_reference.py"

BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
SHELLS = ("console", "bash", "sh")
OPERATORS = frozenset({"|", "||", "&&", "&", ";", ">", ">>", "<"})  # where a shell command ends
# Programs whose options are not ours.
OTHERS = frozenset(
    {
        *("python", "python3", "pip", "git", "make", "optimum-cli", "ffmpeg", "ffprobe", "apt"),
        *("docker", "bacalhau", "kubectl", "sbatch", "squeue", "sacct", "scancel"),
    }
)


def code_blocks(text: str, *languages: str) -> list[str]:
    """What stands in fenced blocks marked as one of the languages."""
    return [block[2] for block in BLOCK.finditer(text) if block[1] in languages]


def shell_lines(text: str) -> Iterator[str]:
    """Lines that a person types: all of a bash or sh block, those after a `$` of a console block."""
    for language in SHELLS:
        for block in code_blocks(text, language):
            for line in block.replace("\\\n", " ").splitlines():
                if language != "console" or line.startswith("$ "):
                    yield line.removeprefix("$ ")


def powershell_lines(text: str) -> list[str]:
    """Lines that a person types into PowerShell, with slashes instead of its backslashes."""
    blocks = code_blocks(text, "powershell")
    return [line.replace("\\", "/") for block in blocks for line in block.splitlines()]


def ovsubs_calls(line: str) -> Iterator[list[str]]:
    """The arguments of each call of ovsubs in a line of shell."""
    for command in shell_commands(line):
        if Path(command[0]).name == "ovsubs":
            yield command[1:]


def shell_commands(line: str) -> Iterator[list[str]]:
    """A line of shell as simple commands, without comments, redirections and leading assignments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for token in [*lexer, ";"]:
        if token not in OPERATORS:
            if command or not re.match(r"\w+=", token):
                command.append(token)
            continue
        if command:
            yield command
        command = []


def command_tree() -> Any:
    """The group of commands that parses what a person types."""
    from typer.main import get_command

    from ovsubs.cli.app import app

    return get_command(app)


def parse(arguments: list[str]) -> None:
    """Parse a call with the real commands, running none of them."""
    group = command_tree()
    context = click.Context(group, **group.context_settings)
    with contextlib.suppress(click.exceptions.Exit):  # --help has been shown
        if arguments[0].startswith("-"):
            group.make_context("ovsubs", list(arguments))
            return
        name, command, rest = group.resolve_command(context, arguments)
        command.make_context(name, rest, parent=context)


def known_options() -> set[str]:
    """Every spelling of every option of every command."""
    group = command_tree()
    context = click.Context(group, **group.context_settings)
    found = set()
    for command in (group, *group.commands.values()):
        for param in command.get_params(context):
            found |= {*param.opts, *param.secondary_opts}
    return found


def options_told(text: str) -> set[str]:
    """Options that a text names, but for those in calls of other programs."""

    def ours(code: str) -> str:
        program = Path(code.strip().removeprefix("$ ").replace("\\", "/").split(" ")[0]).name
        return "" if program in OTHERS else code

    lines = [ours(line) for line in text.replace("\\\n", " ").splitlines()]
    prose = CODE_SPAN.sub(lambda span: ours(span[1]), "\n".join(lines))
    return {option.replace("_", "-") for option in OPTION.findall(prose)}


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def test_the_command_reference_is_what_the_generator_writes() -> None:
    expected = runpy.run_path(str(MAKE_REFERENCE))["cli_reference"]()
    assert REFERENCE.read_text(encoding="utf-8") == expected, "run `python docs/make_cli_reference.py`"


def test_the_command_reference_names_every_option() -> None:
    assert options_told(REFERENCE.read_text(encoding="utf-8")) >= {
        option for option in known_options() if option.startswith("--")
    }


def test_every_option_says_what_it_does() -> None:
    for command in command_tree().commands.values():
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help, f"{command.name}: {param.opts}"


def test_python_in_the_readme_compiles(readme: str) -> None:
    blocks = code_blocks(readme, "python")
    assert blocks
    for block in blocks:
        compile(block, str(README), "exec")


@pytest.mark.parametrize("page", [README, CLUSTER], ids=lambda page: page.name)
def test_commands_in_the_documents_parse(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    calls = [call for line in shell_lines(text) for call in ovsubs_calls(line)]
    assert calls
    for call in calls:
        try:
            parse(call)
        except click.ClickException as error:
            pytest.fail(f"ovsubs {' '.join(call)}: {error.format_message()}")


def test_commands_for_powershell_parse(readme: str) -> None:
    calls = [call for line in powershell_lines(readme) for call in ovsubs_calls(line)]
    assert [call[0] for call in calls] == ["export", "subtitle", "export"]
    for call in calls:
        parse(call)


def test_powershell_installs_what_the_makefile_does(readme: str) -> None:
    makefile = MAKEFILE.read_text(encoding="utf-8")
    pinned = [word for line in powershell_lines(readme) for word in line.split() if "==" in word]
    extras = re.findall(r'--editable "(.*?)"', "\n".join(powershell_lines(readme)))
    assert len(pinned) == 4
    assert [package for package in pinned if package not in makefile] == []
    assert [f"--editable '{extra}'" in makefile for extra in extras] == [True, True]


def test_the_workflow_runs_the_demo_of_the_readme(readme: str) -> None:
    workflow = [line.strip() for line in WORKFLOW.read_text(encoding="utf-8").splitlines()]
    demo = code_blocks(readme, "powershell")[0].splitlines()
    begin = workflow.index(demo[0])
    assert workflow[begin : begin + len(demo)] == demo


@pytest.mark.model
def test_the_demo_for_powershell_ends_as_the_readme_says(
    readme: str, base_model_dir: Path, speech_sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its call of `subtitle`, behind what is installed and fetched."""
    (call,) = [
        call for line in powershell_lines(readme) for call in ovsubs_calls(line) if call[0] == "subtitle"
    ]
    recording = tmp_path / call[1]
    recording.parent.mkdir()
    shutil.copy(speech_sample, recording)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVSUBS_MODELS", str(base_model_dir.parent))
    with pytest.raises(SystemExit) as ended:
        main(call)
    assert ended.value.code == 0
    assert is_sample(recording.with_suffix(".srt").read_text(encoding="utf-8"))


def test_options_in_the_readme_exist(readme: str) -> None:
    assert options_told(readme) - known_options() == set()


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("ovsubs subtitle talk.mp4  # beside it", [["subtitle", "talk.mp4"]]),
        ("make demo && .venv/bin/ovsubs devices", [["devices"]]),
        ("HF_HUB_OFFLINE=1 ovsubs subtitle 'a b.mp4' -o - | less", [["subtitle", "a b.mp4", "-o", "-"]]),
        ("ovsubs subtitle *.mp4 --device AUTO:GPU,CPU", [["subtitle", "*.mp4", "--device", "AUTO:GPU,CPU"]]),
        ("pip install ovsubs", []),
        ("", []),
    ],
)
def test_calls_are_found_in_shell(line: str, calls: list[list[str]]) -> None:
    assert list(ovsubs_calls(line)) == calls


def test_only_typed_lines_of_a_console_block_are_commands() -> None:
    text = "```console\n$ ovsubs models \\\n  --debug\nname  size\n```\n\n```bash\nls\n```\n"
    assert list(shell_lines(text)) == ["ovsubs models    --debug", "ls"]


@pytest.mark.parametrize(
    "call", ["subtitle talk.mp4 --beam", "subtitle", "sing a.mp4", "subtitle a --threads x"]
)
def test_a_wrong_command_would_be_noticed(call: str) -> None:
    with pytest.raises(click.UsageError):
        parse(call.split())


def test_options_of_other_programs_are_not_ours() -> None:
    text = "Say `--quiet` or `--max_line_width`.\n$ pip install --user x\nNot `git clone --depth 1`.\n|---|"
    assert options_told(text) == {"--quiet", "--max-line-width"}
