"""Transcript -> file: SubRip, WebVTT, plain text, TSV and JSON.

SRT and VTT are written here and not through pysubs2 (1.8), which changes text: it drops `{...}`, turns
a written `\\N`, `\\n` or `\\h` into white space, leaves `&` and `<` unescaped in VTT, and sets every time
beyond 99:59:59,999 to that.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from ovsubs.errors import OutputExists, UnknownFormat, UnwritableOutput
from ovsubs.subtitles.cues import Cue, LayoutOptions, lay_out, to_ms
from ovsubs.transcript import Transcript

FORMATS = ("srt", "vtt", "txt", "tsv", "json")

WORD_JOINER = "\u2060"  # invisible, of no width
# What players (ffmpeg, libass, VLC) read as markup in SRT: an arrow, an HTML tag, an ASS or MicroDVD tag,
# an ASS line break or hard space.
_SRT_MARKUP = re.compile(r"--(?=>)|<(?=\s*[A-Za-z/!?])|\{(?=\\|\s*[A-Za-z]:)|\\(?=[nNh])")


def write_srt(cues: Iterable[Cue]) -> str:
    """Write SubRip. No cues give an empty text, which is the valid empty SRT.

    SRT cannot escape, so a word joiner (U+2060) is set into what would be read as an arrow or a tag.
    """
    blocks = []
    for number, cue in enumerate(cues, start=1):
        text = "\n".join(_SRT_MARKUP.sub(rf"\g<0>{WORD_JOINER}", line) for line in cue.lines)
        blocks.append(f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{text}\n")
    return "\n".join(blocks)


def write_vtt(cues: Iterable[Cue]) -> str:
    """Write WebVTT, with `&`, `<` and `>` escaped. No cues give the header alone."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = "\n".join(cue.lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{text}\n")
    return "\n".join(blocks)


def write_txt(transcript: Transcript) -> str:
    """Write one line of text for each segment, as openai/whisper does."""
    return "".join(f"{_one_line(segment.text)}\n" for segment in transcript.segments)


def write_tsv(transcript: Transcript) -> str:
    """Write openai/whisper's table: start and end in milliseconds, and the text with tabs as spaces."""
    rows = ["start\tend\ttext\n"]
    for segment in transcript.segments:
        text = _one_line(segment.text).replace("\t", " ")
        rows.append(f"{to_ms(segment.start)}\t{to_ms(segment.end)}\t{text}\n")
    return "".join(rows)


_CUE_WRITERS: dict[str, Callable[[Iterable[Cue]], str]] = {"srt": write_srt, "vtt": write_vtt}
_TRANSCRIPT_WRITERS: dict[str, Callable[[Transcript], str]] = {
    "txt": write_txt,
    "tsv": write_tsv,
    "json": Transcript.to_json,
}


CUE_FORMATS = tuple(_CUE_WRITERS)  # the others hold the segments as they are


def known_format(name: str) -> str:
    """Name of a format in lower case ("SRT" is "srt").

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    if name.lower() not in FORMATS:
        raise UnknownFormat(name, ", ".join(FORMATS))
    return name.lower()


def render(transcript: Transcript, format: str, options: LayoutOptions | None = None) -> str:
    """Text of a subtitle file. Layout is for srt and vtt; txt, tsv and json hold the segments as they are.

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    format = known_format(format)
    if format in _TRANSCRIPT_WRITERS:
        return _TRANSCRIPT_WRITERS[format](transcript)
    cues = lay_out(transcript.segments, options or LayoutOptions(), transcript.duration)
    return _CUE_WRITERS[format](cues)


def output_path(source: Path, output_dir: Path | None, format: str, language: str | None = None) -> Path:
    """Where the subtitles of `source` go: `name.srt`, or `name.<language>.srt` if a language is given.

    They go beside the source unless `output_dir` is given.

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    name = f"{source.stem}.{language}" if language else source.stem
    return (source.parent if output_dir is None else output_dir) / f"{name}.{known_format(format)}"


def save_transcript(
    transcript: Transcript,
    path: Path,
    *,
    format: str | None = None,
    options: LayoutOptions | None = None,
    overwrite: bool = True,
) -> Path:
    """Write a subtitle file that appears whole or not at all, in UTF-8 without BOM, and return its path.

    Without `format` the file name's ending names it. A symbolic link is followed.

    Raises:
        UnknownFormat: the format or ending is none of `FORMATS`.
        OutputExists: the file is there and `overwrite` is false.
        UnwritableOutput: the folder is missing or read-only, or the disk is full.
    """
    format = known_format(path.suffix.removeprefix(".") if format is None else format)
    try:
        if not overwrite and path.exists():
            raise OutputExists(path)
        text = render(transcript, format, options)
        # A lone surrogate (from foreign JSON) has no UTF-8: it becomes "?" rather than lose the file.
        _write_atomically(path, text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise UnwritableOutput(path, error.strerror or error) from error
    return path


def _write_atomically(path: Path, content: bytes) -> None:
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise UnwritableOutput(path, "a folder or device has this name")
    if not target.parent.is_dir():
        raise UnwritableOutput(path, f"there is no folder {target.parent}")
    # Not `tempfile`, whose files are private: `open` gives the mode that the umask asks for.
    temporary = target.with_name(f".ovsubs-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):  # gone already when all went well
            temporary.unlink()


def _time(ms: int, mark: str) -> str:
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, ms = divmod(ms, 1000)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{ms:03d}"


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines())
