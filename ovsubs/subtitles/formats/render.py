"""Transcript -> the text of a subtitle file in one of the formats."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import PurePath

from ovsubs.errors import InvalidOption
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.format import CueDocument
from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.registry import CUE_FORMATS, check_obeyed, find_format
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript


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
    chosen = find_format(format)
    if cues is not None and options is not None:
        raise InvalidOption("options", options, "the cues are laid out already; give one of the two")
    format_options = format_options or FormatOptions()
    check_obeyed(format_options, (chosen.name,))
    if chosen.write_cues is None:
        assert chosen.write_transcript is not None
        return chosen.write_transcript(transcript)
    if cues is None:
        cues = lay_out(transcript, options or LayoutOptions())
    title = PurePath(transcript.source).stem
    return chosen.write_cues(CueDocument(cues, transcript.text_language, title, format_options))


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
