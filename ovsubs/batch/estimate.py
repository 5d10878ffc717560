"""A planned library -> how fast this machine will be, by what it has done before or by a short try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace

from ovsubs.audio.media import stream_audio
from ovsubs.audio.tracks import choose_track
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.plan import BatchPlan
from ovsubs.errors import OvsubsError
from ovsubs.library.plan import PlannedFile
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions

TRY_S = 120.0  # of a file: a full batch of windows and some more
_LEAST_HEARD_S = 600.0  # a run that has heard less tells more of its start than of its speed
_TRIES = 3  # files, where the first cannot be read or nobody speaks


def speed_before(ledgers: Sequence[Ledger], recognition: str) -> float:
    """Seconds of media in a second of work, in the runs before with the same options; 0.0 without any.

    Args:
        ledgers: of all roots.
        recognition: digest of options and model.
    """
    heard = [ledger.heard(recognition) for ledger in ledgers]
    media_s, work_s = sum(one[0] for one in heard), sum(one[1] for one in heard)
    return media_s / work_s if media_s >= _LEAST_HEARD_S and work_s else 0.0


def measure_speed(
    plan: BatchPlan,
    options: TranscribeOptions,
    open_model: Callable[[], AbstractContextManager[Model]],
) -> float:
    """Seconds of media in a second of work, by the beginning of a planned file; 0.0 if there is none."""
    files = [file for file in plan.plan.files if file.media is not None]
    if not files:
        return 0.0
    with open_model() as model:
        for file in sorted(files, key=lambda file: -min(file.duration, TRY_S))[:_TRIES]:
            with suppress(OvsubsError, OSError):
                if speed := _try(model, file, options):
                    return speed
    return 0.0


def _try(model: Model, file: PlannedFile, options: TranscribeOptions) -> float:
    assert file.media is not None
    track = choose_track(file.media, options.audio_track)
    of_samples = replace(options, audio_track=None)
    for samples in stream_audio(file.media, track, block_s=TRY_S, length=TRY_S):
        model.transcribe(samples[: len(samples) // 10], options=of_samples)  # what is made once
        transcript = model.transcribe(samples, options=of_samples)
        return transcript.rtfx if transcript.segments else 0.0
    return 0.0
