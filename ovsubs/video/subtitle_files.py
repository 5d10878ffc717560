"""A subtitle file -> its text, and its cues as ffmpeg understands them."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import complaint_lines, running_ffmpeg
from ovsubs.audio.streams import check_readable
from ovsubs.errors import UnreadableSubtitles
from ovsubs.subtitles.parsing.ass import is_ass
from ovsubs.subtitles.parsing.markup import enclosed
from ovsubs.subtitles.parsing.text_files import read_text
from ovsubs.subtitles.parsing.vtt import is_vtt
from ovsubs.temporary import temporary_folder

SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
SRT, VTT, ASS = "srt", "webvtt", "ass"  # ffmpeg's names of the formats
_N_FIELDS = 10  # of a dialogue line; the last is the text, with commas of its own
_BRACE = re.compile(r"\{")  # what stands from one to the next closing one is no text
_CUE = re.compile(r"^Dialogue: .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SubtitleScript:
    """A subtitle file that was read and holds at least one cue.

    `format` is one of the constants above, `text` what stands in the file, and `ass` the same as an ASS
    script of ffmpeg's making. `notes` are sentences for the person.
    """

    path: Path
    format: str
    text: str
    ass: str
    notes: tuple[str, ...] = ()

    @property
    def is_styled(self) -> bool:
        """Whether the file itself says how its text looks."""
        return self.format == ASS

    @property
    def as_vtt_source(self) -> str:
        """The ASS script with `&`, `<` and `>` as WebVTT has them: ffmpeg's writer of it does not escape."""
        return _CUE.sub(lambda cue: _escaped(cue[0]), self.ass)

    @property
    def cues(self) -> list[str]:
        """The cues as lines of an ASS script, in the file's order."""
        return _CUE.findall(self.ass)


def read_script(path: Path) -> SubtitleScript:
    """Read an SRT, VTT or ASS file, in any encoding that `ovsubs.subtitles.parsing.text_files` reads.

    Which of these it is, its content says: many a `.srt` is WebVTT.

    Raises:
        MissingFile: no such file.
        UnreadableSubtitles: another ending, a folder, no permission, no text, or no cue in it.
    """
    check_readable(path, UnreadableSubtitles)
    if path.suffix.lower() not in SUFFIXES:
        raise UnreadableSubtitles(path, f"its name ends in none of {', '.join(SUFFIXES)}")
    text, notes = read_text(path)
    format = VTT if is_vtt(text) else ASS if is_ass(text) else SRT
    with temporary_folder() as folder:
        ass = _as_ass(path, write_plain(folder, "cues", format, text), format)
    script = SubtitleScript(path, format, text, ass, notes)
    if not script.cues:
        raise UnreadableSubtitles(path, "there is no cue in it")
    return script


def tell_notes(scripts: Iterable[SubtitleScript], say: Callable[[str], None]) -> None:
    """Tell a person what had to be guessed of the files."""
    for script in scripts:
        for note in script.notes:
            say(f"{script.path}: {note}")


def write_plain(folder: Path, name: str, format: str, text: str) -> Path:
    """Write a text in UTF-8 under a name that no command line and no filter stumbles over."""
    path = folder / f"{name}.{format}"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def _escaped(dialogue: str) -> str:
    *fields, text = dialogue.split(",", _N_FIELDS - 1)
    parts, place = list[str](), 0
    for first, end in enclosed(text, _BRACE, "}"):
        parts += [html.escape(text[place:first], quote=False), text[first:end]]
        place = end
    escaped = "".join([*parts, html.escape(text[place:], quote=False)])
    return ",".join([*fields, escaped])


def _as_ass(path: Path, plain: Path, format: str) -> str:
    """The script that ffmpeg makes of a file."""
    with running_ffmpeg(["-f", format, "-i", plain.name, "-f", ASS, "pipe:1"], plain.parent) as child:
        script = child.output.read().decode("utf-8", errors="replace")
        code, stderr = child.finish()
    if code:
        raise UnreadableSubtitles(path, (complaint_lines(stderr) or ["ffmpeg gives no reason"])[0])
    return script.replace("\r\n", "\n")
