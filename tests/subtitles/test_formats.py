import html
import json
import os
import re
import subprocess
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ovsubs.subtitles.formats as formats
from ovsubs.errors import OutputExists, UnknownFormat, UnwritableOutput
from ovsubs.subtitles.cues import Cue, LayoutOptions
from ovsubs.subtitles.formats import (
    FORMATS,
    WORD_JOINER,
    output_path,
    render,
    save_transcript,
    write_srt,
    write_vtt,
)
from ovsubs.transcript import Segment, Transcript

CUES = [
    Cue(0, 1917, ("Ever tried.",)),
    Cue(3_723_004, 360_000_000, ("- Ever failed.", "- R&D, <no> matter --> \\o/")),
]


def transcript_of(*rows: tuple[float, float, str], duration: float = 10.0) -> Transcript:
    segments = tuple(
        Segment(i, a, b, text, (50364, 50464), -0.25, 1.25, 0.5) for i, (a, b, text) in enumerate(rows)
    )
    return Transcript(segments, "en", 0.75, duration, 4.0)


TALK = transcript_of((0.0, 2.0, " Ever tried."), (2.0, 4.5, " Ever\tfailed.\nNo matter."))
EMPTY = transcript_of()


def test_srt_is_written_as_expected() -> None:
    assert write_srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,917\nEver tried.\n\n"
        "2\n01:02:03,004 --> 100:00:00,000\n- Ever failed.\n- R&D, <\u2060no> matter --\u2060> \\o/\n"
    )


def test_vtt_is_written_as_expected() -> None:
    assert write_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.917\nEver tried.\n\n"
        "01:02:03.004 --> 100:00:00.000\n- Ever failed.\n- R&amp;D, &lt;no&gt; matter --&gt; \\o/\n"
    )


def test_a_transcript_is_rendered_in_every_format_as_expected() -> None:
    rendered = {name: render(TALK, name, None) for name in FORMATS}
    assert rendered == {
        "srt": "1\n00:00:00,000 --> 00:00:01,917\nEver tried.\n\n"
        "2\n00:00:02,000 --> 00:00:04,500\nEver failed. No matter.\n",
        "vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.917\nEver tried.\n\n"
        "00:00:02.000 --> 00:00:04.500\nEver failed. No matter.\n",
        "txt": "Ever tried.\nEver\tfailed. No matter.\n",
        "tsv": "start\tend\ttext\n0\t2000\tEver tried.\n2000\t4500\tEver failed. No matter.\n",
        "json": TALK.to_json(),
    }


def test_an_empty_transcript_is_an_empty_but_valid_file() -> None:
    assert [render(EMPTY, name) for name in FORMATS] == [
        "",
        "WEBVTT\n",
        "",
        "start\tend\ttext\n",
        EMPTY.to_json(),
    ]
    assert json.loads(render(EMPTY, "json"))["segments"] == []
    assert len(pysubs2.SSAFile.from_string(render(EMPTY, "srt"), format_="srt")) == 0
    assert len(pysubs2.SSAFile.from_string(render(EMPTY, "vtt"))) == 0


def test_layout_options_reach_the_file() -> None:
    assert render(TALK, "srt", LayoutOptions(max_line_width=13, min_gap_ms=0)) == (
        "1\n00:00:00,000 --> 00:00:02,000\nEver tried.\n\n"
        "2\n00:00:02,000 --> 00:00:04,500\nEver failed.\nNo matter.\n"
    )


@pytest.mark.parametrize("name", ["ass", "", ".srt", "srt ", "all"])
def test_an_unknown_format_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownFormat, match="srt, vtt, txt, tsv, json"):
        render(TALK, name)


@pytest.mark.parametrize(
    "text",
    [
        "a --> b",
        "00:00:01,000 --> 00:00:02,000",
        "<i>not slanted</i>",
        "x<y and y>z",
        "<font color=red>",
        "{\\an8}top",
        "{y:i}tag",
        "C:\\new\\Name\\home",
        "a < b",
        "1 < 2 > 0",
        "{ok} &amp; &lt;",
        "- dash",
        "2020",
        "WEBVTT",
        "♪ la ♪",
    ],
)
def test_text_that_looks_like_markup_is_shown_by_ffmpeg_as_it_is(
    text: str, tmp_path: Path, ffmpeg: str
) -> None:
    cues = [Cue(1000, 2000, (text, text)), Cue(2000, 3000, ("after",))]
    (tmp_path / "in.srt").write_text(write_srt(cues), encoding="utf-8")
    blocks = through_ffmpeg(ffmpeg, tmp_path / "in.srt", tmp_path / "out.ass")
    shown = [
        re.sub(r"\\N", "\n", line.split(",", 9)[9]) for line in blocks.splitlines() if line.startswith("Dial")
    ]
    assert [without_joiners(entry) for entry in shown] == [f"{text}\n{text}", "after"]


def test_ffmpeg_reads_srt_and_vtt_and_turns_one_into_the_other(tmp_path: Path, ffmpeg: str) -> None:
    cues = [
        Cue(0, 1917, ("Ever tried.",)),
        Cue(2000, 4500, ("- Ça va ?", "- 字幕 R+D")),
        Cue(5000, 360_001_000, ("1 =/= 2",)),
    ]
    for name, other, write, write_other in (
        ("srt", "vtt", write_srt, write_vtt),
        ("vtt", "srt", write_vtt, write_srt),
    ):
        source = tmp_path / f"in.{name}"
        source.write_text(write(cues), encoding="utf-8")
        converted = through_ffmpeg(ffmpeg, source, tmp_path / f"out.{other}")
        assert blocks_of(converted, other) == blocks_of(write_other(cues), other)
        back = through_ffmpeg(ffmpeg, tmp_path / f"out.{other}", tmp_path / f"back.{name}")
        assert blocks_of(back, name) == blocks_of(write(cues), name)


def test_ffmpeg_shows_escaped_vtt_as_it_was_said(tmp_path: Path, ffmpeg: str) -> None:
    (tmp_path / "in.vtt").write_text(write_vtt([Cue(0, 900, ("R&D <b> a --> b &lt;",))]), encoding="utf-8")
    assert through_ffmpeg(ffmpeg, tmp_path / "in.vtt", tmp_path / "out.ass").endswith(
        ",R&D <b> a --> b &lt;\n"
    )


@pytest.fixture(scope="module")
def ffmpeg() -> str:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def through_ffmpeg(ffmpeg: str, source: Path, target: Path) -> str:
    subprocess.run([ffmpeg, "-v", "error", "-y", "-i", source, target], check=True, timeout=60)
    return target.read_text(encoding="utf-8")


def without_joiners(text: str) -> str:
    return text.replace(WORD_JOINER, "").replace("\\{{}", "{")  # ffmpeg's own escape of a brace in ASS


def blocks_of(text: str, name: str) -> list[list[str]]:
    """Blocks between blank lines, with VTT's optional zero hours as ffmpeg leaves them out."""
    text = re.sub(r"\b00:(\d\d:\d\d\.\d{3})", r"\1", text) if name == "vtt" else text
    return [block.splitlines() for block in text.strip().split("\n\n")]


# Letters, marks and spaces within; pysubs2 strips the ends of a text and a number that ends the last cue.
line_texts = st.text(alphabet="abz ÄßЖ字幕ー!?.,-'\"&%$#@♪\\<>{}:Nn/19", max_size=42).map(
    lambda text: ("x" + text + "x").replace("\u2060", "")
)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    cues, now_ms = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start_ms = now_ms + draw(st.integers(0, 5_000_000))
        now_ms = start_ms + draw(st.integers(1, 7000))
        cues.append(Cue(start_ms, now_ms, tuple(draw(st.lists(line_texts, min_size=1, max_size=2)))))
    return cues


@given(cue_lists())
def test_pysubs2_reads_back_the_srt_that_was_written(cues: list[Cue]) -> None:
    events = pysubs2.SSAFile.from_string(write_srt(cues), format_="srt")
    read = [Cue(e.start, e.end, tuple(map(without_joiners, e.text.split("\\N")))) for e in events]
    assert read == cues


@given(cue_lists())
def test_pysubs2_reads_back_the_vtt_that_was_written(cues: list[Cue]) -> None:
    events = pysubs2.SSAFile.from_string(write_vtt(cues), format_="vtt")
    assert [(e.start, e.end, html.unescape(e.text)) for e in events] == [
        (cue.start_ms, cue.end_ms, "\\N".join(cue.lines)) for cue in cues
    ]


@pytest.mark.parametrize(
    ("source", "folder", "language", "expected"),
    [
        ("films/talk.mp4", None, None, "films/talk.srt"),
        ("films/talk.mp4", None, "de", "films/talk.de.srt"),
        ("films/talk.part.1.mp4", "out", "en", "out/talk.part.1.en.srt"),
        ("talk", "out", None, "out/talk.srt"),
        (".hidden", None, None, ".hidden.srt"),
    ],
)
def test_the_output_is_named_after_the_source(
    source: str, folder: str | None, language: str | None, expected: str
) -> None:
    assert output_path(Path(source), Path(folder) if folder else None, "srt", language) == Path(expected)


def test_the_output_of_an_unknown_format_has_no_name() -> None:
    with pytest.raises(UnknownFormat):
        output_path(Path("talk.mp4"), None, "doc", None)


@pytest.mark.parametrize("name", FORMATS)
def test_save_writes_what_render_gives(name: str, tmp_path: Path) -> None:
    path = TALK.save(tmp_path / f"talk.{name.upper()}")
    assert path == tmp_path / f"talk.{name.upper()}"
    assert path.read_bytes() == render(TALK, name).encode()
    assert list(tmp_path.iterdir()) == [path]


def test_save_takes_a_string_and_a_format_beside_the_ending(tmp_path: Path) -> None:
    TALK.save(str(tmp_path / "a.srt"))
    save_transcript(TALK, tmp_path / "b.sub", format="srt")
    assert (tmp_path / "a.srt").read_text() == (tmp_path / "b.sub").read_text()


@pytest.mark.parametrize("name", ["talk", "talk.mp4", "talk.srt.", ".srt"])
def test_an_unknown_ending_is_refused_and_nothing_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat):
        TALK.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced_or_kept_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("mine")
    with pytest.raises(OutputExists, match=re.escape(str(path))):
        TALK.save(path, overwrite=False)
    assert path.read_text() == "mine"
    TALK.save(path)
    assert path.read_text().startswith("Ever tried.")


@pytest.mark.parametrize(
    "name", ["gone/talk.srt", "file/talk.srt", "file/below/talk.srt", "folder.srt", "x" * 300 + ".srt"]
)
def test_an_unwritable_place_is_one_clear_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.srt").mkdir()
    for overwrite in (True, False) if name != "folder.srt" else (True,):
        with pytest.raises(UnwritableOutput) as caught:
            TALK.save(tmp_path / name, overwrite=overwrite)
        assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder.srt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are for Unix")
def test_a_pipe_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.srt")
    with pytest.raises(UnwritableOutput, match="device"):
        TALK.save(tmp_path / "pipe.srt")
    assert (tmp_path / "pipe.srt").is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="umask is for Unix")
def test_the_file_gets_the_mode_of_an_ordinary_one(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_text("")
    assert TALK.save(tmp_path / "talk.srt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "talk.srt").symlink_to(tmp_path / "real" / "talk.srt")
    TALK.save(tmp_path / "talk.srt")
    assert (tmp_path / "talk.srt").is_symlink()
    assert (tmp_path / "real" / "talk.srt").is_file()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_else(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "talk.srt"
    path.write_text("old")

    def break_off(_: int) -> None:
        raise error

    monkeypatch.setattr(formats.os, "fsync", break_off)
    expected = UnwritableOutput if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        TALK.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lone_surrogate_from_foreign_json_does_not_stop_the_file(tmp_path: Path) -> None:
    path = transcript_of((0, 1, "a\ud800b")).save(tmp_path / "talk.txt")
    assert path.read_bytes() == b"a?b\n"
