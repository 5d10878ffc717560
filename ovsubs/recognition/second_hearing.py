"""A window heard with much sound before its speech, and again with little -> the text to keep.

Speech after another sound is best heard with a second or two of that sound before it, but for a few windows
in a hundred: there Whisper passes over the first words, as if they belonged to the sound. Such a text is one
that it does not believe much, and without the sound the words are there, before the same others.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovsubs.audio.windows import AudioWindow
from ovsubs.recognition.fallback import is_doubtful
from ovsubs.recognition.text_overlap import letters_of
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_LEAD_S = 1.0  # before the first speech of a window: as much comes from before a pause, or another sound
SHORT_LEAD_S = 0.2
SURE_LOGPROB = -0.4  # a window that is believed as much is heard once
N_ALIKE = 12  # letters in the same order: three words are not there by chance
MIN_MORE = 2  # letters before them: a word
MIN_LENGTH = 0.6  # of the first text's letters: a shorter one has lost something


@dataclass(frozen=True, slots=True)
class FirstHearing:
    """Result of the first hearing, with much sound before the speech; `language_vote` is the window's own."""

    decoded: DecodedWindow
    window: AudioWindow
    language: str
    language_vote: LanguageVote | None


def is_worth_another(decoded: DecodedWindow, window: AudioWindow) -> bool:
    """Whether a window begins well before its speech, and its text may not be all of it."""
    begins_before = bool(window.speech) and window.speech[0].start - window.window.start >= MIN_LEAD_S
    return begins_before and decoded.avg_logprob < SURE_LOGPROB


def is_preferred(near: DecodedWindow, first: DecodedWindow, tokenizer: WhisperTokenizer) -> bool:
    """Whether to keep the second hearing: it has words before those of the first, or is believed more.

    It is not kept if it lacks words that the first has before the same others, or is much shorter.
    """
    heard, heard_first = letters_of(tokenizer.decode(near.tokens)), letters_of(tokenizer.decode(first.tokens))
    if is_doubtful(near) or not heard or len(heard) < MIN_LENGTH * len(heard_first):
        return False
    if _begins_within(heard, heard_first):
        return False
    return _begins_within(heard_first, heard) or near.avg_logprob > first.avg_logprob


def _begins_within(text: str, other: str) -> bool:
    """Whether a text begins as another one goes on after its first words."""
    if len(text) < N_ALIKE:  # so few letters may be anywhere
        return bool(text) and other.endswith(text) and len(other) >= len(text) + MIN_MORE
    return other.find(text[:N_ALIKE], MIN_MORE) > 0
