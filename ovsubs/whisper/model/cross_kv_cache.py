"""Memory in which the encoder leaves the cross-attention keys and values that the decoder reads."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from ovsubs.whisper.model.dynamic_encoder import N_ENCODER_POSITIONS


class CrossKVCache:
    """Memory for the cross-attention keys and values of a batch of windows.

    Its capacity is `n_windows` windows of 30 s, or more windows that are shorter. There is one array per
    layer and kind: `key.N` is [n_windows, heads, head_dim, positions], `value.N` is [n_windows, heads,
    positions, head_dim]; positions are those of the longest window of the batch. It is allocated once per
    run and reshaped for each batch, since fresh memory costs page faults.
    """

    def __init__(self, n_windows: int, shapes: dict[str, Sequence[int]], element_type: Any) -> None:
        self.n_windows = n_windows
        self.n_positions = N_ENCODER_POSITIONS
        self._capacity = n_windows * N_ENCODER_POSITIONS
        self._shapes = shapes
        self._type = element_type
        # numpy has no bfloat16: two bytes are two bytes. Zeros, since a masked NaN is still a NaN.
        stored = np.float32 if element_type == ov.Type.f32 else np.uint16
        sizes = {
            name: n_windows * math.prod(filled(shape, N_ENCODER_POSITIONS)) for name, shape in shapes.items()
        }
        self._memory = {name: np.zeros(size, stored) for name, size in sizes.items()}

    def reshape(self, n_windows: int, n_positions: int) -> None:
        """Change the number of windows and their length; the content is lost.

        Raises:
            ValueError: they do not fit.
        """
        if n_windows * n_positions > self._capacity:
            fitting = self._capacity // N_ENCODER_POSITIONS
            raise ValueError(
                f"{n_windows} windows of {n_positions} positions do not fit into {fitting} windows of 30 s"
            )
        self.n_windows, self.n_positions = n_windows, n_positions

    def as_tensor(self, name: str, n_windows: int) -> Any:
        """The first `n_windows` windows as an OpenVINO tensor that shares the memory."""
        array = self.array(name)[:n_windows]
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def staging(self, name: str, window: int, n_positions: int) -> Any:
        """A contiguous tensor in the memory of a window, for an encoder output of `n_positions` positions.

        `scatter` moves what was written there to its places.
        """
        array = self._start(name, window, n_positions)
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def scatter(self, window: int, n_positions: int) -> None:
        """Move what `staging` holds to its places in the window; positions after its end keep old values."""
        for name in self.names if n_positions < self.n_positions else ():
            found = self._start(name, window, n_positions)[0].copy()
            self.array(name)[window][: found.shape[0], : found.shape[1], : found.shape[2]] = found

    def differ(self, window: int, n_positions: int) -> bool:
        """Whether a window's keys and values are not the same at all of its positions."""
        if n_positions < 2:
            return True
        for name in self.names:
            found = self.array(name)[window]
            line = found[0, :, :n_positions] if name.startswith("key") else found[0, :n_positions].T
            if (line != line[:, :1]).any():
                return True
        return False

    def array(self, name: str) -> NDArray[Any]:
        """All windows in the current length; bfloat16 as uint16."""
        shape = (self.n_windows, *filled(self._shapes[name], self.n_positions))
        return self._memory[name][: math.prod(shape)].reshape(shape)

    @property
    def names(self) -> Sequence[str]:
        """`key.0`, `value.0`, `key.1`, …"""
        return tuple(self._shapes)

    def _start(self, name: str, window: int, n_positions: int) -> NDArray[Any]:
        shape = (1, *filled(self._shapes[name], n_positions))
        window_in_one: NDArray[Any] = self.array(name)[window].reshape(-1)
        return window_in_one[: math.prod(shape)].reshape(shape)


def filled(shape: Sequence[int], n_positions: int) -> list[int]:
    """The shape with `n_positions` in place of -1."""
    return [n_positions if size < 0 else size for size in shape]


def as_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """float32, or bfloat16 as uint16, as float32."""
    if values.dtype == np.float32:
        return values
    return (values.astype(np.uint32) << 16).view(np.float32)
