"""Measuring a model on recordings."""

from pathlib import Path

import numpy as np
import pytest

from ovsubs.audio.media import SAMPLE_RATE_HZ
from ovsubs.benchmark.datasets import Recording, Utterance, read_samples
from ovsubs.benchmark.metrics import WordErrors
from ovsubs.benchmark.run import Score, Timed, score, summarize, time_recordings
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Transcript

WORDS = "ever tried ever failed no matter try again fail again fail better"


@pytest.mark.model
def test_a_recording_is_timed_and_scored(base_model: Model, speech_sample: Path) -> None:
    samples = read_samples(speech_sample)
    recording = Recording("beckett", samples, (Utterance(0.0, len(samples) / SAMPLE_RATE_HZ, WORDS),))
    (timed,) = time_recordings(base_model, [recording], TranscribeOptions(language="en"), n_runs=2)
    assert len(timed.seconds) == 2
    assert min(timed.seconds) > 0.0
    scored = score(timed, recording)
    assert scored.errors == WordErrors(12, 0, 0, 0)
    assert summarize([timed], [scored]).rtfx[0] == pytest.approx(recording.duration / timed.seconds[0])


def test_the_speed_of_a_run_is_that_of_all_recordings_together() -> None:
    transcript = Transcript((), "en", 1.0, 10.0, 10.0)
    timed = [Timed("a", 10.0, "", transcript, (1.0, 2.0)), Timed("b", 30.0, "", transcript, (3.0, 2.0))]
    scores = [Score("a", WordErrors(10, 1, 0, 0), 0.1), Score("b", WordErrors(30, 1, 0, 0), 0.3)]
    summary = summarize(timed, scores)
    assert summary.rtfx == (10.0, 10.0)
    assert summary.errors.wer == pytest.approx(0.05)
    assert summary.start_distance == pytest.approx(0.2)


def test_loud_samples_do_not_wrap_around(tmp_path: Path) -> None:
    from ovsubs.benchmark.run import write_wav

    path = tmp_path / "loud.wav"
    write_wav(path, Recording("loud", np.array([1.0, -1.0, 2.0, 0.5], np.float32), ()))
    assert read_samples(path).tolist() == pytest.approx([32767 / 32768, -1.0, 32767 / 32768, 0.5])
