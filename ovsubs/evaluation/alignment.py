"""Words that were said and words that were heard -> which of them are the same (jiwer's alignment)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ovsubs.errors import MissingExtra

EQUAL, SUBSTITUTE, DELETE, INSERT = "equal", "substitute", "delete", "insert"


@dataclass(frozen=True, slots=True)
class AlignedWords:
    """Neighbouring words of one `kind`: `EQUAL`, or an error.

    `said` and `heard` are their places in the two texts; one of them is empty for `DELETE` and `INSERT`.
    """

    kind: str
    said: range
    heard: range

    @property
    def n_errors(self) -> int:
        """How many words are wrong."""
        return 0 if self.kind == EQUAL else max(len(self.said), len(self.heard))


def align_words(said: Sequence[str], heard: Sequence[str]) -> list[AlignedWords]:
    """Align two texts with as few errors as possible, in order; empty texts have no words to align.

    Args:
        said: words without spaces in them.
        heard: the same of the other text.

    Raises:
        MissingExtra: jiwer is not installed.
    """
    if not said:
        return [AlignedWords(INSERT, range(0), range(len(heard)))] if heard else []
    measured = load_jiwer().process_words(" ".join(said), " ".join(heard) or " ")
    return [
        AlignedWords(
            piece.type,
            range(piece.ref_start_idx, piece.ref_end_idx),
            range(piece.hyp_start_idx, piece.hyp_end_idx),
        )
        for piece in measured.alignments[0]
    ]


def load_jiwer() -> Any:
    """The package jiwer.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import jiwer
    except ImportError as error:
        raise MissingExtra("counting word errors", "benchmark", str(error.name)) from error
    return jiwer
