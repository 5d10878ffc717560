"""Subtitles -> what of their text no font of this machine can draw, found out by drawing it."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ovsubs.audio.ffmpeg import complaint_lines, running_ffmpeg
from ovsubs.errors import ConversionFailed, UnreadableMedia, UnreadableSubtitles
from ovsubs.subtitles.formats.timestamps import clock_cs
from ovsubs.temporary import temporary_folder
from ovsubs.video.subtitle_files import SubtitleScript, write_plain

_WIDTH, _HEIGHT = 128, 72  # pixels: enough to see that there is something
_BYTES_PER_PIXEL = 3  # rgb24
_DRAWN_WITHIN_S = 30.0  # a line of the heaviest karaoke takes less than one second at this size
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
        UnreadableSubtitles: a cue takes so long to draw that nobody would wait for the video.
    """
    with temporary_folder() as folder:
        script = write_plain(folder, "cues", "ass", _one_a_second(subtitles))
        ground = f"color={_GROUND}:s={_WIDTH}x{_HEIGHT}:r=1:d={len(subtitles.cues) + 1}"
        drawing = ["-v", "warning", "-f", "lavfi", "-i", ground, "-vf", f"ass={script.name}"]
        arguments = [*drawing, "-pix_fmt", "rgb24", "-flush_packets", "1", "-f", "rawvideo", "pipe:1"]
        seen, n_pictures = False, 0
        try:
            with running_ffmpeg(arguments, script.parent, limit_s=_DRAWN_WITHIN_S) as child:
                blank = child.output.read(_WIDTH * _HEIGHT * _BYTES_PER_PIXEL)
                picture = blank
                while picture:
                    seen, n_pictures = seen or picture != blank, n_pictures + 1
                    picture = child.output.read(len(blank))
                code, stderr = child.finish()
        except UnreadableMedia as error:  # ffmpeg holds back one picture, and the first is empty
            why = f"cue {n_pictures + 1} takes too long to draw; simplify its blur, border and size"
            raise UnreadableSubtitles(subtitles.path, why) from error
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
        start, end = (clock_cs(100 * second + 50) for second in (number, number + 1))
        lines.append(_TIMES.sub(rf"\g<1>,{start},{end},", cue))
    return head + "\n".join(lines) + "\n"


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in _LETTERS and ord(character) not in _VARIATION_SELECTORS


def _is_sign(character: str) -> bool:
    kind = unicodedata.category(character)[0]
    return kind not in _UNSEEN and not _is_letter(character) and ord(character) not in _VARIATION_SELECTORS
