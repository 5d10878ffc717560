"""Whatever is wrong with an input: one clear line, the right exit code, nothing half-written."""

import shutil
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Ended, run_process
from heard import is_sample, words_of
from rights import AS_A_USER
from systems import needs_links, needs_permissions, needs_posix

pytestmark = pytest.mark.model

PICTURE = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=10", "-pix_fmt", "yuv420p")
CUT_OFF = "no index (moov atom): the file is cut off, or it is not what its name says"

# What is wrong with which file, and what is said about it after its path. `cut.mkv` comes after `cut.mp4`
# and would have its subtitles, had that been readable.
REFUSED = {
    "absent.mp4": "no such file; check the path",
    "folder": "no audio or video file in this folder; name files, or another folder",
    "folder.mp4": "no audio or video file in this folder; name files, or another folder",
    "empty.mp4": "the file is empty (0 bytes); copy it again from its source",
    "text.mp4": f"not readable as audio or video ({CUT_OFF}); check that it plays in a player",
    "cut.mp4": f"not readable as audio or video ({CUT_OFF}); check that it plays in a player",
    "mute.mp4": "no audio stream in this file, so there is nothing to transcribe",
    "cut-faststart.mp4": "copy it again, or use --keep-damaged for subtitles of what is there",
    "cut.mkv": "copy it again, or use --keep-damaged for subtitles of what is there",
}
# Files that are well, but nobody speaks in them: empty subtitles and a note.
WITHOUT_SPEECH = ("no-samples.wav", "ten-milliseconds.wav", "silence.wav", "tone.wav")


def write_wav(path: Path, n_samples: int) -> Path:
    """Digital silence, mono 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * n_samples))
    return path


def cut_in_half(source: Path, path: Path) -> Path:
    content = source.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@dataclass(frozen=True)
class Batch:
    """One run over a folder of bad files, with a good one at its end."""

    folder: Path
    output: Path
    ended: Ended

    def lines_about(self, name: str) -> list[str]:
        return [line for line in self.ended.complaints if line.startswith(f"{self.folder / name}: ")]


@pytest.fixture(scope="module")
def bad_files(talk: Path, ffmpeg: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "folder").mkdir()
    (folder / "folder.mp4").mkdir()
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("These are the minutes of the meeting.\n" * 100)
    cut_in_half(talk, folder / "cut.mp4")
    whole = ffmpeg(folder / "whole.mp4", "-i", talk, "-c", "copy", "-movflags", "+faststart")
    cut_in_half(whole, folder / "cut-faststart.mp4")
    whole.unlink()
    whole = ffmpeg(folder / "whole.mkv", "-i", talk, "-c", "copy")
    cut_in_half(whole, folder / "cut.mkv")
    whole.unlink()
    ffmpeg(folder / "mute.mp4", *PICTURE)
    write_wav(folder / "no-samples.wav", 0)
    write_wav(folder / "ten-milliseconds.wav", 160)
    write_wav(folder / "silence.wav", 20 * 16_000)
    chord = "sine=f=262:d=20[a];sine=f=330:d=20[b];sine=f=392:d=20[c];[a][b][c]amix=inputs=3"
    ffmpeg(folder / "tone.wav", "-filter_complex", chord)
    shutil.copy(talk, folder / "good.mp4")
    return folder


@pytest.fixture(scope="module")
def batch(bad_files: Path, tiny_en_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    output = tmp_path_factory.mktemp("subtitles")
    inputs = [bad_files / name for name in (*REFUSED, *WITHOUT_SPEECH, "good.mp4")]
    return Batch(bad_files, output, run_process("subtitle", *inputs, "-m", tiny_en_model_dir, "-o", output))


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_gets_one_line_that_names_it_and_says_what_to_do(batch: Batch, name: str) -> None:
    (line,) = batch.lines_about(name)

    assert line.endswith(REFUSED[name])
    assert not (batch.output / name).with_suffix(".srt").exists()


@pytest.mark.parametrize("name", ["cut-faststart.mp4", "cut.mkv"])
def test_a_file_that_breaks_off_says_where(batch: Batch, name: str) -> None:
    (line,) = batch.lines_about(name)

    assert "the audio breaks off after 4." in line
    assert " of 10.0 s (" in line


@pytest.mark.parametrize("name", WITHOUT_SPEECH)
def test_a_file_without_speech_gets_empty_subtitles_and_a_note(batch: Batch, name: str) -> None:
    (line,) = batch.lines_about(name)

    assert line.endswith((": no speech was found", "no words could be made out"))
    assert (batch.output / name).with_suffix(".srt").read_bytes() == b""


def test_bad_files_hinder_no_good_one_and_leave_nothing_behind(batch: Batch) -> None:
    expected = {"good.srt", *(Path(name).with_suffix(".srt").name for name in WITHOUT_SPEECH)}

    assert batch.ended.code == 1
    assert is_sample((batch.output / "good.srt").read_text())
    assert {path.name for path in batch.output.iterdir()} == expected
    assert "Traceback" not in batch.ended.err


def test_the_closing_table_has_a_row_for_each_file(batch: Batch) -> None:
    for name in (*REFUSED, *WITHOUT_SPEECH, "good.mp4"):
        (row,) = [row for row in batch.ended.out.splitlines() if row.startswith(f"{batch.folder / name} ")]
        outcome = "failed" if name in REFUSED else f"{Path(name).stem}.srt"
        assert row.split()[-1] == outcome


@pytest.mark.parametrize("name", [name for name in REFUSED if not name.startswith("cut")])
def test_a_lone_bad_file_fails_at_once_without_loading_a_model(
    bad_files: Path, ovsubs: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    ended = ovsubs("subtitle", bad_files / name, "-m", tmp_path / "nowhere", "-o", tmp_path / "out", "-q")

    assert ended == Ended(1, "", f"ovsubs: {bad_files / name}: {REFUSED[name]}\n")
    assert not (tmp_path / "out").exists()


def test_of_a_damaged_file_what_is_there_is_kept_on_request(
    bad_files: Path, tiny_en_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    damaged = bad_files / "cut-faststart.mp4"

    ended = ovsubs("subtitle", damaged, "-m", tiny_en_model_dir, "-o", tmp_path, "--keep-damaged")

    (line,) = ended.complaints
    assert ended.code == 0
    assert line.startswith(f"{damaged}: the audio breaks off after 4.")
    words = words_of((tmp_path / "cut-faststart.srt").read_text())
    assert "ever" in words
    assert "better" not in words


@needs_permissions
def test_a_file_or_folder_without_read_permission_is_refused_alone(talk: Path, tmp_path: Path) -> None:
    locked, folder, there = tmp_path / "locked.mp4", tmp_path / "folder", tmp_path / "talk.mp4"
    folder.mkdir()
    shutil.copy(talk, locked)
    shutil.copy(talk, there)
    there.with_suffix(".srt").touch()
    locked.chmod(0)
    folder.chmod(0)

    ended = run_process("subtitle", locked, folder, there, before=AS_A_USER)
    folder.chmod(0o700)

    assert ended.code == 1
    assert ended.complaints == [
        f"{locked}: not readable as audio or video (permission denied); check that it plays in a player",
        f"{folder}: Permission denied",
        f"{there.with_suffix('.srt')}: already there; use --overwrite to replace it",
    ]


@needs_permissions
def test_a_folder_without_write_permission_is_refused_before_any_work(talk: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)

    ended = run_process("subtitle", talk, "-o", locked, "-m", tmp_path / "nowhere", "-q", before=AS_A_USER)

    assert ended.code == 1
    assert ended.complaints == [
        f"{locked / 'talk.srt'}: cannot be written (no permission to write in {locked});"
        " choose another place with --output-dir"
    ]


@needs_links
@needs_posix
def test_odd_paths_are_refused_in_one_line_too(ovsubs: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "itself.mp4").symlink_to("itself.mp4")
    (tmp_path / "notes.txt").write_text("x")
    too_long = tmp_path / f"{'x' * 300}.mp4"
    below_a_file = tmp_path / "notes.txt" / "talk.mp4"

    ended = ovsubs("subtitle", tmp_path / "itself.mp4", too_long, below_a_file, "-q")

    assert ended.code == 1
    assert ended.complaints == [
        f"{tmp_path / 'itself.mp4'}: no such file; check the path",
        f"{too_long}: File name too long",
        f"{below_a_file}: no such file; check the path",
    ]


def test_an_output_folder_that_cannot_be_is_refused_before_any_work(
    talk: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    in_the_way = tmp_path / "notes.txt"
    in_the_way.write_text("x")

    ended = ovsubs("subtitle", talk, "-o", in_the_way / "subtitles", "-m", tmp_path / "nowhere", "-q")

    assert ended.code == 1
    assert ended.complaints == [
        f"{in_the_way / 'subtitles' / 'talk.srt'}: cannot be written ({in_the_way} is not a folder);"
        " choose another place with --output-dir"
    ]
    assert in_the_way.read_text() == "x"


def test_a_folder_in_the_place_of_the_subtitles_fails_this_file_only(
    talk: Path, tiny_en_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    other = shutil.copy(talk, tmp_path / "other.mp4")
    (tmp_path / "out" / "talk.srt").mkdir(parents=True)

    ended = ovsubs("subtitle", talk, other, "-o", tmp_path / "out", "-m", tiny_en_model_dir, "--overwrite")

    assert ended.code == 1
    (line,) = ended.complaints
    assert line.startswith(f"{tmp_path / 'out' / 'talk.srt'}: cannot be written (")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"talk.srt", "other.srt"}


def test_subtitles_that_are_there_stay_as_they_are_until_told_otherwise(
    talk: Path, tiny_en_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    there = tmp_path / "talk.srt"
    there.write_bytes(b"corrected by hand\r\n")
    call = ("subtitle", talk, "-o", tmp_path, "-m", tiny_en_model_dir)

    skipped = ovsubs(*call)
    untouched = there.read_bytes()
    replaced = ovsubs(*call, "--overwrite")

    assert skipped.code == replaced.code == 0
    assert skipped.complaints == [f"{there}: already there; use --overwrite to replace it"]
    assert skipped.out.split()[-1] == "skipped"
    assert untouched == b"corrected by hand\r\n"
    assert is_sample(there.read_text())
    assert list(tmp_path.iterdir()) == [there]


def test_two_files_with_one_name_do_not_overwrite_each_other(
    talk: Path,
    ffmpeg: Callable[..., Path],
    tiny_en_model_dir: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    sound = ffmpeg(tmp_path / "talk.mp3", "-i", talk, "-vn")
    output = tmp_path / "out"

    ended = ovsubs("subtitle", talk, sound, talk, "-o", output, "-m", tiny_en_model_dir)

    assert ended.code == 1
    assert ended.complaints == [
        f"{sound}: its subtitles {output / 'talk.srt'} are those of {talk} already;"
        " give one of them another --output-dir",
        f"{talk}: named twice",
    ]
    assert [path.name for path in output.iterdir()] == ["talk.srt"]
