"""The language of a file, found without transcribing it."""

import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.audio.source import AudioSource
from ovsubs.errors import MissingFile, UnsupportedTask
from ovsubs.file_transcript import NO_LANGUAGE
from ovsubs.pipeline import Model
from ovsubs.recognition import RecognitionService, TrackRequest, TranscribeOptions
from ovsubs.whisper.language_vote import LanguageVote

RATE = 16_000
Samples = NDArray[np.float32]
Read = Callable[[Path], Samples]
Find = Callable[[str], Path]

pytestmark = pytest.mark.model


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "pt"])
def test_the_language_is_that_of_a_transcript(base_model: Model, recordings: Find, language: str) -> None:
    clip = recordings(f"fleurs/{language}/fleurs-{language}-001.ogg")

    told = base_model.detect_language(clip)
    transcript = base_model.transcribe(clip, options=TranscribeOptions(beam_size=1))

    assert told.language == transcript.language == language
    assert told.probability == pytest.approx(transcript.language_probability, abs=0.01)


def test_several_windows_vote(base_model: Model, recordings: Find, read_samples: Read) -> None:
    """An English clip first, then two in French: the first window alone would say English."""
    names = ("en/fleurs-en-000", "fr/fleurs-fr-000", "fr/fleurs-fr-001")
    clips = [read_samples(recordings(f"fleurs/{name}.ogg")) for name in names]
    samples = np.concatenate([np.pad(clip, (0, 29 * RATE - len(clip))) for clip in clips])

    languages = {
        n: base_model.detect_language(samples, TranscribeOptions(language_detection_segments=n)).language
        for n in (1, 3)
    }

    assert languages == {1: "en", 3: "fr"}


def test_only_languages_that_may_be_spoken_are_told(base_model: Model, recordings: Find) -> None:
    clip = recordings("fleurs/de/fleurs-de-001.ogg")
    options = TranscribeOptions(multilingual=True, languages=("en", "fr"))

    assert base_model.detect_language(clip, options).language in ("en", "fr")


def test_a_long_file_is_read_only_as_far_as_the_first_windows(
    base_model: Model, joined_speech: Samples
) -> None:
    n_read = 0

    def an_hour() -> AudioSource:
        def blocks() -> Generator[Samples, None, None]:
            nonlocal n_read
            for first in range(0, 3600 * RATE, 30 * RATE):
                block = np.resize(np.roll(joined_speech, -first), 30 * RATE)
                n_read += len(block)
                yield block

        return AudioSource("", 3600.0, 0.0, blocks())

    service = RecognitionService(base_model._components)
    told = service.detect_language(TrackRequest(an_hour, TranscribeOptions()))

    assert told is not None
    assert told.language == "en"
    assert n_read <= 300 * RATE  # five windows of 30 s, and what it takes to see that they are over


def test_where_nobody_speaks_there_is_no_language(base_model: Model) -> None:
    assert base_model.detect_language(np.zeros(5 * RATE, np.float32)) == NO_LANGUAGE


def test_what_is_known_is_not_heard(base_model: Model, tiny_model: Model, tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp4"

    assert base_model.detect_language(gone, TranscribeOptions(language="German")) == LanguageVote("de", 1.0)
    assert tiny_model.detect_language(gone) == LanguageVote("en", 1.0)
    with pytest.raises(MissingFile):
        base_model.detect_language(gone)
    with pytest.raises(UnsupportedTask):
        tiny_model.detect_language(gone, TranscribeOptions(language="de"))


def test_nothing_is_left_running(
    base_model: Model, recordings: Find, children: list[subprocess.Popen[bytes]]
) -> None:
    base_model.detect_language(recordings("fleurs/de/fleurs-de-001.ogg"))

    assert children
    assert all(child.returncode is not None for child in children)
