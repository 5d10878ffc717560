"""Words that were heard in a spliced file -> those lost, invented and misplaced where its speech begins."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import jiwer
from peer_engines.hear_words import TimedWord
from peer_engines.spliced import SplicedFile, SpokenPart

N_FIRST = 6  # words of a part that count as its beginning
TOLERANCE_S = 0.5  # a word this far outside of the speech stands in no speech
LEAST_HEARD = 0.6  # of the letters that were said: "le rugissement", heard as "justement", is not lost
_EXTRA = "|"  # a word that no reference has, so that an empty text can be aligned


@dataclass(frozen=True, slots=True)
class OnsetErrors:
    """`lost`: first words of a part that are not in the text, and are not misheard as other words.
    `invented`: words that nobody said, in or next to the sound before it. `misplaced`: words that somebody
    said, but shown where nobody speaks. `n_errors` and `n_words`: word errors of the whole file.
    """

    lost: int = 0
    invented: int = 0
    misplaced: int = 0
    n_errors: int = 0
    n_words: int = 0

    def __add__(self, other: "OnsetErrors") -> "OnsetErrors":
        return OnsetErrors(
            self.lost + other.lost,
            self.invented + other.invented,
            self.misplaced + other.misplaced,
            self.n_errors + other.n_errors,
            self.n_words + other.n_words,
        )

    def beyond(self, control: "OnsetErrors") -> "OnsetErrors":
        """Without the words that are lost with silence in the place of the sound, too."""
        return OnsetErrors(
            max(0, self.lost - control.lost),
            max(0, self.invented - control.invented),
            self.misplaced,
            self.n_errors,
            self.n_words,
        )


def count_onset_errors(file: SplicedFile, heard: Sequence[TimedWord]) -> OnsetErrors:
    """Align the words heard with those said, and look at the beginnings of the parts."""
    said = [(word, number, place) for number, part in enumerate(file.parts) for place, word in _words(part)]
    named = [(bare, start, end) for word, start, end in heard for bare in bare_words(word)]
    aligned = jiwer.process_words(
        " ".join(word for word, _, _ in said), " ".join([*(word for word, _, _ in named), _EXTRA])
    )
    counts = OnsetErrors(n_words=len(said), n_errors=-1)  # `_EXTRA` is an error
    misheard = _misheard(aligned.alignments[0], said, named)
    for piece in aligned.alignments[0]:
        references = range(piece.ref_start_idx, piece.ref_end_idx)
        words = [named[place] for place in range(piece.hyp_start_idx, min(piece.hyp_end_idx, len(named)))]
        wrong = max(len(references), piece.hyp_end_idx - piece.hyp_start_idx) if piece.type != "equal" else 0
        lost = sum(said[place][2] < N_FIRST and place not in misheard for place in references)
        outside = [word for word in words if _is_outside(word, file.parts)]
        if piece.type == "insert":
            following = said[piece.ref_start_idx][2] if piece.ref_start_idx < len(said) else 1
            invented = len(words) if following == 0 else len(outside)
            counts += OnsetErrors(0, invented, 0, wrong)
        else:
            counts += OnsetErrors(lost if piece.type == "delete" else 0, 0, len(outside), wrong)
    return counts


def _misheard(
    pieces: Sequence[jiwer.AlignmentChunk], said: Sequence[tuple[str, int, int]], heard: Sequence[TimedWord]
) -> frozenset[int]:
    """Places of words said that are heard as others: most of their letters have a text.

    `said` are words with the number of their part and their place in it.
    """
    found = set[int]()
    for is_right, run in groupby(pieces, lambda piece: piece.type == "equal"):
        wrong = list(run)
        first, last = wrong[0], wrong[-1]
        of_run = said[first.ref_start_idx : last.ref_end_idx]
        is_of_one_part = len({part for _, part, _ in of_run}) == 1
        n_said = sum(len(word) for word, _, _ in of_run)
        n_heard = sum(len(word) for word, _, _ in heard[first.hyp_start_idx : last.hyp_end_idx])
        if not is_right and is_of_one_part and n_heard >= LEAST_HEARD * n_said:
            found.update(range(first.ref_start_idx, last.ref_end_idx))
    return frozenset(found)


def bare_words(text: str) -> list[str]:
    """Words in small letters, without marks; numbers and letters stay."""
    kept = [
        character if unicodedata.category(character)[0] in "LNM" else " "
        for character in unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    ]
    return "".join(kept).split()


def _words(part: SpokenPart) -> Iterator[tuple[int, str]]:
    return enumerate(bare_words(part.text))


def _is_outside(word: tuple[str, float, float], parts: Sequence[SpokenPart]) -> bool:
    _, start, end = word
    return not any(start >= part.start - TOLERANCE_S and end <= part.end + 2 * TOLERANCE_S for part in parts)
