"""How far probabilities are apart: by hand, by what must hold, and on the real model."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S

from ovsubs.datasets import Dataset, SpokenFile
from ovsubs.quantization.calibration import CalibrationSample, collect
from ovsubs.quantization.divergence import Scores, divergence_of, log_probabilities, measure_divergence
from ovsubs.whisper.model import CompileOptions, open_model

EVEN, TILTED = [0.5, 0.5], [0.25, 0.75]
NATS = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)  # from even to tilted: 0.1438

ROUNDING = 1e-6  # nats: scores are float32


def window(*probabilities: list[float]) -> Scores:
    """Log-probabilities of a window with a token for each row."""
    return np.log(np.array(probabilities, np.float32))


def pairs(expected: list[Scores], found: list[Scores]) -> list[tuple[Scores, Scores]]:
    return list(zip(expected, found, strict=True))


def drawn(generator: np.random.Generator, n_tokens: int) -> Scores:
    scores = generator.normal(size=(n_tokens, 7))
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True)), np.float32)


def test_the_same_probabilities_are_nowhere_apart() -> None:
    same = [window(EVEN, TILTED), window(TILTED)]
    found = divergence_of([0, 1], pairs(same, same))
    assert (found.nats, found.other_tokens) == (0.0, 0.0)
    assert (found.interval.low, found.interval.high) == (0.0, 0.0)
    assert (found.n_recordings, found.n_tokens) == (2, 3)


def test_divergence_is_the_mean_of_all_tokens() -> None:
    expected = [window(EVEN, TILTED, TILTED), window(EVEN)]
    found = divergence_of([0, 1], pairs(expected, [window(TILTED, TILTED, TILTED), window(EVEN)]))
    assert found.nats == pytest.approx(NATS / 4)
    assert found.other_tokens == 0.25  # of even ones the first is taken
    assert found.interval.low == 0.0  # only the second recording was drawn
    assert found.interval.high == pytest.approx(NATS / 3)  # only the first


def test_divergence_has_a_direction() -> None:
    back = divergence_of([0], [(window(TILTED), window(EVEN))])
    assert back.nats == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert back.nats != pytest.approx(NATS, abs=0.005)


def test_of_one_recording_nothing_is_known_of_chance() -> None:
    found = divergence_of([3, 3], [(window(EVEN), window(TILTED)), (window(EVEN), window(EVEN))])
    assert found.n_recordings == 1
    assert (found.interval.low, found.interval.high) == (found.nats, found.nats)


def test_windows_have_to_be_there_and_in_pairs() -> None:
    with pytest.raises(ValueError, match="there is no window"):
        divergence_of([], [])
    with pytest.raises(ValueError, match="shorter"):
        divergence_of([0, 1], [(window(EVEN), window(EVEN))])


@given(seed=st.integers(0, 2**32 - 1), n_windows=st.integers(1, 6))
def test_divergence_is_never_negative_and_lies_within_its_recordings(seed: int, n_windows: int) -> None:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 5, size=n_windows)
    expected, found = ([drawn(generator, int(n)) for n in sizes] for _ in range(2))
    whole = divergence_of(range(n_windows), pairs(expected, found))
    each = [divergence_of([0], [pair]).nats for pair in pairs(expected, found)]
    least, most = min(each) - ROUNDING, max(each) + ROUNDING
    assert least >= -2 * ROUNDING
    assert least <= whole.interval.low <= whole.interval.high <= most
    assert least <= whole.nats <= most
    assert whole.n_tokens == sizes.sum()


@given(seed=st.integers(0, 2**32 - 1))
def test_windows_of_a_recording_count_as_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    expected, found = ([drawn(generator, n) for n in (3, 1, 2)] for _ in range(2))
    cut = divergence_of([5, 9, 5], pairs(expected, found))
    whole = [[np.concatenate([scores[0], scores[2]]), scores[1]] for scores in (expected, found)]
    joined = divergence_of([0, 1], pairs(*whole))
    assert cut.nats == pytest.approx(joined.nats)
    assert cut.interval.low == pytest.approx(joined.interval.low)
    assert cut.interval.high == pytest.approx(joined.interval.high)


def samples_of(directory: Path, *paths: Path, max_windows: int | None = None) -> list[CalibrationSample]:
    files = tuple(SpokenFile(path.stem, path, ()) for path in paths)
    return collect(directory, Dataset("spoken", files), "en", 2, max_windows=max_windows)


@pytest.mark.model
def test_a_model_is_nowhere_apart_from_itself_and_foretells_its_own_text(
    tiny_en_model_dir: Path, speech_sample: Path
) -> None:
    samples = samples_of(tiny_en_model_dir, speech_sample, speech_sample)
    assert [sample.recording for sample in samples] == [0, 1]
    parts = list[float]()

    found = measure_divergence(tiny_en_model_dir, tiny_en_model_dir, samples, 2, parts.append)

    assert found.nats == pytest.approx(0.0, abs=1e-9)
    assert found.n_recordings == 2
    assert found.n_tokens == sum(len(one.tokens) - one.n_prompt + 1 for one in samples)
    assert parts == [0.5, 1.0]
    with open_model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        scores = log_probabilities(model, samples[0])
    assert np.exp(scores).sum(axis=-1) == pytest.approx(1.0, abs=1e-4)
    written = samples[0].tokens[samples[0].n_prompt :]
    is_likeliest = scores[: len(written)].argmax(axis=-1) == written
    assert is_likeliest.mean() > 0.8  # token rules choose some of the times


@pytest.mark.model
def test_of_a_long_recording_the_first_windows_are_taken(
    tiny_en_model_dir: Path, recordings: Callable[[str], Path]
) -> None:
    speech = recordings("speeches/wh_address.mp3")
    two = samples_of(tiny_en_model_dir, speech, max_windows=2)
    first = samples_of(tiny_en_model_dir, speech, speech, max_windows=1)
    assert [sample.recording for sample in two] == [0, 0]
    assert [sample.recording for sample in first] == [0, 1]
    assert first[1].tokens.tolist() == two[0].tokens.tolist() != two[1].tokens.tolist()


INTERRUPTED = """
import signal, sys
from pathlib import Path
import numpy as np
from ovsubs.quantization.calibration import CalibrationSample
from ovsubs.quantization.divergence import measure_divergence

model = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
sample = CalibrationSample(np.zeros((80, 400), np.float32), np.array([50257, 50362, 50256]), 2, 0)
measure_divergence(model, model, [sample], 2)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.model
def test_after_two_models_at_once_ctrl_c_is_still_heard(tiny_en_model_dir: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tiny_en_model_dir)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (ended.returncode, ended.stdout) == (0, "interrupted\n"), ended.stderr
