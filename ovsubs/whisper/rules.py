"""Logits -> next tokens: which tokens Whisper may say next, and the likeliest of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.tokens import TIMESTAMP_STEP_S, SpecialTokens

MAX_INITIAL_TIMESTAMP_S = 1.0  # the first segment of a window starts within it (openai/whisper, decoding.py)


@dataclass(frozen=True, slots=True)
class NextTokens:
    """The likeliest allowed token of each row: ids int64 [rows], natural-log probabilities float32 [rows]."""

    ids: NDArray[np.int64]
    logprobs: NDArray[np.float32]


class TokenRules:
    """Whisper's rules on what may follow, for one checkpoint.

    The same as `SuppressBlank`, `SuppressTokens` and `ApplyTimestampRules` of openai/whisper
    (decoding.py), worked out on a batch of rows of different length.
    """

    def __init__(
        self, special: SpecialTokens, n_vocab: int, max_initial_timestamp_s: float = MAX_INITIAL_TIMESTAMP_S
    ) -> None:
        self._special = special
        self._suppressed = _bias(n_vocab, (*special.suppress, special.no_timestamps))
        self._first_suppressed = self._suppressed + _bias(n_vocab, special.begin_suppress)
        self._last_initial = special.timestamp_begin + round(max_initial_timestamp_s / TIMESTAMP_STEP_S)

    def allowed(self, logits: NDArray[np.float32], sampled: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """A copy of the logits with every token that may not come next at -inf.

        Args:
            logits: float32 [rows, n_vocab].
            sampled: for each row the tokens since the prompt; all rows at the same step.
        """
        begin, eot = self._special.timestamp_begin, self._special.eot
        is_first = not sampled[0]
        masked = logits + (self._first_suppressed if is_first else self._suppressed)
        if is_first:
            masked[:, :begin] = -np.inf
            masked[:, self._last_initial + 1 :] = -np.inf
            return masked
        for row, tokens in zip(masked, sampled, strict=True):
            last_is_timestamp = tokens[-1] >= begin
            pair_is_open = last_is_timestamp and len(tokens) > 1 and tokens[-2] < begin
            if pair_is_open:
                row[:eot] = -np.inf  # the end of a segment: its next one's start, or the end of the text
            elif last_is_timestamp:
                row[begin:] = -np.inf  # the start of a segment: text follows
            newest = next((token for token in reversed(tokens) if token >= begin), None)
            if newest is not None:
                row[begin : newest if pair_is_open else newest + 1] = -np.inf  # time never runs backwards
        timestamps_win = _logsumexp(masked[:, begin:]) > masked[:, :begin].max(axis=1)
        masked[timestamps_win, :begin] = -np.inf
        return masked

    def likeliest(self, logits: NDArray[np.float32], sampled: Sequence[Sequence[int]]) -> NextTokens:
        """Greedy choice among the allowed tokens; log-probabilities are taken after the rules.

        Args:
            logits: float32 [rows, n_vocab].
            sampled: for each row the tokens since the prompt; all rows at the same step.
        """
        masked = self.allowed(logits, sampled)
        ids = masked.argmax(axis=1)
        best = masked[np.arange(len(ids)), ids]
        return NextTokens(ids, best - _logsumexp(masked))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, float32 [..., n]."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def _logsumexp(values: NDArray[np.float32]) -> NDArray[np.float32]:
    top = values.max(axis=1)
    safe_top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # a row with nothing allowed sums to 0, whose log is -inf
        return np.asarray(safe_top + np.log(np.exp(values - safe_top[:, None]).sum(axis=1)), dtype=np.float32)


def _bias(n_vocab: int, suppressed: Sequence[int]) -> NDArray[np.float32]:
    bias = np.zeros(n_vocab, dtype=np.float32)
    bias[list(suppressed)] = -np.inf
    return bias
