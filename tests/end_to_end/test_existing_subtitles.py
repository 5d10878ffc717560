"""Subtitles that are there, in the language that is spoken or in another; folders, searched in depth."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended, run_process
from rights import AS_A_USER
from systems import needs_permissions

from ovsubs.audio.ffmpeg import ffmpeg_executable

pytestmark = pytest.mark.model

Find = Callable[[str], Path]
Run = Callable[..., Ended]
CORRECTED = "1\n00:00:01,000 --> 00:00:02,000\nCorrected.\n"


@pytest.fixture(scope="module")
def english(recordings: Find) -> Path:
    return recordings("fleurs/en/fleurs-en-001.ogg")


@pytest.fixture(scope="module")
def german(recordings: Find) -> Path:
    return recordings("fleurs/de/fleurs-de-001.ogg")


def copy_to(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, path)
    return path


def below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_subtitles_in_another_language_block_nothing(
    english: Path, german: Path, base_model_dir: Path, ovsubs: Run, tmp_path: Path
) -> None:
    copy_to(english, tmp_path / "a.ogg")
    copy_to(german, tmp_path / "b.ogg")
    for name in ("a", "b"):
        (tmp_path / f"{name}.de.srt").write_text(CORRECTED)
    call = ("subtitle", tmp_path, "-m", base_model_dir, "--language-suffix", "--beam-size", "1")

    first, second = ovsubs(*call), ovsubs(*call)

    assert (first.code, second.code) == (0, 0)
    skipped = f"{tmp_path / 'b.de.srt'}: already there, and German is spoken; use --overwrite to replace it"
    assert first.complaints == [skipped]
    assert below(tmp_path) == {"a.ogg", "b.ogg", "a.de.srt", "b.de.srt", "a.en.srt"}
    assert "Corrected" not in (tmp_path / "a.en.srt").read_text()
    assert second.complaints == [skipped.replace("b.de", "a.en").replace("German", "English"), skipped]


def test_with_a_model_for_english_alone_the_language_is_known(
    english: Path, tiny_en_model_dir: Path, ovsubs: Run, tmp_path: Path
) -> None:
    copy_to(english, tmp_path / "a.ogg")
    (tmp_path / "a.fr.srt").write_text(CORRECTED)

    ended = ovsubs("subtitle", tmp_path, "-m", tiny_en_model_dir, "--language-suffix")

    assert ended.code == 0
    assert below(tmp_path) == {"a.ogg", "a.fr.srt", "a.en.srt"}


def track_of(video: Path) -> str:
    """The subtitle track of a video as SRT, behind what ffmpeg says of it."""
    command = [ffmpeg_executable(), "-i", video, "-map", "0:s", "-f", "srt", "-"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stderr + done.stdout


@pytest.mark.parametrize("suffix", [("--language-suffix",), ()])
def test_a_copy_never_shows_another_language(
    english: Path,
    german: Path,
    base_model_dir: Path,
    ffmpeg: Callable[..., Path],
    ovsubs: Run,
    tmp_path: Path,
    suffix: tuple[str, ...],
) -> None:
    """Of the German film the subtitles that are there; of the English one new ones, in English."""
    picture = ("-f", "lavfi", "-i", "color=s=64x64:r=5:d=8", "-shortest")
    for name, speech in (("a", english), ("b", german)):
        ffmpeg(tmp_path / f"{name}.mkv", "-i", speech, *picture)
        (tmp_path / f"{name}.ger.sdh.srt").write_text(CORRECTED)

    ended = ovsubs("subtitle", tmp_path, "-m", base_model_dir, "--embed", "--beam-size", "1", *suffix)

    assert ended.code == 0, ended.err
    of_english, of_german = track_of(tmp_path / "a.subtitled.mkv"), track_of(tmp_path / "b.subtitled.mkv")
    assert re.search(r"\((eng)\): Subtitle", of_english)
    assert "Corrected." not in of_english
    assert re.search(r"\((ger|deu)\): Subtitle", of_german)
    assert "Corrected." in of_german
    assert (tmp_path / ("a.en.srt" if suffix else "a.srt")).is_file()
    assert not (tmp_path / ("b.de.srt" if suffix else "b.srt")).exists()


def test_a_file_that_cannot_be_heard_stops_no_other(
    english: Path, base_model_dir: Path, ovsubs: Run, tmp_path: Path
) -> None:
    copy_to(english, tmp_path / "b.ogg")
    (tmp_path / "a.ogg").write_bytes(b"no sound")
    for name in ("a", "b"):
        (tmp_path / f"{name}.en.srt").write_text(CORRECTED)

    ended = ovsubs("subtitle", tmp_path, "-m", base_model_dir, "--language-suffix")

    assert ended.code == 1
    failed, skipped = ended.complaints
    assert failed.startswith(f"{tmp_path / 'a.ogg'}: not readable")
    assert skipped.startswith(f"{tmp_path / 'b.en.srt'}: already there, and English is spoken")


def test_nothing_is_heard_where_all_is_settled(english: Path, ovsubs: Run, tmp_path: Path) -> None:
    """No model is asked for where the language is given."""
    copy_to(english, tmp_path / "a.ogg")
    (tmp_path / "a.en.cc.srt").write_text(CORRECTED)

    ended = ovsubs("subtitle", tmp_path, "-m", tmp_path / "none", "--language-suffix", "-l", "en")

    assert ended.code == 0
    assert ended.err.endswith("a.en.cc.srt: already there; use --overwrite to write a.en.srt all the same\n")


@pytest.fixture
def lectures(english: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "lectures"
    for name in ("talk.ogg", "a/talk.ogg", "a/deep/talk.ogg", ".trash/talk.ogg", "a/.talk.ogg"):
        copy_to(english, folder / name)
    (folder / "a" / "notes.txt").touch()
    (folder / "a" / "again").symlink_to(folder, target_is_directory=True)
    return folder


def test_folders_are_searched_in_depth_and_kept_in_the_output_folder(
    lectures: Path, tiny_en_model_dir: Path, ovsubs: Run, tmp_path: Path
) -> None:
    call = ("subtitle", lectures, "-m", tiny_en_model_dir, "-o", tmp_path / "out")

    top, below_too = ovsubs(*call, "--no-recursive"), ovsubs(*call, "-r")

    assert (top.code, below_too.code) == (0, 0)
    assert top.out.count(".srt") == 1
    assert below_too.complaints == [
        f"{tmp_path / 'out' / 'talk.srt'}: already there; use --overwrite to replace it"
    ]
    assert below(tmp_path / "out") == {"talk.srt", "a/talk.srt", "a/deep/talk.srt"}


def test_what_is_passed_over_is_said_if_somebody_asks(
    lectures: Path, tiny_en_model_dir: Path, ovsubs: Run
) -> None:
    call = ("subtitle", lectures, "-m", tiny_en_model_dir)

    verbose, plain = ovsubs(*call, "--verbose"), ovsubs(*call)

    assert [line for line in verbose.complaints if "passed over" in line] == [
        f"{lectures / '.trash'}: passed over (hidden)",
        f"{lectures / 'a/.talk.ogg'}: passed over (hidden)",
        f"{lectures / 'a/again'}: passed over (a link to a folder)",
        f"{lectures / 'a/notes.txt'}: passed over (no audio or video file)",
    ]
    assert (lectures / "a/deep/talk.srt").is_file()
    assert "passed over" not in plain.err
    assert ovsubs(*call, "-v", "-q") == Ended(
        2, "", "ovsubs: --verbose is not valid: not with --quiet, which says nothing but errors\n"
    )  # fmt: skip


@needs_permissions
def test_a_locked_folder_is_reported_and_the_rest_goes_on(lectures: Path, tiny_en_model_dir: Path) -> None:
    locked = lectures / "a" / "locked"
    locked.mkdir()
    locked.chmod(0)

    ended = run_process("subtitle", lectures, "-m", tiny_en_model_dir, before=AS_A_USER)
    locked.chmod(0o700)

    assert ended.code == 1
    assert ended.complaints == [f"{locked}: Permission denied"]
    assert {"talk.srt", "a/talk.srt", "a/deep/talk.srt"} <= below(lectures)
