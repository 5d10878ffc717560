"""Patterns and `.ovsubsignore` files -> whether a path is worked on."""

from __future__ import annotations

import errno
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath

from ovsubs.errors import InvalidOption
from ovsubs.places import file_key

IGNORE_FILE = ".ovsubsignore"

LEFT_OUT = "left out by a pattern"
NOT_INCLUDED = "matches no pattern of those that are included"
IGNORED = f"left out by {IGNORE_FILE}"

# What stands in brackets goes into a regular expression as it is: what means something else there is refused.
_IN_BRACKETS = r"(?:(?!--|&&|\|\||~~)[^\\\[\]])"
_SEGMENT = re.compile(rf"(?:\\.|[^\\\[]|\[[!^]?+(?:\]|{_IN_BRACKETS}){_IN_BRACKETS}*\])*", re.DOTALL)
# Such as week1\extras, which gitignore takes for week1extras.
_OF_WINDOWS = re.compile(r"(?<!\\)(?:\\\\)*\\\w")
# Ends a pattern and a path, so that a pattern never matches what lies in a folder that it matches: the search
# has decided on the folder. No name holds it.
_END = "\0"
# In a regular expression of pathspec's: what is escaped, its own brackets, or the beginning of others.
_ESCAPED_OR_BRACKET = re.compile(r"\\.|\[\^/\]|\[", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which files of a folder are worked on, in patterns of gitignore that count from that folder on.

    With `include`, only files that match are taken: a pattern that matches a folder takes all in it, and of
    several that match a file or the folders around it, that of the innermost counts, and of those the last.
    What `exclude` matches is left out, whatever `include` says, and a folder is not searched. A pattern that
    begins with `!` takes back what one before it does, in the same field.

    Raises:
        InvalidOption: a pattern that cannot be read or would do nothing.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for option in fields(self):
            _check(option.name, getattr(self, option.name))


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken in a folder and below it: the patterns that count there, read.

    `ignored` are those of the `.ovsubsignore` files in the folder and above it, from the outermost.
    """

    include: _Rules
    exclude: _Rules
    ignored: tuple[_Rules, ...]
    ignores_case: bool

    def why_not(self, path: PurePath, *, is_folder: bool) -> str | None:
        """Why a file or folder that lies right in this folder is left out; None if it is not.

        Args:
            path: where it is below the folder that was named.
            is_folder: a folder is searched even if `include` does not match it: a file in it may.
        """
        if self.exclude.decide(path, is_folder=is_folder):
            return LEFT_OUT
        decisions = (rules.decide(path, is_folder=is_folder) for rules in reversed(self.ignored))
        if next((decision for decision in decisions if decision is not None), False):
            return IGNORED
        if is_folder or not self.include.rules:
            return None
        return None if self._is_included(path) else NOT_INCLUDED

    def in_folder(self, folder: Path, below: PurePath, names: Collection[str]) -> Selection:
        """The selection with the `.ovsubsignore` of a folder, if it has one.

        Args:
            folder: the folder.
            below: where it is below the folder that was named.
            names: of what is in it.

        Raises:
            OSError: it cannot be read, or a line of it is no pattern. What it leaves out is not known then.
        """
        spell = _spelling(self.ignores_case)
        if IGNORE_FILE not in map(spell, names):
            return self
        rules = _Rules(below, _read_rules(folder / IGNORE_FILE, spell), spell)
        return replace(self, ignored=(*self.ignored, rules))

    def _is_included(self, path: PurePath) -> bool:
        innermost_first = (path, *path.parents[:-1])
        decisions = (self.include.decide(each, is_folder=each is not path) for each in innermost_first)
        return next((decision for decision in decisions if decision is not None), False)


def select(named: Path, patterns: Patterns) -> Selection:
    """Make ready to select in a folder. Case counts where the folder's file system says it does."""
    ignores_case = file_key(named / "a") == file_key(named / "A")
    spell = _spelling(ignores_case)

    def read(given: Iterable[str]) -> _Rules:
        return _Rules(PurePath(), tuple(_read_rule(pattern, spell) for pattern in given), spell)

    return Selection(read(patterns.include), read(patterns.exclude), (), ignores_case)


_Spelling = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One pattern: what it matches, whether it takes back, and whether it is about folders alone."""

    regex: re.Pattern[str]
    takes_back: bool
    only_folders: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    """Patterns in their order, and `base`, the folder from which they count."""

    base: PurePath
    rules: tuple[_Rule, ...]
    spell: _Spelling

    def decide(self, path: PurePath, *, is_folder: bool) -> bool | None:
        """Whether a path below `base` itself matches; None if no pattern says anything about it."""
        if not self.rules:
            return None
        named = self.spell("/".join(path.parts[len(self.base.parts) :])) + _END
        for rule in reversed(self.rules):
            if (is_folder or not rule.only_folders) and rule.regex.match(named):
                return not rule.takes_back
        return None


def _check(option: str, patterns: tuple[str, ...]) -> None:
    if isinstance(patterns, str):
        raise InvalidOption(option, patterns, "give a tuple of patterns")
    for pattern in patterns:
        try:
            if not pattern.strip(" "):
                raise ValueError("it is empty")
            if pattern.startswith("#"):
                raise ValueError(r"it is a comment; if a name begins with #, write \#")
            for ignores_case in (False, True):  # [Z-a] is a range, and [z-a] is none
                _read_rule(pattern, _spelling(ignores_case))
        except ValueError as error:
            raise InvalidOption(option, pattern, str(error)) from None
    if patterns and patterns[0].startswith("!"):
        why = "it takes back what a pattern before it does, and there is none"
        raise InvalidOption(option, patterns[0], why)


def _read_rules(file: Path, spell: _Spelling) -> tuple[_Rule, ...]:
    rules = list[_Rule]()
    for n, line in enumerate(_read_lines(file), start=1):
        if not line.strip(" ") or line.startswith("#"):
            continue
        try:
            rules.append(_read_rule(line, spell))
        except ValueError as error:
            raise _unreadable(file, f"line {n}: {line!r} is no pattern: {error}") from error
    return tuple(rules)


def _read_lines(file: Path) -> list[str]:
    try:
        is_file = stat.S_ISREG(file.stat().st_mode)
        content = file.read_bytes() if is_file else b""  # a pipe would be waited for
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error), error.errno) from error
    if not is_file:
        raise _unreadable(file, "it is no file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(file, "it is not in UTF-8") from error
    # Not `splitlines`, which also parts at characters that a name may hold.
    return [line.removesuffix("\r") for line in text.split("\n")]


def _unreadable(file: Path, why: str, number: int | None = errno.EINVAL) -> OSError:
    """The error of the folder that the file is in."""
    return OSError(
        number, f"{file.name} cannot be obeyed, so this folder is not searched: {why}", str(file.parent)
    )


def _read_rule(pattern: str, spell: _Spelling) -> _Rule:
    """Read one pattern of gitignore (git-scm.com/docs/gitignore, "Pattern format").

    Raises:
        ValueError: it is no pattern, or one that never matches. Its text says why.
    """
    body = _without_spaces(pattern)
    takes_back = body.startswith("!")
    body = spell(body.removeprefix("!"))
    only_folders = body.endswith("/")
    body = body.removesuffix("/")
    segments = body.removeprefix("/").split("/")
    for segment in segments:
        _check_segment(segment)
    # git takes more than two stars that stand alone for two.
    segments = ["**" if len(segment) > 2 and not segment.strip("*") else segment for segment in segments]
    if "/" not in body:
        segments.insert(0, "**")
    if segments[-1] == "**":  # `a/**` is what is in `a`, but not `a` itself
        segments.append("*")
    return _Rule(_to_regex("/".join(segments)), takes_back, only_folders)


def _to_regex(pattern: str) -> re.Pattern[str]:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # the command line starts without it

    def bounded(found: re.Match[str]) -> str:  # pathspec lets [!a] match what parts folders; git does not
        return "(?!/)[" if found[0] == "[" else found[0]

    regex, _ = GitIgnoreSpecPattern.pattern_to_regex(f"/{pattern}{_END}")
    regex = _ESCAPED_OR_BRACKET.sub(bounded, regex or "")
    try:
        return re.compile(regex, re.DOTALL)  # names may hold line breaks
    except re.error:
        raise ValueError("what is in its brackets is no range") from None


def _check_segment(segment: str) -> None:
    if segment in ("", ".", ".."):
        raise ValueError(f"{segment!r} is no name of a file or folder" if segment else "a name is missing")
    if _END in segment:
        raise ValueError("no name holds the character 0")
    if _n_backslashes_behind(segment) % 2:
        raise ValueError("a backslash stands at the end of a name")
    if _OF_WINDOWS.search(segment):
        raise ValueError("folders are parted by /, and before a letter a backslash means nothing")
    if not _SEGMENT.fullmatch(segment):
        raise ValueError(r"its brackets do not close or hold more than characters and ranges; [ itself is \[")


def _without_spaces(pattern: str) -> str:
    """The pattern without spaces at its end, as git has it: a backslash keeps one."""
    stripped = pattern.rstrip(" ")
    is_kept = stripped != pattern and _n_backslashes_behind(stripped) % 2
    return stripped + " " if is_kept else stripped


def _n_backslashes_behind(text: str) -> int:
    return len(text) - len(text.rstrip("\\"))


def _spelling(ignores_case: bool) -> _Spelling:
    return _in_one_case if ignores_case else _as_written


def _as_written(text: str) -> str:
    return text


def _in_one_case(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()
