"""A message names no option that the command at hand lacks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer

import ovsubs
from ovsubs import errors
from ovsubs.cli import app
from ovsubs.cli.wording import with_flags
from ovsubs.errors import OvsubsError

PACKAGE = Path(ovsubs.__file__).parent
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
}
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
NAME = re.compile(r"`([a-z][a-z0-9_]*)`")  # an option as the library names it
OTHER_PROGRAM = re.compile(r"`?\bpip install[^`]*`?")
WHOLE_COMMAND = re.compile(r"`ovsubs (\w+)([^`]*)`")

REFUSING = {"InvalidOption", "check_number", "check_count", "check_above_zero"}

# Errors that advise an option: the modules that raise them, and the commands that show them as they are. Who
# raises one in another module puts it here, and looks at the commands: `library/videos.py` makes others of
# those of `embed`, `evaluation/worker.py` of a recording that breaks off, `cli/qc.py` of a JSON that cannot
# be written.
ADVISED_BY_ERRORS = {
    "TruncatedMedia": ({"file_tracks.py"}, {"subtitle"}),
    "AccuracyDropTooLarge": ({"quantization/gate.py"}, {"export", "quantize"}),
    "TooFewEvaluationSamples": ({"quantization/recordings.py"}, {"export", "quantize"}),
    "OutputExists": (
        {
            *("subtitles/formats/save.py", "library/plan.py", "library/render.py"),
            *("video/writing.py", "models/partial.py"),
        },
        {"subtitle", "render", "embed", "burn", "export", "quantize"},
    ),
    "SubtitlesExist": ({"library/plan.py"}, {"subtitle"}),
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
    "AllLeftOut": ({"library/find.py"}, {"subtitle", "batch"}),
    "UnusableLedger": (
        {"batch/ledger/database.py", "batch/ledger/ledger.py", "batch/ledger/place.py"},
        {"batch", "status", "pause", "resume", "stop"},
    ),
    "UnwritableVideo": ({"video/writing.py"}, {"embed", "burn"}),
}

# Other messages of the library that name options: the module with the text, and the commands that show it.
# `library/check.py` has one of an option that the command line refuses by itself.
MODELS = {"subtitle", "export", "quantize", "benchmark"}
EVERY = set(typer.main.get_command(app).commands)
ADVISED_BY_MODULES = {
    "library/check.py": set[str](),
    "audio/regions.py": {"subtitle"},
    "recognition/options.py": {"subtitle"},
    "batch/plan.py": {"batch"},
    "batch/jobs/shards.py": {"batch"},
    "batch/jobs/options.py": {"jobspec"},
    "models/sources.py": MODELS,
    "datasets/hub.py": {"export", "quantize", "benchmark"},
}
# Messages of the command line, which name its flags.
FLAGS_BY_MODULES = {
    "cli/render.py": {"render"},
    "cli/subtitle.py": {"subtitle"},
    "cli/quantize.py": {"export", "quantize"},
    "cli/wording.py": EVERY,
    "cli/entry.py": EVERY,
}
# CSS, another program's options, and files for clusters, in which commands stand.
OTHERS_FLAGS = {
    *("subtitles/player.py", "batch/machine/awake.py", "batch/jobs/options.py", "batch/jobs/kubernetes.py"),
    *("batch/jobs/slurm.py", "batch/jobs/spec.py", "batch/jobs/shards.py"),
}
ELSEWHERE = {
    *("cli/app.py", "cli/subtitle_commands.py", "cli/model_commands.py", "cli/video_commands.py"),
    *("cli/options.py", "cli/subtitle_options.py", "cli/model_options.py", "cli/video_options.py"),
    *("cli/combinations.py", "cli/help_lists.py", "cli/batch_commands.py", "cli/batch_options.py"),
}


def command(name: str) -> click.Command:
    group: Any = typer.main.get_command(app)
    found: click.Command = group.commands[name]
    return found


def options_of(name: str) -> set[str]:
    params = command(name).params
    return {option for param in params for option in (*param.opts, *param.secondary_opts)}


def flags_in(text: str) -> set[str]:
    """Options of ours that are named outside of whole commands, which have their own."""
    return set(FLAG.findall(WHOLE_COMMAND.sub("", OTHER_PROGRAM.sub("", text))))


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
    assert flags_in("use --a, not `ovsubs embed A --output B` or `pip install --force x`, --b-c") == {
        "--a",
        "--b-c",
    }
    assert NAME.findall("use `overwrite`, not `ovsubs embed`") == ["overwrite"]
    advising = {kind.__name__ for kind in KINDS if NAME.search(kind.template + kind.hint_template)}
    assert advising == set(ADVISED_BY_ERRORS)


@pytest.mark.parametrize("kind", ADVISED_BY_ERRORS)
def test_errors_advise_options_of_the_commands_that_show_them(kind: str) -> None:
    modules, commands = ADVISED_BY_ERRORS[kind]
    error = getattr(errors, kind)

    assert makers(kind) == modules
    for name in commands:
        said = with_flags(error.template + error.hint_template, command(name))
        assert not NAME.search(said), name
        assert flags_in(said) <= options_of(name), name


def test_the_library_names_options_and_the_command_line_has_a_flag_for_each() -> None:
    telling = {
        module: [text for text in texts(tree) if NAME.search(text)]
        for module, tree in TREES.items()
        if not module.startswith("cli/") and module != "errors.py"
    }
    assert {module for module, found in telling.items() if found} == set(ADVISED_BY_MODULES)
    for module, commands in ADVISED_BY_MODULES.items():
        for name in commands:
            for text in telling[module]:
                assert not NAME.search(with_flags(text, command(name))), (text, name)


def test_the_library_names_no_flags() -> None:
    for module, tree in TREES.items():
        if not module.startswith("cli/") and module not in OTHERS_FLAGS:
            assert not [text for text in texts(tree) if flags_in(text)], module


def test_an_option_that_is_refused_has_the_name_of_a_parameter() -> None:
    fields, refused = set[str](), set[tuple[str, str]]()
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                fields.add(node.target.id)
            elif isinstance(node, ast.arg):
                fields.add(node.arg)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in REFUSING and isinstance(first, ast.Constant):
                    refused.add((module, str(first.value)))

    assert len(refused) > 50
    assert {(module, name) for module, name in refused if name not in fields} == set()


def test_messages_of_the_command_line_name_options_of_the_commands_that_show_them() -> None:
    telling = {
        module: {flag for text in texts(tree) for flag in flags_in(text)}
        for module, tree in TREES.items()
        if module.startswith("cli/") and module not in ELSEWHERE
    }
    assert {module for module, flags in telling.items() if flags} == set(FLAGS_BY_MODULES)
    for module, commands in FLAGS_BY_MODULES.items():
        for name in commands:
            assert telling[module] <= options_of(name), (module, name)


def test_commands_that_are_named_have_the_options_they_are_named_with() -> None:
    for tree in TREES.values():
        for text in texts(tree):
            for name, rest in WHOLE_COMMAND.findall(text):
                assert name in EVERY, text
                assert set(FLAG.findall(rest)) <= options_of(name), text
