"""The attempts at one window -> the one to keep, and what its agreement with the others tells about it."""

from __future__ import annotations

from dataclasses import dataclass

from ovsubs.recognition.fallback import Verdict, is_made_up
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """Result of one attempt at a window; `language_vote` is None where the window has none of its own."""

    decoded: DecodedWindow
    verdict: Verdict
    language: str
    language_vote: LanguageVote | None

    def is_better_than(self, earlier: AttemptResult) -> bool:
        """Whether this attempt is kept instead of an earlier one."""
        if self.verdict in (Verdict.GOOD, Verdict.SILENT):
            return True
        if self.decoded.finished != earlier.decoded.finished:
            return self.decoded.finished
        return self.decoded.avg_logprob >= earlier.decoded.avg_logprob


class AttemptHistory:
    """All attempts at a window, in order."""

    def __init__(self) -> None:
        self.best: AttemptResult | None = None
        self._all = list[AttemptResult]()

    def add(self, result: AttemptResult) -> AttemptResult:
        """Add an attempt, and return the best one so far."""
        self.add_for_comparison(result)
        if self.best is None or result.is_better_than(self.best):
            self.best = result
        return self.best

    def add_for_comparison(self, result: AttemptResult) -> None:
        """Add an attempt that is not to be kept, but that the text of others is compared with."""
        self._all.append(result)

    @property
    def has_looped(self) -> bool:
        """Whether the text of any attempt repeated itself without end."""
        return any(one.verdict is Verdict.LOOP for one in self._all)

    def others(self, kept: AttemptResult) -> tuple[DecodedWindow, ...]:
        """The other attempts in the same language, without loops, which say nothing about other texts."""
        same = [one for one in self._all if one.verdict is not Verdict.LOOP and one.language == kept.language]
        return tuple(one.decoded for one in same if one.decoded is not kept.decoded)

    def is_made_up(self, kept: AttemptResult, tokenizer: WhisperTokenizer) -> bool:
        """Whether a text was sampled, and no other attempt in its language has much of it."""
        same = [one for one in self._all if one.language == kept.language]
        loops = [one.decoded for one in same if one.verdict is Verdict.LOOP]
        return is_made_up(kept.decoded, self.others(kept), loops, tokenizer)
