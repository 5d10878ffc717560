"""What can be asked of recognition, and what is refused."""

from typing import Any

import pytest

from ovsubs.audio.vad import VadOptions
from ovsubs.errors import InvalidOption, UnknownLanguage
from ovsubs.recognition import TranscribeOptions


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": -1},
        {"language_detection_segments": 0},
        {"language_detection_threshold": -0.01},
        {"language_detection_threshold": 1.01},
        {"language_detection_threshold": float("nan")},
        {"task": "summarize"},
        {"task": ""},
        {"beam_size": 0},
        {"best_of": 0},
        {"patience": 0.0},
        {"length_penalty": -0.1},
        {"length_penalty": 1.1},
        {"temperature": -0.1},
        {"temperature": 1.1},
        {"temperature": float("nan")},
        {"temperature_increment_on_fallback": 0.0},
        {"temperature_increment_on_fallback": -0.2},
        {"temperature_increment_on_fallback": 1.1},
        {"compression_ratio_threshold": 0.0},
        {"multilingual": True, "language": "de"},
        {"languages": ("de", "en")},
        {"condition_on_previous_text": True, "batch_size": 2},
        {"vad": VadOptions(max_speech_duration_s=31.0)},
    ],
    ids=str,
)
def test_options_that_cannot_be_obeyed_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        TranscribeOptions(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"language": "klingon"},
        {"language": ""},
        {"multilingual": True, "languages": ("de", "klingon")},
    ],
    ids=str,
)
def test_languages_that_nobody_knows_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UnknownLanguage):
        TranscribeOptions(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 1},
        {"batch_size": None},
        {"language_detection_threshold": 0.0},
        {"language_detection_threshold": 1.0},
        {"temperature": 1.0},
        {"temperature_increment_on_fallback": 1.0},
        {"temperature_increment_on_fallback": None},
        {"compression_ratio_threshold": None},
        {"vad": None},
        {"language": "German"},
        {"multilingual": True},
        {"multilingual": True, "languages": ("German", "en")},
        {"condition_on_previous_text": True},
        {"condition_on_previous_text": True, "batch_size": 1},
    ],
    ids=str,
)
def test_what_lies_on_the_boundary_is_obeyed(options: dict[str, Any]) -> None:
    TranscribeOptions(**options)


def test_windows_are_read_one_by_one_where_each_is_told_the_text_before_it() -> None:
    with pytest.raises(InvalidOption, match="one by one"):
        TranscribeOptions(condition_on_previous_text=True, batch_size=8)
