"""Hypotheses of one window: equal to openai/whisper's, but for what cannot win and is let go."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ovsubs.errors import InvalidOption
from ovsubs.whisper import search
from ovsubs.whisper.logit_filters import TokenCandidates
from ovsubs.whisper.search import (
    LOOP_TOKENS,
    BeamStep,
    Hypothesis,
    SearchOptions,
    TokenDecoder,
    is_periodic,
    make_search,
)

PRUNE, MERGE = 2.0, 6  # of the examples below, whatever has turned out best on speech


@pytest.fixture(scope="module", autouse=True)
def limits_of_the_examples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "PRUNE_LOGPROB", PRUNE)
        patch.setattr(search, "MERGE_TOKENS", MERGE)
        yield


# A tiny vocabulary in Whisper's order: text, the end, times.
N_TEXT = 5
EOT = N_TEXT
N_VOCAB = N_TEXT + 3
Model = Callable[[Sequence[int]], NDArray[np.float32]]


def scripted(seed: int, n_vocab: int = N_VOCAB, scale: float = 1.0) -> Model:
    """Log-probabilities that follow a history, always the same: float32 [n_vocab]."""

    def follow(history: Sequence[int]) -> NDArray[np.float32]:
        logits = np.random.default_rng([seed, *history]).normal(scale=scale, size=n_vocab)
        return np.asarray(logits - np.logaddexp.reduce(logits), dtype=np.float32)

    return follow


def candidates_of(model: Model, histories: Sequence[Sequence[int]], n: int) -> TokenCandidates:
    logprobs = np.stack([model(history) for history in histories])
    ids = np.argsort(-logprobs, axis=1, kind="stable")[:, :n]
    found = np.take_along_axis(logprobs, ids, axis=1)
    return TokenCandidates(ids, found, found)


def run(options: SearchOptions, model: Model, n_steps: int, eot: int = EOT) -> Hypothesis:
    """Search as far as `n_steps`; each row must go on from the row that its move names."""
    found = make_search(options, eot)
    for _ in range(n_steps):
        before = [list(history) for history in found.histories]
        moves = found.advance(candidates_of(model, before, options.n_candidates))
        if not moves:
            break
        assert len(moves) <= options.beam_size
        assert list(found.histories) == [[*before[move.source], move.token] for move in moves]
    return found.best()


@contextmanager
def nothing_is_let_go() -> Iterator[None]:
    """Without pruning and merging: what is left is openai/whisper's search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "PRUNE_LOGPROB", math.inf)
        patch.setattr(search, "MERGE_TOKENS", 10_000)
        yield


def search_of_openai(options: SearchOptions, model: Model, n_steps: int) -> tuple[list[int], float]:
    """openai/whisper's BeamSearchDecoder and MaximumLikelihoodRanker (decoding.py), written anew.

    Returns the tokens without the end, and the sum of their log-probabilities.
    """
    beams: dict[tuple[int, ...], float] = {(): 0.0}
    finished: dict[tuple[int, ...], float] = {}
    max_candidates = round(options.beam_size * options.patience)
    for _ in range(n_steps):
        scores: dict[tuple[int, ...], float] = {}
        for prefix, total in beams.items():
            logprobs = model(prefix)
            for token in np.argsort(-logprobs)[: options.beam_size + 1].tolist():
                scores[(*prefix, token)] = total + float(logprobs[token])
        beams, ended = {}, {}
        for sequence in sorted(scores, key=lambda key: -scores[key]):
            if sequence[-1] == EOT:
                ended[sequence] = scores[sequence]
                continue
            beams[sequence] = scores[sequence]
            if len(beams) == options.beam_size:
                break
        for sequence, total in ended.items():
            if len(finished) >= max_candidates:
                break
            finished[sequence] = total
        if len(finished) >= max_candidates:
            break
    for sequence, total in beams.items():  # best first
        if len(finished) >= options.beam_size:
            break
        finished[(*sequence, EOT)] = total

    def rank(sequence: tuple[int, ...]) -> float:
        length = len(sequence) - 1
        penalty = options.length_penalty
        by = max(length, 1) if penalty is None else ((5 + length) / 6) ** penalty
        return finished[sequence] / by

    best = max(finished, key=rank)
    return list(best[:-1]), finished[best]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    beam_size=st.integers(2, 6),
    patience=st.sampled_from([0.5, 1.0, 1.5, 2.0]),
    length_penalty=st.sampled_from([None, 0.0, 0.6, 1.0]),
    n_steps=st.integers(1, 9),
)
def test_beams_find_what_those_of_openai_find(
    seed: int, beam_size: int, patience: float, length_penalty: float | None, n_steps: int
) -> None:
    options = SearchOptions(beam_size, patience, length_penalty)
    tokens, total = search_of_openai(options, scripted(seed), n_steps)
    with nothing_is_let_go():
        found = run(options, scripted(seed), n_steps)
    assert found.tokens == tokens
    assert found.score == pytest.approx(total, abs=1e-5)
    assert found.avg_logprob == pytest.approx(total / (len(tokens) + 1), abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), length_penalty=st.sampled_from([None, 0.0, 0.5, 1.0]))
def test_with_a_beam_for_each_text_the_best_of_all_is_found(seed: int, length_penalty: float | None) -> None:
    """Three words and the end, up to four tokens: 40 texts that end and 81 that do not."""
    model, n_steps, end = scripted(seed, n_vocab=4), 4, 3
    totals: dict[tuple[int, ...], float] = {}
    for length in range(n_steps + 1):
        for words in product(range(3), repeat=length):
            said = [*words, end] if length < n_steps else words
            totals[words] = sum(float(model(said[:n])[token]) for n, token in enumerate(said))
    penalty = 1.0 if length_penalty is None else length_penalty

    def rank(words: tuple[int, ...]) -> float:
        length = max(len(words), 1) if length_penalty is None else (5 + len(words)) / 6
        return totals[words] / length**penalty

    with nothing_is_let_go():
        found = run(SearchOptions(beam_size=200, length_penalty=length_penalty), model, n_steps, eot=end)
    assert tuple(found.tokens) == max(totals, key=rank)
    assert found.finished == (len(found.tokens) < n_steps)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), patience=st.sampled_from([0.5, 1.0, 3.0]))
def test_one_beam_takes_the_likeliest_token_each_time(seed: int, patience: float) -> None:
    """Until the first end, however patient: greedy search."""
    model, expected, total = scripted(seed), list[int](), 0.0
    ended = False
    while len(expected) < 12 and not ended:
        logprobs = model(expected)
        token = int(logprobs.argmax())
        total += float(logprobs[token])
        ended = token == EOT
        expected += [] if ended else [token]
    found = run(SearchOptions(beam_size=1, patience=patience), model, n_steps=12)
    assert found.tokens == expected
    assert found.finished == ended
    assert found.score == pytest.approx(total, abs=1e-5)


def advance(found: TokenDecoder, *rows: Sequence[tuple[int, float]]) -> list[BeamStep]:
    """One step by hand: for each row its candidates with their log-probabilities, best first."""
    ids = np.array([[token for token, _ in row] for row in rows])
    logprobs = np.array([[logprob for _, logprob in row] for row in rows], np.float32)
    return found.advance(TokenCandidates(ids, logprobs, logprobs))


NEVER = -np.inf
TIME = 100  # any token above the end of the hand examples below, whose text runs from 0 to 9
END = 10


def test_each_hypothesis_is_asked_for_one_token_more_than_there_are_beams() -> None:
    assert SearchOptions(beam_size=1).n_candidates == 1
    assert SearchOptions(beam_size=5).n_candidates == 6
    assert SearchOptions(beam_size=5, temperature=0.2).n_candidates == 1


def test_a_search_begins_with_one_empty_row_and_only_the_end_of_it_to_keep() -> None:
    for options in (SearchOptions(), SearchOptions(beam_size=3), SearchOptions(temperature=0.5)):
        found = make_search(options, END)
        assert list(found.histories) == [[]]
        assert found.best() == Hypothesis()


def test_beams_go_on_from_the_best_of_all_rows_best_first() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    assert advance(found, [(1, -0.7), (2, -0.9), (3, -1.6)]) == [BeamStep(0, 1), BeamStep(0, 2)]
    # One row may leave two, and the other none.
    moves = advance(found, [(4, -1.4), (5, -1.5), (6, -1.6)], [(7, -0.5), (8, -0.6), (9, -3.0)])
    assert moves == [BeamStep(1, 7), BeamStep(1, 8)]
    assert list(found.histories) == [[2, 7], [2, 8]]
    assert found.best().score == pytest.approx(-1.4)


def test_an_end_takes_no_place_among_the_beams() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(1, -0.5), (2, -0.6), (3, -3.0)])
    moves = advance(found, [(END, -0.1), (4, -0.3), (5, -0.4)], [(6, -0.5), (7, -3.0), (8, -3.0)])
    assert moves == [BeamStep(0, 4), BeamStep(0, 5)]


def test_the_search_is_over_when_as_many_have_ended_as_there_are_beams() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(1, -0.5), (2, -0.6), (3, -3.0)])
    ends = [(END, -0.1), (4, -0.3), (5, -0.4)], [(END, -0.1), (6, -0.3), (7, -0.4)]
    assert advance(found, *ends) == []
    assert found.best() == Hypothesis([1], pytest.approx(-0.6), finished=True)


def test_patience_waits_for_more_ends_and_may_find_a_better_one() -> None:
    """The patient one hears the third end, which is the likeliest per token."""
    steps = [
        [[(1, -0.5), (2, -0.6), (3, -3.0)]],
        [[(END, -0.5), (4, -0.6), (5, -3.0)], [(END, -0.5), (6, -0.6), (7, -3.0)]],
        [[(END, -0.1), (8, -0.2), (9, -3.0)], [(8, -0.3), (9, -1.0), (0, -3.0)]],
    ]
    kept = []
    for patience in (1.0, 1.5):
        found = make_search(SearchOptions(beam_size=2, patience=patience), END)
        for rows in steps:
            if not advance(found, *rows):
                break
        kept.append(found.best().tokens)
    assert kept == [[1], [1, 4]]


@pytest.mark.parametrize(
    ("length_penalty", "tokens"), [(None, [1, 4]), (1.0, [1, 4]), (0.5, [1]), (0.0, [1])]
)
def test_the_length_penalty_chooses_between_a_short_and_a_long_text(
    length_penalty: float | None, tokens: list[int]
) -> None:
    """-1.0 for one token against -1.1 for two.

    Over the plain length -1.0 and -0.55; over 6/6 and 7/6, -1.0 and -0.943; over the roots of those -1.0
    and -1.018; over one -1.0 and -1.1.
    """
    found = make_search(SearchOptions(beam_size=2, length_penalty=length_penalty), END)
    advance(found, [(1, -0.5), (2, -9.0), (3, -9.0)])
    advance(found, [(END, -0.5), (4, -0.5), (5, -9.0)])
    assert advance(found, [(END, -0.1), (6, -9.0), (7, -9.0)]) == []
    assert found.best().tokens == tokens


def test_only_what_is_far_behind_the_best_is_dropped() -> None:
    found = make_search(SearchOptions(beam_size=4), END)
    near, far = -0.1 - PRUNE + 0.01, -0.1 - PRUNE - 0.01
    row = [(1, -0.1), (2, -1.0), (3, near), (4, far), (5, -9.0)]
    assert advance(found, row) == [BeamStep(0, 1), BeamStep(0, 2), BeamStep(0, 3)]


def test_what_is_far_behind_a_text_that_has_ended_is_dropped_too() -> None:
    """Nothing is left to search before as many have ended as there are beams."""
    found = make_search(SearchOptions(beam_size=3), END)
    advance(found, [(1, -0.1), (2, -9.0), (3, -9.0), (4, -9.0)])
    assert advance(found, [(END, -0.2), (5, -1.7), (6, -9.0), (7, -9.0)]) == [BeamStep(0, 5)]
    assert advance(found, [(8, -0.6), (9, -2.0), (6, -2.0), (7, -9.0)]) == []  # -2.4, behind -0.3
    assert found.best() == Hypothesis([1], pytest.approx(-0.3), finished=True)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    beam_size=st.integers(2, 5),
    scale=st.floats(0.3, 6.0),
    n_steps=st.integers(1, MERGE - 1),
)
def test_the_rows_that_go_on_are_the_best_within_reach_of_the_best(
    seed: int, beam_size: int, scale: float, n_steps: int
) -> None:
    """Too few tokens yet for any to be merged; what a step drops is too far behind, or beyond the beams."""
    model, options = scripted(seed, scale=scale), SearchOptions(beam_size)
    found = make_search(options, EOT)
    rows, ends = {(): 0.0}, list[float]()
    for _ in range(n_steps):
        scores = {
            (*prefix, token): total + float(logprob)
            for prefix, total in rows.items()
            for token, logprob in enumerate(model(prefix))
        }
        top = max(*scores.values(), *ends, -math.inf)
        near = sorted((key for key in scores if scores[key] >= top - PRUNE), key=lambda k: -scores[k])
        candidates = candidates_of(model, found.histories, options.n_candidates)
        moves = found.advance(candidates)
        kept = [key for key in near if key[-1] != EOT][:beam_size]
        if not moves:
            assert not kept or len(ends) + len(near) - len(kept) >= beam_size
            return
        assert [tuple(history) for history in found.histories] == kept
        last = scores[kept[-1]] if len(kept) == beam_size else -math.inf
        ends += [scores[key] for key in near if key[-1] == EOT and scores[key] > last]
        rows = {key: scores[key] for key in kept}


def say(found: TokenDecoder, *texts: Sequence[int]) -> None:
    """Let each row say its text, one sure token a step."""
    for tokens in zip(*texts, strict=True):
        advance(found, *([(token, -0.01), (0, NEVER), (0, NEVER)] for token in tokens))


def test_of_those_that_say_the_same_for_long_only_the_best_goes_on() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    same = range(1, MERGE)
    advance(found, [(8, -0.5), (9, -0.6), (0, NEVER)])
    say(found, same, same)
    assert list(found.histories) == [[8, *same], [9, *same]]  # one token short of it
    moves = advance(found, *[[(7, -0.01), (0, NEVER), (0, NEVER)]] * 2)
    assert moves == [BeamStep(0, 7)]
    assert list(found.histories) == [[8, *same, 7]]


def test_the_place_that_a_merged_hypothesis_leaves_goes_to_the_next() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    same = range(1, MERGE)
    advance(found, [(8, -0.5), (9, -0.6), (0, NEVER)])
    say(found, same, same)
    moves = advance(found, [(7, -0.1), (6, -1.0), (0, NEVER)], [(7, -0.1), (0, NEVER), (0, NEVER)])
    assert moves == [BeamStep(0, 7), BeamStep(0, 6)]


def test_what_is_said_at_other_times_is_the_same_text() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(8, -0.5), (9, -0.6), (0, NEVER)])
    say(found, (1, 2, TIME, 3, 4, 5), (1, 2, TIME + 1, 3, 4, 5))
    assert len(found.histories) == 2
    assert advance(found, *[[(7, -0.01), (0, NEVER), (0, NEVER)]] * 2) == [BeamStep(0, 7)]


def test_a_text_whose_segment_has_closed_is_not_merged_with_a_longer_one_that_has_yet_to_close() -> None:
    """They have other futures, and the one has paid for a time that the other still has to pay for."""
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(8, -0.5), (0, NEVER), (0, NEVER)])
    advance(found, [(1, -0.5), (9, -0.6), (0, NEVER)])
    say(found, range(2, 7), range(1, 6))
    time_or_word = [(TIME, -0.4), (0, NEVER), (0, NEVER)], [(6, -0.1), (0, NEVER), (0, NEVER)]
    advance(found, *time_or_word)
    assert sorted(found.histories) == [[8, 1, 2, 3, 4, 5, 6, TIME], [8, 9, 1, 2, 3, 4, 5, 6]]


def test_other_texts_of_the_same_length_both_go_on() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(8, -0.5), (9, -0.6), (0, NEVER)])
    say(found, (1, 2, 3, 1, 2, 3, 1, 2), (4, 5, 6, 4, 5, 6, 4, 5))
    assert len(found.histories) == 2


def test_a_greedy_search_that_goes_round_ends_the_window() -> None:
    found = make_search(SearchOptions(), END)
    for _ in range(LOOP_TOKENS - 1):
        assert advance(found, [(1, -0.01)]) == [BeamStep(0, 1)]
    assert advance(found, [(1, -0.01)]) == []
    best = found.best()
    assert best.tokens == [1] * LOOP_TOKENS
    assert not best.finished


def test_the_best_beam_going_round_ends_the_window_with_what_is_there() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    moves = advance(found, [(1, -0.01), (2, -0.02), (0, NEVER)])
    n_steps = 1
    while moves:
        rows = [[((1, 3)[n_steps % 2], -0.001), (0, NEVER), (0, NEVER)] for _ in moves]
        moves = advance(found, *rows)
        n_steps += 1
    # The first token is 1 and so is each second one after it.
    assert n_steps == LOOP_TOKENS
    assert found.best().tokens[-LOOP_TOKENS:] == [1, 3] * (LOOP_TOKENS // 2)
    assert not found.best().finished


def test_an_ended_text_may_be_better_than_one_that_goes_round() -> None:
    found = make_search(SearchOptions(beam_size=2), END)
    advance(found, [(1, -0.5), (2, -9.0), (0, NEVER)])
    moves = advance(found, [(1, -0.4), (END, -0.5), (0, NEVER)])
    while moves:
        moves = advance(found, [(1, -0.02), (0, NEVER), (0, NEVER)])
    assert len(found.histories[0]) == LOOP_TOKENS
    assert not found.best().finished  # likelier per token, as in openai/whisper: the caller sees the loop
    found = make_search(SearchOptions(beam_size=2, length_penalty=0.0), END)
    advance(found, [(1, -0.5), (2, -9.0), (0, NEVER)])
    moves = advance(found, [(1, -0.4), (END, -0.5), (0, NEVER)])
    while moves:
        moves = advance(found, [(1, -0.02), (0, NEVER), (0, NEVER)])
    assert found.best() == Hypothesis([1], pytest.approx(-1.0), finished=True)


@pytest.mark.parametrize("logprob", [NEVER, math.nan])
@pytest.mark.parametrize("beam_size", [1, 2])
def test_a_window_that_nothing_can_follow_keeps_what_it_has(beam_size: int, logprob: float) -> None:
    """All tokens are ruled out, or the model has computed NaN."""
    options = SearchOptions(beam_size)
    found = make_search(options, END)
    advance(found, [(1, -0.5), (0, NEVER), (0, NEVER)][: options.n_candidates])
    assert advance(found, [(0, logprob)] * options.n_candidates) == []
    assert found.best().tokens == [1]
    assert not found.best().finished


def test_samples_part_after_their_first_token() -> None:
    found = make_search(SearchOptions(temperature=0.4, best_of=3), END)
    assert advance(found, [(TIME, -0.5)]) == [BeamStep(0, TIME)] * 3
    assert advance(found, [(1, -1.0)], [(2, -2.0)], [(3, -3.0)]) == [
        BeamStep(0, 1),
        BeamStep(1, 2),
        BeamStep(2, 3),
    ]
    assert list(found.histories) == [[TIME, 1], [TIME, 2], [TIME, 3]]


def test_samples_that_have_ended_leave_and_the_likeliest_of_all_is_kept() -> None:
    found = make_search(SearchOptions(temperature=0.4, best_of=3), END)
    advance(found, [(TIME, -0.5)])
    assert advance(found, [(1, -1.0)], [(END, -2.0)], [(3, -3.0)]) == [BeamStep(0, 1), BeamStep(2, 3)]
    assert advance(found, [(END, -1.2)], [(4, -0.1)]) == [BeamStep(1, 4)]
    assert advance(found, [(END, -0.1)]) == []
    # Sums over lengths without the end: -2.7 / 2, -2.5 / 1, -3.7 / 3
    assert found.best() == Hypothesis([TIME, 3, 4], pytest.approx(-3.7), finished=True)


def test_the_length_penalty_holds_for_samples_too() -> None:
    found = make_search(SearchOptions(temperature=0.4, best_of=2, length_penalty=0.0), END)
    advance(found, [(TIME, -0.5)])
    advance(found, [(1, -1.0)], [(END, -2.0)])
    assert advance(found, [(END, -1.2)]) == []
    assert found.best() == Hypothesis([TIME], pytest.approx(-2.5), finished=True)


def test_samples_are_not_pruned_nor_merged() -> None:
    found = make_search(SearchOptions(temperature=1.0, best_of=2), END)
    advance(found, [(TIME, -0.5)])
    for _ in range(2 * MERGE):
        assert len(advance(found, [(1, -0.1)], [(1, -9.0)])) == 2


def test_a_sample_that_goes_round_ends_and_the_others_go_on() -> None:
    found = make_search(SearchOptions(temperature=1.0, best_of=2), END)
    advance(found, [(1, -0.5)])
    for n in range(LOOP_TOKENS - 2):
        assert len(advance(found, [(1, -0.1)], [(n * n % 19 % 10, -0.1)])) == 2
    moves = advance(found, [(1, -0.1)], [(7, -0.1)])
    assert BeamStep(0, 1) not in moves
    assert moves == [BeamStep(1, 7)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size = 0 is not valid: 1 to 1000"),
        ({"beam_size": -3}, "beam_size = -3 is not valid: 1 to 1000"),
        ({"best_of": 0}, "best_of = 0 is not valid: 1 to 1000"),
        ({"patience": 0.0}, "patience = 0.0 is not valid: above 0, at most 100"),
        ({"patience": -1.0}, "patience = -1.0 is not valid: above 0, at most 100"),
        ({"patience": math.nan}, "patience = nan is not valid: above 0, at most 100"),
        ({"length_penalty": -0.1}, "length_penalty = -0.1 is not valid: it is between 0 and 1"),
        ({"length_penalty": 1.1}, "length_penalty = 1.1 is not valid: it is between 0 and 1"),
        ({"length_penalty": math.nan}, "length_penalty = nan is not valid: it is between 0 and 1"),
        ({"temperature": -0.1}, "temperature = -0.1 is not valid: it is between 0 and 1"),
        ({"temperature": 1.2}, "temperature = 1.2 is not valid: it is between 0 and 1"),
        ({"temperature": math.nan}, "temperature = nan is not valid: it is between 0 and 1"),
    ],
)
def test_what_cannot_be_searched_with_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        SearchOptions(**options)
    assert str(caught.value) == message


def test_the_edges_of_what_may_be_asked_for_are_taken() -> None:
    SearchOptions(beam_size=1, patience=0.01, length_penalty=0.0, temperature=0.0, best_of=1)
    SearchOptions(length_penalty=1.0, temperature=1.0)


@pytest.mark.parametrize("period", [1, 5, 12])
def test_text_that_has_gone_round_for_long_is_periodic(period: int) -> None:
    cycle = list(range(100, 100 + period))
    turns = [7, 8, 9, *cycle * LOOP_TOKENS]
    assert is_periodic(turns)
    assert not is_periodic(turns[: LOOP_TOKENS - 1])


def test_a_refrain_or_a_long_list_is_not_periodic() -> None:
    assert not is_periodic([])
    assert not is_periodic(list(range(200)))
    assert not is_periodic([*[5, 6] * 20, *range(30)])
    assert not is_periodic(list(range(13)) * 10)
