"""Logits -> candidates for the next token: the likeliest of the tokens that Whisper's rules allow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, SpecialTokens

MAX_INITIAL_TIMESTAMP_S = 1.0  # latest start of a window's first segment (openai/whisper, decoding.py)


@dataclass(frozen=True, slots=True)
class TokenCandidates:
    """Candidates of each row, best first: ids int64, natural-log probabilities float32, all [rows, n].

    Hypotheses are compared by the sum of their `scores`, in which the timestamps count as one token,
    with the sum of their probabilities (docs/decisions/0019).
    `logprobs` are those of the tokens themselves under the rules, as in openai/whisper.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    logprobs: NDArray[np.float32]

    def rows(self, first: int, end: int) -> "TokenCandidates":
        """The candidates of the rows `[first, end)`."""
        return TokenCandidates(self.ids[first:end], self.scores[first:end], self.logprobs[first:end])


class LogitFilters:
    """Whisper's rules about the next token, for one checkpoint.

    The same as `SuppressBlank`, `SuppressTokens` and `ApplyTimestampRules` of openai/whisper
    (decoding.py), applied to a batch of rows with different tokens.
    """

    def __init__(self, special: SpecialTokens, n_vocab: int) -> None:
        self._special = special
        self._suppressed = _bias(n_vocab, (*special.suppress, special.no_timestamps))
        self._first_suppressed = self._suppressed + _bias(n_vocab, special.begin_suppress)
        self._last_initial = special.timestamp_begin + round(MAX_INITIAL_TIMESTAMP_S / TIMESTAMP_STEP_S)

    def apply(
        self,
        logits: NDArray[np.float32],
        sampled: Sequence[Sequence[int]],
        min_end_tokens: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """A copy of the logits, with -inf for every token that is not allowed next.

        Args:
            logits: float32 [rows, n_vocab].
            sampled: for each row the tokens since the prompt, equally many.
            min_end_tokens: for each row the earliest timestamp at which its text may end, once it has begun.
        """
        masked, begin = self._well_formed(logits, sampled, min_end_tokens), self._special.timestamp_begin
        timestamps_win = _logsumexp(masked[:, begin:]) > masked[:, :begin].max(axis=1)
        masked[timestamps_win, :begin] = -np.inf
        return masked

    def _well_formed(
        self,
        logits: NDArray[np.float32],
        sampled: Sequence[Sequence[int]],
        min_end_tokens: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """`apply` without the rule that text is not allowed where all timestamps together are likelier."""
        begin, eot = self._special.timestamp_begin, self._special.eot
        is_first = not sampled[0]
        masked = logits + (self._first_suppressed if is_first else self._suppressed)
        if is_first:
            masked[:, :begin] = -np.inf
            masked[:, self._last_initial + 1 :] = -np.inf
            return masked
        min_end_tokens = min_end_tokens or [begin] * len(sampled)
        for row, tokens, earliest in zip(masked, sampled, min_end_tokens, strict=True):
            last_is_timestamp = tokens[-1] >= begin
            pair_is_open = last_is_timestamp and len(tokens) > 1 and tokens[-2] < begin
            if pair_is_open:
                row[:eot] = -np.inf  # after the end of a segment: the start of the next one, or the end token
            elif last_is_timestamp:
                row[begin:] = -np.inf  # after the start of a segment: text
            newest = next((token for token in reversed(tokens) if token >= begin), None)
            if newest is not None:
                row[begin : newest if pair_is_open else newest + 1] = -np.inf  # timestamps never decrease
            if newest is not None and newest < earliest and len(tokens) > 1:
                row[eot] = -np.inf
        return masked

    def top_k(
        self,
        logits: NDArray[np.float32],
        sampled: Sequence[Sequence[int]],
        n: int = 1,
        min_end_tokens: Sequence[int] | None = None,
    ) -> TokenCandidates:
        """The `n` best next tokens of each row, where all timestamps are one choice: the likeliest of them.

        Its score is the probability that a segment starts or ends here, at whatever time: an uncertain time
        does not make a text worse. The best candidate is that of openai/whisper's greedy search, which also
        compares all timestamps together with the likeliest text token; docs/decisions/0019.

        Args:
            logits: float32 [rows, n_vocab].
            sampled: for each row the tokens since the prompt, equally many.
            n: the number of candidates; tokens that are not allowed have -inf.
            min_end_tokens: see `apply`.
        """
        masked, begin = self._well_formed(logits, sampled, min_end_tokens), self._special.timestamp_begin
        times = masked[:, begin:].copy()
        masked[:, begin:] = -np.inf  # a view of the words alone would be copied for each argmax
        words = _take_largest(masked, n)
        masked[:, begin:] = times
        ids = np.concatenate([words, begin + times.argmax(axis=1, keepdims=True)], axis=1)
        found = np.take_along_axis(masked, ids, axis=1)
        top = found.max(axis=1, keepdims=True)
        top[~np.isfinite(top)] = 0
        found -= top
        # In place: to allocate memory at each step costs more than the exponentials.
        np.exp(np.subtract(masked, top, out=masked), out=masked)
        of_times = masked[:, begin:].sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):  # without an allowed token the sum is 0, whose log is -inf
            all_times, everything = np.log(of_times), np.log(masked.sum(axis=1, keepdims=True))
        everything[~np.isfinite(everything)] = 0
        scores = np.concatenate([found[:, :-1], all_times], axis=1) - everything
        logprobs = found - everything
        times_win = all_times[:, 0] > found[:, 0]  # then openai/whisper allows timestamps alone
        logprobs[times_win, -1] = found[times_win, -1] - all_times[times_win, 0]
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
        return TokenCandidates(
            *(np.take_along_axis(of_all, order, axis=1) for of_all in (ids, scores, logprobs))
        )

    def sample(
        self,
        logits: NDArray[np.float32],
        sampled: Sequence[Sequence[int]],
        temperatures: NDArray[np.float64],
        draws: NDArray[np.float64],
        min_end_tokens: Sequence[int] | None = None,
    ) -> TokenCandidates:
        """Sample one of the allowed tokens for each row; its log-probability is that at temperature 1.

        Args:
            logits: float32 [rows, n_vocab].
            sampled: for each row the tokens since the prompt, equally many.
            temperatures: of each row, above 0; the lower, the more often the likeliest token.
            draws: a uniform random number in [0, 1) for each row.
            min_end_tokens: see `apply`.
        """
        masked = self.apply(logits, sampled, min_end_tokens)
        cumulated = np.exp((masked - masked.max(axis=1, keepdims=True)) / temperatures[:, None]).cumsum(
            axis=1
        )
        wanted = draws * cumulated[:, -1]
        ids = np.array(
            [np.searchsorted(row, x, side="right") for row, x in zip(cumulated, wanted, strict=True)]
        )
        ids = np.minimum(ids, masked.shape[1] - 1)[:, None]
        logprobs = np.take_along_axis(masked, ids, axis=1) - _logsumexp(masked)[:, None]
        return TokenCandidates(ids, logprobs, logprobs)


def _take_largest(values: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Columns of the n largest values of each row, largest first, ties by column: int64 [rows, n].

    A few passes over rows that are in the CPU's cache are faster than a partial sort of 50,000 columns.
    """
    rows = np.arange(len(values))
    ids = np.empty((len(values), n), dtype=np.int64)
    taken = np.empty((len(values), n), dtype=np.float32)
    for rank in range(n):
        ids[:, rank] = values.argmax(axis=1)
        taken[:, rank] = values[rows, ids[:, rank]]
        values[rows, ids[:, rank]] = -np.inf
    for rank in reversed(range(n)):  # in reverse: a row of -inf alone has one column twice
        values[rows, ids[:, rank]] = taken[:, rank]
    return ids


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, float32 [..., n]."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def _logsumexp(values: NDArray[np.float32]) -> NDArray[np.float32]:
    top = values.max(axis=1)
    safe_top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # without an allowed token the sum is 0, whose log is -inf
        return np.asarray(safe_top + np.log(np.exp(values - safe_top[:, None]).sum(axis=1)), dtype=np.float32)


def _bias(n_vocab: int, suppressed: Sequence[int]) -> NDArray[np.float32]:
    bias = np.zeros(n_vocab, dtype=np.float32)
    bias[list(suppressed)] = -np.inf
    return bias
