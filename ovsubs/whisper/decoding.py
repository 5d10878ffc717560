"""Encoded windows -> decoded windows: batched greedy search under Whisper's token rules."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ovsubs.whisper.model import DecoderSession
from ovsubs.whisper.rules import TokenRules, softmax
from ovsubs.whisper.tokens import SpecialTokens

LOOP_TOKENS = 60  # text that has been periodic for so long never ends by itself: some 15 s of speech
LOOP_PERIOD = 12  # tokens; the longest period that is looked for
MAX_POSITIONS = 448  # decoder positions, prompt included (arXiv:2212.04356; `max_target_positions`)


@dataclass(frozen=True, slots=True)
class DecodedWindow:
    """What the decoder said about one window.

    `tokens` are text and timestamp tokens without prompt and end. `avg_logprob` is the mean
    natural-log probability of the tokens and the end token; `no_speech_prob` (0 to 1) was read at
    the start-of-transcript token. `finished` is false where the positions ran out before the end, or the
    row was stopped because it repeated itself.
    """

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    finished: bool


@dataclass(slots=True)
class _Row:
    index: int
    tokens: list[int] = field(default_factory=list)
    sum_logprob: float = 0.0
    finished: bool = False

    def add(self, token: int, logprob: float, eot: int) -> None:
        self.sum_logprob += logprob
        self.finished = token == eot
        if not self.finished:
            self.tokens.append(token)

    @property
    def goes_on(self) -> bool:
        return not self.finished and not is_periodic(self.tokens)


def decode(
    session: DecoderSession, prompts: Sequence[Sequence[int]], rules: TokenRules, special: SpecialTokens
) -> list[DecodedWindow]:
    """Decode all windows of a session greedily; rows that finish leave the batch.

    Args:
        session: encoded windows, nothing decoded yet.
        prompts: for each window its opening tokens; all of the same length, languages may differ.
        rules: what may be said next.
        special: ids of the same checkpoint.

    Returns:
        One result per window, in the session's order. An empty session gives an empty list.
    """
    if not prompts:
        return []
    logits = session.step(np.asarray(prompts, dtype=np.int64))  # [rows, n_prompt, n_vocab]
    no_speech = softmax(logits[:, 0])[:, special.no_speech]
    rows = [_Row(index) for index in range(len(prompts))]
    active = rows
    for _ in range(MAX_POSITIONS - len(prompts[0])):
        following = rules.likeliest(logits[:, -1], [row.tokens for row in active])
        for row, token, logprob in zip(
            active, following.ids.tolist(), following.logprobs.tolist(), strict=True
        ):
            row.add(token, logprob, special.eot)
        order = session.keep([row.goes_on for row in active])
        active = [active[position] for position in order]
        if not active:
            break
        logits = session.step(np.array([[row.tokens[-1]] for row in active], dtype=np.int64))
    return [
        DecodedWindow(
            tokens=tuple(row.tokens),
            avg_logprob=row.sum_logprob / (len(row.tokens) + 1),
            no_speech_prob=float(no_speech[row.index]),
            finished=row.finished,
        )
        for row in rows
    ]


def is_periodic(tokens: Sequence[int]) -> bool:
    """Whether the last `LOOP_TOKENS` tokens repeat with a period of at most `LOOP_PERIOD`."""
    tail = tokens[-LOOP_TOKENS:]
    if len(tail) < LOOP_TOKENS:
        return False
    return any(tail[period:] == tail[:-period] for period in range(1, LOOP_PERIOD + 1))


def language_probabilities(session: DecoderSession, special: SpecialTokens) -> NDArray[np.float32]:
    """How likely each window is in each language: float32 [windows, languages], rows sum to 1.

    Languages stand in the order of `special.languages`. The session is at its start again afterwards.
    """
    sot = np.full((session.n_rows, 1), special.sot, dtype=np.int64)
    logits = session.step(sot)[:, 0]
    session.rewind()
    return softmax(logits[:, list(special.languages.values())])


def compression_ratio(text: str) -> float:
    """How much zlib shrinks the text; above 2.4 it repeats itself (openai/whisper, utils.py). Empty: 0."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 0.0
