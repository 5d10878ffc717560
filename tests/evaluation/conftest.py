"""A small split in LibriSpeech's layout, and the programs in benchmarks/ as a person runs them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import PATIENCE_S

from ovsubs.audio.ffmpeg import ffmpeg_executable

ROOT = Path(__file__).parents[2]
UTTERANCES = ("EVER TRIED EVER FAILED NO MATTER", "TRY AGAIN FAIL AGAIN FAIL BETTER")
PAUSE_S = 4.47  # between the two, in seconds of the sample
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_benchmark() -> Run:
    """Runs a program of benchmarks/ with arguments."""

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / program), *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=PATIENCE_S,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def split(tmp_path_factory: pytest.TempPathFactory, speech_sample: Path) -> Path:
    """A LibriSpeech split of one chapter with two utterances: the sample, cut at its pause."""
    split = tmp_path_factory.mktemp("split")
    chapter = split / "1" / "2"
    chapter.mkdir(parents=True)
    for number, cut in enumerate((["-t", str(PAUSE_S)], ["-ss", str(PAUSE_S)])):
        sound = ["-i", str(speech_sample), *cut, "-ar", "16000", "-ac", "1"]
        subprocess.run(
            [ffmpeg_executable(), "-v", "error", *sound, str(chapter / f"1-2-{number:04}.flac")], check=True
        )
    lines = [f"1-2-{number:04} {text}\n" for number, text in enumerate(UTTERANCES)]
    (chapter / "1-2.trans.txt").write_text("".join(lines), encoding="utf-8")
    return split
