"""Speech after other sounds: a backward pass finds its beginning, however the samples arrive."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.audio.onsets import BLOCK_STEPS, LOOKAHEAD_STEPS, OnsetCorrector, correct_onsets, find_sounds
from ovsubs.audio.regions import VadOptions
from ovsubs.audio.vad import SpeechDetector, detect_stream, find_speech

STEP = 512
OPTIONS = VadOptions()


def steps(*runs: tuple[int, float]) -> NDArray[np.float32]:
    return np.concatenate([np.full(n, value, np.float32) for n, value in runs])


def test_speech_begins_where_the_backward_pass_finds_it() -> None:
    forward, backward = steps((100, 0.0), (50, 0.9)), steps((70, 0.0), (80, 0.9))
    sounds = forward < 0.5

    corrected = correct_onsets(forward, backward, sounds, OPTIONS)

    assert (corrected >= 0.5).tolist() == [False] * 70 + [True] * 80


def test_a_sentence_that_is_missed_is_added_and_a_note_of_a_guitar_is_not() -> None:
    forward, sounds = steps((200, 0.0)), np.ones(200, bool)
    note, sentence = steps((50, 0.0), (10, 0.9), (140, 0.0)), steps((50, 0.0), (60, 0.9), (90, 0.0))

    assert correct_onsets(forward, note, sounds, OPTIONS).max() == 0.0
    assert (correct_onsets(forward, sentence, sounds, OPTIONS) >= 0.5).sum() == 60


def test_after_silence_the_detector_is_believed() -> None:
    forward, backward = steps((150, 0.0), (50, 0.9)), steps((120, 0.0), (80, 0.9))

    corrected = correct_onsets(forward, backward, np.zeros(200, bool), OPTIONS)

    np.testing.assert_array_equal(corrected, forward)


def test_breaths_and_rooms_are_no_sounds_but_music_and_a_soft_voice_are() -> None:
    speech, pause = 0.1 * np.ones(40 * STEP, np.float32), np.ones(40 * STEP, np.float32)
    probabilities = steps((40, 0.9), (40, 0.0))

    def sounds(level: float) -> int:
        return int(find_sounds(np.concatenate([speech, level * pause]), probabilities, 0.5).sum())

    assert sounds(0.001) == 0  # 40 dB below the speech, for 1.3 s
    assert sounds(0.05) == 40
    long = find_sounds(np.concatenate([speech, np.tile(0.001 * pause, 3)]), steps((40, 0.9), (120, 0.0)), 0.5)
    assert long.sum() == 120
    assert not find_sounds(np.zeros(100 * STEP, np.float32), steps((100, 0.0)), 0.5).any()


def test_all_samples_pass_once_and_only_blocks_with_sounds_have_a_backward_pass() -> None:
    n = BLOCK_STEPS + LOOKAHEAD_STEPS + 30
    samples = np.arange(n * STEP - 100, dtype=np.float32) / (n * STEP)
    heard = list[int]()

    def backward(given: NDArray[np.float32]) -> NDArray[np.float32]:
        heard.append(len(given))
        return np.zeros(-(-len(given) // STEP), np.float32)

    corrector = OnsetCorrector(backward, OPTIONS)
    passed = [*corrector.push(samples, steps((n, 0.0))), *corrector.finish()]
    np.testing.assert_array_equal(np.concatenate([block.samples for block in passed]), samples)
    assert [len(block.probabilities) for block in passed] == [BLOCK_STEPS, LOOKAHEAD_STEPS + 30]
    assert len(heard) == 2
    heard.clear()
    corrector = OnsetCorrector(backward, OPTIONS)
    assert len([*corrector.push(samples * 0, steps((n, 0.0))), *corrector.finish()]) == 2
    assert heard == []


def test_without_a_backward_pass_everything_passes_at_once() -> None:
    samples, probabilities = np.ones(40 * STEP, np.float32), steps((40, 0.2))
    corrector = OnsetCorrector(None, OPTIONS)
    (block,) = corrector.push(samples, probabilities)
    assert block.samples is samples
    assert block.probabilities is probabilities
    assert block.sounds.all()
    assert list(corrector.finish()) == []


@pytest.fixture(scope="module")
def after_typing(recordings: Callable[[str], Path], read_samples: Callable[[Path], np.ndarray]) -> np.ndarray:
    """Typing, as loud as the soft voice that follows; the detector does not notice that one."""
    voice = read_samples(recordings("fleurs/en/fleurs-en-003.ogg"))
    typing = np.resize(read_samples(recordings("nonspeech/max/typing.wav")), 18 * 16_000)
    level = np.sqrt(np.square(voice).mean() / np.square(typing).mean())
    return np.concatenate([typing * level, voice, np.zeros(16_000, np.float32)]).astype(np.float32)


def test_a_sentence_after_typing_is_found(after_typing: np.ndarray, detector: SpeechDetector) -> None:
    regions = find_speech(after_typing, detector)

    sentence = [region for region in regions if region.start > 17.5]
    assert sum(region.end - region.start for region in sentence) > 3.0
    assert sentence[0].after_sound


def test_after_silence_speech_follows_no_sound(after_typing: np.ndarray, detector: SpeechDetector) -> None:
    voice, silence = after_typing[18 * 16_000 :], np.zeros(10 * 16_000, np.float32)

    regions = find_speech(np.concatenate([silence, voice, silence, after_typing]), detector)

    assert not regions[0].after_sound
    assert regions[-1].after_sound


def test_the_blocks_of_a_track_change_nothing(after_typing: np.ndarray, detector: SpeechDetector) -> None:
    track = np.tile(after_typing, 2)
    whole = find_speech(track, detector)

    for size in (1000, 70_000):
        blocks = (track[first : first + size] for first in range(0, len(track), size))
        heard = list(detect_stream(blocks, detector, OPTIONS))
        assert tuple(region for block in heard for region in block.regions) == whole
