"""Candidates for the next token -> the hypotheses of one window: greedy and beam search, sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ovsubs.bounds import check_above_zero, check_count, check_number
from ovsubs.whisper.logit_filters import TokenCandidates

MAX_HYPOTHESES = 1000  # of one window: no machine has the memory for more
MAX_PATIENCE = 100  # a factor; the paper that openai/whisper takes it from has 2 (arXiv:2204.05424)
LOOP_TOKENS = 60  # a text that has been periodic for this long never ends by itself: some 15 s of speech
LOOP_PERIOD = 12  # tokens; the longest period that is searched for
PRUNE_LOGPROB = 1.1  # natural log: a hypothesis 3 times less likely than the best is dropped
MERGE_TOKENS = 6  # text tokens; docs/decisions/0007 and 0019 have the results of other values


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How a window is decoded; names and meaning are those of openai/whisper (decoding.py).

    At `temperature` 0 the likeliest text is searched for with `beam_size` hypotheses (1: greedy), until
    `beam_size * patience` have ended. Above 0, `best_of` texts are sampled. The best is the one with the
    highest score per token or, where `length_penalty` is given, with the highest score divided by
    ((5 + n_tokens) / 6) ^ `length_penalty` (arXiv:1609.08144).
    """

    beam_size: int = 1
    patience: float = 1.0
    length_penalty: float | None = None
    temperature: float = 0.0
    best_of: int = 5

    def __post_init__(self) -> None:
        for name, count in (("beam_size", self.beam_size), ("best_of", self.best_of)):
            check_count(name, count, f"1 to {MAX_HYPOTHESES}", least=1, most=MAX_HYPOTHESES)
        check_above_zero("patience", self.patience, f"above 0, at most {MAX_PATIENCE}", most=MAX_PATIENCE)
        if self.length_penalty is not None:
            check_number("length_penalty", self.length_penalty, "it is between 0 and 1", least=0.0, most=1.0)
        check_number("temperature", self.temperature, "it is between 0 and 1", least=0.0, most=1.0)

    @property
    def n_candidates(self) -> int:
        """Candidates for the next token of a hypothesis: one more than beams, since one may be the end."""
        return 1 if self.temperature > 0.0 or self.beam_size == 1 else self.beam_size + 1


@dataclass(slots=True)
class Hypothesis:
    """Tokens since the prompt, without the end token, and the sum of their scores (`TokenCandidates.scores`).

    `rows` are the rows of the window that predicted each token, and the end token if there is one;
    `logprobs` are the natural-log probabilities of these tokens.
    """

    tokens: list[int] = field(default_factory=list)
    score: float = 0.0
    finished: bool = False
    rows: list[int] = field(default_factory=list, compare=False)
    logprobs: list[float] = field(default_factory=list, compare=False)

    @property
    def avg_logprob(self) -> float:
        """Mean natural-log probability of the tokens and the end token (openai/whisper, decoding.py)."""
        return sum(self.logprobs) / (len(self.tokens) + 1)

    def extended(self, row: int, score: float, logprob: float, token: int | None = None) -> Hypothesis:
        """Return a copy extended by the token that `row` predicted, or ended if `token` is None."""
        return Hypothesis(
            self.tokens if token is None else [*self.tokens, token],
            self.score + score,
            finished=token is None,
            rows=[*self.rows, row],
            logprobs=[*self.logprobs, logprob],
        )


@dataclass(frozen=True, slots=True)
class BeamStep:
    """One row of the next step: it continues row `source` of its window with `token`."""

    source: int
    token: int


class TokenDecoder(Protocol):
    """The hypotheses of one window, one in each row; at first a single empty one."""

    @property
    def histories(self) -> Sequence[list[int]]:
        """The tokens of each row."""

    def advance(self, candidates: TokenCandidates) -> list[BeamStep]:
        """Extend the hypotheses by the candidates of each row; return the next rows, or none at the end."""

    def best(self) -> Hypothesis:
        """The hypothesis to keep."""


def make_search(options: SearchOptions, eot: int) -> TokenDecoder:
    """Create the token decoder of one window."""
    if options.temperature > 0.0:
        return _SamplingDecoder(options, eot)
    return _BeamSearchDecoder(options, eot)


class _SamplingDecoder:
    """Hypotheses that are sampled independently of each other; the likeliest is kept."""

    def __init__(self, options: SearchOptions, eot: int) -> None:
        self._options = options
        self._eot = eot
        self._rows = [Hypothesis()]
        self._ended = list[Hypothesis]()

    @property
    def histories(self) -> Sequence[list[int]]:
        return [row.tokens for row in self._rows]

    def advance(self, candidates: TokenCandidates) -> list[BeamStep]:
        # In the first step all hypotheses are one row, with the same token; they differ from the second on.
        sources = [*range(len(self._rows))]
        if not self._rows[0].tokens:
            sources *= self._options.best_of
        before, steps = self._rows, list[BeamStep]()
        self._rows = []
        for source in sources:
            token = int(candidates.ids[source, 0])
            logprob = float(candidates.logprobs[source, 0])
            if token == self._eot:
                self._ended.append(before[source].extended(source, logprob, logprob))
                continue
            following = before[source].extended(source, logprob, logprob, token)
            if is_periodic(following.tokens):
                self._ended.append(following)
                continue
            self._rows.append(following)
            steps.append(BeamStep(source, token))
        return steps

    def best(self) -> Hypothesis:
        return max([*self._ended, *self._rows], key=lambda row: _rank(row, self._options))


class _BeamSearchDecoder:
    """Beam search with pruning (openai/whisper, decoding.py, BeamSearchDecoder); a single beam is greedy.

    Hypotheses whose score is more than `PRUNE_LOGPROB` below the best are dropped (relative threshold
    pruning, arXiv:1702.01806). Of those with the same last `MERGE_TOKENS` text tokens, whatever their
    timestamps, only the best is kept, since they continue alike (path merging, arXiv:2012.06749). So there
    are several hypotheses where the text is uncertain, and one elsewhere.
    """

    def __init__(self, options: SearchOptions, eot: int) -> None:
        self._options = options
        self._eot = eot
        self._n_wanted = max(1, round(options.beam_size * options.patience))
        self._rows = [Hypothesis()]
        self._ended = list[Hypothesis]()

    @property
    def histories(self) -> Sequence[list[int]]:
        return [row.tokens for row in self._rows]

    def advance(self, candidates: TokenCandidates) -> list[BeamStep]:
        before, steps, endings = self._rows, list[BeamStep](), set[tuple[int, ...]]()
        scores = np.array([row.score for row in before])[:, None] + candidates.scores
        least = max((row.score for row in self._ended), default=-np.inf) - PRUNE_LOGPROB
        self._rows = []
        for place in np.argsort(-scores, axis=None, kind="stable").tolist():
            source, rank = divmod(place, candidates.ids.shape[1])
            token, score = int(candidates.ids[source, rank]), float(scores[source, rank])
            added = float(candidates.scores[source, rank]), float(candidates.logprobs[source, rank])
            if score < least or not np.isfinite(score):
                break
            least = max(least, score - PRUNE_LOGPROB)
            if token == self._eot:
                if len(self._ended) < self._n_wanted:
                    self._ended.append(before[source].extended(source, *added))
                if self._options.beam_size == 1:
                    break
                continue
            following = before[source].extended(source, *added, token)
            ending = self._ending(following.tokens)
            if ending in endings:
                continue
            endings.add(ending)
            self._rows.append(following)
            steps.append(BeamStep(source, token))
            if len(steps) == self._options.beam_size:
                break
        if not steps and not self._ended:  # the filters allow no token
            self._rows = before
        if len(self._ended) >= self._n_wanted or (steps and is_periodic(self._rows[0].tokens)):
            return []
        return steps

    def _ending(self, tokens: list[int]) -> tuple[int, ...]:
        """The last `MERGE_TOKENS` text tokens, with the end token for each timestamp between or after them.

        Whether a segment has ended decides how the text continues; at which time it ended does not.
        """
        n_text = 0
        for place in range(len(tokens) - 1, -1, -1):
            n_text += tokens[place] < self._eot
            if n_text == MERGE_TOKENS:
                return tuple(min(token, self._eot) for token in tokens[place:])
        return tuple(tokens)

    def best(self) -> Hypothesis:
        n_missing = max(0, self._options.beam_size - len(self._ended))
        return max([*self._ended, *self._rows[:n_missing]], key=lambda row: _rank(row, self._options))


def _rank(hypothesis: Hypothesis, options: SearchOptions) -> float:
    length = len(hypothesis.tokens)
    if options.length_penalty is None:
        return hypothesis.score / max(length, 1)
    return float(hypothesis.score / ((5 + length) / 6) ** options.length_penalty)


def is_periodic(tokens: Sequence[int]) -> bool:
    """Whether the last `LOOP_TOKENS` tokens repeat with a period of at most `LOOP_PERIOD`."""
    tail = tokens[-LOOP_TOKENS:]
    if len(tail) < LOOP_TOKENS:
        return False
    return any(tail[period:] == tail[:-period] for period in range(1, LOOP_PERIOD + 1))
