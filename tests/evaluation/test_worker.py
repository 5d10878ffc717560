"""What a process that measures a model says of a recording that it cannot read."""

import shutil
from pathlib import Path

import pytest

from ovsubs.audio.ffmpeg import ask_ffmpeg
from ovsubs.errors import UnreadableMedia
from ovsubs.evaluation.worker import Job, measure

pytestmark = pytest.mark.model


def test_a_recording_that_breaks_off_is_refused_without_advice_for_subtitles(
    tiny_en_model_dir: Path, speech_sample: Path, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    ask_ffmpeg(["-i", str(speech_sample), "-c:a", "flac", str(whole)])
    shutil.copy(whole, cut)
    with cut.open("r+b") as file:
        file.truncate(whole.stat().st_size // 2)
    job = Job(str(tiny_en_model_dir), [str(cut)], str(tmp_path / "x.json"), "en", 1, None, "CPU", 2, "f32")

    with pytest.raises(UnreadableMedia, match="breaks off") as refused:
        measure(job)
    assert "--keep-damaged" not in str(refused.value)
