"""What patterns and `.ovsubsignore` files leave out, compared with git where git is there."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePath

import pytest
from as_on_windows import ignore_case
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from systems import needs_links, needs_posix

from ovsubs.errors import InvalidOption
from ovsubs.library.find import EVERYTHING
from ovsubs.library.patterns import IGNORE_FILE, IGNORED, LEFT_OUT, NOT_INCLUDED, Patterns, select

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="not on this system: git")


def why_not(path: str, folder: Path, patterns: Patterns = EVERYTHING) -> str | None:
    """Why a path in a folder is left out, itself or a folder around it. It is a folder if it ends in `/`."""
    selection = select(folder, patterns).in_folder(folder, PurePath(), names_in(folder))
    parts = PurePath(path).parts
    for n in range(1, len(parts)):
        around = PurePath(*parts[:n])
        if why := selection.why_not(around, is_folder=True):
            return why
        selection = selection.in_folder(folder / around, around, names_in(folder / around))
    return selection.why_not(PurePath(path), is_folder=path.endswith("/"))


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []


def write(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / IGNORE_FILE).write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))


def left_out(folder: Path, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if why_not(path, folder) == IGNORED]


EXAMPLES = {
    "a.mp4": (["a.mp4", "deep/a.mp4", "a.mp4/b.mp4"], ["ba.mp4", "a.mp4v", "A.mp4"]),
    "*.mp4": (["a.mp4", "deep/down/.mp4"], ["a.mp4.mkv", "mp4"]),
    "/a.mp4": (["a.mp4"], ["deep/a.mp4"]),
    "/a": (["a", "a/", "a/b.mp4", "a/b/c.mp4"], ["ab", "b/a"]),
    "extras/": (["extras/", "extras/a.mp4", "season/extras/a.mp4"], ["extras", "season/extras"]),
    "/extras/": (["extras/a.mp4"], ["extras", "season/extras/a.mp4"]),
    "season/*.mp4": (["season/a.mp4"], ["season/deep/a.mp4", "x/season/a.mp4", "season/"]),
    "season*/a": (["season/a", "season1/a"], ["season/1/a"]),
    "season/*": (["season/a.mp4", "season/deep/a.mp4"], ["season/", "x/season/a.mp4"]),
    "**": (["a", "a/", "a/b"], []),
    "**/a": (["a", "x/a", "x/y/a/b"], ["xa"]),
    "***/a": (["a", "x/y/a"], ["xa"]),
    "**/x/a": (["x/a", "y/x/a"], ["x/y/a"]),
    "a/**": (["a/b", "a/b/c"], ["a", "a/", "b/a/c"]),
    "a/**/": (["a/b/", "a/b/c"], ["a/", "a/b"]),
    "a/**/b": (["a/b", "a/x/b", "a/x/y/b/c"], ["a/xb", "x/a/b"]),
    "a**b": (["ab", "axb", "x/axb"], ["a/b", "a/x/b"]),
    "?.mp4": (["a.mp4", "ä.mp4", "💬.mp4"], ["ab.mp4", ".mp4"]),
    "[a-c]x": (["ax", "d/cx"], ["dx", "-x"]),
    "[!a-c]x": (["dx"], ["ax", "cx", "x"]),
    "[^a]x": (["bx"], ["ax"]),
    "a[!b]c": (["axc"], ["abc", "a/c"]),
    "/x*[!0-9]*": (["xa", "xa/1"], ["x1/a"]),  # a bracket never stands for what parts folders
    "**/x/a[!b]c": (["x/aac", "y/x/aac"], ["x/abc", "x/a/c"]),
    "a[+-9]c": (["a.c", "x/a1c"], ["a/c", "x/a/c"]),  # / is between + and 9
    r"\\\[!a]": (["\\[!a]"], ["\\b"]),
    r"\\[!a]": (["\\b"], ["\\a", "\\/"]),
    "[]-]x": (["]x", "-x"], ["ax"]),
    "a.c": (["a.c"], ["abc"]),
    "(a|b)+": (["(a|b)+"], ["a", "aa"]),
    r"\#a": (["#a"], ["a"]),
    r"\!a": (["!a"], ["a"]),
    r"\*a": (["*a"], ["xa"]),
    r"\[a]": (["[a]"], ["a"]),
    "a b": (["a b"], ["a"]),
    "a  ": (["a"], ["a "]),
    r"a\ ": (["a "], ["a"]),
    r"a\   ": (["a "], ["a", "a   "]),
    " a": ([" a"], ["a"]),
    "a\t": (["a\t"], ["a"]),
    "a\u00a0": (["a\u00a0"], ["a"]),  # no space as git has it
    "a\u2028b": (["a\u2028b"], ["a", "b"]),  # no end of a line
    "#a": ([], ["a", "#a"]),
    "": ([], ["a"]),
    "   ": ([], ["a", "   "]),
    "!a": ([], ["a"]),
}


@pytest.mark.parametrize("pattern", EXAMPLES)
def test_a_pattern_leaves_out_what_it_does_in_git(pattern: str, tmp_path: Path) -> None:
    out, kept = EXAMPLES[pattern]
    write(tmp_path, pattern)

    assert left_out(tmp_path, [*out, *kept]) == out


@pytest.mark.parametrize("pattern", [p for p in EXAMPLES if p.strip() and p[0] not in "#!"])
def test_the_same_pattern_leaves_out_or_includes_as_an_option(pattern: str, tmp_path: Path) -> None:
    out, kept = EXAMPLES[pattern]
    paths = [*out, *kept]
    files = [path for path in paths if not path.endswith("/")]

    excluded = [path for path in paths if why_not(path, tmp_path, Patterns(exclude=(pattern,)))]
    included = [path for path in files if not why_not(path, tmp_path, Patterns(include=(pattern,)))]

    assert excluded == out
    assert included == [path for path in out if not path.endswith("/")]


def test_the_last_pattern_that_matches_counts_and_a_folder_that_is_left_out_stays_so(tmp_path: Path) -> None:
    write(tmp_path, "*.mp4", "!a.mp4", "deep/", "!deep/a.mp4", "season/*", "!season/a.mkv", "!b.mp4", "b.mp4")

    paths = ["a.mp4", "b.mp4", "c.mp4", "deep/a.mp4", "season/a.mkv", "season/b.mkv", "x/a.mp4"]
    assert left_out(tmp_path, paths) == ["b.mp4", "c.mp4", "deep/a.mp4", "season/b.mkv"]


def test_to_take_back_a_folder_takes_back_nothing_in_it(tmp_path: Path) -> None:
    write(tmp_path, "*", "!*/", "!*.mkv")

    assert left_out(tmp_path, ["a.mp4", "a.mkv", "x/", "x/a.mp4", "x/y/a.mkv"]) == ["a.mp4", "x/a.mp4"]


def test_a_deeper_file_counts_from_its_own_folder_and_wins(tmp_path: Path) -> None:
    write(tmp_path, "*.mp4", "/b.mkv")
    write(tmp_path / "x", "!a.mp4", "/b.mkv")
    write(tmp_path / "x" / "y", "a.mp4", "!/c.mp4")

    kept = ["x/a.mp4", "x/y/b.mkv", "x/y/c.mp4", "x/z/a.mp4"]
    out = ["a.mp4", "b.mkv", "x/b.mkv", "x/b.mp4", "x/y/a.mp4", "x/y/z/c.mp4"]
    assert left_out(tmp_path, [*kept, *out]) == out


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfa\r\nb\r\n", b"a\r\nb", b"\xef\xbb\xbf#\na\n\r\n\nb\n"])
def test_a_file_may_come_from_windows(content: bytes, tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_bytes(content)

    assert left_out(tmp_path, ["a", "b", "\ufeffa", "a\r", "c"]) == ["a", "b"]


@needs_posix
def test_names_may_be_of_any_letters(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff.mp4")
    write(tmp_path, "💬/*.mp4", "**/b.mp4", "x?y", "*.avi")

    out = ["💬/a.mp4", "a\nb/b.mp4", "x\ny", os.fsdecode(b"x\xffy"), "a\n.avi", f"a\n/{odd}.avi"]
    kept = [odd, "a.mp4\n", "a.avi\n", "b.mp4\n"]
    assert left_out(tmp_path, [*out, *kept]) == out
    by_option = Patterns(exclude=("a\nb", odd))
    assert [why_not(path, tmp_path, by_option) for path in ("c/a\nb", odd, "b")] == [LEFT_OUT, LEFT_OUT, None]


def test_case_counts_as_it_does_in_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "Ä.mp4", "[A-C].MKV", "/Deep/")
    ignore_case(monkeypatch)

    out = ["ä.MP4", "a\u0308.mp4", "b.mkv", "dEEP/a.mp4"]
    assert left_out(tmp_path, [*out, "d.mkv"]) == out
    named_otherwise = select(tmp_path, Patterns()).in_folder(tmp_path, PurePath(), [IGNORE_FILE.upper()])
    assert named_otherwise.why_not(PurePath("b.mkv"), is_folder=False) == IGNORED
    assert why_not("a.mp4", tmp_path, Patterns(include=("*.MP4",))) is None


def test_include_takes_what_matches_or_lies_in_a_folder_that_does(tmp_path: Path) -> None:
    patterns = Patterns(include=("season/", "!season/extras/", "season/extras/best/", "*.mkv", "!x.mkv"))

    taken = ["season/a.mp4", "season/b/c.mp4", "season/extras/best/a.mp4", "a.mkv", "x/a.mkv"]
    for path in taken:
        assert why_not(path, tmp_path, patterns) is None
    for path in ("a.mp4", "season", "season/extras/a.mp4", "x.mkv", "season/x.mkv"):
        assert why_not(path, tmp_path, patterns) == NOT_INCLUDED
    assert why_not("other/", tmp_path, patterns) is None  # there may be a .mkv in it


def test_what_is_excluded_or_ignored_is_not_included(tmp_path: Path) -> None:
    write(tmp_path, "ignored", "both")
    patterns = Patterns(include=("*",), exclude=("*.mp4", "!a.mp4", "both", "!ignored"))

    reasons = {path: why_not(path, tmp_path, patterns) for path in ("a.mp4", "b.mp4", "ignored", "both")}
    assert reasons == {"a.mp4": None, "b.mp4": LEFT_OUT, "ignored": IGNORED, "both": LEFT_OUT}


NO_PATTERNS = {
    "/": "a name is missing",
    "!": "a name is missing",
    "//": "a name is missing",
    "a//b": "a name is missing",
    "./a": "'.' is no name of a file or folder",
    "a/../b": "'..' is no name of a file or folder",
    "a\\": "a backslash stands at the end of a name",
    "a\\/b": "a backslash stands at the end of a name",
    "season\\extras": "folders are parted by /, and before a letter a backslash means nothing",
    "[a": "its brackets do not close",
    "[]": "its brackets do not close",
    "[!]": "its brackets do not close",
    "[a/b]": "its brackets do not close",
    "[[:digit:]]": "hold more than characters and ranges",
    "[a&&b]": "hold more than characters and ranges",
    "[z-a]": "what is in its brackets is no range",
    "a\0": "no name holds the character 0",
}


@pytest.mark.parametrize("pattern", NO_PATTERNS)
@pytest.mark.parametrize("option", ["include", "exclude"])
def test_an_option_that_is_no_pattern_is_refused(option: str, pattern: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape(NO_PATTERNS[pattern])) as refused:
        Patterns(**{option: ("a", pattern)})
    assert (refused.value.option, refused.value.value) == (option, pattern)


@pytest.mark.parametrize(
    ("patterns", "why"),
    [
        (("",), "it is empty"),
        (("a", "  "), "it is empty"),
        (("#a",), r"it is a comment; if a name begins with #, write \#"),
        (("!a", "a"), "it takes back what a pattern before it does, and there is none"),
        ("*.mp4", "give a tuple of patterns"),
    ],
)
@pytest.mark.parametrize("option", ["include", "exclude"])
def test_an_option_that_would_do_nothing_is_refused(option: str, patterns: tuple[str, ...], why: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape(why)) as refused:
        Patterns(**{option: patterns})
    assert refused.value.option == option


def test_an_option_is_refused_on_every_system_if_it_is_on_one_that_ignores_case() -> None:
    with pytest.raises(InvalidOption, match="no range"):
        Patterns(exclude=("[Z-a]",))


@pytest.mark.parametrize("pattern", NO_PATTERNS)
def test_a_line_that_is_no_pattern_is_named(pattern: str, tmp_path: Path) -> None:
    write(tmp_path, "# what I watch", "", "a", pattern)

    with pytest.raises(OSError, match="line 4: ") as error:
        select(tmp_path, Patterns()).in_folder(tmp_path, PurePath(), [IGNORE_FILE])
    assert NO_PATTERNS[pattern] in error.value.strerror
    assert error.value.filename == str(tmp_path)


def test_a_file_that_cannot_be_read_is_an_error_of_its_folder(tmp_path: Path) -> None:
    def why(folder: Path) -> str:
        with pytest.raises(OSError, match=re.escape(str(folder))) as error:
            select(folder, Patterns()).in_folder(folder, PurePath(), names_in(folder))
        return str(error.value.strerror).removeprefix(
            ".ovsubsignore cannot be obeyed, so this folder is not searched: "
        )

    (tmp_path / "folder" / IGNORE_FILE).mkdir(parents=True)
    (tmp_path / "latin").mkdir()
    (tmp_path / "latin" / IGNORE_FILE).write_bytes(b"\xe4.mp4")
    (tmp_path / "utf16").mkdir()
    (tmp_path / "utf16" / IGNORE_FILE).write_text("a.mp4", encoding="utf-16")

    assert why(tmp_path / "folder") == "it is no file"
    assert why(tmp_path / "latin") == "it is not in UTF-8"
    assert why(tmp_path / "utf16") == "it is not in UTF-8"


@needs_posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / IGNORE_FILE)

    with pytest.raises(OSError, match="it is no file"):
        select(tmp_path, Patterns()).in_folder(tmp_path, PurePath(), [IGNORE_FILE])


@needs_links
def test_a_link_to_the_file_is_followed_and_one_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "shared", "a")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / IGNORE_FILE).symlink_to(tmp_path / "shared" / IGNORE_FILE)
    assert left_out(tmp_path / "x", ["a", "b"]) == ["a"]

    (tmp_path / "shared" / IGNORE_FILE).unlink()
    with pytest.raises(FileNotFoundError):
        left_out(tmp_path / "x", ["a", "b"])


def test_patterns_count_however_deep_folders_are(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 1500)
    write(tmp_path, "**/d/a.mp4", "b.mp4", "d/**/e/c.mp4")

    paths = [f"{deep}/a.mp4", f"{deep}/b.mp4", f"{deep}/e/c.mp4"]
    selection = select(tmp_path, Patterns()).in_folder(tmp_path, PurePath(), [IGNORE_FILE])
    assert [selection.why_not(PurePath(path), is_folder=False) for path in paths] == [IGNORED] * 3


NAMES = st.sampled_from(["a", "b", "ab", "ba", "c", "a.b", "#a", "!b", "a b", "a "])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
GLOBS = st.lists(
    st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "[+-b]", "**", ".", "/", "/", "/**/", " "]),
    min_size=1,
    max_size=6,
).map("".join)
LINES = st.builds("{}{}{}".format, st.sampled_from(["", "", "!", "/"]), GLOBS, st.sampled_from(["", "", "/"]))

# git 2.39 takes `a**/b` for a match of `a/x/b`: it looks at `**/b` alone when `a` has matched. By its
# documentation other stars than those of `**/`, `/**` and `/**/` are ordinary ones.
GITS_OWN = re.compile(r"[^/!]\*\*|\*\*[^/*]|.!\*\*")


def git_ignores(repository: Path, paths: list[str]) -> list[str]:
    settings_of_nobody = ("-c", "core.excludesFile=", "-c", "core.ignoreCase=false")
    asked = subprocess.run(
        ["git", *settings_of_nobody, "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=repository,
        input="\0".join(paths),
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode in (0, 1), asked.stderr
    return [path for path in asked.stdout.split("\0") if path]


@needs_git
@needs_posix
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=st.lists(PATHS, min_size=1, max_size=8, unique=True),
    outer=st.lists(LINES, max_size=5),
    inner=st.lists(LINES, max_size=3),
)
def test_git_ignores_the_same_paths(
    tree: list[str], outer: list[str], inner: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(all(_is_pattern(line) and not GITS_OWN.search(line) for line in (*outer, *inner)))
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "--template="], cwd=folder, check=True)
    for path in tree:
        _make(folder / path)
    for place, lines in ((folder, outer), (folder / "a", inner)):
        if place.is_dir():
            write(place, *lines)
            (place / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    found = sorted(path for path in folder.rglob("*") if ".git" not in path.parts and path.name[0] != ".")
    paths = [path.relative_to(folder).as_posix() for path in found]

    ignored = git_ignores(folder, paths)
    assert left_out(folder, (_as_named(folder, path) for path in paths)) == [
        _as_named(folder, path) for path in ignored
    ]
    shutil.rmtree(folder)


def _as_named(folder: Path, path: str) -> str:
    return f"{path}/" if (folder / path).is_dir() else path


def _is_pattern(line: str) -> bool:
    try:
        Patterns(exclude=("a", line))
    except InvalidOption:
        return False
    return True


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except (FileExistsError, NotADirectoryError):  # a file has the name that a folder would have
        pass
