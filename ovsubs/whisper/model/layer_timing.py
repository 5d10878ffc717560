"""A precision and the size of a model -> the time of its layers on this CPU, if it can compute them.

Meant for a process of its own (`answer`): where OpenVINO fails in one precision, what it does next may crash.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as ops

from ovsubs.audio.openvino_core import shared_core
from ovsubs.whisper.model.dynamic_quantization import ACTIVATION_GROUP_SIZE, quantize_linear_dynamic

FLOATS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "f16": ov.Type.f16}  # what OpenVINO takes on all devices

# What is measured: a few layers (one of a wide model), at the lengths of an ordinary window and batch.
_N_LAYERS, _WIDE = 3, 1024
_N_POSITIONS, _N_ROWS = 1000, 10
_HEAD_DIM = 64  # of all Whisper models
_N_ROUNDS, _STEPS_A_ROUND = 4, 4  # the fastest counts, since what else runs only makes it slower
_CPU_CLOCK_IS_FINE = time.get_clock_info("process_time").resolution < 1e-4  # 15 ms on Windows
_EMULATED = 10.0  # times as long as f32: no CPU that has a precision is that slow in it


@dataclass(frozen=True, slots=True)
class Precision:
    """What a graph is computed in: a floating point out of `FLOATS`, and linear layers in 8 bits or not."""

    floats: str
    int8: bool = False

    def __str__(self) -> str:
        return f"int8 with {self.floats}" if self.int8 else self.floats


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What decides how long a layer takes: `width` of the vectors, numbers of layers, and of tokens."""

    width: int = 512
    encoder_layers: int = 6
    decoder_layers: int = 6
    n_vocab: int = 51865


@dataclass(frozen=True, slots=True)
class MeasuredPrecision:
    """Milliseconds that layers of the encoder take for a window of 20 s, and of the decoder for ten of them.

    They are a part of the layers: they compare with each other, and with nothing else.
    """

    precision: Precision
    encoder_ms: float
    decoder_ms: float


def answer(question: str) -> str:
    """Measure one precision in this process: JSON for JSON.

    Args:
        question: a precision, a size and a number of threads, as `asdict` makes them of the classes here.

    Returns:
        Milliseconds of encoder and decoder; an empty list where the CPU does not compute in it.
    """
    of_precision, of_size, threads = json.loads(question)
    found = time_layers(Precision(**of_precision), ModelSize(**of_size), threads)
    return json.dumps([found.encoder_ms, found.decoder_ms] if found else [])


def ask(precision: Precision, size: ModelSize, threads: int) -> str:
    """The question to which `answer` has the answer."""
    return json.dumps([asdict(precision), asdict(size), threads])


def time_layers(precision: Precision, size: ModelSize, threads: int) -> MeasuredPrecision | None:
    """Run layers of this size; None where the CPU does not compute in this precision, or not rightly."""
    if not runs(precision.floats) or (precision.int8 and not sums_are_exact(precision.floats)):
        return None
    n_layers = 1 if size.width >= _WIDE else _N_LAYERS
    try:
        encoder, decoder = (
            _request(graph, precision, threads)
            for graph in (_encoder(size, n_layers), _decoder(size, n_layers, precision.floats))
        )
    except RuntimeError:
        return None
    encoder_ms = min(_timed_ms(encoder) for _ in range(_N_ROUNDS))
    decoder_ms = min(_timed_ms(decoder) for _ in range(_N_ROUNDS * _STEPS_A_ROUND))
    return MeasuredPrecision(precision, round(encoder_ms, 3), round(decoder_ms, 3))


def runs(floats: str) -> bool:
    """Whether the CPU computes in this floating point.

    Where it does not, OpenVINO takes another one, fails, or emulates it a hundred times slower than f32.
    """
    in_f32 = _probed_ms("f32")  # first: after one that fails it may crash
    return floats == "f32" or _probed_ms(floats) < _EMULATED * in_f32


def sums_are_exact(floats: str) -> bool:
    """Whether sums of 8-bit products do not overflow, with weights as `quantize_linear_dynamic` has them.

    Without VNNI or AMX kernels may add pairs of products in 16 bits. The largest numbers of 8 bits tell.
    """
    n_inputs = 2 * ACTIVATION_GROUP_SIZE
    hidden = ops.parameter([-1, n_inputs], np.float32, name="hidden")
    rows = np.linspace(0.5, 1.0, 64, dtype=np.float32)[:, None] * np.ones((1, n_inputs), np.float32)
    graph = ov.Model([ops.matmul(hidden, ops.constant(rows), False, True)], [hidden], "sums")
    quantize_linear_dynamic(graph)
    given = np.ones((4, n_inputs), np.float32)
    return _gives(graph, _properties(Precision(floats, int8=True), 1), given, given @ rows.T)


@lru_cache
def calibrated_sums_are_exact() -> bool:
    """Whether they are in models that are stored with activations in 8 bits (NNCF's INT8)."""
    n_inputs = 2 * ACTIVATION_GROUP_SIZE
    hidden = ops.parameter([-1, n_inputs], np.float32, name="hidden")
    bounds = np.float32(0.0), np.float32(255.0)
    activations = ops.fake_quantize(hidden, *bounds, *bounds, levels=256)
    integers = ops.constant(np.full((64, n_inputs), 127, np.int8))
    weights = ops.multiply(ops.convert(integers, "f32"), np.full((64, 1), 0.01, np.float32))
    graph = ov.Model([ops.matmul(activations, weights, False, True)], [hidden], "calibrated sums")
    given = np.full((4, n_inputs), 255.0, np.float32)
    expected = np.full((4, 64), 255.0 * 1.27 * n_inputs, np.float32)
    return _gives(graph, {"INFERENCE_PRECISION_HINT": "f32"}, given, expected)


def _gives(
    graph: ov.Model, properties: dict[str, Any], given: NDArray[np.float32], expected: NDArray[np.float32]
) -> bool:
    """Whether a graph computes what it should, within 2 %."""
    try:
        return _is_near(shared_core().compile_model(graph, "CPU", properties)(given)[0], expected, 0.02)
    except RuntimeError:
        return False


def _probed_ms(floats: str) -> float:
    """The shortest time of a small product; infinite where it fails, is wrong, or is another precision's."""
    given = np.linspace(-1.0, 1.0, 512, dtype=np.float32) * np.ones((32, 1), np.float32)
    hidden = ops.parameter([-1, 512], np.float32, name="hidden")
    identity = ops.constant(np.eye(512, dtype=np.float32))
    graph = ov.Model([ops.matmul(hidden, identity, False, True)], [hidden], "probe")
    try:
        compiled = shared_core().compile_model(graph, "CPU", _properties(Precision(floats), 1))
        request = compiled.create_infer_request()
        is_obeyed = compiled.get_property("INFERENCE_PRECISION_HINT") == FLOATS[floats]
        if is_obeyed and _is_near(request.infer({0: given})[0], given, 0.01):
            return min(_timed_ms(request) for _ in range(3))
    except RuntimeError:
        pass
    return float("inf")


def _is_near(got: NDArray[np.float32], expected: NDArray[np.float32], tolerance: float) -> bool:
    """Whether they agree; what fails within OpenVINO may be empty."""
    return got.shape == expected.shape and bool(np.allclose(got, expected, rtol=tolerance, atol=tolerance))


def _properties(precision: Precision, threads: int) -> dict[str, Any]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision.floats,
        "INFERENCE_NUM_THREADS": threads,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": ACTIVATION_GROUP_SIZE if precision.int8 else 0,
    }


def _request(graph: ov.Model, precision: Precision, threads: int) -> Any:
    """The compiled graph with inputs, once run: the first time packs the weights.

    Raises:
        RuntimeError: it does not compile, or not run.
    """
    if precision.int8:
        quantize_linear_dynamic(graph)
    compiled = shared_core().compile_model(graph, "CPU", _properties(precision, threads))
    request = compiled.create_infer_request()
    # Zeros: how long it takes does not depend on the numbers.
    request.infer([ov.Tensor(one.get_element_type(), one.get_shape()) for one in compiled.inputs])
    return request


def _timed_ms(request: Any) -> float:
    """How long it takes, in CPU time where the system counts it finely: other programs take none of that."""
    now = time.process_time if _CPU_CLOCK_IS_FINE else time.perf_counter
    start = now()
    request.infer()
    return (now() - start) * 1000.0


def _encoder(size: ModelSize, n_layers: int) -> ov.Model:
    """Layers of the encoder, attention over all positions and a feed-forward part, and the keys and values.

    As in Whisper keys have no bias: with one OpenVINO makes a single product of query, key and value, though
    not in 8 bits. No two products have the same weights, of which it would compute one alone.
    """
    width, weights = size.width, _weights()
    hidden = given = ops.parameter([1, _N_POSITIONS, width], np.float32, name="hidden")
    for _ in range(n_layers):
        normal = _normal(hidden, width)
        query, key, value = (
            _heads(_linear(normal, width, width, weights, bias=bias), _N_POSITIONS, width)
            for bias in (True, False, True)
        )
        attended = ops.transpose(ops.scaled_dot_product_attention(query, key, value), np.array([0, 2, 1, 3]))
        merged = ops.reshape(attended, np.array([1, _N_POSITIONS, width]), False)
        hidden = _feed_forward(ops.add(hidden, _linear(merged, width, width, weights)), width, weights)
    n_crossed = round(size.decoder_layers * n_layers / size.encoder_layers)
    crossed = [
        _heads(_linear(hidden, width, width, weights, bias=bias), _N_POSITIONS, width)
        for _ in range(n_crossed)
        for bias in (False, True)
    ]
    return ov.Model([hidden, *crossed], [given], "encoder")


def _decoder(size: ModelSize, n_layers: int, floats: str) -> ov.Model:
    """Layers of the decoder at one token: linear layers, attention to keys of ten windows, some logits."""
    width, n_heads, weights = size.width, max(1, size.width // _HEAD_DIM), _weights()
    hidden = given = ops.parameter([_N_ROWS, 1, width], np.float32, name="hidden")
    keys_and_values = list(_keys_and_values(n_layers, n_heads, floats))
    for key, value in keys_and_values:
        for _ in range(4):  # of the self-attention
            hidden = ops.add(hidden, _linear(hidden, width, width, weights))
        query = _heads(_linear(hidden, width, width, weights), 1, width)
        shares = ops.softmax(ops.matmul(query, ops.convert(key, "f32"), False, False), -1)
        attended = ops.matmul(shares, ops.convert(value, "f32"), False, False)
        hidden = ops.add(hidden, ops.reshape(attended, np.array([_N_ROWS, 1, width]), False))
        hidden = _feed_forward(ops.add(hidden, _linear(hidden, width, width, weights)), width, weights)
    n_logits = max(1, size.n_vocab * n_layers // size.decoder_layers)
    inputs = [given, *(node for pair in keys_and_values for node in pair)]
    return ov.Model([_linear(hidden, width, n_logits, weights)], inputs, "decoder")


def _keys_and_values(n_layers: int, n_heads: int, floats: str) -> Iterator[tuple[ov.Node, ov.Node]]:
    """Inputs of each layer, stored as the decoder computes."""
    for layer in range(n_layers):
        key = [_N_ROWS, n_heads, _HEAD_DIM, _N_POSITIONS]
        value = [_N_ROWS, n_heads, _N_POSITIONS, _HEAD_DIM]
        yield (
            ops.parameter(key, FLOATS[floats], name=f"key.{layer}"),
            ops.parameter(value, FLOATS[floats], name=f"value.{layer}"),
        )


def _heads(rows: Any, n_tokens: int, width: int) -> Any:
    """[batch, n_tokens, width] -> [batch, heads, n_tokens, head_dim]."""
    split = ops.reshape(rows, np.array([-1, n_tokens, max(1, width // _HEAD_DIM), _HEAD_DIM]), False)
    return ops.transpose(split, np.array([0, 2, 1, 3]))


def _feed_forward(hidden: Any, width: int, weights: Iterator[NDArray[np.float32]]) -> Any:
    inner = ops.gelu(_linear(_normal(hidden, width), width, 4 * width, weights), "ERF")
    return ops.add(hidden, _linear(inner, 4 * width, width, weights))


def _linear(
    rows: Any, n_inputs: int, n_outputs: int, weights: Iterator[NDArray[np.float32]], *, bias: bool = True
) -> Any:
    weight = np.resize(next(weights), (n_outputs, n_inputs))
    product = ops.matmul(rows, ops.constant(weight), False, True)
    return ops.add(product, ops.constant(np.full((1, 1, n_outputs), 0.01, np.float32))) if bias else product


def _normal(rows: Any, width: int) -> Any:
    """Layer normalization."""
    centred = ops.mvn(rows, np.array([-1]), True, 1e-5, "inside_sqrt")
    scaled = ops.multiply(centred, ops.constant(np.full((1, 1, width), 0.9, np.float32)))
    return ops.add(scaled, ops.constant(np.full((1, 1, width), 0.1, np.float32)))


def _weights() -> Iterator[NDArray[np.float32]]:
    """Numbers of both signs, in another order each time; so many that rows of a weight do not repeat.

    float32 [8191]
    """
    numbers = np.random.default_rng(0).normal(scale=0.02, size=8191).astype(np.float32)
    return (np.roll(numbers, place) for place in count())
