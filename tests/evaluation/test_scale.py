"""Speed and memory against length: files of any length are made, and measured for real."""

import json
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def scale(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import scale

    return scale


@pytest.mark.parametrize("length_s", [1, 2, 5, 11])
def test_recordings_are_repeated_up_to_the_length(scale: ModuleType, tmp_path: Path, length_s: int) -> None:
    recordings = [write_wav(tmp_path / "one.wav", b"\1\2", 1), write_wav(tmp_path / "two.wav", b"\3\4", 2)]
    scale.write_repeated(recordings, length_s, tmp_path / "long.wav")
    expected = (b"\1\2" * 16_000 + b"\3\4" * 32_000) * 4
    assert scale.read_wav(tmp_path / "long.wav") == expected[: length_s * 32_000]


def write_wav(path: Path, sample: bytes, seconds: int) -> Path:
    with wave.open(str(path), "wb") as written:
        written.setparams((1, 2, 16_000, 0, "NONE", ""))
        written.writeframes(sample * 16_000 * seconds)
    return path


@pytest.mark.model
def test_each_case_is_measured(run_benchmark: Run, split: Path, base_model_dir: Path, tmp_path: Path) -> None:
    results = tmp_path / "scale.json"
    what = [
        "--data",
        split,
        "--model",
        base_model_dir,
        "--lengths",
        "7,75",
        "--only-lengths",
        "--threads",
        "2",
    ]
    done = run_benchmark("scale.py", *what, "--json", results)
    assert done.returncode == 0, done.stderr
    measured = json.loads(results.read_text(encoding="utf-8"))["measurements"]
    assert [one["case"]["length_s"] for one in measured] == [7, 75]
    assert all(one["rtfx"] > 0.5 and one["peak_memory_mb"] > 200 for one in measured)
    assert "| 7 s | default | 2 |" in done.stdout
    assert "| 1 min | default | 2 |" in done.stdout


def test_a_wrong_call_is_refused(run_benchmark: Run, tmp_path: Path) -> None:
    wrong = run_benchmark("scale.py", "--data", tmp_path, "--lengths", "0")
    assert wrong.returncode == 2
    assert "at least 1" in wrong.stderr
