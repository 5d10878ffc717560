"""A window decoded with much audio before its speech, and again with little -> the text to keep.

Speech that follows another sound (music, applause) is recognized best with a second or two of that sound
before it. In a few windows in a hundred, though, Whisper skips the first words, as if they belonged to the
sound. The text of such a window has a low log-probability, and a second pass with little audio before the
speech has the missing words before the same others.

The VAD may also have taken the sound itself, such as a crowd's, for speech: then that speech has no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.windows import AudioWindow
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.fallback import is_doubtful
from ovsubs.recognition.text_overlap import DISTINCTIVE_LETTERS, letters_of
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_LEAD_IN_S = 1.0  # audio before the first speech of a window that a second pass leaves out
SHORT_LEAD_IN_S = 0.2  # audio before the first speech in a second pass
CONFIDENT_LOGPROB = -0.4  # a window whose mean log-probability is at least this gets no second pass
MIN_NEW_LETTERS = 2  # before the words that both texts have: a word
MIN_LENGTH_RATIO = 0.6  # of the first text's letters: a shorter second text has lost something
MIN_SOUND_S = 3.0  # speech this long without text, before speech with text, is another sound
TIME_TOLERANCE_S = 0.05


@dataclass(frozen=True, slots=True)
class FirstPass:
    """Result of the pass with much audio before the speech; `language_vote` is the window's own."""

    decoded: DecodedWindow
    window: AudioWindow
    language: str
    language_vote: LanguageVote | None


def needs_second_pass(decoded: DecodedWindow, window: AudioWindow) -> bool:
    """Whether a window begins well before its speech, and its text may lack the first words."""
    has_lead_in = bool(window.speech) and window.speech[0].start - window.window.start >= MIN_LEAD_IN_S
    return has_lead_in and decoded.avg_logprob < CONFIDENT_LOGPROB


@dataclass(frozen=True, slots=True)
class SpeechAfterSound:
    """Speech after a sound that the VAD took for speech; `segments` were decoded together with the sound."""

    speech: tuple[SpeechRegion, ...]
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """The text of all segments."""
        return "".join(segment.text for segment in self.segments)


def find_speech_after_sound(
    speech: Sequence[SpeechRegion], segments: Sequence[Segment]
) -> SpeechAfterSound | None:
    """The speech of a window after the last sound in it that the VAD took for speech; None if there is none.

    Args:
        speech: regions of the window, in order.
        segments: of the window, after the speech without text has been decoded again.
    """
    sounds = [span for span in uncovered(speech, segments) if span.end - span.start >= MIN_SOUND_S]
    for sound in reversed(sounds):
        begin = sound.end - TIME_TOLERANCE_S
        following = tuple(segment for segment in segments if segment.start >= begin)
        left = [replace(one, start=max(one.start, sound.end)) for one in speech if one.end > sound.end]
        if following and left:
            return SpeechAfterSound(tuple(left), following)
    return None


def is_second_better(
    second: DecodedWindow, first_text: str, first_logprob: float, tokenizer: WhisperTokenizer
) -> bool:
    """Whether to keep the second pass: it has more words at the beginning, or a higher log-probability.

    It is not kept if it lacks words that the first pass has at the beginning, or is much shorter.

    Args:
        second: the window, decoded with little audio before its speech.
        first_text: text of the same speech in the first pass.
        first_logprob: mean log-probability of its tokens.
        tokenizer: of the checkpoint.
    """
    letters, first_letters = letters_of(tokenizer.decode(second.tokens)), letters_of(first_text)
    if is_doubtful(second) or not letters or len(letters) < MIN_LENGTH_RATIO * len(first_letters):
        return False
    if _has_words_before(first_letters, letters):
        return False
    return _has_words_before(letters, first_letters) or second.avg_logprob > first_logprob


def _has_words_before(text: str, other: str) -> bool:
    """Whether a text has the beginning of another one, after words that the other does not have."""
    if len(other) < DISTINCTIVE_LETTERS:  # so few letters may be there by chance, but not at the end
        return bool(other) and text.endswith(other) and len(text) >= len(other) + MIN_NEW_LETTERS
    return text.find(other[:DISTINCTIVE_LETTERS], MIN_NEW_LETTERS) > 0
