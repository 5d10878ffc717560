"""Reference and hypothesis -> word errors, counted as the Whisper paper counts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ovsubs.errors import MissingExtra


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Word counts of an alignment. Adds up over recordings: `sum` them, then ask for `wer`."""

    n_words: int
    substituted: int
    deleted: int
    inserted: int

    @property
    def wer(self) -> float:
        """Word error rate: errors per reference word (0 is perfect, it may exceed 1)."""
        errors = self.substituted + self.deleted + self.inserted
        return errors / self.n_words if self.n_words else float(errors > 0)

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.n_words + other.n_words,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


def count_word_errors(reference: str, hypothesis: str) -> WordErrors:
    """Align two English texts after Whisper's normalizer (arXiv:2212.04356, appendix C).

    Raises:
        MissingExtra: jiwer or whisper-normalizer is not installed.
    """
    normalize = normalizer()
    expected, got = normalize(reference), normalize(hypothesis)
    if not expected:
        return WordErrors(0, 0, 0, len(got.split()))
    import jiwer

    measured = jiwer.process_words(expected, got or " ")
    return WordErrors(len(expected.split()), measured.substitutions, measured.deletions, measured.insertions)


def total(errors: Iterable[WordErrors]) -> WordErrors:
    """All recordings as one."""
    return sum(errors, WordErrors(0, 0, 0, 0))


def start_distances(starts: Sequence[float], reference: Sequence[float]) -> list[float]:
    """How far each start lies from the nearest reference start, in seconds. No starts, no distances."""
    return [min(abs(start - other) for other in reference) for start in starts]


def median(values: Sequence[float]) -> float:
    """The middle value; of an even number the mean of the middle two."""
    import statistics

    return statistics.median(values)


@lru_cache
def normalizer() -> Any:
    try:
        import jiwer  # noqa: F401
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        raise MissingExtra("counting word errors", "benchmark", error.name) from error
    return EnglishTextNormalizer()
