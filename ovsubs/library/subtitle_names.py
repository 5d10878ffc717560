"""Names of subtitle files -> the files, their language, and the recording that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ovsubs.audio.media import MEDIA_SUFFIXES
from ovsubs.audio.track_language import same_language
from ovsubs.errors import MissingFile, NoSubtitlesInFolder
from ovsubs.library.find import visible_files
from ovsubs.subtitles.reading.files import SUBTITLE_SUFFIXES
from ovsubs.whisper.languages import LANGUAGES

# What Plex, Jellyfin and Bazarr put behind the language: `film.en.forced.srt`.
_FLAGS = frozenset({"forced", "sdh", "cc", "default"})
_HEARING_IMPAIRED = "hi"  # behind a language; alone it is Hindi


def find_subtitles(path: Path) -> list[Path]:
    """A file stands for itself, a folder for the subtitles right in it, sorted; not for transcripts.

    Raises:
        MissingFile: it is not there.
        NoSubtitlesInFolder: a folder without any.
    """
    if not path.exists():
        raise MissingFile(path)
    if not path.is_dir():
        return [path]
    inside = visible_files(path, SUBTITLE_SUFFIXES)
    if not inside:
        raise NoSubtitlesInFolder(path)
    return inside


def language_of(path: Path) -> str | None:
    """Whisper's code for the language in a name: `talk.de.srt`, `talk.ger.sdh.srt`, `talk.de-AT.srt`."""
    parts = _without_flags(path.stem.split("."))
    return _code(parts[-1]) if len(parts) > 1 else None


def recording_of(path: Path) -> Path | None:
    """The audio or video file beside it with its name, or its name without the language; None without one."""
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:
        return None  # what cannot be listed cannot be found
    recordings = [file for file in beside if file.suffix.lower() in MEDIA_SUFFIXES and file.is_file()]
    return next((file for stem in _stems(path) for file in recordings if file.stem == stem), None)


def _stems(path: Path) -> Iterator[str]:
    yield path.stem
    parts = _without_flags(path.stem.split("."))
    yield ".".join(parts)
    if len(parts) > 1 and _code(parts[-1]):
        yield ".".join(parts[:-1])


def _without_flags(parts: list[str]) -> list[str]:
    while len(parts) > 1 and parts[-1].lower() in _FLAGS:
        parts = parts[:-1]
    if len(parts) > 2 and parts[-1].lower() == _HEARING_IMPAIRED and _code(parts[-2]):
        return parts[:-1]
    return parts


def _code(tag: str) -> str | None:
    return next((code for code in LANGUAGES if same_language(tag, code)), None)
