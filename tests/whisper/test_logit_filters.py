"""Which tokens Whisper may say next: each rule by hand, all of them against transformers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ovsubs.whisper.logit_filters import LogitFilters, TokenCandidates, softmax
from ovsubs.whisper.tokenizer import SpecialTokens, WhisperTokenizer

# A small vocabulary in Whisper's order: text, end, start, tasks, no-speech, no-timestamps, then times.
BEGIN, N_TIMES = 20, 101
SPECIAL = SpecialTokens(
    sot=11,
    sot_prev=17,
    eot=10,
    transcribe=14,
    translate=13,
    no_speech=18,
    no_timestamps=19,
    timestamp_begin=BEGIN,
    suppress=(3, 11, 12, 13, 14, 15, 16, 17, 18),
    begin_suppress=(1, 10),
    languages={"en": 12},
)
N_VOCAB = BEGIN + N_TIMES
RULES = LogitFilters(SPECIAL, N_VOCAB)
EOT = SPECIAL.eot
TEXT = {0, 1, 2, 4, 5, 6, 7, 8, 9}  # all that is not suppressed


def time(seconds: float) -> int:
    return BEGIN + round(seconds / 0.02)


HISTORY = [time(0.5), 4]


def allowed_after(*sampled: int, favour: int = 0, min_end_tokens: int = BEGIN) -> set[int]:
    """Tokens that may follow; `favour` is made so likely that the timestamps cannot win by their mass."""
    logits = np.zeros((1, N_VOCAB), np.float32)
    logits[0, favour] = 20.0
    apply = RULES.apply(logits, [sampled], [min_end_tokens])
    return set(np.flatnonzero(np.isfinite(apply[0])).tolist())


def times(first: float, last: float = 2.0) -> set[int]:
    return set(range(time(first), time(last) + 1))


def test_the_first_token_is_a_time_within_the_first_second() -> None:
    assert allowed_after() == times(0.0, 1.0)


def test_after_the_opening_time_comes_text_or_the_end() -> None:
    assert allowed_after(time(0.5)) == TEXT | {EOT}


def test_within_text_comes_text_or_the_end_or_a_later_time() -> None:
    assert allowed_after(time(0.5), 4) == TEXT | {EOT} | times(0.52)


def test_a_closing_time_is_followed_by_the_next_opening_or_the_end() -> None:
    assert allowed_after(time(0.5), 4, time(1.0), favour=EOT) == {EOT} | times(1.0)


def test_after_a_pair_of_times_comes_text_or_the_end() -> None:
    assert allowed_after(time(0.5), 4, time(1.0), time(1.2)) == TEXT | {EOT}


def test_a_text_does_not_end_on_a_time_before_the_earliest_end() -> None:
    closed, pair = (time(0.5), 4, time(1.0)), (time(0.5), 4, time(1.0), time(1.2))
    assert allowed_after(*closed, favour=EOT, min_end_tokens=time(1.02)) == times(1.0)
    assert allowed_after(*closed, favour=EOT, min_end_tokens=time(1.0)) == {EOT} | times(1.0)
    assert allowed_after(*pair, min_end_tokens=time(1.22)) == TEXT
    assert allowed_after(*pair, min_end_tokens=time(1.2)) == TEXT | {EOT}


def test_a_text_names_a_time_before_it_ends_and_a_window_may_stay_without_text() -> None:
    assert allowed_after(time(0.5), 4, min_end_tokens=time(2.0)) == TEXT | times(0.52)
    assert allowed_after(time(0.5), min_end_tokens=time(2.0)) == TEXT | {EOT}


def test_each_row_has_its_own_earliest_end() -> None:
    logits = np.zeros((2, N_VOCAB), np.float32)
    pair = (time(0.5), 4, time(1.0), time(1.2))
    best = RULES.top_k(logits, [pair, pair], n=N_VOCAB, min_end_tokens=[time(2.0), time(1.0)])
    ends = [EOT in row[np.isfinite(chances)] for row, chances in zip(best.ids, best.logprobs, strict=True)]
    assert ends == [False, True]


def test_time_never_runs_backwards_nor_stands_still_within_a_segment() -> None:
    assert allowed_after(time(0.5), 4, time(1.0), time(1.2), 4) == TEXT | {EOT} | times(1.22)


def test_nothing_but_the_last_time_may_follow_the_last_time() -> None:
    assert allowed_after(time(0.5), 4, time(2.0), favour=time(2.0)) == {time(2.0)}
    assert allowed_after(time(0.5), 4, time(2.0), favour=EOT) == {EOT, time(2.0)}


def test_text_is_left_out_where_the_times_together_are_likelier() -> None:
    logits = np.full((1, N_VOCAB), -10.0, np.float32)
    logits[0, 4] = 3.0
    logits[0, time(1.0) : time(1.5)] = 0.0  # 25 times of probability e^-3 each: more than the word
    apply = RULES.apply(logits, [(time(0.5), 4)])
    assert set(np.flatnonzero(np.isfinite(apply[0])).tolist()) == times(0.52)
    logits[0, 4] = 3.3  # ln 25 = 3.2
    apply = RULES.apply(logits, [(time(0.5), 4)])
    assert np.isfinite(apply[0, 4])


def test_logits_that_may_come_keep_their_values_and_the_argument_is_not_touched() -> None:
    logits = np.random.default_rng(0).normal(size=(1, N_VOCAB)).astype(np.float32)
    before = logits.copy()
    apply = RULES.apply(logits, [(time(0.5),)])
    kept = np.isfinite(apply)
    np.testing.assert_array_equal(logits, before)
    np.testing.assert_array_equal(apply[kept], logits[kept])


def test_rows_do_not_influence_each_other() -> None:
    logits = np.random.default_rng(1).normal(size=(3, N_VOCAB)).astype(np.float32)
    sampled = [(time(0.5), 4), (time(0.1), time(0.2)), (time(0.3), 5)]
    together = RULES.apply(logits, sampled)
    for row in range(3):
        np.testing.assert_array_equal(
            together[row], RULES.apply(logits[row : row + 1], sampled[row : row + 1])[0]
        )


def test_the_likeliest_allowed_token_comes_with_its_probability_among_the_allowed() -> None:
    logits = np.zeros((2, N_VOCAB), np.float32)
    logits[:, 3] = 50.0  # suppressed
    logits[:, 7] = np.log(90.0)
    following = RULES.top_k(logits, [(time(0.5),), (time(0.7),)])
    assert following.ids.tolist() == [[7], [7]]
    np.testing.assert_allclose(np.exp(following.logprobs), 90 / 99, rtol=1e-5)  # 9 others with e^0 each


def test_candidates_of_some_rows_are_those_of_the_rows() -> None:
    chances = -np.arange(6, dtype=np.float32).reshape(3, 2)
    candidates = TokenCandidates(np.arange(6).reshape(3, 2), chances, 2 * chances)
    some = candidates.rows(1, 3)
    assert (some.ids.tolist(), some.scores.tolist()) == ([[2, 3], [4, 5]], [[-2, -3], [-4, -5]])
    assert some.logprobs.tolist() == [[-4, -6], [-8, -10]]
    assert candidates.rows(1, 1).ids.shape == (0, 2)


# A vocabulary with many more words and times.
WIDE_EOT, WIDE_BEGIN = 690, 700
WIDE_VOCAB = WIDE_BEGIN + 1501
WIDE = LogitFilters(
    replace(
        SPECIAL,
        eot=WIDE_EOT,
        timestamp_begin=WIDE_BEGIN,
        no_timestamps=WIDE_BEGIN - 1,
        suppress=(3, *range(WIDE_EOT + 1, WIDE_BEGIN)),
        begin_suppress=(1, WIDE_EOT),
    ),
    WIDE_VOCAB,
)
WIDE_HISTORIES = [[WIDE_BEGIN], [WIDE_BEGIN, 4, 5], [WIDE_BEGIN, 4, WIDE_BEGIN + 9, WIDE_BEGIN + 9, 6]]


def without_times_that_win(
    filters: LogitFilters,
    logits: NDArray[np.float32],
    histories: Sequence[Sequence[int]],
    eot: int = WIDE_EOT,
) -> NDArray[np.float64]:
    """The logits of what may follow in order, also where times are all that openai/whisper allows."""
    likely = logits.copy()
    likely[:, [0, eot]] = 1000.0  # no times can win against these, and one of them may follow
    masked = filters.apply(likely, histories)
    return np.where(np.isfinite(masked), logits, -np.inf).astype(np.float64)


def by_argsort(
    filters: LogitFilters,
    logits: NDArray[np.float32],
    n: int,
    begin: int = WIDE_BEGIN,
    eot: int = WIDE_EOT,
    histories: Sequence[Sequence[int]] = WIDE_HISTORIES,
) -> TokenCandidates:
    """The n best by sorting words and, as one, the times; of equal ones the lowest id comes first."""
    histories = histories[: len(logits)]
    masked = without_times_that_win(filters, logits, histories, eot)
    everything = np.logaddexp.reduce(masked, axis=1)[:, None]
    of_times = np.logaddexp.reduce(masked[:, begin:], axis=1)[:, None]
    scores = np.concatenate([masked[:, :begin], of_times], axis=1) - everything
    ids = np.tile(np.arange(begin + 1), (len(logits), 1))
    ids[:, begin] = begin + masked[:, begin:].argmax(axis=1)
    by_the_rules = filters.apply(logits, histories).astype(np.float64)
    logprobs = np.take_along_axis(masked, ids, axis=1) - everything
    times_win = ~np.isfinite(by_the_rules[:, :begin]).any(axis=1)
    logprobs[times_win, begin] = (by_the_rules.max(axis=1) - np.logaddexp.reduce(by_the_rules, axis=1))[
        times_win
    ]
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return TokenCandidates(*(np.take_along_axis(values, order, axis=1) for values in (ids, scores, logprobs)))


def assert_as_likely(found: TokenCandidates, expected: TokenCandidates) -> None:
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    np.testing.assert_allclose(found.logprobs, expected.logprobs, atol=1e-4)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_rows=st.integers(1, 3), n=st.integers(1, 11), eager=st.booleans())
def test_the_best_tokens_are_those_of_a_full_sort(seed: int, n_rows: int, n: int, eager: bool) -> None:
    logits = np.random.default_rng(seed).normal(scale=3.0, size=(n_rows, WIDE_VOCAB)).astype(np.float32)
    logits[:, WIDE_BEGIN:] += 4.0 if eager else -20.0
    found, expected = WIDE.top_k(logits, WIDE_HISTORIES[:n_rows], n), by_argsort(WIDE, logits, n)
    np.testing.assert_array_equal(found.ids, expected.ids)
    assert_as_likely(found, expected)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.0, 12.0))
def test_the_best_token_is_the_likeliest_by_the_rules(seed: int, spread: float) -> None:
    """Times that win together have the best of them as the first, as greedy search of openai/whisper does."""
    histories = [*WIDE_HISTORIES, [WIDE_BEGIN, 4, WIDE_BEGIN + 9]]
    logits = np.random.default_rng(seed).normal(scale=3.0, size=(4, WIDE_VOCAB)).astype(np.float32)
    logits[:, WIDE_BEGIN:] -= spread
    apply = WIDE.apply(logits, histories)
    best = WIDE.top_k(logits, histories, 4)
    assert best.ids[:, 0].tolist() == apply.argmax(axis=1).tolist()
    expected = apply.max(axis=1) - np.logaddexp.reduce(apply.astype(np.float64), axis=1)
    np.testing.assert_allclose(best.logprobs[:, 0], expected, atol=1e-4)


def test_times_are_one_choice_however_many_are_likely() -> None:
    """And a word stays one where they have more together, though none of them is as likely."""
    logits = np.full((1, N_VOCAB), -30.0, np.float32)
    logits[0, 4] = logits[0, 5] = np.log(20.0)
    logits[0, time(1.0) : time(1.4)] = np.log([1.0] * 19 + [2.0])
    found = RULES.top_k(logits, [(time(0.5), 4)], 3)
    assert found.ids.tolist() == [[time(1.38), 4, 5]]
    np.testing.assert_allclose(np.exp(found.scores), [[21 / 61, 20 / 61, 20 / 61]], rtol=1e-4)
    np.testing.assert_allclose(np.exp(found.logprobs), [[2 / 21, 20 / 61, 20 / 61]], rtol=1e-4)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 11), n_levels=st.integers(1, 40))
def test_among_ties_the_likeliest_tokens_are_as_likely_as_those_of_a_full_sort(
    seed: int, n: int, n_levels: int
) -> None:
    """Which of equally likely tokens is taken may differ, but none is taken twice."""
    levels = np.random.default_rng(seed).integers(0, n_levels, size=(3, WIDE_VOCAB))
    logits = levels.astype(np.float32) * 0.5
    found, expected = WIDE.top_k(logits, WIDE_HISTORIES, n), by_argsort(WIDE, logits, n)
    assert_as_likely(found, expected)
    for row in found.ids:
        assert len(set(row.tolist())) == n
    masked = without_times_that_win(WIDE, logits, WIDE_HISTORIES)
    assert np.isfinite(np.take_along_axis(masked, found.ids, axis=1)).all()


def test_of_equally_likely_tokens_those_with_the_lowest_ids_come_first() -> None:
    logits = np.zeros((3, WIDE_VOCAB), np.float32)
    for n in (1, 2, 4, 6):
        found, expected = WIDE.top_k(logits, WIDE_HISTORIES, n), by_argsort(WIDE, logits, n)
        np.testing.assert_array_equal(found.ids, expected.ids)


def test_where_fewer_tokens_are_allowed_than_wanted_the_rest_is_impossible() -> None:
    logits = np.zeros((1, WIDE_VOCAB), np.float32)
    history = [WIDE_BEGIN, 4, WIDE_VOCAB - 1]  # nothing but the last time or the end may follow
    logits[0, WIDE_EOT] = 1.0
    found = WIDE.top_k(logits, [history], 4)
    assert found.ids[0, :2].tolist() == [WIDE_EOT, WIDE_VOCAB - 1]
    assert found.scores[0, 2:].tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize("n", [2, 3, 6])
def test_a_small_vocabulary_gives_as_many_candidates(n: int) -> None:
    logits = np.random.default_rng(0).normal(size=(1, N_VOCAB)).astype(np.float32)
    found, expected = RULES.top_k(logits, [HISTORY], n), by_argsort(RULES, logits, n, BEGIN, EOT, [HISTORY])
    assert found.ids.tolist() == expected.ids.tolist()


def sampled_ids(logits: NDArray[np.float32], temperature: float, draws: NDArray[np.float64]) -> list[int]:
    rows = np.tile(logits, (len(draws), 1))
    drawn = RULES.sample(rows, [HISTORY] * len(draws), np.full(len(draws), temperature), draws)
    assert drawn.ids.shape == drawn.logprobs.shape == (len(draws), 1)
    return drawn.ids[:, 0].tolist()


@pytest.mark.parametrize("temperature", [0.2, 0.6, 1.0])
def test_evenly_spread_draws_take_each_token_as_often_as_it_is_likely(temperature: float) -> None:
    """Each token owns a stretch of [0, 1) as long as its probability: to within one draw."""
    logits = np.random.default_rng(3).normal(scale=1.5, size=(1, N_VOCAB)).astype(np.float32)
    expected = softmax(RULES.apply(logits, [HISTORY]) / np.float32(temperature))[0]
    n_draws = 4000
    ids = sampled_ids(logits, temperature, (np.arange(n_draws) + 0.5) / n_draws)
    found = np.bincount(ids, minlength=N_VOCAB) / n_draws
    assert np.count_nonzero(found) > 5
    np.testing.assert_allclose(found, expected, atol=1.01 / n_draws)


@pytest.mark.parametrize("temperature", [0.4, 1.0])
def test_random_draws_take_each_token_as_often_as_it_is_likely(temperature: float) -> None:
    """Within 0.02: five standard deviations of a share of 20 000 draws, at most."""
    logits = np.random.default_rng(4).normal(scale=1.5, size=(1, N_VOCAB)).astype(np.float32)
    expected = softmax(RULES.apply(logits, [HISTORY]) / np.float32(temperature))[0]
    ids = sampled_ids(logits, temperature, np.random.default_rng(5).random(20_000))
    np.testing.assert_allclose(np.bincount(ids, minlength=N_VOCAB) / 20_000, expected, atol=0.02)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    temperature=st.floats(0.01, 1.0),
    draw=st.sampled_from([0.0, 5e-324, 0.5, 1.0 - 2**-53]) | st.floats(0, 1, exclude_max=True),
)
def test_no_forbidden_token_is_ever_drawn(seed: int, temperature: float, draw: float) -> None:
    logits = np.random.default_rng(seed).normal(scale=8.0, size=(1, N_VOCAB)).astype(np.float32)
    logits[0, 3] = 60.0  # suppressed
    (token,) = sampled_ids(logits, temperature, np.array([draw]))
    assert np.isfinite(RULES.apply(logits, [HISTORY])[0, token])


def test_a_drawn_token_comes_with_its_probability_at_temperature_one() -> None:
    logits = np.random.default_rng(6).normal(size=(1, N_VOCAB)).astype(np.float32)
    drawn = RULES.sample(logits, [HISTORY], np.array([0.3]), np.array([0.7]))
    expected = softmax(RULES.apply(logits, [HISTORY]))[0, int(drawn.ids[0, 0])]
    assert float(np.exp(drawn.logprobs[0, 0])) == pytest.approx(expected, rel=1e-5)


def test_each_row_is_drawn_at_its_own_temperature() -> None:
    logits = np.zeros((2, N_VOCAB), np.float32)
    logits[:, 7] = 6.0
    draws = np.full(2, 0.999)
    drawn = RULES.sample(logits, [HISTORY, HISTORY], np.array([0.05, 1.0]), draws)
    assert drawn.ids[0, 0] == 7  # e^120 times as likely as any other
    assert drawn.ids[1, 0] == time(2.0)  # the last of those allowed


def test_softmax_adds_up_to_one_and_survives_large_logits() -> None:
    probabilities = softmax(np.array([[1000.0, 1000.0, -1000.0]], np.float32))
    np.testing.assert_allclose(probabilities, [[0.5, 0.5, 0.0]])
    assert probabilities.dtype == np.float32


@pytest.fixture(scope="module", params=["base", "tiny.en"])
def checkpoint(request: pytest.FixtureRequest) -> Path:
    name = {"base": "base_model_dir", "tiny.en": "tiny_en_model_dir"}[request.param]
    directory: Path = request.getfixturevalue(name)
    return directory


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_the_same_tokens_are_ruled_out_as_by_transformers(checkpoint: Path) -> None:
    """Histories are those that a decoder under these filters can produce; logits are random.

    `-inf` at the same places and the same values elsewhere. One difference is legitimate: where the
    mass of the times equals the likeliest word to within rounding, either side may win, since transformers
    compares after a log-softmax in another order of summation (WhisperTimeStampLogitsProcessor,
    transformers/generation/logits_process.py). Such logits are left out.
    """
    generation = pytest.importorskip("transformers", reason="needs the export extra")
    import torch

    config = generation.GenerationConfig.from_pretrained(checkpoint)
    special = WhisperTokenizer(checkpoint).special
    n_vocab = special.timestamp_begin + 1501
    filters = LogitFilters(special, n_vocab)
    theirs = generation.LogitsProcessorList(
        [
            generation.SuppressTokensLogitsProcessor(config.suppress_tokens),
            generation.SuppressTokensAtBeginLogitsProcessor(config.begin_suppress_tokens, begin_index=1),
            generation.WhisperTimeStampLogitsProcessor(config, begin_index=1),
        ]
    )

    @settings(max_examples=60, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        n_rows=st.integers(1, 3),
        steps=st.integers(0, 40),
        eager=st.booleans(),
    )
    def compare(seed: int, n_rows: int, steps: int, eager: bool) -> None:
        random = np.random.default_rng(seed)
        sampled = _produced(random, filters, special, n_rows, steps, n_vocab)
        logits = _random_logits(random, special, n_rows, n_vocab, eager)
        ours = filters.apply(logits, sampled)
        history = torch.tensor([[special.sot, *tokens] for tokens in sampled])
        expected = theirs(history, torch.from_numpy(logits.copy())).numpy()
        for row in range(n_rows):
            if not _is_close_call(ours[row], expected[row], special.timestamp_begin, logits[row]):
                np.testing.assert_array_equal(ours[row], expected[row])

    compare()


def _produced(
    random: np.random.Generator,
    filters: LogitFilters,
    special: SpecialTokens,
    n_rows: int,
    steps: int,
    n_vocab: int,
) -> list[list[int]]:
    """Tokens that a decoder could have sampled: at each step one of those allowed, but never the end."""
    sampled: list[list[int]] = [[] for _ in range(n_rows)]
    for _ in range(steps):
        logits = _random_logits(random, special, n_rows, n_vocab, eager=bool(random.random() < 0.3))
        logits[:, special.eot] = -1e9
        masked = filters.apply(logits, sampled)
        for row, tokens in enumerate(sampled):
            choices = np.flatnonzero(np.isfinite(masked[row]))
            near = choices[:200] if choices[0] >= special.timestamp_begin else choices  # leave time for more
            others = near[near != special.eot]
            tokens.append(int(random.choice(others)))
    return sampled


def _random_logits(
    random: np.random.Generator, special: SpecialTokens, n_rows: int, n_vocab: int, eager: bool
) -> NDArray[np.float32]:
    """`eager` for times raises their logits, so that their mass wins in most rows."""
    logits = random.normal(scale=3.0, size=(n_rows, n_vocab)).astype(np.float32)
    logits[:, special.timestamp_begin :] += 4.0 if eager else random.normal(scale=5.0)
    return logits


def _is_close_call(
    ours: NDArray[np.float32], expected: NDArray[np.float32], begin: int, logits: NDArray[np.float32]
) -> bool:
    either = np.isfinite(ours) | np.isfinite(expected)
    text, times = either[:begin], either[begin:]
    if not text.any() or not times.any():
        return False
    mass = np.logaddexp.reduce(logits[begin:][times].astype(np.float64))
    return bool(abs(mass - logits[:begin][text].max()) < 1e-4)
