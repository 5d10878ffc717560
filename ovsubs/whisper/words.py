"""Tokens of a segment and when each was spoken -> its words with their times.

Words end at spaces; in languages that write none, at each character or at as many as one token stands for.
What is written as one (a letter with its vowel signs) is never parted.
Marks stay with the word that they are written at, and are not heard: a word begins with its first letter and
ends with its last one. All words of a segment together are its text. openai/whisper (timing.py) cuts at
marks as well, and so makes " 3" and ".5" of 3.5.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.subtitles.clusters import clusters
from ovsubs.transcript import Word
from ovsubs.whisper.tokenizer import WhisperTokenizer

WITHOUT_SPACES = ("zh", "ja", "th", "lo", "my", "yue")  # openai/whisper, tokenizer.py
_FIRST_WITHOUT_SPACES = "\u0e00"  # Thai: the first of the scripts without spaces
MAX_PAUSE_IN_WORD_S = 1.0  # from one stretch of speech to another: more than a pause within a word
MIN_SPEECH_UNDER_WORD_S = 0.1  # of a stretch under a word: less is the inexactness of its end
LONGEST_WORD_S = 1.5  # nobody takes so long for a word
# One that lasts this long among the first words of a segment lies over voices that were passed over, and so
# do those before it.
SPREAD_WORD_S, N_SPREAD = 3.0, 6
# A first word that lasts so long, twice what it takes, with such a pause after it and no mark, stands where
# something else was said.
LONG_ALONE_S, PAUSE_ALONE_S = 0.6, 0.5
S_PER_CHARACTER, SHORTEST_WORD_S, SPOKEN_WORD_S = 0.08, 0.12, 0.6  # how long one takes that is brought closer
_BROKEN = "\ufffd"  # what part of a character decodes to


@dataclass(frozen=True, slots=True)
class _Piece:
    """Tokens `[first, end)` and their text."""

    first: int
    end: int
    text: str

    @property
    def is_heard(self) -> bool:
        """Whether there is more in it than marks, signs and spaces."""
        return any(unicodedata.category(character)[0] not in "PZCS" for character in self.text)


def words_of(
    tokens: Sequence[int],
    starts: Sequence[float],
    logprobs: Sequence[float],
    tokenizer: WhisperTokenizer,
    language: str,
) -> list[Word]:
    """The words of a segment; their texts, joined, are its text.

    Args:
        tokens: of text alone.
        starts: of each, and of what follows the last one; seconds.
        logprobs: of each, natural logarithms.
        tokenizer: of the checkpoint.
        language: code; decides whether words end at spaces.
    """
    words = _grouped(list(_characters(tokens, tokenizer)), spaces=language not in WITHOUT_SPACES)
    return [_word(pieces, starts, logprobs) for pieces in words]


def keep_to_speech(words: Sequence[Word], speech: Sequence[SpeechRegion]) -> list[Word]:
    """Take out of each word's time the silence that it lies over.

    The path of the alignment has no gaps: what is silent belongs to the word before it or after it. Of the
    stretches of speech that a word lies over it keeps the longest, the first word of all the last one: the
    path begins with the window, whenever somebody begins to speak. One that lies over none stays as it is:
    the detector does not hear everything.

    Args:
        words: in order.
        speech: regions in order, in the same time.
    """
    return [_kept_to_speech(word, speech, is_first=place == 0) for place, word in enumerate(words)]


def _kept_to_speech(word: Word, speech: Sequence[SpeechRegion], *, is_first: bool) -> Word:
    parts = [(max(region.start, word.start), min(region.end, word.end)) for region in speech]
    longest = max(parts, key=lambda part: part[1] - part[0], default=(word.start, word.end))
    start, end = longest
    if is_first:
        later = [
            part
            for part in parts
            if part[0] > longest[1] + MAX_PAUSE_IN_WORD_S and part[1] - part[0] >= MIN_SPEECH_UNDER_WORD_S
        ]
        start, end = later[-1] if later else longest
    return replace(word, start=start, end=end) if end > start else word


def close_up(words: Sequence[Word], opens: float = 0.0) -> list[Word]:
    """Bring the first words of a segment that last impossibly long to the words that follow them.

    The alignment has to begin somewhere: over music, voices or words that were passed over it spreads the
    first words. What follows them is where it should be.

    Args:
        words: of one segment, in order.
        opens: when the segment begins; a first word that lasts long does not begin before that.
    """
    n_spread = _n_spread(words, opens)
    if n_spread == len(words):
        return list(words)
    if not n_spread and words[0].start < opens < words[0].end and _lasts_long(words[0]):
        return [replace(words[0], start=opens), *words[1:]]
    return bring_to_next(words, n_spread)


def bring_to_next(words: Sequence[Word], n_first: int) -> list[Word]:
    """Words of which the first `n_first` stand right before the next one; none begins earlier than it did."""
    moved, end = list(words), words[n_first].start
    for place in range(n_first - 1, -1, -1):
        word = words[place]
        moved[place] = replace(word, start=max(word.start, end - _usual_s(word)), end=end)
        end = moved[place].start
    return moved


def _n_spread(words: Sequence[Word], opens: float) -> int:
    """How many of the first words are spread over something else."""
    lengths = [word.end - word.start for word in words]
    least = max(
        (n for n in range(1, N_SPREAD + 1) if n < len(words) and lengths[n - 1] > SPREAD_WORD_S), default=0
    )
    n_spread = next((n for n in range(least, len(words)) if lengths[n] <= LONGEST_WORD_S), len(words))
    if n_spread == 0 and len(words) > 1 and _stands_alone(words[0], words[1], opens):
        return 1
    return n_spread


def _stands_alone(first: Word, second: Word, opens: float) -> bool:
    """Whether a word lasts long, or ends before its segment begins, far from the next one it goes with."""
    is_far = second.start - first.end >= PAUSE_ALONE_S and not _ends_with_mark(first)
    return is_far and (_lasts_long(first) or first.end < opens)


def _lasts_long(word: Word) -> bool:
    return word.end - word.start >= max(LONG_ALONE_S, 2 * _usual_s(word))


def _ends_with_mark(word: Word) -> bool:
    return any(unicodedata.category(last)[0] in "PS" for last in word.word.strip()[-1:])


def _usual_s(word: Word) -> float:
    return min(max(S_PER_CHARACTER * len(word.word.strip()), SHORTEST_WORD_S), SPOKEN_WORD_S)


def _characters(tokens: Sequence[int], tokenizer: WhisperTokenizer) -> Iterator[_Piece]:
    """The fewest tokens that make whole characters."""
    first = 0
    for end in range(1, len(tokens) + 1):
        text = tokenizer.decode(tokens[first:end])
        if _BROKEN not in text or end == len(tokens):
            yield _Piece(first, end, text)
            first = end


def _grouped(pieces: Sequence[_Piece], *, spaces: bool) -> list[list[_Piece]]:
    """The pieces of each word. Marks that stand alone go with the word after them, the last ones before."""
    words = list[list[_Piece]]()
    for piece in pieces:
        begins = piece.text.startswith(" ") if spaces else _begins(words[-1][-1] if words else None, piece)
        if words and (not begins or not any(one.is_heard for one in words[-1])):
            words[-1].append(piece)
        else:
            words.append([piece])
    if len(words) > 1 and not any(one.is_heard for one in words[-1]):
        last = words.pop()
        words[-1] += last
    return words


def _begins(before: _Piece | None, piece: _Piece) -> bool:
    """Whether a word begins here where no spaces are written: not at closing marks, nor in a foreign name."""
    bare = piece.text.strip()
    if before is None or not bare or piece.text.startswith(" "):
        return True
    if len(list(clusters(before.text[-1:] + bare[0]))) == 1:
        return False
    if not piece.is_heard:
        return unicodedata.category(bare[0]) in ("Ps", "Pi")
    last = before.text[-1:]
    return not (last.isalnum() and last < _FIRST_WITHOUT_SPACES and bare[0] < _FIRST_WITHOUT_SPACES)


def _word(pieces: Sequence[_Piece], starts: Sequence[float], logprobs: Sequence[float]) -> Word:
    heard = [piece for piece in pieces if piece.is_heard] or pieces
    start = starts[heard[0].first]
    thought = logprobs[pieces[0].first : pieces[-1].end]
    return Word(
        word="".join(piece.text for piece in pieces),
        start=start,
        end=max(start, starts[heard[-1].end]),
        probability=math.exp(sum(thought) / len(thought)),
    )
