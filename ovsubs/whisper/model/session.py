"""Encoded windows -> logits, step by step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.config import AlignmentHeads
from ovsubs.whisper.model.cross_kv_cache import CrossKVCache, as_float32
from ovsubs.whisper.model.dynamic_encoder import N_ENCODER_POSITIONS
from ovsubs.whisper.model.pages import release_mapped_pages

POSITIONS_PER_S = N_ENCODER_POSITIONS // 30  # of the encoder


class DecoderSession:
    """Several encoded windows being decoded together, each in one row or in several (beams).

    `directory` is the model's, to be named in an error. `compact` removes the windows that are done; each row
    that stays keeps its own cache.
    """

    def __init__(
        self,
        request: Any,
        cache: CrossKVCache,
        lengths: Sequence[int],
        heads: AlignmentHeads,
        directory: Path,
        mapped: Sequence[Path] = (),
    ) -> None:
        self._request = request
        self._cache = cache
        self._heads = heads
        self._mapped = mapped
        self._lengths = np.asarray(lengths, dtype=np.int32)
        self.n_windows = len(lengths)
        self.directory = directory
        self._bind_cache()

    def step(
        self,
        tokens: NDArray[np.int64],
        beam_idx: NDArray[np.int32] | None = None,
        rows_per_window: Sequence[int] | None = None,
        logit_positions: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """Feed tokens, and compute what may follow; `ovsubs.whisper.backend.Session` has shapes and units."""
        n_rows, n_tokens = tokens.shape
        slots = _slots(rows_per_window or [1] * self.n_windows)
        inputs = {
            "input_ids": tokens,
            "beam_idx": np.arange(n_rows, dtype=np.int32) if beam_idx is None else beam_idx,
            "logit_positions": np.asarray(
                [n_tokens - 1] if logit_positions is None else logit_positions, dtype=np.int64
            ),
            "n_positions": self._lengths,
            "slot_rows": slots.rows_of_slots,
            "row_slots": slots.slots_of_rows,
        }
        self._request.infer(inputs, share_inputs=True)
        if self._mapped:  # the first step has packed the weights: their pages are not needed any more
            release_mapped_pages(self._mapped)
            self._mapped = ()
        return np.asarray(self._request.get_tensor("logits").data)

    @property
    def queries(self) -> NDArray[np.float32]:
        """Of the last step's last place: float32 [rows, heads, head_dim], valid until the next step."""
        return np.asarray(self._request.get_tensor("queries").data[:, -1])

    def keys(self, window: int, length_s: float) -> NDArray[np.float32]:
        """What the alignment heads may look at in the first seconds: float32 [heads, head_dim, positions]."""
        n_positions = min(max(1, math.ceil(length_s * POSITIONS_PER_S)), int(self._lengths[window]))
        chosen = [
            self._cache.array(f"key.{layer}")[window, head, :, :n_positions] for layer, head in self._heads
        ]
        return as_float32(np.stack(chosen))

    def compact(self, wanted: Sequence[bool]) -> list[int]:
        """Drop the windows that are not wanted; returns for each window from now on which one it was.

        The last windows move into the holes, so that the others' keys and values stay where they are. The
        caches of rows are not touched: the next step's `beam_idx` tell which of them go on.
        """
        order = list(range(self.n_windows))
        for position in reversed(range(self.n_windows)):
            if wanted[position]:
                continue
            last = order.pop()
            if last != position:
                order[order.index(position)] = last
        self._move_windows(order)
        return order

    def reset(self) -> None:
        """Forget all tokens; the encoded windows stay."""
        self._request.reset_state()

    def close(self) -> None:
        """Let go of the decoder's state; whoever still holds the session holds no memory with it."""
        self._request = None

    def _move_windows(self, order: list[int]) -> None:
        if len(order) == self.n_windows:
            return
        for name in self._cache.names:
            array = self._cache.array(name)
            for target, source in enumerate(order):
                if target != source:
                    array[target] = array[source]
        self._lengths = self._lengths[order]
        self.n_windows = len(order)
        if order:
            self._bind_cache()

    def _bind_cache(self) -> None:
        for name in self._cache.names:
            self._request.set_tensor(name, self._cache.as_tensor(name, self.n_windows))


@dataclass(frozen=True, slots=True)
class _Slots:
    """Which rows belong to which window: int32 [windows * slots] and int32 [rows]."""

    rows_of_slots: NDArray[np.int32]
    slots_of_rows: NDArray[np.int32]


def _slots(rows_per_window: Sequence[int]) -> _Slots:
    """As many slots for each window as the largest needs; spare ones repeat the window's last row."""
    n_slots, firsts = max(rows_per_window), np.cumsum([0, *rows_per_window[:-1]])
    slot = np.arange(n_slots)
    rows = firsts[:, None] + np.minimum(slot, np.asarray(rows_per_window)[:, None] - 1)  # [windows, n_slots]
    taken = slot < np.asarray(rows_per_window)[:, None]
    return _Slots(rows.astype(np.int32).reshape(-1), np.flatnonzero(taken).astype(np.int32))
