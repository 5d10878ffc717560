"""Encoder of 30 s -> encoder of any length up to 30 s.

Whisper's encoder was traced on 1500 positions. Nothing in it needs them: it convolves, attends, and adds
the first rows of a table of positions. A window of 10 s costs a third of the linear layers and a ninth
of the attention.
"""

from typing import Any

import numpy as np
import openvino as ov
from openvino import opset15 as ops

N_ENCODER_POSITIONS = 1500  # encoder positions of 20 ms in 30 s


def make_length_dynamic(encoder: ov.Model) -> None:
    """Let an encoder take any number of mel frames up to 3000.

    Changes the two things that tracing has fixed: reshapes to 1500 positions, and the table of positions.
    """
    for node in encoder.get_ordered_ops():
        if node.get_type_name() == "Reshape":
            _free_reshape(node)
        elif node.get_type_name() == "Add":
            _shorten_table(node)


def _free_reshape(reshape: ov.Node) -> None:
    pattern = reshape.input_value(1).get_node()
    if pattern.get_type_name() != "Constant":
        return
    sizes = [int(size) for size in np.ravel(pattern.data)]
    if sizes.count(N_ENCODER_POSITIONS) == 1 and -1 not in sizes:
        free = np.array([-1 if size == N_ENCODER_POSITIONS else size for size in sizes])
        reshape.input(1).replace_source_output(ops.constant(free).output(0))


def _shorten_table(add: ov.Node) -> None:
    for index in (0, 1):
        table, hidden = add.input_value(index), add.input_value(1 - index)
        sizes = list(table.get_partial_shape())
        if not _is_constant(table) or len(sizes) < 2 or sizes[-2] != N_ENCODER_POSITIONS:
            continue
        axis = np.array([len(sizes) - 2])
        n_positions = ops.gather(ops.shape_of(hidden), np.array([1]), np.array(0))
        rows = ops.slice(table, np.array([0]), n_positions, np.array([1]), axis)
        add.input(index).replace_source_output(rows.output(0))


def _is_constant(output: Any) -> bool:
    """Whether a value is a constant, as it is or decompressed (FP16 and INT8 weights)."""
    node = output.get_node()
    if node.get_type_name() == "Constant":
        return True
    inputs = [node.input_value(index) for index in range(node.get_input_size())]
    kinds = ("Convert", "Multiply", "Subtract", "Reshape", "FakeQuantize")
    return node.get_type_name() in kinds and all(map(_is_constant, inputs))
