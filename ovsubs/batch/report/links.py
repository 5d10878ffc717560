"""The name of a file, whatever it is -> text and address as a page can hold them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path, PureWindowsPath
from urllib.parse import quote

# What a page would drop, make a space of, or turn the text by, so that "a\u202e4pm.exe" reads as "aexe.mp4".
_CONTROLS = (*range(0x20), 0x7F, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: chr(code).encode("unicode_escape").decode("ascii") for code in _CONTROLS}
_ESCAPES_BUT_LINES = {code: written for code, written in _ESCAPES.items() if code != 0x0A}


def shown(text: object) -> str:
    """A name or a line, escaped: bytes that are no UTF-8 and control characters can be seen."""
    return escape(_sendable(str(text)).translate(_ESCAPES))


def shown_text(text: str) -> str:
    """The same of a text, whose lines are kept."""
    return escape(_sendable(text).translate(_ESCAPES_BUT_LINES))


def shown_path(path: Path, roots: Sequence[Path] = ()) -> str:
    """The same of a path, from its root on; it turns nothing beside it, as names in Hebrew may."""
    root = next((root for root in roots if path != root and path.is_relative_to(root)), None)
    return f"<bdi>{shown(path if root is None else path.relative_to(root))}</bdi>"


def file_link(path: Path, name: str) -> str:
    """A link to a file; `name` is a piece of HTML."""
    return f'<a href="{_url(path)}">{name}</a>'


def time_link(path: Path, at_ms: int, name: str) -> str:
    """A link that opens a recording at a place (W3C Media Fragments, 4.2.1), not after it."""
    return f'<a href="{_url(path)}#t={at_ms // 100 / 10:.1f}">{name}</a>'


def _url(path: Path) -> str:
    """Where a browser finds a file. `Path.as_uri` refuses some names that are no UTF-8."""
    if not path.is_absolute() and PureWindowsPath(path).is_absolute():  # it was recorded on Windows
        return escape(PureWindowsPath(path).as_uri())
    if os.name == "nt":
        return escape(path.absolute().as_uri())
    try:
        name = os.fsencode(path.absolute())
    except UnicodeEncodeError:  # half a pair, which Windows allows
        name = str(path.absolute()).encode("utf-8", "surrogatepass")
    return escape(f"file://{quote(name)}")


def _sendable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
