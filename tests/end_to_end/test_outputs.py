"""Where subtitles go and under which name; what is printed and where."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended, run_process
from heard import is_sample, spoken_words, words_of

from ovsubs.subtitles.formats import FORMATS

pytestmark = pytest.mark.model


@pytest.fixture
def model(tiny_en_model_dir: Path) -> tuple[str, Path]:
    return ("--model", tiny_en_model_dir)


def test_stdout_holds_the_subtitles_and_nothing_else(
    talk: Path, model: tuple[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    film = shutil.copy(talk, folder / "talk.mp4")

    ended = run_process("subtitle", film, *model, "-o", "-")

    assert ended.code == 0
    assert ended.out.startswith("1\n00:00:00,")
    assert is_sample(ended.out)
    assert ended.err == f"model from {model[1]}\n"
    assert list(folder.iterdir()) == [film]


def test_quiet_says_nothing_at_all_when_all_is_well(
    talk: Path, model: tuple[str, Path], tmp_path: Path
) -> None:
    assert run_process("subtitle", talk, *model, "-o", tmp_path, "-q") == Ended(0, "", "")
    assert is_sample((tmp_path / "talk.srt").read_text())


def test_the_profile_tells_all_stages_and_they_add_up(
    talk: Path, model: tuple[str, Path], tmp_path: Path
) -> None:
    ended = run_process("subtitle", talk, *model, "-o", tmp_path, "--profile")

    assert ended.code == 0
    table = ended.out[ended.out.index("stage  ") :].splitlines()[1:]
    rows = {row[0]: row[1:] for row in (re.split(r"  +", line.strip()) for line in table)}
    assert {"extract", "vad", "mel", "encode", "prefill", "steps", "logit filters", "wall"} <= set(rows)
    wall = float(rows.pop("wall")[0])
    assert sum(float(row[0]) for row in rows.values()) == pytest.approx(wall, abs=0.05)
    seconds, _, n_steps, ms_each, rows_each = rows["steps"]
    assert float(seconds) == pytest.approx(float(n_steps) * float(ms_each) / 1000, rel=0.1, abs=0.02)
    assert 10 < int(n_steps) < 100
    assert 1.0 <= float(rows_each) <= 3.0


def test_stdout_takes_one_file_and_one_format(
    talk: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    two_files = ovsubs("subtitle", talk, talk, "-o", "-")
    folder = ovsubs("subtitle", tmp_path, "-o", "-")
    two_formats = ovsubs("subtitle", talk, "-o", "-", "-f", "srt,vtt")

    assert two_files == folder == Ended(
        2, "", "ovsubs: --output-dir = '-' is not valid: it prints the subtitles of one file\n"
    )  # fmt: skip
    assert two_formats == Ended(
        2, "", "ovsubs: --output-format = 'srt,vtt' is not valid: with --output-dir - it is one format\n"
    )


def test_names_that_the_console_cannot_show_stop_nothing(
    talk: Path, model: tuple[str, Path], tmp_path: Path
) -> None:
    """A console that knows ASCII only, and a name that is no UTF-8 either (from an old disk)."""
    names = ["講義.mp4", os.fsdecode(b"caf\xe9.mp4")]
    for name in names:
        shutil.copy(talk, tmp_path / name)

    ended = run_process("subtitle", tmp_path, *model, PYTHONIOENCODING="ascii")

    assert ended.code == 0, ended.err
    assert {path.stem for path in tmp_path.glob("*.srt")} == {Path(name).stem for name in names}
    assert "講義.srt" in ended.out
    assert "Traceback" not in ended.err


def test_printed_subtitles_are_utf_8_whatever_the_console_says(
    base_model_dir: Path, shared_data: Path
) -> None:
    clip = shared_data / "fleurs/zh/fleurs_zh_1883_clip5.wav"

    ended = run_process(
        *("subtitle", clip, "-m", base_model_dir, "-o", "-", "-f", "txt", "-l", "zh"),
        PYTHONIOENCODING="ascii",
    )

    assert ended.code == 0, ended.err
    assert sum("\u4e00" <= character <= "\u9fff" for character in ended.out) > 20


def test_all_formats_with_the_language_in_their_names(
    talk: Path, model: tuple[str, Path], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    """A second run finds them, whether or not the language is known beforehand."""
    call = ("subtitle", talk, *model, "--output_dir", tmp_path, "--output-format", "all", "--language-suffix")
    names = {f"talk.en.{ending}" for ending in FORMATS}

    first = ovsubs(*call, "--vad_filter", "True", "--batch_size=4")
    (tmp_path / "talk.en.vtt").unlink()
    missing_one = ovsubs(*call)
    known = ovsubs(*call, "--language", "english")

    assert first.code == missing_one.code == known.code == 0
    assert {path.name for path in tmp_path.iterdir()} == names
    assert missing_one.out.split()[-1] == "talk.en.vtt"
    assert known.complaints == [f"{tmp_path / 'talk.en.srt'}: already there; use --overwrite to replace it"]


@pytest.mark.parametrize(
    ("flags", "timed"),
    [
        (("-f", "srt,json"), True),
        (("-f", "json"), True),
        (("-f", "json", "--word_timestamps", "False"), False),
        (("-f", "srt,json", "--no-word-timestamps"), False),
    ],
)
def test_words_get_times_where_cues_need_them_or_somebody_asks(
    talk: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
    base_model_dir: Path,
    flags: tuple[str, ...],
    timed: bool,
) -> None:
    ended = ovsubs("subtitle", talk, "-m", base_model_dir, "-l", "en", "-o", tmp_path, *flags)

    assert ended.code == 0
    segments = json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))["segments"]
    assert [("words" in segment) for segment in segments] == [timed] * len(segments)
    assert is_sample(" ".join(spoken_words(segments))) if timed else spoken_words(segments) == []


def test_a_silent_file_is_skipped_the_second_time_too(
    ffmpeg: Callable[..., Path], base_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    """Nobody speaks, so its language is undetermined (ISO 639-2: und)."""
    silence = ffmpeg(tmp_path / "silence.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "3")
    call = ("subtitle", silence, "-m", base_model_dir, "--language-suffix")

    first, second = ovsubs(*call), ovsubs(*call)

    assert first.code == second.code == 0
    assert first.complaints == [f"{silence}: no speech was found"]
    assert second.complaints == [
        f"{tmp_path / 'silence.und.srt'}: already there; use --overwrite to replace it"
    ]


def test_a_language_by_its_english_name_names_the_output(
    base_model_dir: Path, shared_data: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    clip = shared_data / "fleurs/de/fleurs-de-001.ogg"
    call = ("subtitle", clip, "-m", base_model_dir, "-o", tmp_path, "--language-suffix", "-f", "txt")

    ended = ovsubs(*call, "--language", "German")
    again = ovsubs(*call, "--language", "de")

    assert ended.code == again.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fleurs-de-001.de.txt"]
    assert "Dinosaurier" in (tmp_path / "fleurs-de-001.de.txt").read_text(encoding="utf-8")
    assert " de 100% " in ended.out
    assert again.out.split()[-1] == "skipped"


def test_without_the_vad_all_is_heard(talk: Path, base_model_dir: Path, ovsubs: Callable[..., Ended]) -> None:
    call = ("subtitle", talk, "-m", base_model_dir, "-o", "-", "-f", "tsv", "-l", "en")

    filtered, whole = ovsubs(*call), ovsubs(*call, "--vad_filter", "False")

    assert whole.code == filtered.code == 0
    starts = [int(ended.out.splitlines()[1].split("\t")[0]) for ended in (whole, filtered)]
    assert "better" in words_of(whole.out)
    assert starts[0] <= starts[1]  # nothing is cut from the beginning
    assert starts[0] < 200
