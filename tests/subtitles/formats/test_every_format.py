import json
from collections.abc import Callable, Sequence

import pytest

from ovsubs.errors import InvalidOption, UnknownFormat
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats import CUE_FORMATS, FORMATS, FormatOptions, known_format, render
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.lrc import write_lrc
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.formats.tables import write_csv, write_tsv, write_txt
from ovsubs.subtitles.formats.ttml import write_ttml
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Segment, Transcript, Word


def transcript_of(*rows: tuple[float, float, str], source: str = "") -> Transcript:
    segments = tuple(Segment(i, a, b, text, (), -0.25, 1.25, 0.5) for i, (a, b, text) in enumerate(rows))
    return Transcript(segments, "de", 0.75, 10.0, 4.0, source=source)


TALK = transcript_of(
    (0.0, 2.0, " Ever tried."), (3.0, 4.5, " Ever failed. No matter."), source="films/a.b.mp4"
)
WORDS = (Word(" Ever", 0.5, 1.0), Word(" tried.", 1.25, 2.0))
SPOKEN = Transcript(
    (Segment(0, 0.0, 2.0, " Ever tried.", (), 0.0, 1.0, 0.0, words=WORDS),), "en", 1.0, 9.0, 2.0
)
NARROW = LayoutOptions(max_line_width=13)


def test_the_formats_are_these() -> None:
    assert FORMATS == ("srt", "vtt", "ass", "ttml", "lrc", "txt", "tsv", "csv", "json")
    assert CUE_FORMATS == ("srt", "vtt", "ass", "ttml", "lrc")


@pytest.mark.parametrize("layout", [None, NARROW])
def test_a_transcript_is_laid_out_and_written_in_every_format(layout: LayoutOptions | None) -> None:
    cues = lay_out(TALK, layout or LayoutOptions())
    assert [cue.text for cue in cues][-1] == (
        "Ever failed.\nNo matter." if layout else "Ever failed. No matter."
    )
    assert {name: render(TALK, name, layout) for name in FORMATS} == {
        "srt": write_srt(cues),
        "vtt": write_vtt(cues),
        "ass": write_ass(cues, language="de", title="a.b"),
        "ttml": write_ttml(cues, language="de"),
        "lrc": write_lrc(cues, language="de"),
        "txt": write_txt(TALK),
        "tsv": write_tsv(TALK),
        "csv": write_csv(TALK),
        "json": TALK.to_json(),
    }


def test_a_translation_is_in_english() -> None:
    english = Transcript(TALK.segments, "de", 0.75, 10.0, 4.0, task="translate")
    assert 'xml:lang="en"' in render(english, "ttml")
    assert "\nLanguage: en\n" in render(english, "ass")
    assert "[la:en]\n" in render(english, "lrc")


@pytest.mark.parametrize(("name", "write"), [("srt", write_srt), ("ass", write_ass), ("lrc", write_lrc)])
def test_highlighted_words_reach_the_file(name: str, write: Callable[..., str]) -> None:
    cues = lay_out(SPOKEN, LayoutOptions())
    assert cues[0].words, "the layout has left out the words"
    context = {} if name == "srt" else {"language": "en"}
    highlighted = render(SPOKEN, name, None, FormatOptions(highlight_words=True))
    assert highlighted == write(cues, highlight_words=True, **context)
    assert highlighted != render(SPOKEN, name)


def test_options_of_webvtt_reach_the_file() -> None:
    options = FormatOptions(highlight_words=True, vtt_settings="line:0")
    text = render(SPOKEN, "vtt", format_options=options)
    assert text == write_vtt(lay_out(SPOKEN, LayoutOptions()), options)
    assert " line:0\n<u>Ever</u> tried.\n" in text


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("srt", "vtt", "ass", "lrc")])
def test_an_option_that_the_format_cannot_obey_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match=f"highlight_words .*{name} cannot show it"):
        render(SPOKEN, name, None, FormatOptions(highlight_words=True))


def test_an_empty_transcript_is_an_empty_but_valid_file() -> None:
    empty = transcript_of()
    no_cues: Sequence[Cue] = []
    assert [render(empty, name) for name in FORMATS] == [
        "",
        "WEBVTT\n",
        write_ass(no_cues, language="de"),
        write_ttml(no_cues, language="de"),
        "[re:ovsubs]\n[la:de]\n",
        "",
        "start\tend\ttext\n",
        "start,end,text\n",
        empty.to_json(),
    ]
    assert json.loads(render(empty, "json"))["segments"] == []


@pytest.mark.parametrize("name", ["ssa", "", ".srt", "srt ", "all"])
def test_an_unknown_format_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownFormat, match="srt, vtt, ass, ttml, lrc, txt, tsv, csv, json"):
        render(TALK, name)


def test_a_format_may_be_named_in_capitals() -> None:
    assert known_format("TTML") == "ttml"
    assert render(TALK, "SRT") == render(TALK, "srt")
