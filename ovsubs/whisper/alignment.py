"""Queries and keys of the alignment heads -> the time at which each token was spoken.

The method is that of openai/whisper (timing.py, `find_alignment`): some heads of the cross-attention attend
to the sound of the token that they predict, and dynamic time warping finds a monotonic path through their
weights. Two things differ. The weights are computed from the queries that were recorded during decoding, so
there is no second pass over the text; and a row of the warping is computed by a running minimum, not by a
loop over its cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S

MEDIAN_WIDTH = 7  # positions; openai/whisper's `medfilt_width`
# Heads look ahead: without this words begin some 40 ms before a forced alignment has them.
LAG_S = 0.04


def token_starts(queries: NDArray[np.float32], keys: NDArray[np.float32]) -> NDArray[np.float64]:
    """When each token begins, in seconds from the start of the window; they never fall.

    Args:
        queries: of the row that foretold each token, scaled.  # float32 [n_tokens, heads, head_dim]
        keys: of the window.  # float32 [heads, head_dim, positions], a position is 20 ms

    Returns:
        float64 [n_tokens].
    """
    if not len(queries):
        return np.zeros(0)
    return np.asarray(first_columns(-_look(queries, keys)) * TIMESTAMP_STEP_S + LAG_S)


def _look(queries: NDArray[np.float32], keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each token looks at each position, beside others: float32 [n_tokens, positions]."""
    weights = np.matmul(queries.transpose(1, 0, 2), keys)  # [heads, n_tokens, positions]
    weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)
    weights -= weights.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(weights).mean(axis=1, keepdims=True))
    weights /= np.maximum(spread, np.finfo(np.float32).tiny)
    # The filter after the mean, and not before it for each head: the same times, for an eighth of the work.
    return median_filter(weights.mean(axis=0), MEDIAN_WIDTH)


def median_filter(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The median of the `width` values (odd) around each one of the last axis, mirrored at its ends."""
    reach = width // 2
    if values.shape[-1] <= reach:
        return values
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="reflect")
    n = values.shape[-1]
    lanes = [padded[..., shift : shift + n].copy() for shift in range(width)]
    # Selection of the middle one by comparing neighbours: numpy sorts short axes fifty times slower.
    for first in range(reach + 1):
        for place in range(width - 1, first, -1):
            low = np.minimum(lanes[place - 1], lanes[place])
            np.maximum(lanes[place - 1], lanes[place], out=lanes[place])
            lanes[place - 1] = low
    return lanes[reach]


def first_columns(cost: NDArray[np.float32]) -> NDArray[np.int64]:
    """Where the cheapest path through a table enters each row (dynamic time warping, Sakoe and Chiba 1978).

    The path leads from the first cell to the last, a step to the right, down, or both.

    Args:
        cost: of each cell.  # float [rows, columns]

    Returns:
        int64 [rows], of columns.
    """
    n_rows, n_columns = cost.shape
    # What a row costs up to a column is a difference of sums. So the best way to a cell is the smallest, of
    # all columns before it, of: the way down to that one, less the sum of the row before it.
    before = np.full(n_columns, np.inf)
    before[0] = 0.0
    entries = np.empty((n_rows, n_columns))
    reached = np.empty((n_rows, n_columns))
    for row in range(n_rows):
        sums = np.cumsum(cost[row], dtype=np.float64)
        entries[row] = before - (sums - cost[row])
        reached[row] = sums + np.minimum.accumulate(entries[row])
        before = reached[row].copy()
        before[1:] = np.minimum(reached[row, :-1], reached[row, 1:])
    first, last = np.empty(n_rows, np.int64), n_columns - 1
    for row in range(n_rows - 1, -1, -1):
        first[row] = entries[row, : last + 1].argmin()
        last = first[row]
        if row and last and reached[row - 1, last - 1] <= reached[row - 1, last]:
            last -= 1
    return first
