"""LibriSpeech folders as joined recordings."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.datasets.joining import Recording, joined_chapters, read_samples, write_joined, write_wav
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


def test_chapters_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for speaker, seconds in (("alice", 0.5), ("bob", 1.5)):
        folder = tmp_path / "split" / speaker / "1"
        folder.mkdir(parents=True)
        _flac(folder / f"{speaker}-1-0000.flac", seconds)
        (folder / f"{speaker}-1.trans.txt").write_text(f"{speaker}-1-0000 {speaker} SPEAKS\n")
    joined = list(write_joined(tmp_path / "split", tmp_path))
    assert [len(read_samples(file.path)) / 16_000 for file in joined] == [0.5, 1.5]
    assert [file.text for file in joined] == ["alice SPEAKS", "bob SPEAKS"]


def test_a_folder_without_transcripts_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"trans\.txt"):
        list(joined_chapters(tmp_path))


def test_the_real_chapters_are_whole(shared_data: Path) -> None:
    recording = next(joined_chapters(shared_data / "librispeech" / "test-clean"))
    assert recording.utterances[-1].end == pytest.approx(recording.duration)
    assert all(one.end > one.start and one.text for one in recording.utterances)


def test_loud_samples_do_not_wrap_around(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    write_wav(path, Recording("loud", np.array([1.0, -1.0, 2.0, 0.5], np.float32), ()))
    assert read_samples(path).tolist() == pytest.approx([32767 / 32768, -1.0, 32767 / 32768, 0.5])
