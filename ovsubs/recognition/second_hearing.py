"""A window heard with much sound before its speech, and again with little -> the text to keep.

Speech after another sound is best heard with a second or two of that sound before it, but for a few windows
in a hundred: there Whisper passes over the first words, as if they belonged to the sound. Such a text is one
that it does not believe much, and without the sound the words are there, before the same others.

The detector may have taken the sound for speech, such as a crowd's: then it shows by having no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.windows import AudioWindow
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.fallback import is_doubtful
from ovsubs.recognition.text_overlap import THREE_WORDS, letters_of
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_LEAD_S = 1.0  # before the first speech of a window: as much comes from before a pause, or another sound
SHORT_LEAD_S = 0.2
SURE_LOGPROB = -0.4  # a window that is believed as much is heard once
MIN_MORE = 2  # letters before them: a word
MIN_LENGTH = 0.6  # of the first text's letters: a shorter one has lost something
MIN_SOUND_S = 3.0  # of speech without text, before speech with some: it is none
INEXACTNESS_S = 0.05  # of times


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


@dataclass(frozen=True, slots=True)
class BehindSound:
    """Speech behind a sound that the detector took for speech; `segments` were heard with the sound."""

    speech: tuple[SpeechRegion, ...]
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """What the segments say."""
        return "".join(segment.text for segment in self.segments)


def find_behind_sound(speech: Sequence[SpeechRegion], segments: Sequence[Segment]) -> BehindSound | None:
    """Speech of a window behind the last of its sounds that has no text.

    Args:
        speech: regions of the window, in order.
        segments: of the window, after all that was passed over in it has been decoded again.
    """
    sounds = [span for span in uncovered(speech, segments) if span.end - span.start >= MIN_SOUND_S]
    for sound in reversed(sounds):
        begin = sound.end - INEXACTNESS_S
        behind = tuple(segment for segment in segments if segment.start >= begin)
        left = [replace(one, start=max(one.start, sound.end)) for one in speech if one.end > sound.end]
        if behind and left:
            return BehindSound(tuple(left), behind)
    return None


def is_preferred(
    near: DecodedWindow, first_text: str, first_logprob: float, tokenizer: WhisperTokenizer
) -> bool:
    """Whether to keep the second hearing: it has words before those of the first, or is believed more.

    It is not kept if it lacks words that the first has before the same others, or is much shorter.

    Args:
        near: the second hearing.
        first_text: what the first one has of the same speech.
        first_logprob: mean of its tokens.
        tokenizer: of the checkpoint.
    """
    heard, heard_first = letters_of(tokenizer.decode(near.tokens)), letters_of(first_text)
    if is_doubtful(near) or not heard or len(heard) < MIN_LENGTH * len(heard_first):
        return False
    if _begins_within(heard, heard_first):
        return False
    return _begins_within(heard_first, heard) or near.avg_logprob > first_logprob


def _begins_within(text: str, other: str) -> bool:
    """Whether a text begins as another one goes on after its first words."""
    if len(text) < THREE_WORDS:  # so few letters may be anywhere
        return bool(text) and other.endswith(text) and len(other) >= len(text) + MIN_MORE
    return other.find(text[:THREE_WORDS], MIN_MORE) > 0
