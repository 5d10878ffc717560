"""Transcript -> the text of a subtitle file in one of the formats."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import PurePath

from ovsubs.errors import InvalidOption, UnknownFormat
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.lrc import write_lrc
from ovsubs.subtitles.formats.options import FormatOptions, check_obeyed
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.formats.tables import write_csv, write_tsv, write_txt
from ovsubs.subtitles.formats.ttml import write_ttml
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript

CUE_FORMATS = ("srt", "vtt", "ass", "ttml", "lrc")  # the others hold the segments as they are
_TRANSCRIPT_WRITERS: dict[str, Callable[[Transcript], str]] = {
    "txt": write_txt,
    "tsv": write_tsv,
    "csv": write_csv,
    "json": Transcript.to_json,
}
FORMATS = (*CUE_FORMATS, *_TRANSCRIPT_WRITERS)


def known_format(name: str) -> str:
    """Name of a format in lower case ("SRT" is "srt").

    Raises:
        UnknownFormat: it is none of `FORMATS`.
    """
    if name.lower() not in FORMATS:
        raise UnknownFormat(name, ", ".join(FORMATS))
    return name.lower()


def render(
    transcript: Transcript,
    format: str,
    options: LayoutOptions | None = None,
    format_options: FormatOptions | None = None,
    *,
    cues: Sequence[Cue] | None = None,
) -> str:
    """Text of a subtitle file. Layout is for `CUE_FORMATS`; the others hold the segments as they are.

    Args:
        transcript: what was said.
        format: one of `FORMATS`.
        options: how cues are laid out.
        format_options: what the format shows beside the text.
        cues: those of the transcript, where they are laid out already, instead of `options`.

    Raises:
        UnknownFormat: it is none of `FORMATS`.
        InvalidOption: an option of `format_options` that this format cannot obey; `options` beside `cues`.
    """
    format = known_format(format)
    if cues is not None and options is not None:
        raise InvalidOption("options", options, "the cues are laid out already; give one of the two")
    format_options = format_options or FormatOptions()
    check_obeyed(format_options, (format,))
    if format in _TRANSCRIPT_WRITERS:
        return _TRANSCRIPT_WRITERS[format](transcript)
    if cues is None:
        cues = lay_out(transcript, options or LayoutOptions())
    return write_cues(cues, format, transcript, format_options)


def check_laid_out(layout: LayoutOptions, formats: Sequence[str]) -> None:
    """Refuse a value of the layout where only formats are to be written that have none.

    Raises:
        InvalidOption: there is one.
    """
    if set(CUE_FORMATS) & set(formats):
        return
    for option in fields(layout):
        if (value := getattr(layout, option.name)) != option.default:
            why = f"{', '.join(formats)} has no layout; choose from {', '.join(CUE_FORMATS)}"
            raise InvalidOption(option.name, value, why)


def write_cues(cues: Sequence[Cue], format: str, transcript: Transcript, options: FormatOptions) -> str:
    """Write cues in one of `CUE_FORMATS`; the transcript gives the language and the title."""
    language = transcript.text_language
    words = options.highlight_words
    match format:
        case "srt":
            return write_srt(cues, highlight_words=words)
        case "vtt":
            return write_vtt(cues, options)
        case "ass":
            title = PurePath(transcript.source).stem
            return write_ass(cues, language=language, title=title, highlight_words=words)
        case "ttml":
            return write_ttml(cues, language=language)
        case _:
            return write_lrc(cues, language=language, highlight_words=words)
