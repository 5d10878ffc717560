"""`ovsubs quantize` and `export --int8` as a person runs them."""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import COMMAND, Ended, environment
from heard import is_sample
from patience import PATIENCE_S
from systems import needs_posix

from ovsubs.models.manifest import DECODER, ENCODER, read_manifest
from ovsubs.quantization.post_training import is_quantized

pytestmark = pytest.mark.model

CALM = ("--threads", "2", "--runs", "1", "--offline")


@pytest.fixture(scope="module")
def speech(shared_data: Path) -> tuple[str, ...]:
    """A little speech to calibrate on, and other speech to judge on."""
    folder = shared_data / "librispeech"
    heard = ("--calibration-data", str(folder / "train-clean-100"), "--calibration-samples", "4")
    return (*heard, "--evaluation-data", str(folder / "test-clean"), "--evaluation-samples", "4")


def graph_bytes(directory: Path) -> int:
    return sum((directory / f"{stem}.bin").stat().st_size for stem in (ENCODER, DECODER))


def word_starts(transcript: str) -> dict[tuple[str, int], float]:
    """Of the first time that a word is said, the second and so on, in seconds."""
    words = [word for segment in json.loads(transcript)["segments"] for word in segment["words"]]
    times_said, starts = Counter[str](), dict[tuple[str, int], float]()
    for word in words:
        bare = word["word"].strip(" .,").casefold()
        starts[bare, times_said[bare]] = word["start"]
        times_said[bare] += 1
    return starts


@pytest.mark.filterwarnings("ignore")
def test_a_model_becomes_int8_and_runs_here_and_in_optimum(
    tiny_en_model_dir: Path,
    speech: tuple[str, ...],
    speech_sample: Path,
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    made, results = tmp_path / "tiny.en-int8", tmp_path / "int8.json"
    arguments = ("quantize", tiny_en_model_dir, "-o", made, *speech, *CALM, "--max-wer-drop", "20")

    ended = ovsubs(*arguments, "--json", results)

    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == str(made)
    assert "encoder and decoder in INT8: " in ended.out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert graph_bytes(made) < 0.6 * graph_bytes(tiny_en_model_dir)  # those are FP16
    manifest = read_manifest(made)
    assert manifest is not None
    assert manifest.judgement is not None
    assert manifest.quantization is not None
    assert manifest.quantization.components == ("encoder", "decoder")
    assert "4 recordings" in (manifest.quantization.calibration or "")
    assert manifest.self_test is not None
    assert manifest.self_test.passed
    assert [one["label"] for one in json.loads(results.read_text())["figures"]] == ["before", "INT8"]

    told = ovsubs("subtitle", speech_sample, "-m", made, "-o", "-", "-f", "json", "--offline")
    assert is_sample(json.loads(told.out)["text"], n_errors=3)
    as_before = ovsubs(
        "subtitle", speech_sample, "-m", tiny_en_model_dir, "-o", "-", "-f", "json", "--offline"
    )
    starts, starts_before = word_starts(told.out), word_starts(as_before.out)
    both = starts.keys() & starts_before.keys()
    assert len(both) > 0.7 * len(starts_before)
    assert np.median([abs(starts[word] - starts_before[word]) for word in both]) <= 0.06

    from optimum.intel import OVModelForSpeechSeq2Seq
    from transformers import WhisperProcessor

    from ovsubs.datasets.joining import read_samples

    processor = WhisperProcessor.from_pretrained(made)
    model = OVModelForSpeechSeq2Seq.from_pretrained(made, ov_config={"INFERENCE_PRECISION_HINT": "f32"})
    heard = processor(read_samples(speech_sample), sampling_rate=16_000, return_tensors="pt")
    tokens = model.generate(heard.input_features)
    assert is_sample(processor.batch_decode(tokens, skip_special_tokens=True)[0], n_errors=3)

    again = ovsubs("quantize", made, "-o", tmp_path / "twice", *speech, *CALM)
    assert again.code == 2
    assert "in 8 or 4 bits already" in again.err
    assert not (tmp_path / "twice").exists()


def test_auto_keeps_what_gains_and_tells_what_does_not(
    tiny_en_model_dir: Path, speech: tuple[str, ...], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    made = tmp_path / "auto"
    arguments = (
        "quantize",
        tiny_en_model_dir,
        "-o",
        made,
        *speech,
        *CALM,
        "--int8-components",
        "auto",
    )

    ended = ovsubs(*arguments)

    assert ended.code == 0, ended.err
    assert "before (" in ended.out
    manifest = read_manifest(made)
    assert manifest is not None
    assert manifest.judgement is not None
    kept = manifest.quantization.components if manifest.quantization else ()
    assert is_quantized(made / f"{ENCODER}.xml") == ("encoder" in kept)
    assert is_quantized(made / f"{DECODER}.xml") == ("decoder" in kept)
    assert not set(kept) & set(manifest.judgement.slower)


def test_a_model_that_is_not_good_enough_is_not_kept(
    tiny_en_model_dir: Path, speech: tuple[str, ...], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    rough = ("--smooth-quant-encoder", "-1", "--smooth-quant-decoder", "-1", "--max-wer-drop", "0")
    ended = ovsubs("quantize", tiny_en_model_dir, "-o", tmp_path / "rough", *speech, *CALM, *rough)
    assert ended.code == 1
    assert "nothing was kept" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_becomes_int8_in_one_call(
    tiny_en_ctranslate2: Path, speech: tuple[str, ...], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    places = ("--model-dir", tmp_path, "--name", "mine", "--offline")
    only = ("--int8-components", "encoder", "--max-wer-drop", "20")
    ended = ovsubs("export", tiny_en_ctranslate2, "--int8", *places, *speech, *only)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == str(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert is_quantized(tmp_path / "mine" / f"{ENCODER}.xml")
    assert not is_quantized(tmp_path / "mine" / f"{DECODER}.xml")


def test_what_is_there_is_not_replaced(
    tiny_en_model_dir: Path, speech: tuple[str, ...], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/note.txt").write_text("mine")
    for more in ((), ("-y",)):
        ended = ovsubs("quantize", tiny_en_model_dir, "-o", tmp_path / "mine", *speech, *CALM, *more)
        assert ended.code != 0
        assert (tmp_path / "mine/note.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--int8-components", "both"], "choose from all, encoder, decoder, auto"),
        (["--max-wer-drop", "-1"], "at least 0"),
        (["--smooth-quant-encoder", "3"], "--smooth-quant-encoder = 3.0 is not valid"),
        (["--ignored-decoder-layers", "("], "no regular expression"),
        (["--calibration-part", "test"], "goes with --calibration-data"),
        (["--evaluation-samples", "3"], "goes with --evaluation-data"),
        (["--calibration-samples", "0"], "at least 1"),
        (["--runs", "0"], "1 to 1000"),
        ([], "of the Hub"),
    ],
)
def test_a_wrong_call_is_one_line(
    tiny_en_model_dir: Path, ovsubs: Callable[..., Ended], tmp_path: Path, arguments: list[str], why: str
) -> None:
    made = tmp_path / "int8"
    ended = ovsubs("quantize", tiny_en_model_dir, "-o", made, "--offline", "--quiet", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err
    assert ended.err.strip().count("\n") == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--calibration-data", "here"], "it goes with --int8"),
        (["--max-wer-drop", "0.3"], "it goes with --int8"),
        (["--int8", "--precision", "fp32"], "give one of the two"),
        (["--int8-components", "auto"], "--int8-components = 'auto' is not valid"),
    ],
)
def test_options_of_int8_go_with_it(ovsubs: Callable[..., Ended], arguments: list[str], why: str) -> None:
    ended = ovsubs("export", "tiny.en", "--offline", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


@needs_posix
def test_ctrl_c_leaves_nothing(tiny_en_model_dir: Path, speech: tuple[str, ...], tmp_path: Path) -> None:
    made = tmp_path / "models" / "int8"
    arguments = [*COMMAND, "quantize", str(tiny_en_model_dir), "-o", str(made), *speech, *CALM]
    with subprocess.Popen(
        arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            for line in process.stderr or ():
                if "quantizing the encoder" in line:
                    break
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 130, said
        finally:
            process.kill()
    assert list(made.parent.iterdir()) == []
