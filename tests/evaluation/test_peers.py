"""The comparison with other engines, run for real with the engine that is always there: ovsubs."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
README = "# Title\n\n<!-- peers:begin -->\nold\n<!-- peers:end -->\n\nThe end.\n"


@pytest.mark.model
def test_both_sets_are_measured_and_the_readme_gets_their_tables(
    run_benchmark: Run, split: Path, base_model_dir: Path, tmp_path: Path
) -> None:
    results, readme = tmp_path / "peers.json", tmp_path / "README.md"
    ours = ["--data", split, "--model", base_model_dir, "--json", results, "--engines", "ovsubs", "--runs=1"]
    done = run_benchmark("peers.py", *ours, "--threads", "2")
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
    assert run_benchmark("make_readme_table.py", *where, "--check").returncode == 1
    assert run_benchmark("make_readme_table.py", *where).returncode == 0
    assert run_benchmark("make_readme_table.py", *where, "--check").returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert text.count("| ovsubs | 0.00 % (0.00 to 0.00) |") == 2
    assert text.startswith("# Title\n\n<!-- peers:begin -->\nWhisper ")
    assert text.endswith("|\n<!-- peers:end -->\n\nThe end.\n")
    assert "old" not in text

    before = results.read_bytes()
    assert "long" not in run_benchmark("peers.py", *ours, "--threads", "2", "--resume").stderr
    again = run_benchmark(
        "peers.py", *ours, "--threads", "2", "--resume", "--again", "ovsubs", "--set", "long"
    )
    assert "long, run 1" in again.stderr
    assert "short, run 1" not in again.stderr
    anew = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert [len(one["runs"]) for one in anew] == [1, 1]
    assert anew[0]["runs"][0]["date"] > content["results"][0]["runs"][0]["date"]
    assert anew[1] == content["results"][1]
    before = results.read_bytes()
    assert "other machine" in run_benchmark("peers.py", *ours, "--threads", "1", "--resume").stderr
    twice = run_benchmark("peers.py", *ours, "--threads", "2", "--resume", "--data", split, split)
    assert "or recordings" in twice.stderr
    assert results.read_bytes() == before


def test_the_picture_has_a_point_for_each_engine_that_ended(run_benchmark: Run, tmp_path: Path) -> None:
    engines = {"ovsubs": 0.04, "faster-whisper int8 beam 5": 0.05, "whisper.cpp": 0.5, "openai-whisper": None}
    results = [
        {"recordings": "long", "engine": name, "runs": [] if wer is None else [{}], "rtfx": 10.0, "wer": wer}
        for name, wer in engines.items()
    ]
    sets = [{"recordings": "long", "n_files": 6}]
    (tmp_path / "peers.json").write_text(json.dumps({"sets": sets, "results": results}), encoding="utf-8")

    drawn = [
        run_benchmark("draw_peers.py", "--json", tmp_path / "peers.json", "--picture", tmp_path / name)
        for name in ("one.svg", "two.svg")
    ]

    assert [one.returncode for one in drawn] == [0, 0], drawn[0].stderr
    svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert svg == (tmp_path / "two.svg").read_text(encoding="utf-8")
    points = re.findall(r'id="point of ([^"]+)"', svg)
    assert sorted(points) == ["faster-whisper int8 beam 5", "ovsubs", "whisper.cpp"]
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", svg)
    assert texts.count("ovsubs") == 2  # at its point and in the legend
    assert "50.0%" in texts
    assert "6 chapters, joined" in texts


def test_a_wrong_call_is_refused_before_anything_runs(run_benchmark: Run, tmp_path: Path) -> None:
    unknown = run_benchmark("peers.py", "--data", tmp_path, "--engines", "ovsubs,whisper.dpp")
    assert unknown.returncode == 2
    assert "unknown engine 'whisper.dpp'" in unknown.stderr
    unknown_again = run_benchmark("peers.py", "--data", tmp_path, "--resume", "--again", "whisper.dpp")
    assert unknown_again.returncode == 2
    assert "unknown engine 'whisper.dpp'" in unknown_again.stderr
    all_anew = run_benchmark("peers.py", "--data", tmp_path, "--again", "ovsubs", "--engines", "ovsubs")
    assert all_anew.returncode == 2
    assert "--again goes with --resume" in all_anew.stderr
    no_python = run_benchmark("peers.py", "--data", tmp_path, "--peers-python", tmp_path / "python")
    assert no_python.returncode == 2
    assert "no such program" in no_python.stderr
    without_python = run_benchmark("peers.py", "--data", tmp_path, "--engines", "whisper.cpp")
    assert without_python.returncode == 2
    assert "--peers-python" in without_python.stderr


def test_figures_of_int8_get_a_table_of_their_own(run_benchmark: Run, tmp_path: Path) -> None:
    readme, results = tmp_path / "README.md", tmp_path / "int8.json"
    readme.write_text("<!-- int8:begin -->\nold\n<!-- int8:end -->\n", encoding="utf-8")
    interval, ratio = {"low": 0.04, "high": 0.06}, {"median": 1.25, "low": 1.2, "high": 1.3}
    plain = {
        "label": "base FP32",
        "wer": 0.05,
        "wer_interval": interval,
        "rtfx": 30.0,
        "peak_memory_mb": 900.0,
    }
    against = {
        "wer_more": 0.004,
        "wer_more_interval": {"low": -0.001, "high": 0.009},
        **dict.fromkeys(("speed_up", "encoder_speed_up", "decoder_speed_up"), ratio),
        "size": 0.28,
    }
    signature = {"device_name": "any", "cpu_flags": ["avx2"], "inference_precision": "f32"}
    signature |= {"dataset": "LibriSpeech/test-clean", "n_files": 9, "audio_s": 90.0}
    figures = [{**plain, "against_first": None}, {**plain, "label": "base INT8", "against_first": against}]
    measured = {"signature": signature, "calibration": "50 recordings", "figures": figures}
    content = {"date": "2026-01-01T00:00:00+00:00", "models": {"base": measured}}
    content |= {"machine": {"logical_cpus": 2}}
    results.write_text(json.dumps(content), encoding="utf-8")

    done = run_benchmark("make_readme_table.py", "--int8", results, "--readme", readme)

    assert done.returncode == 0, done.stderr
    text = readme.read_text(encoding="utf-8")
    assert "old" not in text
    assert "9 recordings of test-clean (1.5 min), calibrated on 50 recordings, 2026-01-01" in text
    assert "| base FP32 | 5.00 % (4.00 to 6.00) |  | 30.0 |  |  |  |  | 0.90 GB |" in text
    assert "| +0.40 (-0.10 to +0.90) | 30.0 | 1.25 times (1.20 to 1.30) | 1.25 | 1.25 | 28 % |" in text


def test_figures_of_scale_get_a_table_of_their_own(run_benchmark: Run, tmp_path: Path) -> None:
    readme, results = tmp_path / "README.md", tmp_path / "scale.json"
    readme.write_text("<!-- scale:begin -->\nold\n<!-- scale:end -->\n", encoding="utf-8")
    measurements = [
        {"case": {"length_s": 600, "batch_size": 8, "threads": 2}, "rtfx": 35.06, "peak_memory_mb": 739},
        {"case": {"length_s": 28_800, "batch_size": None, "threads": 1}, "rtfx": 30, "peak_memory_mb": 912},
    ]
    content = {"date": "2026-01-01T00:00:00+00:00", "machine": {"cpu": "any", "cpu_flags": ["avx2"]}}
    results.write_text(json.dumps(content | {"measurements": measurements}), encoding="utf-8")

    done = run_benchmark("make_readme_table.py", "--scale", results, "--readme", readme)

    assert done.returncode == 0, done.stderr
    text = readme.read_text(encoding="utf-8")
    assert "old" not in text
    assert "any (avx2), 2026-01-01." in text
    assert "| 10 min | 8 | 2 | 35.1 | 0.74 GB |\n| 8 h | default | 1 | 30.0 | 0.91 GB |" in text


def test_a_readme_without_the_marks_is_left_alone(run_benchmark: Run, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Title\n", encoding="utf-8")
    content = {
        "date": "2026-01-01T00:00:00+00:00",
        "conditions": {"machine": {"cpu": "any", "cpu_flags": []}, "model": "base", "threads": 2},
        "sets": [],
        "results": [],
    }
    (tmp_path / "peers.json").write_text(json.dumps(content), encoding="utf-8")
    done = run_benchmark("make_readme_table.py", "--json", tmp_path / "peers.json", "--readme", readme)
    assert done.returncode == 1
    assert "<!-- peers:begin -->" in done.stderr
    assert readme.read_text(encoding="utf-8") == "# Title\n"
