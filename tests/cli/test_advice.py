"""A message names no option that the command at hand lacks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import ovsubs
from ovsubs import errors
from ovsubs.cli import app
from ovsubs.errors import OvsubsError

PACKAGE = Path(ovsubs.__file__).parent
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
}
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OTHER_PROGRAM = re.compile(r"`?\bpip install[^`]*`?")
WHOLE_COMMAND = re.compile(r"`ovsubs (\w+)([^`]*)`")

# Errors that advise an option: the modules that raise them, and the commands that show them as they are. Who
# raises one in another module puts it here, and looks at the commands: `library/videos.py` makes others of
# those of `embed`, `evaluation/worker.py` of a recording that breaks off, `cli/qc.py` of a JSON that cannot
# be written.
ADVISED_BY_ERRORS = {
    "TruncatedMedia": ({"pipeline.py"}, {"subtitle"}),
    "AccuracyDropTooLarge": ({"quantization/gate.py"}, {"export", "quantize"}),
    "TooFewEvaluationSamples": ({"quantization/recordings.py"}, {"export", "quantize"}),
    "OutputExists": (
        {"subtitles/formats/save.py", "library/plan.py", "video/writing.py", "models/partial.py"},
        {"subtitle", "render", "embed", "burn", "export", "quantize"},
    ),
    "OutputClash": ({"library/plan.py", "library/render.py"}, {"subtitle", "render"}),
    "UnwritableOutput": (
        {
            *("cli/printing.py", "subtitles/formats/save.py", "atomic.py"),
            *("library/plan.py", "library/render.py", "library/run.py", "library/videos.py"),
        },
        {"subtitle", "render"},
    ),
    "CopyIsInput": ({"library/plan.py", "library/videos.py"}, {"subtitle"}),
    "UnsupportedContainer": (
        {"video/containers.py", "video/embed.py", "video/writing.py"},
        {"embed", "burn"},
    ),
    "UnwritableVideo": ({"video/writing.py"}, {"embed", "burn"}),
}

# Other messages that name options: the module with the text, and the commands that show it.
MODELS = {"subtitle", "export", "quantize", "benchmark"}
EVERY = set(typer.main.get_command(app).commands)
ADVISED_BY_MODULES = {
    "library/plan.py": {"subtitle"},
    "library/render.py": {"render"},
    "library/check.py": {"qc"},
    "video/embed.py": {"embed"},
    "video/burn.py": {"burn"},
    "models/sources.py": MODELS,
    "export/model_directory.py": {"export"},
    "datasets/hub.py": {"export", "quantize", "benchmark"},
    "cli/render.py": {"render"},
    "cli/subtitle.py": {"subtitle"},
    "cli/quantize.py": {"export", "quantize"},
    "cli/entry.py": EVERY,
}
ELSEWHERE = {
    "errors.py",
    "cli/combinations.py",
    "cli/options.py",
    "cli/app.py",
    "subtitles/player.py",
}  # the last has them in CSS


def options_of(command: str) -> set[str]:
    group: Any = typer.main.get_command(app)
    params = group.commands[command].params
    return {option for param in params for option in (*param.opts, *param.secondary_opts)}


def advised(text: str) -> set[str]:
    """Options of ours that are named outside of whole commands, which have their own."""
    return set(OPTION.findall(WHOLE_COMMAND.sub("", OTHER_PROGRAM.sub("", text))))


def texts(tree: ast.AST) -> Iterator[str]:
    """The text in a piece of code, but for docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def makers(kind: str) -> set[str]:
    """The modules that make an error of this kind."""
    return {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind
    }


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OvsubsError)]


def test_options_are_found_in_messages() -> None:
    assert advised("use --a, not `ovsubs embed A --output B` or `pip install --force x`, --b-c") == {
        "--a",
        "--b-c",
    }
    assert {kind.__name__ for kind in KINDS if advised(kind.template)} == set(ADVISED_BY_ERRORS)


@pytest.mark.parametrize("kind", ADVISED_BY_ERRORS)
def test_errors_advise_options_of_the_commands_that_show_them(kind: str) -> None:
    modules, commands = ADVISED_BY_ERRORS[kind]

    assert makers(kind) == modules
    for command in commands:
        assert advised(getattr(errors, kind).template) <= options_of(command), command


def test_other_messages_name_options_of_the_commands_that_show_them() -> None:
    telling = {
        module: {option for text in texts(tree) for option in advised(text)}
        for module, tree in TREES.items()
        if module not in ELSEWHERE
    }
    assert {module for module, options in telling.items() if options} == set(ADVISED_BY_MODULES)
    for module, commands in ADVISED_BY_MODULES.items():
        for command in commands:
            assert telling[module] <= options_of(command), (module, command)


def test_commands_that_are_named_have_the_options_they_are_named_with() -> None:
    for tree in TREES.values():
        for text in texts(tree):
            for command, rest in WHOLE_COMMAND.findall(text):
                assert command in EVERY, text
                assert set(OPTION.findall(rest)) <= options_of(command), text
