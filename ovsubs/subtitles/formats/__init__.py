"""Transcript -> subtitle files: SubRip, WebVTT, ASS, TTML, LRC, plain text, TSV, CSV and JSON."""

from ovsubs.atomic import write_atomically
from ovsubs.subtitles.formats.options import FormatOptions, check_obeyed
from ovsubs.subtitles.formats.render import CUE_FORMATS, FORMATS, check_laid_out, known_format, render
from ovsubs.subtitles.formats.save import output_path, save_transcript

__all__ = [
    "CUE_FORMATS",
    "FORMATS",
    "FormatOptions",
    "check_laid_out",
    "check_obeyed",
    "known_format",
    "output_path",
    "render",
    "save_transcript",
    "write_atomically",
]
