"""Speech after music, after a pause and after silence: every word is there, and stands where it is spoken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Ended
from heard import says

from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions

pytestmark = pytest.mark.model

BEGINNING = "I believe that this nation should commit itself"
AFTER_MUSIC = {  # and from when on somebody speaks, in seconds
    "words_after_music_lost.flac": 25.3,
    "words_after_music_and_1s_pause_lost.flac": 26.3,
    "first_word_early.flac": 25.3,
}


@pytest.fixture(scope="module")
def after_music(
    cases: Path, base_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """The transcripts of a speech after 25 s of music, as the command line writes them."""
    from command_line import run_process

    folder = tmp_path_factory.mktemp("after-music")
    files = [cases / name for name in AFTER_MUSIC]
    ended = run_process("subtitle", *files, "-m", base_model_dir, "-o", folder, "-f", "json")
    assert ended.code == 0, ended.err
    return {
        file.name: json.loads((folder / f"{file.stem}.json").read_text(encoding="utf-8")) for file in files
    }


@pytest.mark.parametrize("name", AFTER_MUSIC)
def test_the_first_words_after_music_are_there_and_in_their_place(
    after_music: dict[str, dict[str, Any]], name: str
) -> None:
    transcript, start = after_music[name], AFTER_MUSIC[name]
    words = [word for segment in transcript["segments"] for word in segment["words"]]

    assert says(" ".join(word["word"] for word in words[:8]), BEGINNING, n_errors=1)
    assert all(start - 0.5 <= word["start"] < word["end"] for word in words)
    assert words[0]["start"] <= start + 0.8
    assert all(segment["start"] >= start - 1.6 for segment in transcript["segments"])


def test_cues_begin_with_the_speech_where_silence_is_not_looked_for(
    cases: Path, base_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    """25 s of digital silence."""
    name = "leading_silence_no_vad"
    call = (
        "subtitle",
        cases / f"{name}.flac",
        "--no-vad",
        "-m",
        base_model_dir,
        "-o",
        tmp_path,
        "-f",
        "json",
    )
    ended = ovsubs(*call)

    segments = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))["segments"]
    assert ended.code == 0
    assert segments
    assert min(segment["start"] for segment in segments) >= 24.0


def test_a_crowd_before_a_speech_gives_no_text(
    base_model: Model, recordings: Callable[[str], Path], shared_data: Path, read_samples: Any
) -> None:
    """Eight people who read at once, as loud as the one who speaks after them."""
    files = sorted((shared_data / "librispeech/train-clean-100").rglob("*.flac"))[::7][:8]
    lines = [np.resize(read_samples(path), 15 * 16_000) for path in files]
    crowd = np.sum([line / np.sqrt(np.square(line).mean()) for line in lines], axis=0)
    speech = read_samples(recordings("speeches/kennedy.wav"))
    crowd *= np.sqrt(np.square(speech).mean()) / np.sqrt(np.square(crowd).mean())
    joined = np.concatenate([crowd, np.zeros(8_000), speech]).astype(np.float32)
    joined /= max(1.0, float(np.abs(joined).max()))

    options = TranscribeOptions(language="en", word_timestamps=True)
    transcript = base_model.transcribe(joined, options=options)

    assert says(transcript.text, BEGINNING, n_errors=1)
    early = [word for segment in transcript.segments for word in segment.words if word.end < 15.0]
    assert len(early) <= 2, transcript.text
