"""What is said to a person: every line that the command line prints goes through here.

Names of files and texts of subtitles are somebody else's. Of what is printed, control characters are written
out (`\\x1b`), and so are those that turn the direction of a line around: a name must not clear a screen, nor
show as another name. Files keep their names on the disk.
"""

from __future__ import annotations

import sys
import traceback

from rich.console import Console

from ovsubs.errors import UnwritableOutput
from ovsubs.subtitles.columns import columns

TEXT_COLUMNS = 60  # of a text in a table
CELL_COLUMNS = 400  # of anything else in one, such as a path

_CONTROL = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # Unicode, UAX 9: embeddings, overrides, isolates
_SURROGATES = range(0xD800, 0xE000)  # bytes of a name that are no UTF-8
_WRITTEN_OUT = {n: f"\\x{n:02x}" if n < 0x100 else f"\\u{n:04x}" for n in (*_CONTROL, *_BIDI, *_SURROGATES)}
_WRITTEN_OUT |= {ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r"}
_IN_LINES = {n: text for n, text in _WRITTEN_OUT.items() if n not in (ord("\n"), ord("\t"))}


def printable(text: str) -> str:
    """A text in one line, with what cannot be printed written out."""
    return text.translate(_WRITTEN_OUT)


def cell(text: str, most: int = CELL_COLUMNS) -> str:
    """A text for a table: printable, and cut at `most` columns with an ellipsis."""
    shown, width = list[str](), 0
    for character in printable(text[: 2 * most]):  # no character but a combining mark is narrower than one
        width += columns(character)
        if width > most:
            break
        shown.append(character)
    else:
        if len(text) <= 2 * most:
            return "".join(shown)
    while shown and columns("".join(shown)) >= most:
        shown.pop()
    return f"{''.join(shown)}…"


def text_cell(text: str) -> str:
    """The text of a cue for a table: in one line, and cut at `TEXT_COLUMNS`."""
    return cell(" ".join(text[: 10 * TEXT_COLUMNS].split()), TEXT_COLUMNS)


def show(line: str = "") -> None:
    """Print a line of the results, on stdout."""
    print(printable(line))


def say(line: str) -> None:
    """Print a line about the work, on stderr."""
    print(printable(line), file=sys.stderr)


def say_lines(text: str) -> None:
    """Print several lines as they are, such as a traceback, on stderr."""
    print(text.rstrip("\n").translate(_IN_LINES), file=sys.stderr)


def say_traceback(error: BaseException) -> None:
    """Print where an error comes from, on stderr."""
    say_lines("".join(traceback.format_exception(error)))


def say_above(console: Console, line: str) -> None:
    """Print a line above the bars of a console."""
    console.print(printable(line), markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_lines(text: str) -> None:
    """Print the text of a file that is ours on stdout, with the same ends of lines on each system."""
    sys.stdout.flush()
    if buffer := getattr(sys.stdout, "buffer", None):
        buffer.write(text.encode())
    else:
        sys.stdout.write(text)


def print_text(text: str) -> None:
    """Print the text of a file on stdout, as it is; a terminal gets no control characters.

    Raises:
        UnwritableOutput: stdout is closed.
    """
    if getattr(sys.stdout, "is_closed_outside", False):
        raise UnwritableOutput("-", "stdout is closed")
    sys.stdout.write(text.translate(_IN_LINES) if sys.stdout.isatty() else text)
