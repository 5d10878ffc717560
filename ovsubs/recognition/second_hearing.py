"""A window heard with much sound before its speech, and again with little -> the text to keep.

Speech after another sound is best heard with a second or two of that sound before it, but for a few windows
in a hundred: there Whisper passes over the first words, as if they belonged to the sound. Such a text is one
that it does not believe much, and without the sound the words are there, before the same others.
"""

from __future__ import annotations

from dataclasses import dataclass

from ovsubs.audio.windows import AudioWindow
from ovsubs.recognition.attempts import is_doubtful
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokens import TokenReader

FAR_S = 1.0  # before the first speech of a window: as much comes from before a pause, or another sound
NEAR_S = 0.2
SURE_LOGPROB = -0.4  # a window that is believed as much is heard once
N_ALIKE = 12  # letters in the same order: three words are not there by chance
MIN_MORE = 2  # letters: a word


@dataclass(frozen=True, slots=True)
class FirstHearing:
    """What was heard with much before the speech, and as what; `spoken` is the window's own language."""

    decoded: DecodedWindow
    window: AudioWindow
    language: str
    spoken: LanguageVote | None


def is_worth_another(decoded: DecodedWindow, window: AudioWindow) -> bool:
    """Whether a window begins well before its speech, and its text may not be all of it."""
    return decoded.avg_logprob < SURE_LOGPROB and window.speech[0].start - window.window.start >= FAR_S


def hears_more(near: DecodedWindow, first: DecodedWindow, reader: TokenReader) -> bool:
    """Whether to keep the second hearing: it is believed more, or has words before those of the first."""
    if is_doubtful(near):
        return False
    if near.avg_logprob > first.avg_logprob:
        return True
    begin = _letters(reader.decode(first.tokens))[:N_ALIKE]
    return bool(begin) and _letters(reader.decode(near.tokens)).find(begin, MIN_MORE) > 0


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
