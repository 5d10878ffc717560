"""Samples, as they come -> speech regions.

Silero gives the probability of speech (`silero.py`), beginnings of speech that it notices late are corrected
(`onsets.py`), and the probabilities are split into regions (`regions.py`).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.detector import STEP, STEP_S, Heard, Samples, SpeechDetector
from ovsubs.audio.onsets import AFTER_STEPS, CorrectedBlock, OnsetCorrector
from ovsubs.audio.regions import SpeechRegion, StepSpan, VadOptions, is_long_enough, split_steps
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.silero import open_detector, priming

__all__ = [
    "SpeechDetector",
    "SpeechRegion",
    "SpeechSegmenter",
    "VadOptions",
    "VadResult",
    "detect_stream",
    "find_speech",
    "open_detector",
    "priming",
    "stream_regions",
]


@dataclass(frozen=True, slots=True)
class VadResult:
    """Samples that the detector has processed, and the speech regions that became final with them.

    `samples` follow those of the block before.  # float32 [n_samples]
    `regions` have ended; they follow those of the block before. No region still to come begins
    before `final_until`, in seconds of the track. `has_open` tells that somebody is speaking at its end.
    """

    samples: Samples
    regions: tuple[SpeechRegion, ...]
    final_until: float
    has_open: bool = False


def find_speech(
    samples: Samples, detector: SpeechDetector, options: VadOptions | None = None
) -> tuple[SpeechRegion, ...]:
    """All speech regions of a recording, in order, not overlapping.

    Args:
        samples: mono, 16 kHz, in [-1, 1].  # [n_samples]
        detector: open.
        options: what counts as speech.
    """
    return tuple(stream_regions([samples], detector, options or VadOptions()))


def stream_regions(
    blocks: Iterable[Samples], detector: SpeechDetector, options: VadOptions
) -> Iterator[SpeechRegion]:
    """Speech regions of a track that arrives in blocks; the same whatever the blocks' lengths."""
    for heard in detect_stream(blocks, detector, options):
        yield from heard.regions


def detect_stream(
    blocks: Iterable[Samples], detector: SpeechDetector, options: VadOptions
) -> Iterator[VadResult]:
    """Pass samples through, together with the speech regions that have ended so far.

    Args:
        blocks: consecutive samples of one track.  # float32 [n_samples]
        detector: open.
        options: what counts as speech.

    Yields:
        All samples once, in order. The last block's `final_until` is infinite.
    """
    segmenter = SpeechSegmenter(detector, options)
    for block in blocks:
        yield from segmenter.push(block)
    yield from segmenter.finish()


class SpeechSegmenter:
    """The speech regions of one track, whose samples are pushed as they come.

    How many are pushed at once does not change the outcome.
    """

    def __init__(self, detector: SpeechDetector, options: VadOptions, *, backward_pass: bool = True) -> None:
        """Begin a track.

        Args:
            detector: open; nothing comes out before one of its batches is full.
            options: what counts as speech.
            backward_pass: correct beginnings of speech that the detector notices late, after music or
                applause. That is done in blocks of 16 s, and nothing comes out before one is full, and 4 s
                more. Without it, speech begins where the detector notices it.
        """
        self._listener = detector.listen()
        self._onsets = OnsetCorrector(
            (lambda samples: _infer_backward(samples, detector)) if backward_pass else None, options
        )
        self._options = options
        # Without a backward pass each batch of the detector is split by itself, however much is pushed.
        self._piece_steps = None if backward_pass else detector.batch_steps
        self._pending = np.zeros(0, np.float32)  # probabilities of a region that has not ended yet
        self._sounds = np.zeros(AFTER_STEPS, np.bool_)  # of the same steps and of `AFTER_STEPS` before them
        self._offset, self._inside = 0, False  # `_offset`: step of the track at which `_pending` begins
        self._n_samples = 0

    def push(self, samples: Samples) -> list[VadResult]:
        """Take the next samples; all of them come out once, in order, with the regions that have ended.

        Args:
            samples: mono, 16 kHz, in [-1, 1].  # float32 [n_samples]
        """
        return self._results(self._listener.push(samples))

    def finish(self) -> list[VadResult]:
        """Return what is left at the end of the track; the last `final_until` is infinite."""
        split = self._results(self._listener.finish())
        split += [self._split(block) for block in self._onsets.finish()]
        last: tuple[SpeechRegion, ...] = ()
        n_left = len(self._pending)
        if n_left and (self._inside or is_long_enough(n_left, self._options)):
            last = (self._region(StepSpan(0, n_left)),)
        return [*split, VadResult(np.zeros(0, np.float32), last, math.inf)]

    def _results(self, heard: Iterable[Heard]) -> list[VadResult]:
        pieces = (piece for one in heard for piece in self._pieces(*one))
        return [self._split(block) for piece in pieces for block in self._onsets.push(*piece)]

    def _pieces(self, samples: Samples, probabilities: NDArray[np.float32]) -> Iterator[Heard]:
        n = self._piece_steps or max(1, len(probabilities))
        for first in range(0, len(probabilities), n):
            yield samples[first * STEP : (first + n) * STEP], probabilities[first : first + n]

    def _split(self, block: CorrectedBlock) -> VadResult:
        self._n_samples += len(block.samples)
        self._pending = np.concatenate([self._pending, block.probabilities])
        self._sounds = np.concatenate([self._sounds, block.sounds])
        split = split_steps(self._pending, self._options, inside=self._inside)
        regions = tuple(map(self._region, split.spans))
        self._pending, self._sounds = self._pending[split.final_until :], self._sounds[split.final_until :]
        self._offset, self._inside = self._offset + split.final_until, split.inside
        return VadResult(block.samples, regions, self._offset * STEP_S, has_open=len(self._pending) > 0)

    def _region(self, span: StepSpan) -> SpeechRegion:
        end = (self._offset + span.end) * STEP_S
        return SpeechRegion(
            (self._offset + span.first) * STEP_S,
            min(end, self._n_samples / SAMPLE_RATE_HZ),  # the last step may reach past them
            after_sound=bool(self._sounds[span.first : span.first + AFTER_STEPS].any()),
        )


def _infer_backward(samples: Samples, detector: SpeechDetector) -> NDArray[np.float32]:
    """Probabilities of the steps, computed from the last to the first.  # float32 [n_steps]"""
    whole_steps = np.pad(samples, (0, -len(samples) % STEP))
    return detector.probabilities(whole_steps[::-1].copy())[::-1]
