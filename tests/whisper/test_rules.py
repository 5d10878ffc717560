"""Which tokens Whisper may say next: each rule by hand, all of them against transformers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ovsubs.whisper.rules import TokenRules, softmax
from ovsubs.whisper.tokens import SpecialTokens, TokenReader

# A small vocabulary in Whisper's order: text, end, start, tasks, no-speech, no-timestamps, then times.
BEGIN, N_TIMES = 20, 101
SPECIAL = SpecialTokens(
    sot=11,
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
RULES = TokenRules(SPECIAL, N_VOCAB)
EOT = SPECIAL.eot
TEXT = {0, 1, 2, 4, 5, 6, 7, 8, 9}  # all that is not suppressed


def time(seconds: float) -> int:
    return BEGIN + round(seconds / 0.02)


def allowed_after(*sampled: int, favour: int = 0) -> set[int]:
    """Tokens that may follow; `favour` is made so likely that the timestamps cannot win by their mass."""
    logits = np.zeros((1, N_VOCAB), np.float32)
    logits[0, favour] = 20.0
    return set(np.flatnonzero(np.isfinite(RULES.allowed(logits, [sampled])[0])).tolist())


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


def test_time_never_runs_backwards_nor_stands_still_within_a_segment() -> None:
    assert allowed_after(time(0.5), 4, time(1.0), time(1.2), 4) == TEXT | {EOT} | times(1.22)


def test_nothing_but_the_last_time_may_follow_the_last_time() -> None:
    assert allowed_after(time(0.5), 4, time(2.0), favour=time(2.0)) == {time(2.0)}
    assert allowed_after(time(0.5), 4, time(2.0), favour=EOT) == {EOT, time(2.0)}


def test_text_is_left_out_where_the_times_together_are_likelier() -> None:
    logits = np.full((1, N_VOCAB), -10.0, np.float32)
    logits[0, 4] = 3.0
    logits[0, time(1.0) : time(1.5)] = 0.0  # 25 times of probability e^-3 each: more than the word
    allowed = RULES.allowed(logits, [(time(0.5), 4)])
    assert set(np.flatnonzero(np.isfinite(allowed[0])).tolist()) == times(0.52)
    logits[0, 4] = 3.3  # ln 25 = 3.2
    allowed = RULES.allowed(logits, [(time(0.5), 4)])
    assert np.isfinite(allowed[0, 4])


def test_logits_that_may_come_keep_their_values_and_the_argument_is_not_touched() -> None:
    logits = np.random.default_rng(0).normal(size=(1, N_VOCAB)).astype(np.float32)
    before = logits.copy()
    allowed = RULES.allowed(logits, [(time(0.5),)])
    kept = np.isfinite(allowed)
    np.testing.assert_array_equal(logits, before)
    np.testing.assert_array_equal(allowed[kept], logits[kept])


def test_rows_do_not_influence_each_other() -> None:
    logits = np.random.default_rng(1).normal(size=(3, N_VOCAB)).astype(np.float32)
    sampled = [(time(0.5), 4), (time(0.1), time(0.2)), (time(0.3), 5)]
    together = RULES.allowed(logits, sampled)
    for row in range(3):
        np.testing.assert_array_equal(
            together[row], RULES.allowed(logits[row : row + 1], sampled[row : row + 1])[0]
        )


def test_the_likeliest_allowed_token_comes_with_its_probability_among_the_allowed() -> None:
    logits = np.zeros((2, N_VOCAB), np.float32)
    logits[:, 3] = 50.0  # suppressed
    logits[:, 7] = np.log(90.0)
    following = RULES.likeliest(logits, [(time(0.5),), (time(0.7),)])
    assert following.ids.tolist() == [7, 7]
    np.testing.assert_allclose(np.exp(following.logprobs), 90 / 99, rtol=1e-5)  # 9 others with e^0 each


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
    """Histories are those that a decoder under these rules can produce; logits are random.

    `-inf` at the same places and the same values elsewhere. One difference is legitimate: where the
    mass of the times equals the likeliest word to within rounding, either side may win, since transformers
    compares after a log-softmax in another order of summation (WhisperTimeStampLogitsProcessor,
    transformers/generation/logits_process.py). Such logits are left out.
    """
    generation = pytest.importorskip("transformers", reason="needs the export extra")
    import torch

    config = generation.GenerationConfig.from_pretrained(checkpoint)
    special = TokenReader(checkpoint).special
    n_vocab = special.timestamp_begin + 1501
    rules = TokenRules(special, n_vocab)
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
        sampled = _produced(random, rules, special, n_rows, steps, n_vocab)
        logits = _random_logits(random, special, n_rows, n_vocab, eager)
        ours = rules.allowed(logits, sampled)
        history = torch.tensor([[special.sot, *tokens] for tokens in sampled])
        expected = theirs(history, torch.from_numpy(logits.copy())).numpy()
        for row in range(n_rows):
            if not _is_close_call(ours[row], expected[row], special.timestamp_begin, logits[row]):
                np.testing.assert_array_equal(ours[row], expected[row])

    compare()


def _produced(
    random: np.random.Generator,
    rules: TokenRules,
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
        masked = rules.allowed(logits, sampled)
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
