"""A recording -> the subtitles of it that are there, by what their names say."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.media import MEDIA_SUFFIXES
from ovsubs.library.subtitle_names import NameSuffix, read_suffix
from ovsubs.subtitles.formats import FORMATS

_MAX_PARTS = 4  # of a name behind that of the recording: a language and three flags
_ENDINGS = frozenset(f".{name}" for name in FORMATS)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, and the parts of its name between that of a recording and the ending."""

    path: Path
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderNames:
    """The names in a folder, read once: subtitles and recordings, by every name that theirs begin with."""

    outputs: Mapping[str, Sequence[NamedFile]]
    media: Mapping[str, Sequence[NamedFile]]


Look = Callable[[Path], FolderNames]  # what reads the names in a folder, or remembers them


@dataclass(frozen=True, slots=True)
class ExistingSubtitles:
    """Subtitles that a recording might have under this name, and what the name says of them.

    `owner`: another recording to which they belong: `film.it.srt` is of `film.it.mkv` where that is there.
    """

    path: Path
    suffix: NameSuffix
    owner: Path | None = None

    @property
    def format(self) -> str:
        """The ending, in small letters and without the dot."""
        return self.path.suffix.lower().removeprefix(".")


def read_names(folder: Path) -> FolderNames:
    """Read the names in a folder; none of one that is not there or cannot be listed."""
    outputs, media = defaultdict[str, list[NamedFile]](list), defaultdict[str, list[NamedFile]](list)
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        paths = []
    for path in paths:
        ending = path.suffix.lower()
        found = outputs if ending in _ENDINGS else media if ending in MEDIA_SUFFIXES else None
        if found is None:
            continue
        parts = path.stem.split(".")
        for n in range(min(_MAX_PARTS + 1, len(parts))):
            whole, behind = parts[: len(parts) - n], parts[len(parts) - n :]
            found[_key(".".join(whole))].append(NamedFile(path, tuple(behind)))
    return FolderNames(outputs, media)


def find_existing(recording: Path, outputs: FolderNames, beside: FolderNames) -> list[ExistingSubtitles]:
    """The subtitles that are there under the names of a recording's, but for forced ones.

    Those with the fewest flags come first.

    Args:
        recording: an audio or video file.
        outputs: names in the folder where its subtitles go.
        beside: names in its own folder, where the owners are.
    """
    found = [
        ExistingSubtitles(named.path, suffix, _owner(named.path, recording, beside))
        for named in outputs.outputs.get(_key(recording.stem), ())
        if (suffix := read_suffix(named.parts)) and not suffix.is_forced and named.path.exists()
    ]
    return sorted(found, key=lambda each: len(each.suffix.flags))


def outputs_there(
    outputs: Mapping[str, Path],
    found: Sequence[ExistingSubtitles],
    language: str | None,
    with_language: bool,
) -> dict[str, Path]:
    """Outputs that are there already, by format: as they will be named, else as others name them.

    Args:
        outputs: where each format goes.
        found: what is there under the recording's names; what belongs to another does not count.
        language: of the text; None if it is not known, in which case none of those that name one count.
        with_language: the names of outputs say it. Without, subtitles whose names say none count, whatever is
            spoken.
    """
    own = [each for each in found if each.owner is None]
    in_language = [each for each in own if language is not None and each.suffix.language == language]
    in_any = [] if with_language else [each for each in own if each.suffix.language is None]
    there = dict[str, Path]()
    for name, output in outputs.items():
        named = [each.path for each in in_language if each.format == name]
        unnamed = [each.path for each in in_any if each.format == name]
        as_output = [output] if output.exists() else []
        # What says its language is surer than `film.srt`.
        fitting = [*as_output, *named] if with_language else [*named, *as_output, *unnamed]
        if fitting:
            there[name] = fitting[0]
    return there


def _owner(subtitles: Path, recording: Path, beside: FolderNames) -> Path | None:
    """The other recording to which subtitles belong by their name, though they could be this one's."""
    parts = subtitles.stem.split(".")
    own = len(recording.stem.split("."))
    for n in range(len(parts), own, -1):
        whole = (named.path for named in beside.media.get(_key(".".join(parts[:n])), ()) if not named.parts)
        other = next(whole, None)
        if other is not None and read_suffix(parts[n:]):
            return other
    return None


def _key(stem: str) -> str:
    return os.path.normcase(stem)
