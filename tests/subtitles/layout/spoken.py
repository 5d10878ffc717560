"""What the tests of the layout share: transcripts whose words have times."""

from collections.abc import Iterable
from dataclasses import replace

from ovsubs.subtitles.cue import Cue
from ovsubs.transcript import Segment, Transcript, Word

MS_PER_CHARACTER = 60  # 17 characters a second, spaces among them: a usual pace


def said(start: float, end: float, text: str) -> Segment:
    """A segment without words."""
    return Segment(0, start, end, text, (), -0.2, 1.2, 0.01)


def said_word_by_word(*words: tuple[str, float, float]) -> Segment:
    """A segment whose own times are far from those of its words."""
    text = "".join(f" {word}" for word, _, _ in words)
    timed = tuple(Word(f" {word}", start, end, 0.9) for word, start, end in words)
    return replace(said(0.0, 30.0, text), words=timed)


def spoken(text: str, *, start: float = 1.0, pace: float = MS_PER_CHARACTER, pauses: float = 0.0) -> Segment:
    """A segment whose words follow each other at once, with a pause in seconds after each sentence."""
    words, now = [], start
    for word in text.split():
        end = now + len(word) * pace / 1000
        words.append((word, round(now, 3), round(end, 3)))
        now = end + pace / 1000 + (pauses if word.endswith((".", "!", "?")) else 0.0)
    return replace(said_word_by_word(*words), start=start, end=words[-1][2])


def transcript(segments: Iterable[Segment], duration: float = 60.0, language: str = "en") -> Transcript:
    """Of a media that lasts so long, in seconds."""
    return Transcript(tuple(segments), language, 1.0, duration, duration)


def words_of(cues: Iterable[Cue]) -> list[str]:
    """As they stand on the screen."""
    return [word for cue in cues for line in cue.lines for word in line.split()]


def texts_of(cues: Iterable[Cue]) -> list[tuple[str, ...]]:
    """The lines of each cue."""
    return [cue.lines for cue in cues]
