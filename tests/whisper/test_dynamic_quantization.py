"""Weights in 8 bits: which layers get them, and how near they stay to what they were."""

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset15 as ops

from ovsubs.whisper.model.dynamic_quantization import quantize_linear_dynamic

WEIGHT = np.random.default_rng(0).normal(size=(700, 128)).astype(np.float32)


def layer(weight: NDArray[np.floating], *, quantized: bool = False) -> ov.Model:
    """[tokens, 128] times a weight [outputs, 128], as torch's linear layers are exported."""
    hidden = ops.parameter([-1, 128], np.float32, name="hidden")
    stored = ops.constant(weight)
    weights = stored if weight.dtype == np.float32 else ops.convert(stored, "f32")
    source = hidden
    if quantized:
        bounds = np.float32(-4.0), np.float32(4.0)
        source = ops.fake_quantize(hidden, *bounds, *bounds, levels=256)
    return ov.Model([ops.matmul(source, weights, False, True)], [hidden], "layer")


def weights_of(graph: ov.Model) -> list[NDArray[np.generic]]:
    """All constants that are a table of 128 columns."""
    constants = [node for node in graph.get_ordered_ops() if node.get_type_name() == "Constant"]
    return [node.data for node in constants if tuple(node.data.shape[1:]) == (128,)]


def run(graph: ov.Model, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
    properties = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
    return np.array(ov.Core().compile_model(graph, "CPU", properties)(hidden)[0])


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_each_row_keeps_its_own_scale(kind: type) -> None:
    """Rows a thousand times larger than others lose no more than those: half of 255 steps, and rounding."""
    weight = (WEIGHT * np.geomspace(1e-2, 1e2, 700)[:, None]).astype(kind)
    graph = layer(weight)

    quantize_linear_dynamic(graph)

    [stored] = weights_of(graph)
    assert stored.dtype == np.uint8
    assert np.all(stored.max(axis=1) - stored.min(axis=1).astype(int) >= 254)
    columns = run(graph, np.eye(128, dtype=np.float32)).T  # the weight itself
    step = np.ptp(weight.astype(np.float32), axis=1, keepdims=True) / 255
    assert np.all(np.abs(columns - weight) <= 0.6 * step)
    assert np.abs(columns - weight).max() > 0


def test_rows_of_zeros_stay_zeros() -> None:
    weight = np.abs(WEIGHT)  # nor do rows without a negative number lose their zero
    weight[3], weight[4, :64] = 0.0, 0.0
    graph = layer(weight)
    quantize_linear_dynamic(graph)
    outputs = run(graph, np.eye(128, dtype=np.float32))
    assert np.all(outputs[:, 3] == 0.0)
    assert np.all(outputs[:64, 4] == 0.0)
    assert np.all(np.isfinite(outputs))


def test_what_is_quantized_already_stays_as_it_is() -> None:
    graph = layer(WEIGHT, quantized=True)
    quantize_linear_dynamic(graph)
    np.testing.assert_array_equal(weights_of(graph)[0], WEIGHT)

    stored = layer(WEIGHT)
    quantize_linear_dynamic(stored)
    before = weights_of(stored)[0].copy()
    quantize_linear_dynamic(stored)
    np.testing.assert_array_equal(weights_of(stored)[0], before)


def test_a_table_that_is_looked_up_as_well_keeps_its_numbers_there() -> None:
    """The decoder's embedding is also the projection to the vocabulary."""
    table = ops.constant(WEIGHT.astype(np.float16))
    tokens = ops.parameter([-1], np.int64, name="tokens")
    words = ops.gather(ops.convert(table, "f32"), tokens, np.array(0))
    logits = ops.matmul(words, ops.convert(table, "f32"), False, True)
    graph = ov.Model([words, logits], [tokens], "tied")

    quantize_linear_dynamic(graph)

    assert {stored.dtype for stored in weights_of(graph)} == {np.dtype(np.uint8), np.dtype(np.float16)}
    compiled = ov.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    np.testing.assert_allclose(compiled(np.array([5, 600]))[0], WEIGHT[[5, 600]], rtol=1e-3)
