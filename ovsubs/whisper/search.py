"""Candidates for the next token -> the hypotheses of one window that go on: greedy, beams, samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ovsubs.bounds import check_above_zero, check_count, check_number
from ovsubs.whisper.logit_filters import TokenCandidates

MAX_HYPOTHESES = 1000  # of one window: more than any memory holds
MAX_PATIENCE = 100  # times the beams; openai/whisper's paper on it has 2 (arXiv:2204.05424)
LOOP_TOKENS = 60  # text that has been periodic for so long never ends by itself: some 15 s of speech
LOOP_PERIOD = 12  # tokens; the longest period that is looked for
PRUNE_LOGPROB = 1.1  # natural log: a hypothesis 3 times less likely than the best is dropped
MERGE_TOKENS = 6  # text tokens; docs/decisions/0007 and 0019 have what other values gave


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How a window is decoded; names and meaning are those of openai/whisper (decoding.py).

    At `temperature` 0 the likeliest text is looked for with `beam_size` hypotheses (1: greedy), until
    `beam_size * patience` have ended. Above 0, `best_of` texts are sampled. The best is the one of the
    highest score per token, or over Wu's ((5 + n) / 6) ^ `length_penalty` where that is given
    (arXiv:1609.08144).
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
        """How many next tokens each hypothesis is asked for: one more than beams, since one may end."""
        return 1 if self.temperature > 0.0 or self.beam_size == 1 else self.beam_size + 1


@dataclass(slots=True)
class Hypothesis:
    """Tokens since the prompt, without the end, and the sum of their scores (`TokenCandidates.scores`).

    `rows` are the rows of the window that predicted each token, and the end token if there is one;
    `logprobs` are their log-probabilities of it.
    """

    tokens: list[int] = field(default_factory=list)
    score: float = 0.0
    finished: bool = False
    rows: list[int] = field(default_factory=list, compare=False)
    logprobs: list[float] = field(default_factory=list, compare=False)

    @property
    def avg_logprob(self) -> float:
        """Mean natural-log probability of the tokens and the end."""
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
    """A hypothesis goes on from row `source` of its window with `token`."""

    source: int
    token: int


class TokenDecoder(Protocol):
    """The hypotheses of one window, in one row each. It begins with one row, empty."""

    @property
    def histories(self) -> Sequence[list[int]]:
        """The tokens of each row."""

    def advance(self, candidates: TokenCandidates) -> list[BeamStep]:
        """Take in each row's candidates; returns the rows that follow; an empty list ends the window."""

    def best(self) -> Hypothesis:
        """The text to keep."""


def make_search(options: SearchOptions, eot: int) -> TokenDecoder:
    """Create the token decoder of one window."""
    if options.temperature > 0.0:
        return _Samples(options, eot)
    return _Beams(options, eot)


class _Samples:
    """Texts drawn independently of each other; the likeliest is kept."""

    def __init__(self, options: SearchOptions, eot: int) -> None:
        self._options = options
        self._eot = eot
        self._rows = [Hypothesis()]
        self._ended = list[Hypothesis]()

    @property
    def histories(self) -> Sequence[list[int]]:
        return [row.tokens for row in self._rows]

    def advance(self, candidates: TokenCandidates) -> list[BeamStep]:
        # The first step draws one token, the same for all; they part from the second on.
        sources = [*range(len(self._rows))]
        if not self._rows[0].tokens:
            sources *= self._options.best_of
        before, moves = self._rows, list[BeamStep]()
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
            moves.append(BeamStep(source, token))
        return moves

    def best(self) -> Hypothesis:
        return max([*self._ended, *self._rows], key=lambda row: _rank(row, self._options))


class _Beams:
    """Beam search (openai/whisper, decoding.py, BeamSearchDecoder) that lets go of what cannot win.

    Greedy search is a single beam. Of several, those that fall `PRUNE_LOGPROB` behind the best are dropped
    (relative threshold pruning, arXiv:1702.01806), and of those that agree in their last `MERGE_TOKENS`
    text tokens, whatever the times, only the best goes on: they have the same future (path merging,
    arXiv:2012.06749). What is left is a few hypotheses where the text is doubtful, and one elsewhere.
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
        before, moves, endings = self._rows, list[BeamStep](), set[tuple[int, ...]]()
        scores = np.array([row.score for row in before])[:, None] + candidates.scores
        least = max((row.score for row in self._ended), default=-np.inf) - PRUNE_LOGPROB
        self._rows = []
        for place in np.argsort(-scores, axis=None, kind="stable").tolist():
            source, rank = divmod(place, candidates.ids.shape[1])
            token, score = int(candidates.ids[source, rank]), float(scores[source, rank])
            told = float(candidates.scores[source, rank]), float(candidates.logprobs[source, rank])
            if score < least or not np.isfinite(score):
                break
            least = max(least, score - PRUNE_LOGPROB)
            if token == self._eot:
                if len(self._ended) < self._n_wanted:
                    self._ended.append(before[source].extended(source, *told))
                if self._options.beam_size == 1:
                    break
                continue
            following = before[source].extended(source, *told, token)
            ending = self._ending(following.tokens)
            if ending in endings:
                continue
            endings.add(ending)
            self._rows.append(following)
            moves.append(BeamStep(source, token))
            if len(moves) == self._options.beam_size:
                break
        if not moves and not self._ended:  # nothing may follow
            self._rows = before
        if len(self._ended) >= self._n_wanted or (moves and is_periodic(self._rows[0].tokens)):
            return []
        return moves

    def _ending(self, tokens: list[int]) -> tuple[int, ...]:
        """The last `MERGE_TOKENS` text tokens, with a mark for each time between or after them.

        A segment that has closed and one that has not have different futures; when it closed is the same.
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
