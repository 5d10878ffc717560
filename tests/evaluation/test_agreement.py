"""Our greedy tokens beside those of transformers."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.audio.features import log_mel
from ovsubs.evaluation.agreement import find_difference, first_pass, our_tokens
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.tokenizer import WhisperTokenizer

pytestmark = pytest.mark.model
Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[Path], NDArray[np.float32]]


def test_what_is_heard_after_time_has_run_backwards_is_of_another_window(base_model_dir: Path) -> None:
    special = WhisperTokenizer(base_model_dir).special
    zero, one, two = (special.timestamp_begin + steps for steps in (0, 50, 100))
    first = [zero, 400, 401, one, one, 402, two]
    assert first_pass([special.sot, *first, zero, 403, one, special.eot], special) == tuple(first)
    assert first_pass([*first, special.eot, special.eot], special) == tuple(first)
    assert first_pass([], special) == ()


def test_texts_part_at_the_first_token_that_differs(
    base_model_dir: Path, speech_sample: Path, read_samples: Read
) -> None:
    tokenizer = WhisperTokenizer(base_model_dir)
    mel = log_mel(read_samples(speech_sample), 80)
    with open_model(base_model_dir, CompileOptions(inference_precision="f32")) as model:
        (ours,) = our_tokens(model, tokenizer, mel[None], "en")
        assert find_difference(model, tokenizer, mel, "en", ours, ours) is None
        other = find_difference(model, tokenizer, mel, "en", ours, (*ours[:2], 400, *ours[3:]))
        shorter = find_difference(model, tokenizer, mel, "en", ours, ours[:-1])
    assert other is not None
    assert (other.place, other.ours, other.theirs) == (2, ours[2], 400)
    assert other.margin > 1.0
    assert shorter is not None
    assert (shorter.place, shorter.theirs) == (len(ours) - 1, tokenizer.special.eot)
    assert shorter.margin > 0.0


def test_windows_of_a_split_have_the_tokens_of_transformers(
    run_benchmark: Run, split: Path, base_model_dir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("transformers", reason="needs the export extra")
    results = tmp_path / "reference.json"
    where = ["--model", base_model_dir, "--checkpoint", "base", "--weights", tmp_path / "weights"]
    done = run_benchmark("reference.py", "--data", split, *where, "--json", results)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 windows have the same tokens (100.0%)" in done.stdout
    found = json.loads(results.read_text(encoding="utf-8"))
    assert (found["n_windows"], found["n_equal"], found["different"]) == (3, 3, [])
    assert found["n_tokens"] > 40


def test_a_wrong_call_is_refused(run_benchmark: Run, tmp_path: Path) -> None:
    wrong = run_benchmark("reference.py", "--data", tmp_path, "--least", "98")
    assert wrong.returncode == 2
    assert "--least is a share" in wrong.stderr
