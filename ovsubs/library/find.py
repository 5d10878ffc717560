"""The folders and files that a person names -> the files in them that are worked on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from ovsubs.audio.media import COPY_MARKS, MEDIA_SUFFIXES
from ovsubs.errors import AllLeftOut, MissingFile, NoMediaInFolder
from ovsubs.library.patterns import IGNORED, LEFT_OUT, NOT_INCLUDED, Patterns, Selection, select

TEMPORARY_PREFIX = ".ovsubs-"  # of what is being written; it stays only where a run was killed
# What systems and storage devices keep for themselves on a disk: deleted files, thumbnails, remains.
_OF_THE_SYSTEM = frozenset({"$recycle.bin", "system volume information", "lost+found", "#recycle", "@eadir"})

HIDDEN = "hidden"
SYSTEM = "a folder of the system"
UNFINISHED = "left unfinished by a run that was stopped"
NO_MEDIA = "no audio or video file"
COPY = "a copy with subtitles of a video that is there"
LINKED_FOLDER = "a link to a folder"
BROKEN_LINK = "a link that leads nowhere"
SEEN = "the same folder as one that was searched"
BELOW = "a folder, and folders are not searched in depth"
EVERYTHING = Patterns()
_BY_PATTERNS = frozenset({LEFT_OUT, NOT_INCLUDED, IGNORED})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to work on. `subfolder` is where it lies below the folder that was named, "." right in it."""

    path: Path
    subfolder: PurePath = field(default_factory=PurePath)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder that was found and is not worked on, and why."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What an input stands for; `unreadable` are folders that could not be searched, each with the error."""

    files: tuple[FoundFile, ...]
    passed_over: tuple[PassedOver, ...] = ()
    unreadable: tuple[tuple[Path, OSError], ...] = ()


def find_media(named: Path, *, recursive: bool = True, patterns: Patterns = EVERYTHING) -> Found:
    """Find the files to work on: a file stands for itself, a folder for the audio and video files in it.

    They are in the order of their names, those of a folder before those in folders below it. Hidden files and
    folders are left out, and so are copies of a video with subtitles in them, which we have made
    (`talk.burned.mp4`), where the video itself is there. Links to files are followed, links to folders are
    not, unless they are named.

    An `.ovsubsignore` in the folder that is named or in one below it says what is left out there, like a
    `.gitignore`. Where it cannot be read, its folder is `unreadable`. A file that is named is always taken.

    Args:
        named: a file or a folder.
        recursive: search the folders below it, too.
        patterns: what is taken and what is left out; they count from the folder on.

    Raises:
        MissingFile: it is not there.
        NoMediaInFolder: a folder with no file to work on: none has an ending in `MEDIA_SUFFIXES`, or all of
            them are left out.
        OSError: a folder that cannot be listed.
    """
    if not named.exists():
        raise MissingFile(named)
    if not named.is_dir():
        return Found((FoundFile(named),))
    found = _without_copies(named, _search(named, select(named, patterns), recursive=recursive))
    if not found.files and not found.unreadable:
        are_left_out = any(each.why in _BY_PATTERNS for each in found.passed_over)
        raise AllLeftOut(named) if are_left_out else NoMediaInFolder(named)
    return found


def visible_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Files right in a folder with one of the endings (small letters, in any case), sorted.

    Hidden ones are left out: macOS leaves a `._talk.mp4` beside each video on a foreign disk.
    """
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
    )


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is right in a folder: files to work on, folders to search, and the rest."""

    files: tuple[FoundFile, ...]
    folders: tuple[PurePath, ...]
    passed_over: tuple[PassedOver, ...]


def _search(top: Path, selection: Selection, *, recursive: bool) -> Found:
    files, passed_over = list[FoundFile](), list[PassedOver]()
    unreadable = list[tuple[Path, OSError]]()
    seen = set[tuple[int, int]]()
    waiting = [(PurePath(), selection)]  # not by recursion: folders may be nested deeper than calls
    while waiting:
        below, around = waiting.pop()
        folder = top / below
        try:
            identity = _identity(folder)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder == top:
                raise
            unreadable.append((folder, error))
            continue
        if identity in seen:  # mounted twice, or joined on Windows: it might be without end
            passed_over.append(PassedOver(folder, SEEN))
            continue
        seen.add(identity)
        try:
            selection = around.in_folder(folder, below, [entry.name for entry in entries])
        except OSError as error:
            unreadable.append((folder, error))
            continue
        listing = _sort_out(folder, below, entries, selection, recursive=recursive)
        files += listing.files
        passed_over += listing.passed_over
        waiting += ((each, selection) for each in reversed(listing.folders))
    return Found(tuple(files), tuple(passed_over), tuple(unreadable))


def _sort_out(
    folder: Path,
    below: PurePath,
    entries: Iterable[os.DirEntry[str]],
    selection: Selection,
    *,
    recursive: bool,
) -> _Listing:
    files, folders, passed_over = list[FoundFile](), list[PurePath](), list[PassedOver]()
    for entry in entries:
        why = _why_not(entry)
        is_folder = why is None and _is(entry, os.DirEntry.is_dir)
        if why is None:
            why = selection.why_not(below / entry.name, is_folder=is_folder)
        if why is None and is_folder and not recursive:
            why = BELOW
        if why is not None:
            passed_over.append(PassedOver(folder / entry.name, why))
        elif is_folder:
            folders.append(below / entry.name)
        else:
            files.append(FoundFile(folder / entry.name, below))
    return _Listing(tuple(files), tuple(folders), tuple(passed_over))


def _why_not(entry: os.DirEntry[str]) -> str | None:
    """Why an entry is neither searched nor worked on, by its name and kind; None if it is."""
    if entry.name.startswith(TEMPORARY_PREFIX):
        return UNFINISHED
    if entry.name.lower() in _OF_THE_SYSTEM:
        return SYSTEM
    if entry.name.startswith(".") or _has_hidden_mark(entry):
        return HIDDEN
    is_link = entry.is_symlink() or getattr(entry, "is_junction", bool)()
    if _is(entry, os.DirEntry.is_dir):
        return LINKED_FOLDER if is_link else None
    if PurePath(entry.name).suffix.lower() not in MEDIA_SUFFIXES:
        return NO_MEDIA
    if not _is(entry, os.DirEntry.is_file):
        return BROKEN_LINK if is_link else NO_MEDIA  # such as a pipe
    return None


def _is(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return kind(entry)
    except OSError:  # such as a link to itself
        return False


def _has_hidden_mark(entry: os.DirEntry[str]) -> bool:
    """Whether Windows hides it."""
    if os.name != "nt":
        return False
    marks = int(getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0))
    return bool(marks & stat.FILE_ATTRIBUTE_HIDDEN)


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _without_copies(named: Path, found: Found) -> Found:
    """Leave out what we have made of a video that is there: beside it, or in an output folder below."""
    stems = {(file.subfolder.parts, file.path.stem) for file in found.files}
    # A copy is no video of its own where patterns leave out the one that it is of.
    left_out = (each.path.relative_to(named) for each in found.passed_over if each.why in _BY_PATTERNS)
    stems |= {(path.parent.parts, path.stem) for path in left_out if path.suffix.lower() in MEDIA_SUFFIXES}
    copies = [file for file in found.files if _is_copy(file, stems)]
    passed = set(copies)
    files = tuple(file for file in found.files if file not in passed)
    passed_over = (*found.passed_over, *(PassedOver(copy.path, COPY) for copy in copies))
    return replace(found, files=files, passed_over=passed_over)


def _is_copy(file: FoundFile, stems: Collection[tuple[tuple[str, ...], str]]) -> bool:
    of, _, mark = file.path.stem.rpartition(".")
    parts = file.subfolder.parts
    # A copy in `lectures/out/week1` is of a video in `lectures/week1`.
    return mark in COPY_MARKS and any((parts[n:], of) in stems for n in range(len(parts) + 1))
