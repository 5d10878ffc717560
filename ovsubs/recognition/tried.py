"""The attempts at one window -> the one to keep, and what the others tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from ovsubs.recognition.fallback import Verdict, is_made_up
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer


@dataclass(frozen=True, slots=True)
class Tried:
    """Result of one attempt at a window, and its language; `language_vote` where the window has voted."""

    decoded: DecodedWindow
    verdict: Verdict
    language: str
    language_vote: LanguageVote | None

    def is_better_than(self, earlier: Tried) -> bool:
        """Whether this attempt is kept instead of an earlier one."""
        if self.verdict in (Verdict.GOOD, Verdict.SILENT):
            return True
        if self.decoded.finished != earlier.decoded.finished:
            return self.decoded.finished
        return self.decoded.avg_logprob >= earlier.decoded.avg_logprob


class TriedAttempts:
    """All attempts at a window, in order."""

    def __init__(self) -> None:
        self.best: Tried | None = None
        self._all = list[Tried]()

    def add(self, tried: Tried) -> Tried:
        """Take in an attempt; returns the best one so far."""
        self.add_witness(tried)
        if self.best is None or tried.is_better_than(self.best):
            self.best = tried
        return self.best

    def add_witness(self, tried: Tried) -> None:
        """Take in an attempt that is not to be kept: it only tells of others."""
        self._all.append(tried)

    @property
    def has_looped(self) -> bool:
        """Whether any of them repeated itself without end."""
        return any(one.verdict is Verdict.LOOP for one in self._all)

    def others(self, kept: Tried) -> tuple[DecodedWindow, ...]:
        """Those in the same language that did not loop: loops tell nothing of other texts."""
        same = [one for one in self._all if one.verdict is not Verdict.LOOP and one.language == kept.language]
        return tuple(one.decoded for one in same if one.decoded is not kept.decoded)

    def is_made_up(self, kept: Tried, tokenizer: WhisperTokenizer) -> bool:
        """Whether a text was sampled, and no other attempt in its language has heard much of it."""
        same = [one for one in self._all if one.language == kept.language]
        loops = [one.decoded for one in same if one.verdict is Verdict.LOOP]
        return is_made_up(kept.decoded, self.others(kept), loops, tokenizer)
