"""The packages import only downwards, heavy packages stay where they belong, and starting costs nothing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from patience import PATIENCE_S

import ovsubs

PACKAGE = Path(ovsubs.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Each line may import from the lines above it; what stands in one group counts as one package.
LAYERS: tuple[tuple[frozenset[str], ...], ...] = (
    (
        frozenset(
            {
                "errors",
                "bounds",
                "clock",
                "json_fields",
                "transcript",
                "timing",
                "spans",
                "heap",
                "word_times",
                "temporary",
                "atomic",
                "steps",
                "places",
            }
        ),
    ),
    (frozenset({"audio"}), frozenset({"subtitles"})),
    (frozenset({"whisper"}), frozenset({"datasets"}), frozenset({"video"})),
    (frozenset({"models"}),),
    (frozenset({"export"}),),
    (frozenset({"recognition", "file_tracks", "file_transcript", "file_events", "pipeline", "loading"}),),
    (frozenset({"library"}), frozenset({"evaluation"})),
    (frozenset({"quantization"}), frozenset({"batch"})),
    (frozenset({"cli"}),),
)
LAYER_OF = {package: n for n, layer in enumerate(LAYERS) for group in layer for package in group}
GROUP_OF = {package: group for layer in LAYERS for group in layer for package in group}
# A person expects `transcript.save("talk.srt")` to lay out and write, and a notebook to show a transcript.
EXCEPTIONS = frozenset(
    {
        ("transcript.py", "Transcript.save", "ovsubs.subtitles.formats"),
        ("transcript.py", "Transcript._repr_html_", "ovsubs.subtitles.player"),
    }
)

HEAVY = frozenset({"torch", "transformers", "optimum", "nncf"})
HEAVY_PLACES = ("export/", "evaluation/", "quantization/")
OPENVINO_PLACES = (
    "whisper/model/",
    "audio/silero_graph.py",
    "audio/openvino_core.py",
    "export/",
    "quantization/",
)
TYPER_PLACES = ("cli/",)
START_MODULES = ("torch", "transformers", "optimum", "nncf", "openvino")


@dataclass(frozen=True)
class Import:
    """One imported module: in which file, and within which function (empty: at the file's top level)."""

    file: str
    within: str
    module: str

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]


def imports_of(path: Path) -> Iterator[Import]:
    file = path.relative_to(PACKAGE).as_posix()
    yield from _imports(ast.parse(path.read_text(encoding="utf-8")), file, "", in_function=False)


def _imports(node: ast.AST, file: str, within: str, *, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        place = within if in_function else ""
        if isinstance(child, ast.Import):
            yield from (Import(file, place, alias.name) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{file}: relative import"
            yield Import(file, place, str(child.module))
        is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        name = getattr(child, "name", "") if is_function or isinstance(child, ast.ClassDef) else ""
        path = ".".join(filter(None, (within, name)))
        yield from _imports(child, file, path, in_function=in_function or is_function)


IMPORTS = [found for path in SOURCES for found in imports_of(path)]


def package_of_file(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def test_the_imports_are_found() -> None:
    assert Import("transcript.py", "Transcript.save", "ovsubs.subtitles.formats") in IMPORTS
    assert Import("whisper/segments.py", "", "ovsubs.audio.regions") in IMPORTS


def test_every_module_belongs_to_a_layer_and_every_layer_has_its_modules() -> None:
    packages = {package_of_file(path.relative_to(PACKAGE).as_posix()) for path in SOURCES}
    assert packages - {"__init__"} == set(LAYER_OF)


def test_packages_import_only_downwards() -> None:
    upward = []
    for found in IMPORTS:
        package = package_of_file(found.file)
        if found.package != "ovsubs" or package == "__init__":  # the package's face loads all lazily
            continue
        if (found.file, found.within, found.module) in EXCEPTIONS:
            continue
        target = found.module.split(".")[1] if "." in found.module else "__init__"
        if target == "__init__":
            assert package == "cli", f"{found.file} imports the package's face"
            continue
        if target not in GROUP_OF[package] and LAYER_OF[target] >= LAYER_OF[package]:
            upward.append(f"{found.file} imports {found.module}")
    assert upward == []


@pytest.mark.parametrize(
    ("packages", "places"),
    [({"openvino"}, OPENVINO_PLACES), (HEAVY, HEAVY_PLACES), ({"typer", "click"}, TYPER_PLACES)],
)
def test_packages_are_imported_only_in_their_places(packages: set[str], places: tuple[str, ...]) -> None:
    found = {each.file for each in IMPORTS if each.package in packages}
    assert found, f"{packages} are imported nowhere: is this list out of date?"
    assert {file for file in found if not file.startswith(places)} == set()


def test_packages_that_take_seconds_to_import_are_imported_within_functions() -> None:
    assert [each for each in IMPORTS if each.package in HEAVY and not each.within] == []


@pytest.mark.parametrize("name", ovsubs.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ovsubs, name) is not None
    assert name in dir(ovsubs)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'transcribe_all'"):
        ovsubs.transcribe_all  # noqa: B018


def test_text_is_read_and_written_in_a_named_encoding() -> None:
    """Without one it is UTF-8 on Linux and macOS, and that of the region on Windows."""
    assert [f"{path}:{line}" for path in SOURCES for line in lines_without_encoding(path)] == []


def lines_without_encoding(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue  # all is opened through a path
        is_path = not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("os", "wave"))
        if not is_path or any(word.arg == "encoding" for word in node.keywords):
            continue
        name = node.func.attr
        modes = [value.value for value in node.args if isinstance(value, ast.Constant)]
        is_text = not any(isinstance(mode, str) and "b" in mode for mode in modes)
        if name in ("read_text", "write_text") or (name == "open" and node.args and is_text):
            yield node.lineno


def test_no_source_mentions_a_place_of_one_machine() -> None:
    place = re.compile(r"""(?<![\w.<>}~/])/(?:home|root|work|tmp|Users|mnt|opt)/\w|\b[A-Z]:\\\\""")
    guilty = [str(path) for path in SOURCES if place.search(path.read_text(encoding="utf-8"))]
    assert guilty == []


def modules_after(code: str) -> set[str]:
    """All modules that a fresh interpreter holds after running the code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S)
    return set(done.stderr.split())


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running the code."""
    return {name.partition(".")[0] for name in modules_after(code)}


HELP = """
import sys
sys.argv = ["ovsubs", "--help"]
from ovsubs.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def test_importing_the_package_is_cheap() -> None:
    """In modules, which a busy machine makes no more of: numpy alone would be a hundred."""
    assert len(modules_after("import ovsubs") - modules_after("")) < 15


def test_importing_the_package_loads_nothing_large() -> None:
    loaded = loaded_by("import ovsubs")
    assert "ovsubs" in loaded
    assert loaded.isdisjoint({*START_MODULES, "numpy", "typer", "rich", "moviepy"})


def test_asking_for_help_is_cheap() -> None:
    framework = modules_after("import typer.rich_utils")  # nothing with such help starts without
    loaded = modules_after(HELP) - framework
    assert len([name for name in loaded if not name.startswith("ovsubs.cli")]) < 15


def test_asking_for_help_loads_nothing_large() -> None:
    loaded = loaded_by(HELP)
    assert "typer" in loaded
    assert loaded.isdisjoint(START_MODULES)
