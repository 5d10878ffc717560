"""Word errors of utterances -> how far a word error rate may be off by chance (bootstrap, Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.datasets import SpokenFile
from ovsubs.evaluation.alignment import EQUAL, INSERT, SUBSTITUTE, align_words
from ovsubs.evaluation.word_errors import ENGLISH, WordErrors, normalizer

LEVEL = 0.95  # of the resamples lie between the bounds
N_RESAMPLES = 1000  # of a bootstrap; bounds are then sure to about a tenth of the interval
SEED = 0  # the same errors give the same bounds
_SUBSTITUTED, _DELETED, _INSERTED = range(3)  # columns of counted errors


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds within which a rate, or a difference of rates, lies in 95 % of the resamples."""

    low: float
    high: float


def errors_by_utterance(
    utterances: Sequence[str], hypothesis: str, language: str = ENGLISH
) -> tuple[WordErrors, ...]:
    """Count the word errors of a recording for each of its utterances.

    The recording is aligned once, as a whole; each error belongs to the utterance in which it falls, inserted
    words to that of the next reference word. The counts add up to those of
    `count_word_errors(" ".join(utterances), hypothesis)`.

    Args:
        utterances: what was said, in order; at least one.
        hypothesis: what was recognized of all of them.
        language: decides how texts are normalized.

    Raises:
        ValueError: there is no utterance.
        MissingExtra: jiwer or whisper-normalizer is not installed.
    """
    if not utterances:
        raise ValueError("errors cannot belong to an utterance: there is none")
    normalize = normalizer(language)
    expected, got = normalize(" ".join(utterances)).split(), normalize(hypothesis).split()
    owner = _owners([normalize(utterance).split() for utterance in utterances], expected)  # [n_words]
    counts = np.zeros((len(utterances), 3), np.int64)  # [n_utterances, kinds of error]
    for piece in align_words(expected, got):
        if piece.kind == INSERT:
            position = min(piece.said.start, len(owner) - 1)
            counts[owner[position] if len(owner) else 0, _INSERTED] += len(piece.heard)
        elif piece.kind != EQUAL:
            kind = _SUBSTITUTED if piece.kind == SUBSTITUTE else _DELETED
            np.add.at(counts[:, kind], owner[piece.said.start : piece.said.stop], 1)
    n_words = np.bincount(owner, minlength=len(utterances))
    return tuple(
        WordErrors(int(n), *(int(count) for count in row)) for n, row in zip(n_words, counts, strict=True)
    )


def errors_of_files(
    files: Sequence[SpokenFile], hypotheses: Sequence[str], language: str = ENGLISH
) -> tuple[WordErrors, ...]:
    """Count the word errors of several recordings, for each utterance of each of them in order.

    Args:
        files: with what is said in them; errors as of `errors_by_utterance`.
        hypotheses: what was recognized of each file.
        language: decides how texts are normalized.
    """
    pairs = zip(files, hypotheses, strict=True)
    return tuple(one for file, text in pairs for one in errors_by_utterance(file.utterances, text, language))


def wer_interval(errors: Sequence[WordErrors]) -> Interval:
    """Where the word error rate lies in 95 % of the resamples of the utterances.

    Args:
        errors: of each utterance; at least one.
    """
    words, wrong = _columns(errors)
    return _bounds(_resampled_wer(words, wrong))


def wer_difference_interval(errors: Sequence[WordErrors], others: Sequence[WordErrors]) -> Interval:
    """Where the first word error rate less the second lies in 95 % of the resamples, drawn alike for both.

    Utterances that are hard for both do not count, so it is narrower than what two intervals tell.

    Args:
        errors: of each utterance, of one engine; at least one.
        others: of the same utterances in the same order, of the other engine.

    Raises:
        ValueError: these are not the same utterances.
    """
    words, wrong = _columns(errors)
    other_words, other_wrong = _columns(others)
    if not np.array_equal(words, other_words):
        raise ValueError(f"{len(words)} and {len(other_words)} utterances cannot be compared: other words")
    return _bounds(_resampled_wer(words, wrong) - _resampled_wer(words, other_wrong))


def _owners(utterances: Sequence[Sequence[str]], expected: Sequence[str]) -> NDArray[np.int64]:
    """For each word of the normalized recording the utterance that it stands in.

    Numbers that meet at a boundary are normalized into one word; the words then differ from those of the
    utterances alone, and belong where an alignment puts them.
    """
    words = [word for utterance in utterances for word in utterance]
    owner = np.repeat(np.arange(len(utterances)), [len(utterance) for utterance in utterances])
    if words == list(expected) or not words:
        return owner if words else np.zeros(len(expected), np.int64)
    found = np.zeros(len(expected), np.int64)
    for piece in align_words(words, expected):
        step = 0 if piece.kind == INSERT else 1
        for n, position in enumerate(piece.heard):
            found[position] = owner[min(piece.said.start + step * n, len(owner) - 1)]
    return found


def _columns(errors: Sequence[WordErrors]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words and errors of each utterance.  # int64 [n_utterances] each"""
    words = np.array([one.n_words for one in errors], np.int64)
    return words, np.array([one.n_errors for one in errors], np.int64)


def _resampled_wer(words: NDArray[np.int64], wrong: NDArray[np.int64]) -> NDArray[np.float64]:
    """Word error rate of each resample: as many utterances, drawn with repetition.  # [N_RESAMPLES]"""
    drawn = np.random.default_rng(SEED).integers(len(words), size=(N_RESAMPLES, len(words)))
    n_words, n_wrong = words[drawn].sum(axis=1), wrong[drawn].sum(axis=1)
    rates: NDArray[np.float64] = np.where(n_words > 0, n_wrong / np.maximum(n_words, 1), n_wrong > 0)
    return rates


def _bounds(rates: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(rates, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(float(low), float(high))
