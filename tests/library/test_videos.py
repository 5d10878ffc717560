"""Copies of videos that are made beside subtitles, and what is said where none can be made."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from ovsubs.audio.ffmpeg import ask_ffmpeg
from ovsubs.audio.streams import read_contents
from ovsubs.errors import CopyIsInput, UnsupportedCopy, UnwritableOutput
from ovsubs.library.videos import VideoOptions, make_videos
from ovsubs.steps import run_to_end

ONE_CUE = "1\n00:00:00,000 --> 00:00:01,000\nEver tried.\n"
Make = Callable[..., tuple[Path, ...]]


@pytest.fixture
def srt(tmp_path: Path) -> Path:
    path = tmp_path / "talk.srt"
    path.write_text(ONE_CUE)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    ask_ffmpeg(["-f", "lavfi", "-i", "color=s=64x64:r=10:d=2", str(path)])
    return path


def embed_copy(video: Path, subtitles: Path, output_dir: Path | None = None) -> tuple[Path, ...]:
    source, wanted = read_contents(video), VideoOptions(embed=True)
    copying = make_videos(source, subtitles, wanted, language="en", output_dir=output_dir, overwrite=False)
    return run_to_end(copying).paths


@pytest.mark.parametrize("name", ["talk.mp3", "my talk's.wav", "talk.avi"])
def test_a_kind_that_holds_no_subtitles_is_refused_with_a_command_that_makes_another(
    srt: Path, tmp_path: Path, name: str
) -> None:
    video = tmp_path / name
    ask_ffmpeg(["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "1", str(video)])

    with pytest.raises(UnsupportedCopy) as refused:
        embed_copy(video, srt)

    message = str(refused.value)
    copy = video.with_name(f"{video.stem}.subtitled.mkv")
    assert message.startswith(f"{copy.with_suffix(video.suffix)}: such a file cannot be made (only .mp4")
    command = shlex.split(message.partition("make one of another kind with `")[2].removesuffix("`"))
    assert command == ["ovsubs", "embed", str(video), str(srt), "-l", "en", "-o", str(copy)]


def test_a_copy_without_a_place_is_told_as_subtitles_are(film: Path, srt: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.subtitled.mp4").mkdir()

    with pytest.raises(UnwritableOutput, match="choose another place with `output_dir`"):
        embed_copy(film, srt)


def test_a_copy_that_would_replace_what_is_read_is_refused(film: Path, srt: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.subtitled.mp4").symlink_to(film)

    with pytest.raises(CopyIsInput, match="choose another `output_dir`"):
        embed_copy(film, srt)
