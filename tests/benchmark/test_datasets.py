"""LibriSpeech folders as joined recordings."""

import subprocess
from pathlib import Path

import pytest

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.benchmark.datasets import joined_chapters
from ovsubs.errors import MissingFile


def _flac(path: Path, seconds: float) -> None:
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=16000:duration={seconds}"]
    subprocess.run([ffmpeg_executable(), "-v", "error", *tone, str(path)], check=True)


def test_utterances_are_joined_in_order_with_their_times(tmp_path: Path) -> None:
    chapter = tmp_path / "61" / "70968"
    chapter.mkdir(parents=True)
    _flac(chapter / "61-70968-0000.flac", 1.5)
    _flac(chapter / "61-70968-0001.flac", 0.5)
    (chapter / "61-70968.trans.txt").write_text("61-70968-0000 HE BEGAN\n61-70968-0001 A COMPLAINT\n")
    (recording,) = joined_chapters(tmp_path)
    assert recording.name == "70968"
    assert recording.text == "HE BEGAN A COMPLAINT"
    assert recording.duration == 2.0
    assert [(one.start, one.end) for one in recording.utterances] == [(0.0, 1.5), (1.5, 2.0)]


def test_a_folder_without_transcripts_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"trans\.txt"):
        list(joined_chapters(tmp_path))


def test_the_real_chapters_are_whole(shared_data: Path) -> None:
    recording = next(joined_chapters(shared_data / "librispeech" / "test-clean"))
    assert recording.utterances[-1].end == pytest.approx(recording.duration)
    assert all(one.end > one.start and one.text for one in recording.utterances)
