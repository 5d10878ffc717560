"""Encoded windows -> decoded windows: batched search under Whisper's logit filters."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import BrokenModel
from ovsubs.timing import Stopwatch
from ovsubs.whisper.alignment import token_starts
from ovsubs.whisper.logit_filters import LogitFilters, softmax
from ovsubs.whisper.model import DecoderSession
from ovsubs.whisper.search import Hypothesis, SearchOptions, make_search
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, SpecialTokens

MAX_DECODER_POSITIONS = 448  # decoder positions, prompt included (arXiv:2212.04356; `max_target_positions`)


@dataclass(frozen=True, slots=True)
class DecodedWindow:
    """What the decoder said about one window.

    `tokens` are text and timestamp tokens without prompt and end. `avg_logprob` is the mean
    natural-log probability of the tokens and the end token; `no_speech_prob` (0 to 1) was read at
    the start-of-transcript token. `finished` is false where the positions ran out before the end, or the
    window was stopped because it repeated itself. `temperature` is the one it was decoded at. `logprobs` are
    those of each token. `starts` tell when each token was spoken, and after them the end where there is one,
    in seconds from the window's start; empty where nobody asked.
    """

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    finished: bool
    temperature: float = 0.0
    logprobs: tuple[float, ...] = ()
    starts: tuple[float, ...] = ()


class Sampler:
    """Uniform numbers for sampling, one stream for each window: no window depends on its neighbours."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._streams = [np.random.default_rng(seed) for seed in seeds]

    def draw(self, windows: Sequence[int], counts: Sequence[int]) -> NDArray[np.float64]:
        """One number in [0, 1) for each row of the windows, which have so many."""
        drawn = [self._streams[window].random(n) for window, n in zip(windows, counts, strict=True)]
        return np.concatenate(drawn)


def decode(
    session: DecoderSession,
    prompts: Sequence[Sequence[int]],
    filters: LogitFilters,
    special: SpecialTokens,
    options: Sequence[SearchOptions] | None = None,
    *,
    seeds: Sequence[int] | None = None,
    max_tokens: Sequence[int] | None = None,
    min_end_s: Sequence[float] | None = None,
    lengths_s: Sequence[float] | None = None,
    clock: Stopwatch | None = None,
) -> list[DecodedWindow]:
    """Decode all windows of a session; those that are done leave the batch.

    Args:
        session: encoded windows, nothing decoded yet.
        prompts: for each window its opening tokens; all of the same length, languages may differ.
        filters: what may be said next.
        special: ids of the same checkpoint.
        options: of each window; greedy by default. Temperatures above 0 may differ, nothing else.
        seeds: of each window's samples, at a temperature above 0.
        max_tokens: how many tokens each window has at most; what is longer has no end.
        min_end_s: seconds into each window: a text that has begun does not end before it has named a time
            as late as that.
        lengths_s: of each window, in seconds; with them it is found out when each token was spoken.
        clock: counts the stages "prefill", "steps", "logit filters" and "alignment".

    Returns:
        One result per window, in the session's order. An empty session gives an empty list.

    Raises:
        BrokenModel: it computes no numbers.
    """
    if not prompts:
        return []
    options, clock = options or [SearchOptions()] * len(prompts), clock or Stopwatch()
    common = options[0]
    if any((one.temperature > 0.0) != (common.temperature > 0.0) for one in options):
        raise ValueError("windows at temperature 0 and above it are decoded apart")
    sampler = Sampler(seeds or range(len(prompts)))
    searches = [make_search(of_window, special.eot) for of_window in options]
    ends_from = [
        special.timestamp_begin + round(seconds / TIMESTAMP_STEP_S)
        for seconds in min_end_s or [0.0] * len(prompts)
    ]
    sot = list(prompts[0]).index(special.sot)
    with clock.stage("prefill"):
        tokens = np.asarray(prompts, dtype=np.int64)
        logits = session.step(tokens, logit_positions=(sot, tokens.shape[1] - 1))
        no_speech = softmax(logits[:, 0])[:, special.no_speech]
        _check_numbers(session, no_speech, logits[:, 0])
    clock.count_rows("prefill", len(prompts))
    active, counts = list(range(len(prompts))), [1] * len(prompts)
    trails = [list[NDArray[np.float32]]() for _ in prompts]  # the queries of each step, of all rows
    starts = [tuple[float, ...]()] * len(prompts)
    for n_steps in range(1, MAX_DECODER_POSITIONS - len(prompts[0]) + 1):
        with clock.stage("logit filters"):
            histories = [history for window in active for history in searches[window].histories]
            earliest = np.repeat([ends_from[window] for window in active], counts).tolist()
            if common.temperature > 0.0:
                heat = np.repeat([options[window].temperature for window in active], counts)
                draws = sampler.draw(active, counts)
                candidates = filters.sample(logits[:, -1], histories, heat, draws, earliest)
            else:
                candidates = filters.top_k(logits[:, -1], histories, common.n_candidates, earliest)
            _check_numbers(session, candidates.logprobs)
            firsts = [0, *np.cumsum(counts).tolist()]
            moves = [
                searches[window].advance(candidates.rows(firsts[place], firsts[place + 1]))
                for place, window in enumerate(active)
            ]
        wanted = [
            bool(of_window) and (max_tokens is None or n_steps < max_tokens[window])
            for of_window, window in zip(moves, active, strict=True)
        ]
        if lengths_s is not None:
            with clock.stage("alignment"):
                queries = session.queries.copy()
                for place, window in enumerate(active):
                    trails[window].append(queries[firsts[place] : firsts[place + 1]])
                    if not wanted[place]:
                        best, keys = searches[window].best(), session.keys(place, lengths_s[window])
                        starts[window] = _starts(best, trails[window], keys)
                        trails[window].clear()  # the steps of a batch of many beams are some megabytes
        with clock.stage("steps"):
            order = session.compact(wanted)
            active = [active[place] for place in order]
            if not active:
                break
            sources = [firsts[place] + move.source for place in order for move in moves[place]]
            following = [[move.token] for place in order for move in moves[place]]
            counts = [len(moves[place]) for place in order]
            logits = session.step(np.array(following), np.array(sources, dtype=np.int32), counts)
        clock.count_rows("steps", len(following))
    return [
        DecodedWindow(
            tokens=tuple(best.tokens),
            avg_logprob=best.avg_logprob,
            no_speech_prob=float(silence),
            finished=best.finished,
            temperature=of_window.temperature,
            logprobs=tuple(best.logprobs[: len(best.tokens)]),
            starts=of_tokens,
        )
        for best, silence, of_window, of_tokens in zip(
            (search.best() for search in searches), no_speech, options, starts, strict=True
        )
    ]


def _starts(
    best: Hypothesis, trail: Sequence[NDArray[np.float32]], keys: NDArray[np.float32]
) -> tuple[float, ...]:
    """When each token of the text that is kept was spoken, and its end."""
    queries = [of_step[row] for of_step, row in zip(trail, best.rows, strict=False)]
    return tuple(token_starts(np.stack(queries), keys).tolist()) if queries else ()


def language_probabilities(session: DecoderSession, special: SpecialTokens) -> NDArray[np.float32]:
    """How likely each window is in each language: float32 [windows, languages], rows sum to 1.

    Languages stand in the order of `special.languages`. The session is at its start again afterwards.
    """
    sot = np.full((session.n_windows, 1), special.sot, dtype=np.int64)
    logits = session.step(sot)[:, 0]
    session.reset()
    probabilities = softmax(logits[:, list(special.languages.values())])
    _check_numbers(session, probabilities, logits)
    return probabilities


def _check_numbers(
    session: DecoderSession, probabilities: NDArray[np.float32], logits: NDArray[np.float32] | None = None
) -> None:
    """Refuse to go on with what damaged weights compute. One logit that is no number makes all of its row so.

    Raises:
        BrokenModel: a probability is NaN, or all tokens are equally likely.
    """
    if np.isnan(probabilities).any():
        why = (
            "it computes values that are no numbers: its weights are damaged, or too large for this precision"
        )
        raise BrokenModel(session.directory, why)
    if logits is not None and (logits.max(axis=-1) == logits.min(axis=-1)).any():
        raise BrokenModel(session.directory, "all of its tokens are equally likely: its weights are damaged")


def compression_ratio(text: str) -> float:
    """How much zlib shrinks the text; above 2.4 it repeats itself (openai/whisper, utils.py). Empty: 0."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
