"""Transcript -> subtitle files: SubRip, WebVTT, ASS, TTML, LRC, plain text, TSV, CSV and JSON."""

from ovsubs.subtitles.formats.options import FormatOptions
from ovsubs.subtitles.formats.registry import (
    CUE_FORMATS,
    FORMATS,
    READ_SUFFIXES,
    VIDEO_FORMATS,
    WORD_TIME_FORMATS,
    check_obeyed,
    known_format,
    obeyed_by,
)
from ovsubs.subtitles.formats.render import check_laid_out, render
from ovsubs.subtitles.formats.save import output_path, save_transcript

__all__ = [
    "CUE_FORMATS",
    "FORMATS",
    "READ_SUFFIXES",
    "VIDEO_FORMATS",
    "WORD_TIME_FORMATS",
    "FormatOptions",
    "check_laid_out",
    "check_obeyed",
    "known_format",
    "obeyed_by",
    "output_path",
    "render",
    "save_transcript",
]
