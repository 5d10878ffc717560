"""Cross-attentions of the decoder -> explicit attention over inputs that the rows of a window share.

The rows of a window (its beams) attend to the same keys and values: one head's after the other, while they
are in the cache, so that memory is read once and not once per row. Windows may differ in the number of
their rows: for the attention alone each gets as many slots as the window with most rows has, and what
stands in an unused slot is never read. Windows may differ in length, too: what lies behind the end of a
shorter one is masked.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset15 as ops

_SLOT_AXIS = np.array([2])  # in [windows, heads, slots, n_tokens, ...]
_SLOTS_BEHIND_HEADS = np.array([0, 2, 1, 3, 4])
_MASKED = -1e9  # added to the score of a position behind the window's end; bfloat16 holds it


@dataclass(frozen=True, slots=True)
class CrossAttention:
    """One cross-attention; `key` and `value` are outputs that depend on the encoder's output alone."""

    attention: ov.Node
    key: Any
    value: Any


@dataclass(frozen=True, slots=True)
class BatchShape:
    """Values in the graph that all layers share.

    `n_windows` and `n_tokens` are int64 [1]; `mask` is float32 [windows, 1, 1, positions]. `slot_rows` is
    int32 [windows * slots], the row in each slot; `row_slots` int32 [rows], the slot of each row.
    """

    slot_rows: ov.Node
    row_slots: ov.Node
    n_windows: Any
    n_tokens: Any
    mask: Any


def batch_shape(
    input_ids: ov.Node, first_key: ov.Node, n_positions: ov.Node, slot_rows: ov.Node, row_slots: ov.Node
) -> BatchShape:
    """Read the shape of a batch off its inputs.

    Args:
        input_ids: Parameter [rows, n_tokens].
        first_key: Parameter [windows, heads, head_dim, positions].
        n_positions: Parameter int32 [windows], how many positions of each window are filled.
        slot_rows: Parameter int32 [windows * slots].
        row_slots: Parameter int32 [rows].
    """
    n_windows = _dimension(first_key, 0)
    places = ops.range(
        np.int32(0), ops.convert(_squeeze(_dimension(first_key, 3)), "i32"), np.int32(1), "i32"
    )
    filled = ops.less(ops.unsqueeze(places, np.array([0])), ops.unsqueeze(n_positions, np.array([1])))
    mask = ops.select(filled, np.float32(0.0), np.float32(_MASKED))
    return BatchShape(
        slot_rows, row_slots, n_windows, _dimension(input_ids, 1), ops.unsqueeze(mask, np.array([1, 2]))
    )


def attend_to_inputs(cross: CrossAttention, key: ov.Node, value: ov.Node, shape: BatchShape) -> Any:
    """Put MatMul-Softmax-MatMul over two Parameters in the place of one attention; returns its scaled query.

    Args:
        cross: its query is [rows, heads, n_tokens, head_dim].
        key: Parameter [windows, heads, head_dim, positions].
        value: Parameter [windows, heads, positions, head_dim].
        shape: of the batch.
    """
    _, heads, _, head_dim = (
        dimension.get_length() if dimension.is_static else -1 for dimension in cross.key.get_partial_shape()
    )
    query = cross.attention.input_value(0)
    scale = _scale(cross.attention, head_dim)
    if scale != 1.0:
        query = ops.multiply(query, np.float32(scale)).output(0)
    scaled = query
    query = ops.gather(query, shape.slot_rows, np.array(0))
    query = ops.reshape(query, _pattern([shape.n_windows, -1, heads, shape.n_tokens, head_dim]), False)
    query = ops.transpose(query, _SLOTS_BEHIND_HEADS)
    scores = ops.matmul(query, ops.unsqueeze(_as_float32(key), _SLOT_AXIS), False, False)
    weights = ops.softmax(ops.add(scores, ops.unsqueeze(shape.mask, _SLOT_AXIS)), axis=-1)
    attended = ops.matmul(weights, ops.unsqueeze(_as_float32(value), _SLOT_AXIS), False, False)
    attended = ops.transpose(attended, _SLOTS_BEHIND_HEADS)  # back again
    attended = ops.reshape(attended, _pattern([-1, heads, shape.n_tokens, head_dim]), False)
    attended = ops.gather(attended, shape.row_slots, np.array(0))
    cross.attention.output(0).replace(attended.output(0))
    return scaled


def _pattern(sizes: list[Any]) -> ov.Node:
    parts = [ops.constant(np.array([size])) if isinstance(size, int) else size for size in sizes]
    return ops.concat(parts, 0)


def _dimension(node: ov.Node, axis: int) -> ov.Node:
    return ops.gather(ops.shape_of(node), np.array([axis]), np.array(0))


def _squeeze(node: ov.Node) -> ov.Node:
    return ops.squeeze(node, np.array([0]))


def _as_float32(node: ov.Node) -> ov.Node:
    # OpenVINO takes the conversion out again where it computes in bfloat16.
    return node if node.get_element_type() == ov.Type.f32 else ops.convert(node, "f32")


def _scale(attention: ov.Node, head_dim: int) -> float:
    """The attention's own scale: its fifth input; 1/sqrt(head_dim) where it has none."""
    if attention.get_input_size() < 5:
        return float(head_dim**-0.5)
    source = attention.input_value(4).get_node()
    while source.get_type_name() == "Convert":  # FP16 and INT8 graphs store it as float16
        source = source.input_value(0).get_node()
    return float(np.asarray(source.data).item())
