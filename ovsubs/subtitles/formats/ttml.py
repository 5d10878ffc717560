"""Cues -> TTML: the text profile of IMSC 1.1 (W3C, TTML Profiles for Internet Media Subtitles)."""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.direction import RIGHT_TO_LEFT
from ovsubs.subtitles.formats.format import CueDocument, CueReader, SubtitleFormat
from ovsubs.subtitles.formats.timestamps import clock
from ovsubs.subtitles.parsing.ttml import is_ttml, read_ttml

_TT = "http://www.w3.org/ns/ttml"
_ROOT = {
    "xmlns": _TT,
    "xmlns:tts": f"{_TT}#styling",
    "xmlns:ttp": f"{_TT}#parameter",
    "ttp:contentProfiles": f"{_TT}/profile/imsc1.1/text",
    "xml:space": "preserve",
}
# A tenth of the picture on each side stays free; text stands at the lower edge of the rest.
_REGION = {
    "xml:id": "bottom",
    "tts:origin": "10% 10%",
    "tts:extent": "80% 80%",
    "tts:displayAlign": "after",
    "tts:overflow": "visible",
}
# 80 % of a cell, of which 15 make the height (TTML2): 42 average letters take two thirds of the width, as BBC
# has it (Subtitle Guidelines: 68 %).
_TEXT = {
    "tts:fontFamily": "proportionalSansSerif",
    "tts:fontSize": "80%",
    "tts:color": "white",
    "tts:textOutline": "black 5%",
    "tts:textAlign": "center",
}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_REPLACEMENT = "\ufffd"


def write_ttml(cues: Iterable[Cue], *, language: str = "") -> str:
    """Write TTML with one region, at the bottom. No cues give a document without text.

    Characters that XML cannot hold, such as control characters, become U+FFFD.

    Args:
        cues: in order, not overlapping.
        language: code of the text; gives right-to-left text its base direction.
    """
    root = ET.Element("tt", {**_ROOT, "xml:lang": language})
    layout = ET.SubElement(ET.SubElement(root, "head"), "layout")
    ET.SubElement(layout, "region", _REGION)
    direction = {"tts:direction": "rtl"} if language in RIGHT_TO_LEFT else {}
    body = ET.SubElement(root, "body", {"region": "bottom", **_TEXT, **direction})
    _fill(ET.SubElement(body, "div"), [_paragraph(cue) for cue in cues])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _fill(division: ET.Element, paragraphs: Sequence[ET.Element]) -> None:
    """Put each paragraph on a line of its own; within one, white space would be text."""
    division.extend(paragraphs)
    division.text = "\n"
    for paragraph in paragraphs:
        paragraph.tail = "\n"


def _paragraph(cue: Cue) -> ET.Element:
    paragraph = ET.Element("p", {"begin": clock(cue.start_ms, "."), "end": clock(cue.end_ms, ".")})
    paragraph.text, *others = (_FORBIDDEN.sub(_REPLACEMENT, line) for line in cue.lines)
    for line in others:
        ET.SubElement(paragraph, "br").tail = line
    return paragraph


def _write(document: CueDocument) -> str:
    return write_ttml(document.cues, language=document.language)


TTML = SubtitleFormat(
    "ttml", write_cues=_write, reader=CueReader(read_ttml, is_ttml), read_suffixes=(".ttml", ".dfxp")
)
