"""Encoded windows -> decoded windows: batched search under Whisper's logit filters."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import BrokenModel
from ovsubs.timing import Stopwatch
from ovsubs.whisper.alignment import token_starts
from ovsubs.whisper.backend import Session
from ovsubs.whisper.logit_filters import LogitFilters, TokenCandidates, softmax
from ovsubs.whisper.search import BeamStep, Hypothesis, SearchOptions, TokenDecoder, make_search
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


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """How one window is to be decoded.

    `prompt` are its opening tokens. `seed` is that of its samples, at a temperature above 0. `max_tokens`: a
    longer text is stopped, and has no end. `min_end_s`: a text that has begun does not end before one of its
    timestamps is at least this, in seconds from the start of the window. `align_s`: the length of the window
    in seconds; if given, the result has the time at which each token was spoken.
    """

    prompt: tuple[int, ...]
    search: SearchOptions = field(default_factory=SearchOptions)
    seed: int = 0
    max_tokens: int = MAX_DECODER_POSITIONS
    min_end_s: float = 0.0
    align_s: float | None = None


def decode(
    session: Session,
    requests: Sequence[WindowRequest],
    filters: LogitFilters,
    special: SpecialTokens,
    clock: Stopwatch | None = None,
) -> list[DecodedWindow]:
    """Decode all windows of a session; those that are done leave the batch.

    Args:
        session: encoded windows, nothing decoded yet.
        requests: one for each window. Prompts are of the same length, languages may differ. All of them are
            decoded at temperature 0, with the same number of candidates, or all above it.
        filters: what may be said next.
        special: ids of the same checkpoint.
        clock: counts the stages "prefill", "steps", "logit filters" and "alignment".

    Returns:
        One result per window, in the session's order. An empty session gives an empty list.

    Raises:
        BrokenModel: it computes no numbers.
        ValueError: the requests cannot be decoded together.
    """
    if not requests:
        return []
    batch = _Batch(session, requests, filters, special, clock or Stopwatch())
    logits = batch.prefill()
    for n_tokens in range(1, MAX_DECODER_POSITIONS - len(requests[0].prompt) + 1):
        steps = batch.choose(logits, n_tokens)
        batch.align(steps)
        following = batch.advance(steps)
        if following is None:
            break
        logits = following
    return batch.results()


@dataclass(slots=True)
class _DecodingWindow:
    """A window while it is decoded, with the alignment queries of all its rows, step by step."""

    request: WindowRequest
    search: TokenDecoder
    random: np.random.Generator
    min_end_token: int
    no_speech_prob: float = 0.0
    queries: list[NDArray[np.float32]] = field(default_factory=list)
    starts: tuple[float, ...] = ()

    @property
    def n_rows(self) -> int:
        return len(self.search.histories)

    def result(self) -> DecodedWindow:
        best = self.search.best()
        return DecodedWindow(
            tokens=tuple(best.tokens),
            avg_logprob=best.avg_logprob,
            no_speech_prob=self.no_speech_prob,
            finished=best.finished,
            temperature=self.request.search.temperature,
            logprobs=tuple(best.logprobs[: len(best.tokens)]),
            starts=self.starts,
        )


@dataclass(frozen=True, slots=True)
class _WindowStep:
    """The rows of a window at one step, and the beams that go on from them; without beams it has ended."""

    rows: slice
    beams: list[BeamStep]


class _Batch:
    """The windows of a session; those still decoded stand in the order of the session's windows."""

    def __init__(
        self,
        session: Session,
        requests: Sequence[WindowRequest],
        filters: LogitFilters,
        special: SpecialTokens,
        clock: Stopwatch,
    ) -> None:
        common = requests[0].search
        if any((one.search.temperature > 0.0) != (common.temperature > 0.0) for one in requests):
            raise ValueError("windows at temperature 0 and above it are decoded apart")
        if any(one.search.n_candidates != common.n_candidates for one in requests):
            raise ValueError("windows with other numbers of candidates are decoded apart")
        self._session, self._filters, self._special, self._clock = session, filters, special, clock
        self._n_candidates, self._is_sampled = common.n_candidates, common.temperature > 0.0
        self._windows = [
            _DecodingWindow(
                one,
                make_search(one.search, special.eot),
                np.random.default_rng(one.seed),
                special.timestamp_begin + round(one.min_end_s / TIMESTAMP_STEP_S),
            )
            for one in requests
        ]
        self._active = self._windows

    def prefill(self) -> NDArray[np.float32]:
        """Feed the prompts; returns the logits behind them, float32 [windows, n_vocab]."""
        prompts = np.asarray([one.request.prompt for one in self._windows], dtype=np.int64)
        sot = prompts[0].tolist().index(self._special.sot)
        with self._clock.stage("prefill"):
            logits = self._session.step(prompts, logit_positions=(sot, prompts.shape[1] - 1))
            no_speech = softmax(logits[:, 0])[:, self._special.no_speech]
            _check_numbers(self._session, no_speech, logits[:, 0])
        self._clock.count_rows("prefill", len(self._windows))
        for window, probability in zip(self._windows, no_speech.tolist(), strict=True):
            window.no_speech_prob = probability
        return logits[:, -1]

    def choose(self, logits: NDArray[np.float32], n_tokens: int) -> list[_WindowStep]:
        """Choose the `n_tokens`-th token of each row, given its logits, float32 [rows, n_vocab]."""
        with self._clock.stage("logit filters"):
            candidates = self._candidates(logits)
            _check_numbers(self._session, candidates.logprobs)
            steps, first = list[_WindowStep](), 0
            for window in self._active:
                rows = slice(first, first + window.n_rows)
                beams = window.search.advance(candidates.rows(rows.start, rows.stop))
                steps.append(_WindowStep(rows, beams if n_tokens < window.request.max_tokens else []))
                first = rows.stop
        return steps

    def align(self, steps: Sequence[_WindowStep]) -> None:
        """Keep the queries of the windows that ask for times; of those that end find the times."""
        if all(window.request.align_s is None for window in self._active):
            return
        with self._clock.stage("alignment"):
            queries = self._session.queries.copy()
            for place, (window, step) in enumerate(zip(self._active, steps, strict=True)):
                if (length_s := window.request.align_s) is None:
                    continue
                window.queries.append(queries[step.rows])
                if not step.beams:
                    keys = self._session.keys(place, length_s)
                    window.starts = _starts(window.search.best(), window.queries, keys)
                    window.queries.clear()  # the steps of a batch of many beams are some megabytes

    def advance(self, steps: Sequence[_WindowStep]) -> NDArray[np.float32] | None:
        """Drop the windows that have ended, and feed the others their tokens.

        Returns:
            Logits float32 [rows, n_vocab]; None where no window is left.
        """
        with self._clock.stage("steps"):
            order = self._session.compact([bool(step.beams) for step in steps])
            self._active = [self._active[place] for place in order]
            if not order:
                return None
            kept = [steps[place] for place in order]
            beam_idx = [step.rows.start + beam.source for step in kept for beam in step.beams]
            tokens = [[beam.token] for step in kept for beam in step.beams]
            rows_per_window = [len(step.beams) for step in kept]
            logits = self._session.step(np.array(tokens), np.array(beam_idx, np.int32), rows_per_window)
        self._clock.count_rows("steps", len(tokens))
        return logits[:, -1]

    def results(self) -> list[DecodedWindow]:
        """The text to keep of each window, in the session's order."""
        return [window.result() for window in self._windows]

    def _candidates(self, logits: NDArray[np.float32]) -> TokenCandidates:
        histories = [history for window in self._active for history in window.search.histories]
        min_end_tokens = [window.min_end_token for window in self._active for _ in range(window.n_rows)]
        if not self._is_sampled:
            return self._filters.top_k(logits, histories, self._n_candidates, min_end_tokens)
        temperatures = [
            window.request.search.temperature for window in self._active for _ in range(window.n_rows)
        ]
        # A stream of numbers for each window: no window depends on its neighbours.
        draws = np.concatenate([window.random.random(window.n_rows) for window in self._active])
        return self._filters.sample(logits, histories, np.array(temperatures), draws, min_end_tokens)


def _starts(
    best: Hypothesis, trail: Sequence[NDArray[np.float32]], keys: NDArray[np.float32]
) -> tuple[float, ...]:
    """When each token of the text that is kept was spoken, and its end."""
    queries = [of_step[row] for of_step, row in zip(trail, best.rows, strict=False)]
    return tuple(token_starts(np.stack(queries), keys).tolist()) if queries else ()


def language_probabilities(session: Session, special: SpecialTokens) -> NDArray[np.float32]:
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
    session: Session, probabilities: NDArray[np.float32], logits: NDArray[np.float32] | None = None
) -> None:
    """Reject output of damaged weights. One NaN logit makes all probabilities of its row NaN.

    Raises:
        BrokenModel: a probability is NaN, or all tokens are equally likely.
    """
    if np.isnan(probabilities).any():
        why = (
            "it computes values that are no numbers: its weights are damaged, or too large for this precision"
        )
        raise BrokenModel(session.directory, why)
    if logits is not None and (logits.max(axis=-1) == logits.min(axis=-1)).any():
        why = "all of its tokens are equally likely: its weights are damaged"
        raise BrokenModel(session.directory, why)


def compression_ratio(text: str) -> float:
    """How much zlib shrinks the text; above 2.4 it repeats itself (openai/whisper, utils.py). Empty: 0."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
