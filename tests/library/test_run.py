"""What is recognized -> the files that were planned."""

from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from ovsubs.errors import OutputExists, UnwritableOutput
from ovsubs.library.plan import PlannedFile, SubtitleOptions
from ovsubs.library.run import write_outputs
from ovsubs.library.subtitle_names import language_of
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Segment, Transcript
from ovsubs.video.track_tags import read_name

SEGMENT = Segment(0, 0.5, 2.0, " Guten Tag.", (50365, 50440), -0.2, 1.0, 0.01)
TRANSCRIPT = Transcript((SEGMENT,), "de", 0.98, duration=3.0, speech_duration=1.5)
TRANSLATION = Transcript((SEGMENT,), "de", 0.98, duration=3.0, speech_duration=1.5, task="translate")
NOBODY = Transcript((), "und", 0.0, duration=3.0, speech_duration=0.0)


def planned(path: Path, *formats: str) -> PlannedFile:
    return PlannedFile(path, formats)


def test_the_formats_that_were_planned_are_written_beside_the_file(tmp_path: Path) -> None:
    options = SubtitleOptions(formats=("srt", "vtt", "txt"))

    written = write_outputs(TRANSCRIPT, planned(tmp_path / "talk.mp4", "srt", "txt"), options)

    assert written == (tmp_path / "talk.srt", tmp_path / "talk.txt")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "talk.srt", tmp_path / "talk.txt"]
    assert (tmp_path / "talk.txt").read_text() == "Guten Tag.\n"


@pytest.mark.parametrize(
    ("transcript", "name"),
    [(TRANSCRIPT, "talk.de.srt"), (TRANSLATION, "talk.en.srt"), (NOBODY, "talk.und.srt")],
)
def test_the_name_tells_the_language_of_the_subtitles(
    tmp_path: Path, transcript: Transcript, name: str
) -> None:
    options = SubtitleOptions(language_suffix=True)

    assert write_outputs(transcript, planned(tmp_path / "talk.mp4", "srt"), options) == (tmp_path / name,)


@pytest.mark.parametrize(
    ("language", "name"),
    [("zh", "talk.zh.srt"), ("zh_hant", "talk.zh-Hant.srt"), ("ZH-TW", "talk.zh-TW.srt")],
)
def test_the_name_tells_the_script_of_chinese_where_it_was_asked_for(
    tmp_path: Path, language: str, name: str
) -> None:
    options = SubtitleOptions(language_suffix=True, transcribe=TranscribeOptions(language=language))
    chinese = replace(TRANSCRIPT, language="zh")

    assert write_outputs(chinese, planned(tmp_path / "talk.mp4", "srt"), options) == (tmp_path / name,)
    assert language_of(tmp_path / name) == "zh"
    assert read_name(tmp_path / name, tmp_path / "talk.mp4").language == name.split(".")[1].lower()


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    options = SubtitleOptions(output_dir=tmp_path / "a" / "b")

    (written,) = write_outputs(TRANSCRIPT, planned(Path("talk.mp4"), "srt"), options)

    assert written == tmp_path / "a" / "b" / "talk.srt"
    assert "Guten Tag." in written.read_text()


def test_the_folder_of_a_file_is_kept_in_the_output_folder(tmp_path: Path) -> None:
    file = PlannedFile(Path("lectures/a/talk.mp4"), ("srt",), subfolder=PurePath("a"))

    (written,) = write_outputs(TRANSCRIPT, file, SubtitleOptions(output_dir=tmp_path / "out"))

    assert written == tmp_path / "out" / "a" / "talk.srt"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    options = SubtitleOptions(output_dir=tmp_path / "notes.txt" / "a")

    with pytest.raises(UnwritableOutput, match="cannot be written"):
        write_outputs(TRANSCRIPT, planned(Path("talk.mp4"), "srt"), options)


def test_what_has_come_to_be_there_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text("corrected by hand")

    with pytest.raises(OutputExists):
        write_outputs(TRANSCRIPT, planned(tmp_path / "talk.mp4", "srt"), SubtitleOptions())
    assert (tmp_path / "talk.srt").read_text() == "corrected by hand"
