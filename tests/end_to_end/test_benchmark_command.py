"""`ovsubs benchmark` as a person and as a CI job runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ended

WORDS = "ever tried ever failed no matter try again fail again fail better"
EXACTLY = ("--threads", "2", "--inference-precision", "f32", "--offline", "--runs", "1")


@pytest.fixture
def spoken(tmp_path: Path, speech_sample: Path) -> Path:
    folder = tmp_path / "spoken"
    folder.mkdir()
    (folder / "beckett.wav").write_bytes(speech_sample.read_bytes())
    (folder / "beckett.txt").write_text(WORDS)
    return folder


def test_results_are_shown_and_written_and_checked(
    base_model_dir: Path,
    tiny_en_model_dir: Path,
    spoken: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    results, table, picture = tmp_path / "results.json", tmp_path / "results.md", tmp_path / "results.png"
    measure = ("benchmark", base_model_dir, tiny_en_model_dir, "--dataset", spoken, *EXACTLY)

    ended = ovsubs(*measure, "--json", results, "--markdown", table, "--plot", picture)

    assert ended.code == 0
    written = json.loads(results.read_text(encoding="utf-8"))
    assert [one["label"] for one in written["figures"]] == ["base", "tiny.en"]
    assert written["figures"][0]["wer"] == 0.0
    assert "0.00%" in ended.out
    assert written["signature"]["dataset_digest"] in ended.out
    assert table.read_text(encoding="utf-8").startswith("| model | WER")
    assert picture.stat().st_size > 10_000

    same = ovsubs(*measure, "--check", results, "--max-wer-drop", "0.3", "--max-slowdown", "0.9")

    assert same.code == 0
    assert same.out.count(" ok") == 3

    (spoken / "beckett.txt").write_text(f"{WORDS} and again and again")
    other = ovsubs(*measure, "--check", results)
    assert other.code == 2
    assert "cannot be compared" in other.err


def test_a_regression_ends_with_1(
    base_model_dir: Path, spoken: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    results = tmp_path / "results.json"
    (spoken / "beckett.txt").write_text(WORDS.replace("better", "worse"))  # an error that base does not make
    measure = ("benchmark", base_model_dir, "--dataset", spoken, *EXACTLY)
    assert ovsubs(*measure, "--json", results).code == 0
    before = json.loads(results.read_text(encoding="utf-8"))
    before["models"][0]["words"]["substituted"] = [0]
    results.write_text(json.dumps(before), encoding="utf-8")

    ended = ovsubs(*measure, "--check", results)

    assert ended.code == 1
    assert "WORSE" in ended.out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--max-wer-drop", "0.3"], "it goes with --check"),
        (["--max-slowdown", "0.3"], "it goes with --check"),
        (["--samples", "2"], "fewer than the 2 asked for"),
        (["--seed", "2"], "it goes with --samples"),
        (["--json", "."], "it is a folder"),
        (["--check", "b.json", "--json", "b.json"], "it is one of the files to read"),
        (["--inference-precision", "f8"], "choose from f32"),
        (["--samples", "0"], "at least 1"),
        (["--runs", "0"], "1 to 1000"),
        (["--dataset-part", "test"], "has no parts"),
        (["--joined"], "trans.txt"),
        (["--plot", "picture.bmp"], "its name ends in"),
        (["--check", "nowhere.json"], "nowhere.json: cannot be compared"),
        (["--language", "klingon"], "unknown language"),
        (["--device", "TPU"], "not available"),
    ],
)
def test_a_wrong_call_is_one_line(
    base_model_dir: Path, spoken: Path, ovsubs: Callable[..., Ended], arguments: list[str], why: str
) -> None:
    ended = ovsubs("benchmark", base_model_dir, "--dataset", spoken, "--offline", "--quiet", *arguments)
    # what is wrong is the call, or (1) the folder that it names
    assert ended.code == (1 if why in ("trans.txt", "it is a folder") else 2)
    assert ended.out == ""
    assert why in ended.err
    assert ended.err.strip().count("\n") == 0


def test_a_language_that_a_model_does_not_know_is_said_before_any_run(
    base_model_dir: Path, tiny_en_model_dir: Path, spoken: Path, ovsubs: Callable[..., Ended]
) -> None:
    ended = ovsubs("benchmark", base_model_dir, tiny_en_model_dir, "--dataset", spoken, *EXACTLY, "-l", "de")
    assert (ended.code, ended.out) == (2, "")
    assert "run 1" not in ended.err


def test_quiet_prints_nothing(base_model_dir: Path, spoken: Path, ovsubs: Callable[..., Ended]) -> None:
    ended = ovsubs("benchmark", base_model_dir, "--dataset", spoken, *EXACTLY, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_dataset_of_the_hub_needs_the_network(base_model_dir: Path, ovsubs: Callable[..., Ended]) -> None:
    ended = ovsubs("benchmark", base_model_dir, "--dataset", "openslr/librispeech_asr", "--offline")
    assert ended.code == 2
    assert "of the Hub" in ended.err
