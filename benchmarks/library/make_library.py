"""Real speech -> a library as people have it: many containers, odd names, and files that are broken."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import ask_ffmpeg

SOUND, PICTURE = ("-c:a",), ("-f", "lavfi", "-i", "testsrc=s=160x90:r=10")
# Endings, and what ffmpeg needs to be told for each.
CONTAINERS: dict[str, tuple[str, ...]] = {
    ".wav": (),
    ".flac": (),
    ".mp3": ("-b:a", "64k"),
    ".m4a": ("-c:a", "aac"),
    ".ogg": ("-c:a", "libvorbis"),
    ".opus": ("-c:a", "libopus"),
    ".mka": ("-c:a", "libopus"),
    ".mp4": ("-c:v", "libx264", "-c:a", "aac", "-shortest"),
    ".mkv": ("-c:v", "libx264", "-c:a", "aac", "-shortest"),
    ".webm": ("-c:v", "libvpx", "-c:a", "libopus", "-shortest"),
    ".mov": ("-c:v", "libx264", "-c:a", "aac", "-shortest"),
    ".avi": ("-c:v", "mpeg4", "-c:a", "mp3", "-shortest"),
    ".ts": ("-c:v", "mpeg2video", "-c:a", "aac", "-shortest"),
}
WITH_PICTURE = frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi", ".ts"})
NAMES: tuple[Callable[[int], str], ...] = (
    lambda n: f"lecture {n:03}",
    lambda n: f"line\nbreak {n:03}",
    lambda n: f"\U0001f3ac film {n:03} 映画",
    lambda n: f"{n:03} " + "ä" * 100,  # with its ending nearly 255 bytes
    lambda n: f"'quotes' \"{n:03}\" & $(touch x)",
    lambda n: f"-dash {n:03}",
    lambda n: f"{n:03}.en.part1",
)


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file of the library; `is_good` says whether subtitles come of it."""

    path: Path
    kind: str
    is_good: bool


def make_library(folder: Path, recordings: Sequence[Path], n_files: int, seed: int = 0) -> list[MadeFile]:
    """Make a library; two files of three are good.

    Args:
        folder: is made; folders below it hold the files.
        recordings: of speech, real ones.
        n_files: of all.
        seed: of the draw.
    """
    draw = random.Random(seed)
    made = list[MadeFile]()
    for number in range(n_files):
        place = folder / f"week {number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        recording = recordings[number % len(recordings)]
        if number % 3 < 2:
            made.append(_good(place, number, recording))
        else:
            made.append(_bad(place, number, recording, draw))
    return made


def _good(place: Path, number: int, recording: Path) -> MadeFile:
    ending = list(CONTAINERS)[number % len(CONTAINERS)]
    path = place / f"{NAMES[number % len(NAMES)](number)}{ending}"
    _convert(recording, path, number)
    return MadeFile(path, ending, is_good=True)


def _convert(recording: Path, path: Path, number: int) -> None:
    picture = PICTURE if path.suffix in WITH_PICTURE else ()
    # The number makes each content another one, as files of a library are.
    tag = ("-metadata", f"comment=file {number}")
    unnamed = path.with_name(f"made{path.suffix}")  # a name that begins with a dash is an option
    ask_ffmpeg(["-i", str(recording), *picture, *CONTAINERS[path.suffix], *tag, str(unnamed)])
    unnamed.rename(path)


def _bad(place: Path, number: int, recording: Path, draw: random.Random) -> MadeFile:
    makers = list(_BAD.items())
    kind, make = makers[number // 3 % len(makers)]
    path = make(place, number, recording, draw)
    return MadeFile(path, kind, is_good=kind in _FINE_AFTER_ALL)


def _truncated(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"cut {number:03}.mp4"
    _convert(recording, path, number)
    os.truncate(path, int(path.stat().st_size * draw.uniform(0.3, 0.8)))
    return path


def _empty(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"empty {number:03}.mkv"
    path.touch()
    return path


def _silent(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"silent {number:03}.flac"
    ask_ffmpeg(["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", str(3 + number % 5), str(path)])
    return path


def _without_sound(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"pictures {number:03}.mp4"
    ask_ffmpeg([*PICTURE, "-t", "2", "-c:v", "libx264", str(path)])
    return path


def _text(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"text {number:03}.mp4"
    path.write_text(f"This is no film, but text number {number}.\n" * 50, encoding="utf-8")
    return path


def _wrong_ending(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"wrong {number:03}.mp3"
    made = place / f"wrong {number:03}.flac"
    _convert(recording, made, number)
    made.rename(path)
    return path


def _noise(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"noise {number:03}.mkv"
    path.write_bytes(draw.randbytes(20_000))
    return path


def _folder(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"folder {number:03}.mp4"
    path.mkdir()
    (path / "notes.txt").write_text("nothing\n", encoding="utf-8")
    return path


def _broken_link(place: Path, number: int, recording: Path, draw: random.Random) -> Path:
    path = place / f"link {number:03}.mp4"
    path.symlink_to(place / "nowhere.mp4")
    return path


_BAD: dict[str, Callable[[Path, int, Path, random.Random], Path]] = {
    "truncated": _truncated,
    "empty": _empty,
    "silent": _silent,
    "without sound": _without_sound,
    "text renamed": _text,
    "wrong ending": _wrong_ending,
    "noise": _noise,
    "a folder": _folder,
    "a broken link": _broken_link,
}
_FINE_AFTER_ALL = frozenset({"silent", "wrong ending"})  # subtitles come of them, without a cue or with some


def copy_library(source: Path, target: Path) -> None:
    """The same files once more, with their times; links stay links."""
    shutil.copytree(source, target, symlinks=True)


def written_in(folder: Path, made: Sequence[MadeFile], source: Path) -> Iterator[tuple[str, bytes]]:
    """What is in a copy of a library beside its own files: names below it, and contents."""
    own = {file.path.relative_to(source) for file in made}
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        is_own = below in own or any(parent in own for parent in below.parents)
        if path.is_file() and not is_own:
            yield str(below), path.read_bytes()
