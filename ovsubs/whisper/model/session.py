"""Encoded windows -> logits, step by step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.alignment_heads import AlignmentHeads
from ovsubs.whisper.model.lengths import N_POSITIONS as MAX_POSITIONS
from ovsubs.whisper.model.pages import give_back
from ovsubs.whisper.model.rows import KeyValueRows, as_float32

POSITIONS_PER_S = MAX_POSITIONS // 30  # of the encoder


class DecoderSession:
    """Several encoded windows being decoded together, each in one row or in several (beams).

    `directory` is the model's, to be named in an error. Windows that are done leave by `keep`; each row that
    stays keeps its own cache.
    """

    def __init__(
        self,
        request: Any,
        rows: KeyValueRows,
        lengths: Sequence[int],
        heads: AlignmentHeads,
        mapped: Sequence[Path] = (),
        directory: Path | None = None,
    ) -> None:
        self._request = request
        self._rows = rows
        self._heads = heads
        self._mapped = mapped
        self._lengths = np.asarray(lengths, dtype=np.int32)
        self.n_windows = len(lengths)
        self.directory = directory
        self._lend_rows()

    def step(
        self,
        tokens: NDArray[np.int64],
        sources: NDArray[np.int32] | None = None,
        counts: Sequence[int] | None = None,
        places: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """Feed tokens, and compute what may follow.

        Args:
            tokens: [rows, n]; rows of one window are neighbours.
            sources: for each row the row of the step before that it goes on from; None: the same (not
                after `keep`, which moves windows).
            counts: how many rows each window has, at least one; None: one.
            places: the tokens whose logits are wanted; None: the last one.

        Returns:
            Logits float32 [rows, places, n_vocab], valid until the next step.
        """
        n_rows, n_tokens = tokens.shape
        slots = _slots(counts or [1] * self.n_windows)
        inputs = {
            "input_ids": tokens,
            "beam_idx": np.arange(n_rows, dtype=np.int32) if sources is None else sources,
            "logit_places": np.asarray([n_tokens - 1] if places is None else places, dtype=np.int64),
            "n_positions": self._lengths,
            "slot_rows": slots.rows_of_slots,
            "row_slots": slots.slots_of_rows,
        }
        self._request.infer(inputs, share_inputs=True)
        if self._mapped:  # the first step has packed the weights: their pages are not needed any more
            give_back(self._mapped)
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
            self._rows.array(f"key.{layer}")[window, head, :, :n_positions] for layer, head in self._heads
        ]
        return as_float32(np.stack(chosen))

    def keep(self, wanted: Sequence[bool]) -> list[int]:
        """Drop the windows that are not wanted; returns for each window from now on which one it was.

        The last windows move into the holes, so that the others' keys and values stay where they are. The
        caches of rows are not touched: the next step's `sources` tell which of them go on.
        """
        order = list(range(self.n_windows))
        for position in reversed(range(self.n_windows)):
            if wanted[position]:
                continue
            last = order.pop()
            if last != position:
                order[order.index(position)] = last
        self._move_rows(order)
        return order

    def rewind(self) -> None:
        """Forget all tokens; the encoded windows stay."""
        self._request.reset_state()

    def close(self) -> None:
        """Let go of the decoder's state; whoever still holds the session holds no memory with it."""
        self._request = None

    def _move_rows(self, order: list[int]) -> None:
        if len(order) == self.n_windows:
            return
        for name in self._rows.names:
            array = self._rows.array(name)
            for target, source in enumerate(order):
                if target != source:
                    array[target] = array[source]
        self._lengths = self._lengths[order]
        self.n_windows = len(order)
        if order:
            self._lend_rows()

    def _lend_rows(self) -> None:
        for name in self._rows.names:
            self._request.set_tensor(name, self._rows.lend(name, self.n_windows))


@dataclass(frozen=True, slots=True)
class _Slots:
    """Which rows belong to which window: int32 [windows * slots] and int32 [rows]."""

    rows_of_slots: NDArray[np.int32]
    slots_of_rows: NDArray[np.int32]


def _slots(counts: Sequence[int]) -> _Slots:
    """As many slots for each window as the largest needs; spare ones repeat the window's last row."""
    n_slots, firsts = max(counts), np.cumsum([0, *counts[:-1]])
    slot = np.arange(n_slots)
    rows = firsts[:, None] + np.minimum(slot, np.asarray(counts)[:, None] - 1)  # [windows, n_slots]
    taken = slot < np.asarray(counts)[:, None]
    return _Slots(rows.astype(np.int32).reshape(-1), np.flatnonzero(taken).astype(np.int32))
