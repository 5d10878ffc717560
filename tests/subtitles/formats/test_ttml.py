import re
from fractions import Fraction
from xml.etree import ElementTree as ET

import pysubs2
import pytest
import ttconv.imsc.reader
import ttconv.isd
import ttconv.model
from cue_examples import SPECIAL_TEXTS, cue_lists, rows_of
from hypothesis import given, settings
from ttconv.style_properties import StyleProperties

from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ttml import write_ttml

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"'
    ' xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
    ' ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text"'
    ' xml:space="preserve" xml:lang="en">'
    '<head><layout><region xml:id="bottom" tts:origin="10% 10%" tts:extent="80% 80%"'
    ' tts:displayAlign="after" tts:overflow="visible" /></layout></head>'
    '<body region="bottom" tts:fontFamily="proportionalSansSerif" tts:fontSize="80%" tts:color="white"'
    ' tts:textOutline="black 5%" tts:textAlign="center"><div>\n'
)
TAIL = "</div></body></tt>\n"


def read_by_ttconv(text: str) -> list[tuple[int, int, str]]:
    """Start, end and text of the document's paragraphs, by the model that ttconv makes of it."""
    document = ttconv.imsc.reader.to_model(ET.ElementTree(ET.fromstring(text)))
    body = document.get_body()
    assert body is not None
    paragraphs = (each for each in body.dfs_iterator() if isinstance(each, ttconv.model.P))
    return [
        (round((paragraph.get_begin() or 0) * 1000), round(paragraph.get_end() * 1000), _text(paragraph))
        for paragraph in paragraphs
    ]


def _text(element: ttconv.model.ContentElement) -> str:
    if isinstance(element, ttconv.model.Text):
        return str(element.get_text())
    return "\n" if isinstance(element, ttconv.model.Br) else "".join(map(_text, element))


def read_by_pysubs2(text: str) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, e.text) for e in pysubs2.SSAFile.from_string(text, format_="ttml")]


def test_ttml_is_written_as_expected() -> None:
    cues = [Cue(0, 1917, ("Ever tried.",)), Cue(3_723_004, 360_000_000, ("- R&D, <no>", 'a --> "b"'))]
    assert write_ttml(cues, language="en") == (
        f'{HEAD}<p begin="00:00:00.000" end="00:00:01.917">Ever tried.</p>\n'
        '<p begin="01:02:03.004" end="100:00:00.000">- R&amp;D, &lt;no&gt;<br />a --&gt; "b"</p>\n'
        f"{TAIL}"
    )


def test_no_cues_are_a_document_without_text() -> None:
    assert write_ttml([], language="en") == HEAD + TAIL
    assert read_by_ttconv(write_ttml([])) == []
    assert read_by_pysubs2(write_ttml([])) == []


def document_of(cue: Cue, language: str) -> ttconv.model.ContentDocument:
    return ttconv.imsc.reader.to_model(ET.ElementTree(ET.fromstring(write_ttml([cue], language=language))))


def paragraph_at(document: ttconv.model.ContentDocument, seconds: float) -> ttconv.model.P:
    """The paragraph on the screen at a time, with its computed styles."""
    [region] = ttconv.isd.ISD.from_model(document, Fraction(seconds)).iter_regions()
    [paragraph] = (each for each in region.dfs_iterator() if isinstance(each, ttconv.model.P))
    return paragraph


def test_a_player_shows_a_cue_at_the_bottom_during_its_time() -> None:
    document = document_of(Cue(1000, 2500, ("Ever tried.", "Ever failed.")), "en")
    assert document.get_lang() == "en"
    shown = ttconv.isd.ISD.generate_isd_sequence(document)
    assert [seconds for seconds, _ in shown] == [0, 1, 2.5]
    texts = [[_text(each) for each in isd.iter_regions()] for _, isd in shown]
    assert texts == [[], ["Ever tried.\nEver failed."], []]
    [region] = shown[1][1].iter_regions()
    assert region.get_style(StyleProperties.DisplayAlign).value == "after"
    paragraph = paragraph_at(document, 1)
    assert paragraph.get_style(StyleProperties.TextAlign).value == "center"


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("he", "rtl")])
def test_text_runs_as_its_language_does(language: str, direction: str) -> None:
    paragraph = paragraph_at(document_of(Cue(0, 1000, ("a",)), language), 0.5)
    assert paragraph.get_style(StyleProperties.Direction).value == direction


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    text = write_ttml([Cue(0, 1000, ("a\x00b\x1b\x0b", "c\ud800\ufffe\uffff", "\x85 \ufffd🙂"))])
    assert read_by_ttconv(text) == [(0, 1000, "a\ufffdb\ufffd\ufffd\nc\ufffd\ufffd\ufffd\n\x85 \ufffd🙂")]
    assert read_by_ttconv(text.encode().decode()) == read_by_ttconv(text)


def test_ttconv_reads_what_was_written() -> None:
    cues = [Cue(n * 1000, n * 1000 + 999, (f" {text}  x", text)) for n, text in enumerate(SPECIAL_TEXTS)]
    assert read_by_ttconv(write_ttml(cues)) == rows_of(cues)


@given(cue_lists())
@settings(deadline=None)
def test_ttconv_reads_back_what_was_written(cues: list[Cue]) -> None:
    assert read_by_ttconv(write_ttml(cues)) == rows_of(cues)


@given(cue_lists())
def test_pysubs2_reads_back_what_was_written(cues: list[Cue]) -> None:
    """It takes a written `\\N` for a line break, and the spaces around one away."""
    expected = [(start, end, re.sub(r" *(\n|\\N) *", r"\\N", text)) for start, end, text in rows_of(cues)]
    assert read_by_pysubs2(write_ttml(cues)) == expected
