"""Linear layers in floating point -> the same with weights of 8 bits, multiplied in 8 bits.

Each row of a weight is spread over 0 to 255 and has a zero point (asymmetric). The CPU plugin scales the
activations as they come: of each token, `ACTIVATION_GROUP_SIZE` neighbours by the largest of them ("dynamic
quantization", as in ZeroQuant, arXiv:2206.01861). So nothing is calibrated, and the model directory stays as
it is. docs/decisions/0018 has what it costs and gains.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as ops

ACTIVATION_GROUP_SIZE = 128  # activations that share a scale; divides the widths of all Whisper models
_FLOATS = (ov.Type.f32, ov.Type.f16)
_ROWS_AT_ONCE = 512  # of a weight: what is computed with them stays in the cache
_LARGEST = 255
_SMALLEST_SCALE = np.float32(np.finfo(np.float16).tiny)  # of rows that hold nothing but zeros


def quantize_linear_dynamic(graph: ov.Model) -> None:
    """Store the weights of all linear layers of a graph that are in floating point in 8 bits.

    Layers that are quantized already stay as they are, and so do convolutions and embeddings.
    """
    layers = [
        (node, weight)
        for node in graph.get_ordered_ops()
        if node.get_type_name() == "MatMul" and (weight := _float_weight(node)) is not None
    ]
    with ThreadPoolExecutor() as pool:
        rounded = pool.map(_round_rows, (weight.data for _, weight in layers))
        for (node, _), (numbers, zero_points, scales) in zip(layers, rounded, strict=True):
            stored = ops.constant(numbers), ops.constant(zero_points)
            centred = ops.subtract(*(ops.convert(of_8_bits, "f16") for of_8_bits in stored))
            weight = ops.convert(ops.multiply(centred, ops.constant(scales)), "f32")
            node.input(1).replace_source_output(weight.output(0))


def _float_weight(node: ov.Node) -> Any:
    """The constant that a linear layer multiplies with, [outputs, inputs]; None for any other product."""
    if not node.get_attributes()["transpose_b"] or _is_quantized(node.input_value(0).get_node()):
        return None
    source = node.input_value(1).get_node()
    while source.get_type_name() == "Convert":
        source = source.input_value(0).get_node()
    is_weight = source.get_type_name() == "Constant" and source.get_element_type() in _FLOATS
    return source if is_weight and len(source.get_output_shape(0)) == 2 else None


def _is_quantized(activation: ov.Node) -> bool:
    return str(activation.get_type_name()) == "FakeQuantize"


def _round_rows(weight: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float16]]:
    """Numbers 0 to 255, [outputs, inputs]; of each row, [outputs, 1], its zero point and its scale.

    What was there is (number - zero point) * scale, but for half a scale.
    """
    numbers = np.empty(weight.shape, np.uint8)
    zero_points = np.empty((weight.shape[0], 1), np.uint8)
    scales = np.empty((weight.shape[0], 1), np.float16)
    for first in range(0, weight.shape[0], _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        block = weight[rows].astype(np.float32)
        low = np.minimum(block.min(axis=1, keepdims=True), 0.0)
        high = np.maximum(block.max(axis=1, keepdims=True), 0.0)
        scales[rows] = np.maximum((high - low) / _LARGEST, _SMALLEST_SCALE)
        scale = scales[rows].astype(np.float32)  # as it is stored
        zero_points[rows] = zero_point = np.rint(-low / scale)
        block /= scale
        block += zero_point
        np.rint(block, out=block)
        numbers[rows] = np.clip(block, 0, _LARGEST, out=block)
    return numbers, zero_points, scales
