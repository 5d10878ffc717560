"""Reference and hypothesis -> word errors, counted as the Whisper paper counts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ovsubs.errors import MissingExtra
from ovsubs.evaluation.alignment import load_jiwer

ENGLISH = "en"
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})  # as in openai/whisper, tokenizer.py


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Word counts of an alignment. Adds up over recordings: `sum` them, then ask for `wer`."""

    n_words: int
    substituted: int
    deleted: int
    inserted: int

    @property
    def n_errors(self) -> int:
        """Errors of all three kinds."""
        return self.substituted + self.deleted + self.inserted

    @property
    def wer(self) -> float:
        """Word error rate: errors per reference word (0 is perfect, it may exceed 1)."""
        return self.n_errors / self.n_words if self.n_words else float(self.n_errors > 0)

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.n_words + other.n_words,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


@dataclass(frozen=True, slots=True)
class CharacterErrors:
    """Characters of a normalized reference, and how many edits away the hypothesis is. Adds up, too."""

    n_characters: int
    n_wrong: int

    @property
    def cer(self) -> float:
        """Character error rate: edits per reference character."""
        return self.n_wrong / self.n_characters if self.n_characters else float(self.n_wrong > 0)

    def __add__(self, other: CharacterErrors) -> CharacterErrors:
        return CharacterErrors(self.n_characters + other.n_characters, self.n_wrong + other.n_wrong)


def count_word_errors(reference: str, hypothesis: str, language: str = ENGLISH) -> WordErrors:
    """Align two texts after Whisper's normalizer for their language (arXiv:2212.04356, appendix C).

    Raises:
        MissingExtra: jiwer or whisper-normalizer is not installed.
    """
    normalize = normalizer(language)
    expected, got = normalize(reference), normalize(hypothesis)
    if not expected:
        return WordErrors(0, 0, 0, len(got.split()))
    measured = load_jiwer().process_words(expected, got or " ")
    return WordErrors(len(expected.split()), measured.substitutions, measured.deletions, measured.insertions)


def count_character_errors(reference: str, hypothesis: str, language: str = ENGLISH) -> CharacterErrors:
    """As `count_word_errors`, of characters, spaces included.

    Raises:
        MissingExtra: jiwer or whisper-normalizer is not installed.
    """
    normalize = normalizer(language)
    expected, got = normalize(reference).strip(), normalize(hypothesis).strip()
    if not expected:
        return CharacterErrors(0, len(got))
    measured = load_jiwer().process_characters(expected, got)
    wrong = measured.substitutions + measured.deletions + measured.insertions
    return CharacterErrors(len(expected), wrong)


def total(errors: Iterable[WordErrors]) -> WordErrors:
    """All recordings as one."""
    return sum(errors, WordErrors(0, 0, 0, 0))


def median(values: Sequence[float]) -> float:
    """The middle value; of an even number the mean of the middle two."""
    import statistics

    return statistics.median(values)


@lru_cache
def normalizer(language: str = ENGLISH) -> Any:
    """The function that evens out spelling before texts are compared.

    Languages written without spaces are split into characters.

    Raises:
        MissingExtra: jiwer or whisper-normalizer is not installed.
    """
    load_jiwer()
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        raise MissingExtra("counting word errors", "benchmark", str(error.name)) from error
    if language == ENGLISH:
        return EnglishTextNormalizer()
    return BasicTextNormalizer(split_letters=language in _WITHOUT_SPACES)


def normalizer_name(language: str) -> str:
    """What stands in results: figures of two normalizers do not compare."""
    if language == ENGLISH:
        return "EnglishTextNormalizer of openai/whisper"
    letters = ", by letters" if language in _WITHOUT_SPACES else ""
    return f"BasicTextNormalizer of openai/whisper{letters}"
