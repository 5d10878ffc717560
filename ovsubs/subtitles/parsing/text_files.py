"""Anybody's text file -> its text, whatever the encoding and the ends of its lines."""

from __future__ import annotations

import codecs
import errno
import os
from pathlib import Path

from ovsubs.errors import MissingFile, UnreadableSubtitles

MAX_BYTES = 64 * 2**20  # the subtitles of a day are below 10 MB: what is larger is no subtitle file


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a file, whose lines end in a line feed, and a note where its encoding was guessed.

    UTF-8, UTF-16 and UTF-32 are told apart by what the file holds; what is none of them is Windows-1252.

    Raises:
        MissingFile: it is not there.
        UnreadableSubtitles: a folder, too large, no permission, or no text.
    """
    try:
        check_is_file(path)
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableSubtitles(path, f"it is larger than {MAX_BYTES // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableSubtitles(path, error.strerror or error) from error
    try:
        return _with_line_feeds(content.decode(_encoding(content))), ()
    except UnicodeDecodeError:
        pass
    if b"\0" in content:
        raise UnreadableSubtitles(path, "it is not text")
    note = "read as Windows-1252, since it is not UTF-8; if letters look wrong, save it as UTF-8"
    return _with_line_feeds(content.decode("cp1252", errors="replace")), (note,)


def check_is_file(path: Path) -> None:
    """Refuse what cannot be read to its end, such as a folder, a device or a pipe that nobody writes to.

    Raises:
        MissingFile: nothing is there.
        OSError: something else than a file is, or its folder may not be looked into.
    """
    if not path.exists():
        raise MissingFile(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.is_file():
        raise OSError(errno.EINVAL, "a device or a pipe, not a file", str(path))


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    begin = content[:200]  # without a mark, UTF-16 is told by where the zeros of its Latin letters are
    if begin.count(0) > len(begin) // 4:
        return "utf-16-be" if begin[::2].count(0) > begin[1::2].count(0) else "utf-16-le"
    return "utf-8-sig"


def _with_line_feeds(text: str) -> str:
    """Some programs put a second byte order mark before a text, or a carriage return at each end of line."""
    return text.lstrip("\ufeff").replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
