import copy
import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from systems import needs_posix

from ovsubs.errors import InvalidOption, UnknownFormat
from ovsubs.library.file_result import Status
from ovsubs.library.render import RenderOptions, render_transcripts
from ovsubs.spans import Span
from ovsubs.subtitles.formats import FormatOptions
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.timing import StageTime
from ovsubs.transcript import Segment, Transcript, Word

SAID = "We have come a long way since then, and nobody knows where it will end for all of us."

_REST = '"id": 0, "end": 2.0, "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.1'
UNTIMED = [
    f'{{"language": "en", "segments": [{{"text": {text}, "start": {start}, {_REST}}}]}}'.encode()
    for start, text in (("null", '"a"'), ("NaN", '"a"'), ('"1"', '"a"'), ("1.0", "null"))
]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A transcript as openai/whisper writes it."""
    path = tmp_path / "talk.json"
    segment = {"id": 0, "start": 1.0, "end": 6.0, "text": f" {SAID}", "tokens": [], "avg_logprob": -0.2}
    segment |= {"compression_ratio": 1.2, "no_speech_prob": 0.01, "temperature": 0.0, "seek": 0}
    path.write_text(json.dumps({"text": SAID, "language": "en", "segments": [segment]}), encoding="utf-8")
    return path


def test_a_transcript_of_another_tool_is_laid_out(talk: Path) -> None:
    (result,) = render_transcripts([talk], RenderOptions(formats=("srt", "vtt")))
    assert (result.status, result.outputs) == (
        Status.DONE,
        (talk.with_suffix(".srt"), talk.with_suffix(".vtt")),
    )
    lines = talk.with_suffix(".srt").read_text(encoding="utf-8").splitlines()
    assert all(len(line) <= 42 for line in lines)
    assert " ".join(line for line in lines if line and not line.isdigit() and "-->" not in line) == SAID


def test_the_style_is_obeyed(talk: Path) -> None:
    options = RenderOptions(layout=LayoutOptions(style="tiktok"))
    (result,) = render_transcripts([talk], options)
    lines = result.outputs[0].read_text(encoding="utf-8").splitlines()
    assert max(len(line) for line in lines if "-->" not in line) <= 24


def test_what_is_there_stays_unless_it_is_to_be_replaced(talk: Path) -> None:
    output = talk.with_suffix(".srt")
    output.write_text("mine", encoding="utf-8")
    (result,) = render_transcripts([talk], RenderOptions())
    assert (result.status, output.read_text(encoding="utf-8")) == (Status.SKIPPED, "mine")
    assert "`overwrite`" in result.why
    (result,) = render_transcripts([talk], RenderOptions(overwrite=True))
    assert result.status == Status.DONE
    assert output.read_text(encoding="utf-8").startswith("1\n")


def test_only_the_missing_formats_are_written(talk: Path) -> None:
    talk.with_suffix(".srt").write_text("mine", encoding="utf-8")
    (result,) = render_transcripts([talk], RenderOptions(formats=("srt", "vtt")))
    assert result.outputs == (talk.with_suffix(".vtt"),)
    assert talk.with_suffix(".srt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"segments": [{}]}', b"\xff\xfe\x00", b"null", *UNTIMED]
)
def test_one_that_is_no_transcript_stops_nobody(talk: Path, content: bytes) -> None:
    broken = talk.with_name("broken.json")
    broken.write_bytes(content)
    missing = talk.with_name("missing.json")
    results = list(render_transcripts([broken, missing, talk], RenderOptions()))
    assert [result.status for result in results] == [Status.FAILED, Status.FAILED, Status.DONE]
    assert str(broken) in results[0].why
    assert "\n" not in results[0].why
    assert not broken.with_suffix(".srt").exists()


def test_two_transcripts_of_one_name_do_not_overwrite_each_other(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "talk.json"
    other.write_bytes(talk.read_bytes())
    options = RenderOptions(output_dir=tmp_path / "out", overwrite=True)
    results = list(render_transcripts([talk, other, talk], options))
    assert [result.status for result in results] == [Status.DONE, Status.FAILED, Status.DONE]
    assert str(tmp_path / "out" / "talk.srt") in results[1].why


def test_a_folder_that_cannot_be_made_is_told(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (result,) = render_transcripts([talk], RenderOptions(output_dir=tmp_path / "file" / "out"))
    assert result.status == Status.FAILED
    assert "cannot be written" in result.why


def test_what_cannot_be_obeyed_is_refused() -> None:
    with pytest.raises(InvalidOption, match="transcript itself"):
        RenderOptions(formats=("json",))
    with pytest.raises(UnknownFormat, match="docx"):
        RenderOptions(formats=("docx",))
    with pytest.raises(InvalidOption, match="formats"):
        RenderOptions(formats=())
    with pytest.raises(InvalidOption, match="highlight_words"):
        RenderOptions(formats=("txt",), format=FormatOptions(highlight_words=True))


def test_words_that_have_no_times_are_not_highlighted_in_silence(talk: Path) -> None:
    content = json.loads(talk.read_text(encoding="utf-8"))
    words = [{"word": f" {word}", "start": 1.0, "end": 6.0, "probability": 0.9} for word in SAID.split()]
    content["segments"][0]["words"] = words
    timed = talk.with_name("timed.json")
    timed.write_text(json.dumps(content), encoding="utf-8")
    options = RenderOptions(format=FormatOptions(highlight_words=True))
    results = list(render_transcripts([talk, timed], options))
    assert [result.status for result in results] == [Status.FAILED, Status.DONE]
    assert f"{talk} has no times of words" in results[0].why


def test_the_rules_are_those_of_the_language_however_it_is_written(talk: Path) -> None:
    content = json.loads(talk.read_text(encoding="utf-8"))
    content["segments"][0]["text"] = "字" * 40  # two lines of 20, or of 13 in Japanese
    for language in ("japanese", "ja", "und"):
        content["language"] = language
        talk.write_text(json.dumps(content), encoding="utf-8")
        (result,) = render_transcripts([talk], RenderOptions(overwrite=True))
        lines = result.outputs[0].read_text(encoding="utf-8").split()
        widest = max(line.count("字") for line in lines)
        assert (widest <= 13) == (language != "und")


WHOLE = Transcript(
    segments=(
        Segment(0, 0.0, 2.0, " Ever tried.", (1, 2), -0.2, 1.2, 0.1, words=(Word(" Ever", 0.0, 1.0, 0.9),)),
        Segment(1, 2.0, 4.0, " Ever failed.", (3,), -0.2, 1.2, 0.1, temperature=0.2, language="en"),
    ),
    language="en",
    language_probability=0.9,
    duration=9.0,
    speech_duration=4.0,
    source="talk.mp4",
    model="base",
    timings=(StageTime("vad", 0.5),),
    notes=("no speech",),
    uncovered=(Span(5.0, 6.0),),
)
HOSTILE = (
    *("null", "[]", "{}", "[[]]", '"x"', '"1"', "true", "0", "-5", "-1e8", "NaN", "Infinity", "-Infinity"),
    *(
        "1e8",
        "1e308",
        "1e400",
        "1" + 400 * "0",
        "1" + 5000 * "0",
        "[" * 5000 + "]" * 5000,
        '"\\ud800\\u001b[2J"',
    ),
)


def places_in(content: Any) -> Iterator[tuple[Any, ...]]:
    """Where a value may stand in some JSON."""
    inside = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inside:
        yield (key,)
        if isinstance(value, (dict, list)):
            yield from ((key, *rest) for rest in places_in(value))


CONTENT = json.loads(WHOLE.to_json())


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: value[:12])
def test_whatever_a_transcript_holds_it_is_laid_out_or_refused_alone(tmp_path: Path, value: str) -> None:
    good = tmp_path / "good.json"
    good.write_text(WHOLE.to_json(), encoding="utf-8")
    options = RenderOptions(formats=("srt", "ttml", "ass", "tsv"), overwrite=True)
    for place in places_in(CONTENT):
        content = copy.deepcopy(CONTENT)
        inside = content
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = "HERE"
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps(content).replace('"HERE"', value), encoding="utf-8")

        first, second = render_transcripts([bad, good], options)

        assert second.status == Status.DONE
        if first.status == Status.FAILED:
            assert first.why.startswith(f"{bad}: not readable as a transcript ("), place
            assert len(first.why) < 400
            continue
        for output in (bad.with_suffix(".srt"), bad.with_suffix(".ttml"), bad.with_suffix(".ass")):
            cues = read_subtitles(output).cues
            assert all(0 <= cue.start_ms < cue.end_ms for cue in cues), place
            assert all(a.end_ms <= b.start_ms for a, b in pairwise(cues)), place


@pytest.mark.parametrize("name", ["int400.json", "1e308.json", "durnull.json"])
def test_numbers_beyond_all_bounds_are_refused(cases: Path, talk: Path, tmp_path: Path, name: str) -> None:
    bad = cases / "hostile" / name

    first, second = render_transcripts([bad, talk], RenderOptions(output_dir=tmp_path / "out"))

    assert (first.status, second.status) == (Status.FAILED, Status.DONE)
    assert first.why.startswith(f"{bad}: not readable as a transcript (")


@needs_posix
def test_what_is_no_file_stops_nobody(talk: Path, tmp_path: Path) -> None:
    folder, nowhere, pipe = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    folder.mkdir()
    nowhere.symlink_to("away.json")
    os.mkfifo(pipe)

    *bad, good = render_transcripts([folder, nowhere, pipe, tmp_path / ("x" * 300), talk], RenderOptions())

    assert [result.status for result in bad] == [Status.FAILED] * 4
    assert good.status == Status.DONE
    assert [result.why.partition(": ")[2].partition(";")[0] for result in bad] == [
        "not readable as a transcript (Is a directory)",
        "no such file",
        "not readable as a transcript (a device or a pipe, not a file)",
        "not readable as a transcript (File name too long)",
    ]


@pytest.mark.parametrize("language", ["en\nx", "\u001b[2J", "<en>", "x" * 100])
def test_a_language_that_is_no_tag_is_not_written_anywhere(talk: Path, language: str) -> None:
    content = json.loads(talk.read_text(encoding="utf-8")) | {"language": language}
    talk.write_text(json.dumps(content), encoding="utf-8")

    (result,) = render_transcripts([talk], RenderOptions(formats=("lrc", "ttml")))

    assert result.status == Status.FAILED
    assert "its language is" in result.why
