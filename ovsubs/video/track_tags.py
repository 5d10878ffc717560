"""What a person names, or a file is named -> the language tag of a subtitle track."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ovsubs.errors import UnknownLanguage

UNDETERMINED = "und"  # ISO 639-2: the language is not known
_CODE_LENGTH = 3
# Whisper's own names, and the codes for several languages, for none and for one that is not known.
_OTHERS = {
    "jw": "jav",
    "khmer": "khm",
    "myanmar": "mya",
    "mul": "mul",
    "zxx": "zxx",
    UNDETERMINED: UNDETERMINED,
}
# What Plex, Jellyfin and Bazarr put before or behind the language: `film.en.forced.srt`.
FORCED_MARKS = frozenset({"forced", "foreign"})  # only the parts that are not in the language of the film
NAME_MARKS = FORCED_MARKS | {"default", "sdh", "cc"}
HEARING_IMPAIRED = "hi"  # beside a language; alone it is Hindi


@dataclass(frozen=True, slots=True)
class NameTags:
    """What the name of a subtitle file says: its language as it is written there, and if it is forced."""

    language: str | None
    forced: bool


def language_tag(language: str, *, terminologic: bool) -> str:
    """The three-letter tag (ISO 639-2) that players look for in a container.

    Args:
        language: a code of two or three letters, a tag with a region ("pt-BR", of which the language is
            kept), or an English name, in any case. Three letters that are in no list are taken as they are.
        terminologic: "deu", as MP4 has it, and not the bibliographic "ger" of Matroska and QuickTime.

    Raises:
        UnknownLanguage: it is none of these.
    """
    wanted = _written_alike(language)
    known = _codes().get(wanted) or _codes().get(wanted.partition("-")[0])
    if known:
        return known.terminologic if terminologic else known.bibliographic
    if len(wanted) == _CODE_LENGTH and wanted.isascii() and wanted.isalpha():
        return wanted
    raise UnknownLanguage(language)


def read_name(subtitles: Path, video: Path) -> NameTags:
    """Read `talk.en.srt` and `talk.en.forced.srt`: what follows the name of the video, else the last parts.

    Only what is a language without doubt counts: `talk.final.srt` has none.
    """
    name, stem = subtitles.stem, video.stem
    rest = name.removeprefix(stem) if name.startswith(f"{stem}.") or name == stem else name
    parts = [part.strip().lower() for part in rest.split(".")[1:]]
    forced = False
    while parts and parts[-1] in NAME_MARKS:
        forced = forced or parts[-1] in FORCED_MARKS
        parts.pop()
    if len(parts) > 1 and parts[-1] == HEARING_IMPAIRED and _is_known(parts[-2]):
        parts.pop()
    known = bool(parts) and _is_known(parts[-1])
    return NameTags(parts[-1] if known else None, forced)


@dataclass(frozen=True, slots=True)
class _Language:
    """A language's two codes of three letters; they differ in twenty languages."""

    terminologic: str
    bibliographic: str


def _is_known(part: str) -> bool:
    written = _written_alike(part)
    return written in _codes() or written.partition("-")[0] in _codes()


def _written_alike(language: str) -> str:
    return language.strip().lower().replace("_", "-")


@lru_cache
def _codes() -> dict[str, _Language]:
    """Every code and lower-case English name -> the language."""
    known: dict[str, _Language] = {}
    for codes, names in _table():
        of_three = [code for code in codes if len(code) == _CODE_LENGTH]
        language = _Language(of_three[0], of_three[min(1, len(of_three) - 1)])
        for name in (*codes, *names):
            known.setdefault(name, language)
    for name, code in _OTHERS.items():
        known.setdefault(name, known.get(code, _Language(code, code)))
    return known


def _table() -> Iterator[tuple[list[str], list[str]]]:
    lines = files("ovsubs.audio").joinpath("assets/iso_639.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            codes, _, names = line.partition("\t")
            yield codes.split(), [name.strip().lower() for name in names.split(";")]
