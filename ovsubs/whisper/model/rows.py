"""The memory in which cross-attention keys and values go from the encoder to the decoder."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from ovsubs.whisper.model.lengths import N_POSITIONS as MAX_POSITIONS


class KeyValueRows:
    """Room for the cross-attention keys and values of `n_rows` windows of 30 s, or of more that are shorter.

    One array per layer and kind: `key.N` is [n_rows, heads, head_dim, positions], `value.N` [n_rows, heads,
    positions, head_dim], where positions are those of the longest window of the batch. Made once per run
    and arranged anew for each batch: fresh memory costs page faults.
    """

    def __init__(self, n_rows: int, shapes: dict[str, Sequence[int]], element_type: Any) -> None:
        self.n_rows = n_rows
        self.n_positions = MAX_POSITIONS
        self._capacity = n_rows * MAX_POSITIONS
        self._shapes = shapes
        self._type = element_type
        # numpy has no bfloat16: two bytes are two bytes. Zeros, since a masked NaN is still a NaN.
        stored = np.float32 if element_type == ov.Type.f32 else np.uint16
        sizes = {name: n_rows * math.prod(filled(shape, MAX_POSITIONS)) for name, shape in shapes.items()}
        self._memory = {name: np.zeros(size, stored) for name, size in sizes.items()}

    def arrange(self, n_rows: int, n_positions: int) -> None:
        """Make it so many rows of so many positions; what was in it is lost.

        Raises:
            ValueError: they do not fit.
        """
        if n_rows * n_positions > self._capacity:
            fitting = self._capacity // MAX_POSITIONS
            raise ValueError(
                f"{n_rows} windows of {n_positions} positions do not fit into {fitting} rows of 30 s"
            )
        self.n_rows, self.n_positions = n_rows, n_positions

    def lend(self, name: str, n_rows: int) -> Any:
        """The first rows as an OpenVINO tensor."""
        array = self.array(name)[:n_rows]
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def lend_start(self, name: str, row: int, n_positions: int) -> Any:
        """A window of so many positions as an OpenVINO tensor: in one piece, at the start of its row."""
        array = self._start(name, row, n_positions)
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def spread(self, row: int, n_positions: int) -> None:
        """Bring what lies at the start of a row to its places; behind its end stays whatever was there."""
        for name in self.names if n_positions < self.n_positions else ():
            found = self._start(name, row, n_positions)[0].copy()
            self.array(name)[row][: found.shape[0], : found.shape[1], : found.shape[2]] = found

    def differ(self, row: int, n_positions: int) -> bool:
        """Whether a window's keys and values are not the same at all of its positions."""
        if n_positions < 2:
            return True
        for name in self.names:
            found = self.array(name)[row]
            line = found[0, :, :n_positions] if name.startswith("key") else found[0, :n_positions].T
            if (line != line[:, :1]).any():
                return True
        return False

    def array(self, name: str) -> NDArray[Any]:
        """All rows in the present length; bfloat16 as uint16."""
        shape = (self.n_rows, *filled(self._shapes[name], self.n_positions))
        return self._memory[name][: math.prod(shape)].reshape(shape)

    @property
    def names(self) -> Sequence[str]:
        """`key.0`, `value.0`, `key.1`, …"""
        return tuple(self._shapes)

    def _start(self, name: str, row: int, n_positions: int) -> NDArray[Any]:
        shape = (1, *filled(self._shapes[name], n_positions))
        row_in_one: NDArray[Any] = self.array(name)[row].reshape(-1)
        return row_in_one[: math.prod(shape)].reshape(shape)


def filled(shape: Sequence[int], n_positions: int) -> list[int]:
    """The shape with so many positions in place of -1."""
    return [n_positions if size < 0 else size for size in shape]


def as_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """float32, or bfloat16 as uint16, as float32."""
    if values.dtype == np.float32:
        return values
    return (values.astype(np.uint32) << 16).view(np.float32)
