"""The comparison with other engines, run for real with the engine that is always there: ovsubs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ovsubs.audio.ffmpeg import ffmpeg_executable

ROOT = Path(__file__).parents[2]
UTTERANCES = ("EVER TRIED EVER FAILED NO MATTER", "TRY AGAIN FAIL AGAIN FAIL BETTER")
PAUSE_S = 4.47  # between the two, in seconds of the sample
README = "# Title\n\n<!-- peers:begin -->\nold\n<!-- peers:end -->\n\nThe end.\n"


def _run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
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


@pytest.mark.model
def test_both_sets_are_measured_and_the_readme_gets_their_tables(
    split: Path, base_model_dir: Path, tmp_path: Path
) -> None:
    results, readme = tmp_path / "peers.json", tmp_path / "README.md"
    ours = ["--data", split, "--model", base_model_dir, "--json", results, "--engines", "ovsubs", "--runs=1"]
    done = _run("peers.py", *ours, "--threads", "2")
    assert done.returncode == 0, done.stderr
    content = json.loads(results.read_text(encoding="utf-8"))
    assert [(one["recordings"], one["n_files"], one["n_utterances"]) for one in content["sets"]] == [
        ("long", 1, 2),
        ("short", 2, 2),
    ]
    assert content["conditions"]["machine"]["cpu"]
    for result in content["results"]:
        assert result["failure"] is None
        assert (result["n_words"], result["wer"]) == (12, 0.0)
        assert result["of_utterances"]["n_words"] == [6, 6]
        assert result["rtfx"] == pytest.approx(9.98 / result["runs"][0]["seconds"], rel=0.02)
        assert 200.0 < result["peak_memory_mb"] < 3000.0

    readme.write_text(README, encoding="utf-8")
    where = ["--json", results, "--readme", readme]
    assert _run("make_readme_table.py", *where, "--check").returncode == 1
    assert _run("make_readme_table.py", *where).returncode == 0
    assert _run("make_readme_table.py", *where, "--check").returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert text.count("| ovsubs | 0.00 % (0.00 to 0.00) |") == 2
    assert text.startswith("# Title\n\n<!-- peers:begin -->\nWhisper ")
    assert text.endswith("|\n<!-- peers:end -->\n\nThe end.\n")
    assert "old" not in text

    before = results.read_bytes()
    assert "long" not in _run("peers.py", *ours, "--threads", "2", "--resume").stderr
    assert "other machine" in _run("peers.py", *ours, "--threads", "1", "--resume").stderr
    assert results.read_bytes() == before


def test_a_wrong_call_is_refused_before_anything_runs(tmp_path: Path) -> None:
    unknown = _run("peers.py", "--data", tmp_path, "--engines", "ovsubs,whisper.dpp")
    assert unknown.returncode == 2
    assert "unknown engine 'whisper.dpp'" in unknown.stderr
    no_python = _run("peers.py", "--data", tmp_path, "--peers-python", tmp_path / "python")
    assert no_python.returncode == 2
    assert "no such program" in no_python.stderr
    without_python = _run("peers.py", "--data", tmp_path, "--engines", "whisper.cpp")
    assert without_python.returncode == 2
    assert "--peers-python" in without_python.stderr


def test_a_readme_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n", encoding="utf-8")
    content = {
        "date": "2026-01-01T00:00:00+00:00",
        "conditions": {"machine": {"cpu": "any", "cpu_flags": []}, "model": "base", "threads": 2},
        "sets": [],
        "results": [],
    }
    (tmp_path / "peers.json").write_text(json.dumps(content), encoding="utf-8")
    done = _run("make_readme_table.py", "--json", tmp_path / "peers.json", "--readme", readme)
    assert done.returncode == 1
    assert "<!-- peers:begin -->" in done.stderr
    assert readme.read_text(encoding="utf-8") == "# Title\n"


@pytest.mark.model
def test_a_file_of_any_length_is_made_and_measured(split: Path, base_model_dir: Path, tmp_path: Path) -> None:
    results = tmp_path / "scale.json"
    what = [
        "--data",
        split,
        "--model",
        base_model_dir,
        "--lengths",
        "7,25",
        "--only-lengths",
        "--threads",
        "2",
    ]
    done = _run("scale.py", *what, "--json", results)
    assert done.returncode == 0, done.stderr
    measured = json.loads(results.read_text(encoding="utf-8"))["measurements"]
    assert [one["case"]["length_s"] for one in measured] == [7, 25]
    assert all(one["rtfx"] > 0.5 and one["peak_memory_mb"] > 200 for one in measured)
    assert done.stdout.count("| default | 2 |") == 2
