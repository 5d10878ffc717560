"""Transcript -> a subtitle file, and where it belongs."""

from collections.abc import Sequence
from pathlib import Path

from ovsubs.atomic import write_atomically
from ovsubs.errors import OutputExists, UnwritableOutput
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.registry import known_format
from ovsubs.subtitles.formats.render import render
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript


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
    cues: Sequence[Cue] | None = None,
    format_options: FormatOptions | None = None,
    overwrite: bool = True,
) -> Path:
    """Write a subtitle file that appears whole or not at all, in UTF-8 without BOM, and return its path.

    Without `format` the file name's ending names it. Cues that are laid out already may be given instead of
    `options`. A symbolic link is followed.

    Raises:
        UnknownFormat: the format or ending is none of `FORMATS`.
        InvalidOption: an option of `format_options` that this format cannot obey; `options` beside `cues`.
        OutputExists: the file is there and `overwrite` is false.
        UnwritableOutput: the folder is missing or read-only, or the disk is full.
    """
    format = known_format(path.suffix.removeprefix(".") if format is None else format)
    try:
        there = not overwrite and path.exists()
    except OSError as error:
        raise UnwritableOutput(path, error.strerror or error) from error
    if there:
        raise OutputExists(path)
    text = render(transcript, format, options, format_options, cues=cues)
    # A lone surrogate (from foreign JSON) has no UTF-8: it becomes "?" rather than lose the file.
    write_atomically(path, text.encode("utf-8", errors="replace"))
    return path
