"""What decoding and scheduling need of a device: a model that encodes windows, and sessions that decode them.

`ovsubs.whisper.model` is the one for OpenVINO.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ovsubs.timing import Stopwatch


class Session(Protocol):
    """Several encoded windows being decoded together, each in one row or in several (beams)."""

    directory: Path
    """Of the model, to be named in an error."""

    @property
    def n_windows(self) -> int:
        """How many are decoded still."""

    def step(
        self,
        tokens: NDArray[np.int64],
        beam_idx: NDArray[np.int32] | None = None,
        rows_per_window: Sequence[int] | None = None,
        logit_positions: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """Feed tokens, and compute what may follow.

        Args:
            tokens: [rows, n]; rows of one window are neighbours.
            beam_idx: for each row the row of the step before that it goes on from; None: the same (not
                after `compact`, which moves windows).
            rows_per_window: how many rows each window has, at least one; None: one.
            logit_positions: the tokens whose logits are wanted; None: the last one.

        Returns:
            Logits float32 [rows, logit_positions, n_vocab], valid until the next step.
        """

    @property
    def queries(self) -> NDArray[np.float32]:
        """Of the last step's last place: float32 [rows, heads, head_dim], valid until the next step."""

    def keys(self, window: int, length_s: float) -> NDArray[np.float32]:
        """What the alignment heads may look at in the first seconds: float32 [heads, head_dim, positions]."""

    def compact(self, wanted: Sequence[bool]) -> list[int]:
        """Drop the windows that are not wanted; returns for each window from now on which one it was."""

    def reset(self) -> None:
        """Forget all tokens; the encoded windows stay."""


class Backend(Protocol):
    """A loaded model on a device. Its memory, which `cross_kv_cache` makes, is nobody else's business."""

    directory: Path
    n_mels: int
    n_vocab: int
    any_length: bool
    """Whether the encoder takes less than 30 s."""

    @property
    def window_bytes(self) -> int:
        """Memory that the keys and values of one window of 30 s take, in bytes."""

    @property
    def has_short_keys(self) -> bool:
        """Whether keys and values are in 16 bits and not in 32."""

    def cross_kv_cache(self, n_windows: int) -> Any:
        """Memory for up to `n_windows` windows of 30 s, used by one session at a time."""

    def session(
        self, mels: Sequence[NDArray[np.float32]], cache: Any, clock: Stopwatch | None = None
    ) -> AbstractContextManager[Session]:
        """Encode windows and open a session that decodes them.

        Args:
            mels: of each window float32 [n_mels, frames], an even number of frames, 3000 at most; 3000
                where the model has no `any_length`. All in the length of the longest fit into `cache`.
            cache: overwritten; the session's until it closes.
            clock: counts the encoder as "encode".

        Raises:
            ClosedModel: `close` has been called.
            BrokenModel: the encoder computes the same for all of a window.
        """

    def check_open(self) -> None:
        """Refuse to work after `close`.

        Raises:
            ClosedModel: it has been called.
        """

    def close(self) -> None:
        """Let go of the compiled graphs. A second time does nothing."""
