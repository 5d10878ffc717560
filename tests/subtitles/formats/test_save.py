import os
import re
from pathlib import Path

import pysubs2
import pytest
from systems import needs_links, needs_posix

import ovsubs.atomic as atomic
from ovsubs.atomic import write_atomically
from ovsubs.errors import InvalidOption, OutputExists, UnknownFormat, UnwritableOutput
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats import (
    FORMATS,
    FormatOptions,
    output_path,
    render,
    save_transcript,
)
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Segment, Transcript


def transcript_of(*rows: tuple[float, float, str]) -> Transcript:
    segments = tuple(Segment(i, a, b, text, (), -0.25, 1.25, 0.5) for i, (a, b, text) in enumerate(rows))
    return Transcript(segments, "en", 0.75, 10.0, 4.0)


TALK = transcript_of((0.0, 2.0, " Ever tried."), (5.0, 7.5, " Ever failed. No matter."))


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


@needs_posix
def test_a_pipe_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.srt")
    with pytest.raises(UnwritableOutput, match="device"):
        TALK.save(tmp_path / "pipe.srt")
    assert (tmp_path / "pipe.srt").is_fifo()


@needs_posix
def test_the_file_gets_the_mode_of_an_ordinary_one(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_text("")
    assert TALK.save(tmp_path / "talk.srt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@needs_links
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

    monkeypatch.setattr(atomic.os, "fsync", break_off)
    expected = UnwritableOutput if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        TALK.save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", FORMATS)
def test_a_lone_surrogate_from_foreign_json_does_not_stop_the_file(name: str, tmp_path: Path) -> None:
    path = transcript_of((0, 1, "a\ud800b")).save(tmp_path / f"talk.{name}")
    instead = "\ufffd" if name == "ttml" else "?"
    assert f"a{instead}b" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["srt", "vtt", "ass", "ttml"])
def test_pysubs2_knows_the_file_by_its_content(name: str, tmp_path: Path) -> None:
    path = TALK.save(tmp_path / f"talk.{name}")
    events = pysubs2.SSAFile.from_string(path.read_text(encoding="utf-8"))
    assert events.format == name
    assert [event.text for event in events] == ["Ever tried.", "Ever failed.", "No matter."]


def test_an_option_that_the_format_cannot_obey_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="highlight_words"):
        save_transcript(TALK, tmp_path / "talk.txt", format_options=FormatOptions(highlight_words=True))
    assert list(tmp_path.iterdir()) == []


def test_format_options_reach_the_file(tmp_path: Path) -> None:
    path = save_transcript(TALK, tmp_path / "a.vtt", format_options=FormatOptions(vtt_settings="line:0"))
    assert " line:0\nEver tried.\n" in path.read_text(encoding="utf-8")


def test_cues_that_are_laid_out_already_are_written_as_they_are(tmp_path: Path) -> None:
    cues = [Cue(0, 1000, ("Try again.",))]
    path = save_transcript(TALK, tmp_path / "a.srt", cues=cues)
    assert path.read_text(encoding="utf-8") == "1\n00:00:00,000 --> 00:00:01,000\nTry again.\n"
    assert save_transcript(TALK, path, cues=[]).read_bytes() == b""
    with pytest.raises(InvalidOption, match="laid out already"):
        save_transcript(TALK, path, cues=cues, options=LayoutOptions())
    assert path.read_bytes() == b""


def test_bytes_are_written_as_they_are_and_replace_what_is_there(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.bin", b"\r\n\x00\xff")
    write_atomically(tmp_path / "a.bin", b"")
    assert (tmp_path / "a.bin").read_bytes() == b""
    write_atomically(tmp_path / "a.bin", b"\r\n\x00\xff")
    assert (tmp_path / "a.bin").read_bytes() == b"\r\n\x00\xff"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
