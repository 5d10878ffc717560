"""From what the alignment heads look at to times: each part against a plain form of it, and on speech."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from small_export import SmallExport

from ovsubs.whisper.alignment import LAG_S, first_columns, median_filter, token_starts
from ovsubs.whisper.model import WhisperModel
from ovsubs.whisper.model.cross_kv_cache import as_float32

TABLES = arrays(
    np.float32, st.tuples(st.integers(1, 7), st.integers(1, 9)), elements=st.floats(-4, 4, width=16)
)


def warp(cost: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
    """Dynamic time warping, cell by cell: the least cost to each cell."""
    n_rows, n_columns = cost.shape
    total = np.full((n_rows + 1, n_columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(n_rows):
        for column in range(n_columns):
            before = min(total[row, column], total[row, column + 1], total[row + 1, column])
            total[row + 1, column + 1] = before + float(cost[row, column])
    return float(total[-1, -1]), total


def cost_of(cost: NDArray[np.float32], first: NDArray[np.int64]) -> float:
    """Of the cheapest path that enters each row at these columns."""
    n_rows, n_columns = cost.shape
    total = 0.0
    for row in range(n_rows):
        if row + 1 == n_rows:
            ends = [n_columns]
        else:
            ends = [end for end in (first[row + 1], first[row + 1] + 1) if first[row] < end <= n_columns]
        total += min(float(cost[row, first[row] : end].sum(dtype=np.float64)) for end in ends)
    return total


@given(TABLES)
def test_the_path_is_as_cheap_as_any(cost: NDArray[np.float32]) -> None:
    first = first_columns(cost)
    assert first[0] == 0
    assert np.all(np.diff(first) >= 0)
    assert first[-1] < cost.shape[1]
    assert cost_of(cost, first) == pytest.approx(warp(cost)[0], abs=1e-4)


@given(
    arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 20)), elements=st.floats(-9, 9, width=16)),
    st.sampled_from([1, 3, 5, 7]),
)
def test_the_median_is_that_of_numpy(values: NDArray[np.float32], width: int) -> None:
    reach = width // 2
    filtered = median_filter(values, width)
    if values.shape[1] <= reach:
        assert np.array_equal(filtered, values)
        return
    padded = np.pad(values, [(0, 0), (reach, reach)], mode="reflect")
    around = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
    assert np.array_equal(filtered, np.median(around, axis=-1).astype(np.float32))


def test_tokens_are_found_where_their_heads_look() -> None:
    n_tokens, n_heads, head_dim, n_positions = 6, 2, 8, 120
    true = np.array([0, 17, 30, 60, 85, 100])
    keys = np.zeros((n_heads, head_dim, n_positions), np.float32)
    for token, first in enumerate(true):
        keys[:, token, first : [*true, n_positions][token + 1]] = 1.0
    queries = np.zeros((n_tokens, n_heads, head_dim), np.float32)
    for token in range(n_tokens):
        queries[token, :, token] = 8.0
    assert token_starts(queries, keys) == pytest.approx(true * 0.02 + LAG_S)


def test_no_tokens_no_times() -> None:
    assert len(token_starts(np.zeros((0, 2, 8), np.float32), np.zeros((2, 8, 50), np.float32))) == 0


def test_bfloat16_is_read_as_what_it_stands_for() -> None:
    values = np.array([0.0, 1.0, -2.5, 3.0e8], np.float32)
    stored = (values.view(np.uint32) >> 16).astype(np.uint16)
    assert as_float32(stored) == pytest.approx(values, rel=2**-8)
    assert as_float32(values) is values


@pytest.mark.reference
def test_queries_and_keys_make_the_attention_of_torch(small_export: SmallExport, small: WhisperModel) -> None:
    """Of a pruned decoder whose heads nobody has named: all of the upper half of its layers."""
    import torch

    config = copy.deepcopy(small_export.torch_model.config)
    config._attn_implementation = "eager"  # the only one that gives its weights
    eager = type(small_export.torch_model)(config).eval()
    eager.load_state_dict(small_export.torch_model.state_dict())
    mels = np.random.default_rng(0).normal(size=(2, 128, 3000)).astype(np.float32)
    tokens = np.array([[2, 5, 7], [2, 100, 7]])
    with torch.no_grad():
        theirs = eager(
            torch.from_numpy(mels), decoder_input_ids=torch.from_numpy(tokens), output_attentions=True
        )
    with small.session(mels, small.cross_kv_cache(2)) as session:
        session.step(tokens)
        scores = np.stack([_scores(session.queries[row], session.keys(row, 30.0)) for row in range(2)])
    weights = torch.softmax(torch.from_numpy(scores), dim=-1)
    torch.testing.assert_close(weights, theirs.cross_attentions[0][:, :, -1], rtol=1e-3, atol=1e-6)


def _scores(queries: NDArray[np.float32], keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [heads, positions]."""
    return np.matmul(queries[:, None], keys)[:, 0]


@pytest.mark.model
def test_keys_end_with_the_sound_that_was_asked_for(tiny_en: WhisperModel, mels: NDArray[np.float32]) -> None:
    with tiny_en.session([mels[0], mels[1]], tiny_en.cross_kv_cache(2)) as session:
        session.step(np.array([[50257, 50362, 3], [50257, 50362, 4]]))
        queries = session.queries
        keys = [session.keys(window, 4.0) for window in range(2)]
    assert queries.shape == (2, *keys[0].shape[:2])
    assert all(key.shape[2] == 200 for key in keys)
