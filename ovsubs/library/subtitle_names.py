"""Names of subtitle files -> the files, their language, and the recording that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ovsubs.audio.media import MEDIA_SUFFIXES
from ovsubs.audio.track_language import same_language
from ovsubs.errors import MissingFile, NoSubtitlesInFolder
from ovsubs.library.find import visible_files
from ovsubs.subtitles.formats import READ_SUFFIXES
from ovsubs.video.track_tags import FORCED_MARKS, HEARING_IMPAIRED, NAME_MARKS, UNDETERMINED
from ovsubs.whisper.languages import LANGUAGES

# Codes in names that no list of ISO 639-1 and 639-2 has for one of Whisper's languages: old ones, those of
# Bazarr and OpenSubtitles, and variants that Whisper does not tell apart.
_MORE_CODES = {
    "no": "nb nob",
    "jw": "jv jav",
    "tl": "fil",
    "he": "iw",
    "ro": "mo mol",
    "sr": "scc",
    "hr": "scr",
    "pt": "pb pob",
    "es": "ea spl",
    "zh": "cmn zhs zht chs cht",
}
_OTHER_CODES = {other: code for code, others in _MORE_CODES.items() for other in others.split()}
_TAG = re.compile(r"([a-z]{2,3})(?:[-_](?:[a-z]{2}|\d{3}|hans|hant|latn|cyrl|arab))*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NameSuffix:
    """What stands in `film.en.sdh.srt` between the film's name and the ending.

    `language`: Whisper's code, "und", or None where none is named. `flags` are in small letters.
    """

    language: str | None
    flags: frozenset[str]

    @property
    def is_forced(self) -> bool:
        """Whether there is text only where another language is spoken than in the rest of the film."""
        return bool(self.flags & FORCED_MARKS)


def read_suffix(parts: Sequence[str]) -> NameSuffix | None:
    """Read the parts of a name behind that of the recording; None if they say anything else.

    `("en", "sdh")` is English, `("en", "hi")` English for the hard of hearing, `("hi",)` Hindi, `()` no
    language; `("part2",)` and `("commentary", "en")` are None: other subtitles, or those of another file.
    """
    lowered = [part.strip().lower() for part in parts]
    flags = {part for part in lowered if part in NAME_MARKS}
    rest = [part for part in lowered if part not in NAME_MARKS]
    if len(rest) > 1 and HEARING_IMPAIRED in rest:
        rest.remove(HEARING_IMPAIRED)
        flags.add(HEARING_IMPAIRED)
    if not rest:
        return NameSuffix(None, frozenset(flags))
    language = UNDETERMINED if rest == [UNDETERMINED] else _code(rest[0]) if len(rest) == 1 else None
    return NameSuffix(language, frozenset(flags)) if language else None


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
    inside = visible_files(path, READ_SUFFIXES)
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
    while len(parts) > 1 and parts[-1].lower() in NAME_MARKS:
        parts = parts[:-1]
    if len(parts) > 2 and parts[-1].lower() == HEARING_IMPAIRED and _code(parts[-2]):
        return parts[:-1]
    return parts


@lru_cache
def _code(tag: str) -> str | None:
    """Whisper's code for a language tag, as in `pt-BR` and `ger`, or for an English name."""
    lowered = tag.strip().lower()
    written = _TAG.fullmatch(lowered)
    if not written and not lowered.replace(" ", "").isalpha():
        return None  # such as `en-forced`
    language = written[1] if written else lowered
    if language in _OTHER_CODES:
        return _OTHER_CODES[language]
    return next((code for code in LANGUAGES if same_language(language, code)), None)
