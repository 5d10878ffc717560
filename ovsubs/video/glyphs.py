"""Subtitles -> what of their text no font of this machine can draw, found out by drawing it."""

import re
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import complaint_lines, running_ffmpeg
from ovsubs.errors import ConversionFailed
from ovsubs.video.subtitle_files import SubtitleScript, write_plain

_WIDTH, _HEIGHT = 128, 72  # pixels: enough to see that there is something
_BYTES_PER_PIXEL = 3  # rgb24
_GROUND = "0x37914B"  # a green that nobody writes in
_TIMES = re.compile(r"^(Dialogue: [^,]*),[^,]*,[^,]*,")
# What libass says at each character that is in no font (libass/ass_fontselect.c).
_NO_GLYPH = re.compile(r"failed to find any fallback with glyph 0x([0-9A-Fa-f]+)")
_LETTERS = ("L", "M", "N")  # Unicode's categories of what words are made of: letters, marks and digits
_UNSEEN = ("C", "Z")  # ... and of what leaves no trace: control characters and spaces
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)  # ask for another form of the character before


@dataclass(frozen=True, slots=True)
class Undrawable:
    """Characters without a glyph, each once, in the order of Unicode; a box stands for each.

    `letters` make words unreadable, `signs` are emoji and the like. `everything`: no cue leaves a trace.
    """

    letters: tuple[str, ...]
    signs: tuple[str, ...]
    everything: bool


def find_undrawable(subtitles: SubtitleScript) -> Undrawable:
    """Draw each cue once onto a small empty picture and look what comes of it.

    Raises:
        ConversionFailed: this ffmpeg cannot draw subtitles at all.
    """
    with tempfile.TemporaryDirectory(prefix="ovsubs-", ignore_cleanup_errors=True) as folder:
        script = write_plain(Path(folder), "cues", "ass", _one_a_second(subtitles))
        ground = f"color={_GROUND}:s={_WIDTH}x{_HEIGHT}:r=1:d={len(subtitles.cues) + 1}"
        drawing = ["-v", "warning", "-f", "lavfi", "-i", ground, "-vf", f"subtitles={script.name}"]
        arguments = [*drawing, "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]
        seen = False
        with running_ffmpeg(arguments, script.parent) as child:
            blank = child.output.read(_WIDTH * _HEIGHT * _BYTES_PER_PIXEL)
            while picture := child.output.read(len(blank)):
                seen = seen or picture != blank
            code, stderr = child.finish()
    if code:
        raise ConversionFailed(subtitles.path, (complaint_lines(stderr) or ["ffmpeg gives no reason"])[0])
    missing = sorted({chr(int(number, 16)) for number in _NO_GLYPH.findall(stderr)} - {"\0"})
    return Undrawable(
        tuple(filter(_is_letter, missing)), tuple(filter(_is_sign, missing)), everything=not seen
    )


def told(characters: Iterable[str]) -> str:
    """Characters as a person is told of them: the first few, and how many more there are."""
    several = list(characters)
    shown = ", ".join(repr(character) for character in several[:5])
    return f"{shown} and {len(several) - 5} others" if len(several) > 5 else shown


def _one_a_second(subtitles: SubtitleScript) -> str:
    """The script with cue n alone on the picture at second n + 1, and nothing at second 0."""
    head = subtitles.ass[: subtitles.ass.index(subtitles.cues[0])]
    lines = []
    for number, cue in enumerate(subtitles.cues):
        lines.append(_TIMES.sub(rf"\g<1>,{_time(number)},{_time(number + 1)},", cue))
    return head + "\n".join(lines) + "\n"


def _time(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}.50"


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in _LETTERS and ord(character) not in _VARIATION_SELECTORS


def _is_sign(character: str) -> bool:
    kind = unicodedata.category(character)[0]
    return kind not in _UNSEEN and not _is_letter(character) and ord(character) not in _VARIATION_SELECTORS
