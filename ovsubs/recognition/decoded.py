"""What has been decoded of a track: given out chunk by chunk, and given back to go on behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.language_vote import LanguageVote


@dataclass(frozen=True, slots=True)
class WindowLanguage:
    """The language of the window that begins at `start`, and how much speech is in it; seconds of the track.

    They are there where each window has its own language.
    """

    start: float
    language: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """All that has become of a chunk, which depends on nothing that comes after it.

    `span` is the chunk's, in seconds of the track, and so are the times of `segments`, which have no numbers
    yet. `n_left_out` windows were given up.
    """

    span: Span
    segments: tuple[Segment, ...]
    n_left_out: int = 0
    languages: tuple[WindowLanguage, ...] = ()


@dataclass(frozen=True, slots=True)
class DecodedTrack:
    """The language of a track, if it is known, and the chunks of it that need not be decoded again.

    A chunk counts if it has the very same span when the track is read again.
    """

    language_vote: LanguageVote | None = None
    chunks: Mapping[Span, DecodedChunk] = field(default_factory=dict)
