"""Files beside real speech: six sentences of 0.8 s that begin at 0.3, 1.9, 3.5, 4.9, 6.7 and 8.2 s."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ovsubs.errors import (
    InvalidOption,
    MissingFile,
    UnknownLanguage,
    UnreadableMedia,
    UnreadableSubtitles,
    UnreadableTranscript,
)
from ovsubs.library.check import CheckedFile, CheckOptions, check_files
from ovsubs.spans import Span
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.qc.check import Kind
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Segment, Transcript

TEXTS = ("Ever tried.", "Ever failed.", "No matter.", "Try again.", "Fail again.", "Fail better.")
STARTS = (300, 1880, 3500, 4880, 6640, 8140)
CUES = [Cue(start, start + 880, (text,)) for start, text in zip(STARTS, TEXTS, strict=True)]


@pytest.fixture
def talk(speech_sample: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(speech_sample, tmp_path / "talk.wav"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, list[Cue]], Path]:
    def run(name: str, cues: list[Cue]) -> Path:
        path = tmp_path / name
        path.write_text(write_srt(cues), encoding="utf-8")
        return path

    return run


def only(*inputs: Path, options: CheckOptions | None = None) -> CheckedFile:
    (checked,) = check_files(inputs, options)
    return checked


def found(checked: CheckedFile) -> list[tuple[Kind, int | None]]:
    assert checked.report is not None
    return [(finding.kind, finding.cue) for finding in checked.report.findings]


def test_subtitles_of_what_is_said_are_all_well(talk: Path, write: Callable[[str, list[Cue]], Path]) -> None:
    checked = only(write("talk.srt", CUES))

    assert (found(checked), checked.media, checked.notes) == ([], talk, ())
    assert (checked.is_well, checked.language) == (True, "en")


def test_what_the_recording_shows_is_found(talk: Path, write: Callable[[str, list[Cue]], Path]) -> None:
    cues = [*CUES[:2], Cue(5720, 6640, ("Nobody says it.",)), *CUES[4:]]
    cues[-1] = replace(cues[-1], end_ms=10_100)
    path = write("talk.en.srt", cues)

    checked = only(path)

    assert found(checked) == [(Kind.NO_TEXT, None), (Kind.OUTSIDE_SPEECH, 3), (Kind.BEYOND_END, 5)]
    assert not checked.is_well
    assert found(only(path, options=CheckOptions(listen=False))) == []


def test_one_recording_may_be_named_for_all(
    talk: Path, write: Callable[[str, list[Cue]], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    paths = [write("apart/one.srt", CUES), write("apart/two.de.srt", CUES[:1])]

    files = [*check_files([folder], CheckOptions(media=talk))]

    assert [(file.path, file.media, file.language) for file in files] == [
        (paths[0], talk, "en"),
        (paths[1], talk, "de"),
    ]
    assert found(files[0]) == []
    assert {kind for kind, _ in found(files[1])} == {Kind.NO_TEXT}


def test_a_recording_that_cannot_be_heard_is_told_and_does_without(
    write: Callable[[str, list[Cue]], Path], tmp_path: Path
) -> None:
    path = write("talk.srt", CUES)
    (tmp_path / "talk.mp4").write_bytes(b"no film")

    checked = only(path)

    assert (found(checked), checked.media) == ([], None)
    assert checked.notes[0].startswith(
        f"checked without speech: {tmp_path / 'talk.mp4'}: not readable as audio"
    )
    with pytest.raises(UnreadableMedia):
        only(path, options=CheckOptions(media=tmp_path / "talk.mp4"))
    with pytest.raises(MissingFile):
        only(path, options=CheckOptions(media=tmp_path / "absent.mp4"))


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    write: Callable[[str, list[Cue]], Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.srt"
    broken.write_text("nothing", encoding="utf-8")

    files = [*check_files([tmp_path / "absent.srt", broken, write("good.srt", CUES)])]

    assert [type(file.error) for file in files] == [MissingFile, UnreadableSubtitles, type(None)]
    assert [file.is_well for file in files] == [False, False, True]


def test_the_rules_are_those_of_the_language(write: Callable[[str, list[Cue]], Path]) -> None:
    fast = [Cue(0, 2000, ("Wir haben es versucht, immer wieder.",))]  # 18 a second
    assert found(only(write("talk.srt", fast))) == []
    assert found(only(write("talk.de.srt", fast))) == [(Kind.TOO_FAST, 1)]
    assert found(only(write("talk.srt", fast), options=CheckOptions(language="German"))) == [
        (Kind.TOO_FAST, 1)
    ]
    plain = CheckOptions(LayoutOptions("plain"), language="de")
    assert found(only(write("talk.srt", fast), options=plain)) == []


SEGMENTS = tuple(
    Segment(n, cue.start_ms / 1000, cue.end_ms / 1000, f" {cue.text}", (), -0.2, 1.2, 0.01)
    for n, cue in enumerate(CUES)
)
TOLD = Transcript(SEGMENTS, "de", 1.0, 9.96, 5.0, uncovered=(Span(9.0, 9.5),))


def test_a_transcript_is_laid_out_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    path.write_text(TOLD.to_json(), encoding="utf-8")

    checked = only(path, options=CheckOptions(n_review=3))

    assert checked.report is not None
    assert checked.report.figures.n_cues > 0
    assert (checked.language, checked.is_well) == ("de", True)
    assert [item.reasons for item in checked.to_review] == [("speech at 0:09 to 0:09 has no text",)]


def test_a_transcript_of_a_translation_is_english(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    path.write_text(replace(TOLD, task="translate").to_json(), encoding="utf-8")
    assert only(path).language == "en"
    assert only(path, options=CheckOptions(language="fr")).language == "fr"


def test_text_where_nobody_is_heard_is_reviewed(talk: Path, tmp_path: Path) -> None:
    invented = Segment(9, 5.7, 6.5, " Nobody says it.", (), -0.2, 1.2, 0.01)
    path = tmp_path / "talk.json"
    path.write_text(replace(TOLD, segments=(invented,), uncovered=()).to_json(), encoding="utf-8")

    checked = only(path, options=CheckOptions(n_review=3))

    assert checked.media == talk
    assert [item.reasons for item in checked.to_review] == [("nobody is heard there",)]


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, "[]", "{}", '{"segments": [{}], "language": "en"}', '{"segments": []}']
)
def test_other_json_is_no_transcript(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talk.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableTranscript, match="not readable as a transcript"):
        raise only(path).error or AssertionError


def test_a_wrong_call_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="review = 3"):
        check_files([tmp_path / "absent.srt"], CheckOptions(n_review=3))
    with pytest.raises(InvalidOption, match="at least 0"):
        CheckOptions(n_review=-1)
    with pytest.raises(InvalidOption, match="without `listen`"):
        CheckOptions(media=tmp_path, listen=False)
    with pytest.raises(UnknownLanguage):
        CheckOptions(language="Klingon")
