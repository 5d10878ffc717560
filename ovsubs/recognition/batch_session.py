"""Windows of a batch -> a session in which the decoder reads them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.components import Components
from ovsubs.recognition.track import TrackState
from ovsubs.timing import Stopwatch
from ovsubs.whisper.backend import Session
from ovsubs.whisper.language_vote import LanguageVote


@dataclass(frozen=True, slots=True)
class ScheduledWindow:
    """The next window of a chunk, and its track."""

    track: TrackState
    decoder: ChunkDecoder

    @property
    def language_vote(self) -> LanguageVote:
        """Vote on the language of the window, else of its track; there once the batch has voted."""
        vote = self.decoder.language_vote or self.track.language_vote
        assert vote is not None
        return vote


def tracks_of(batch: Sequence[ScheduledWindow]) -> list[TrackState]:
    """Each track once, in the order of the batch."""
    return list({window.track.number: window.track for window in batch}.values())


@contextmanager
def open_session(
    components: Components, decoders: Sequence[ChunkDecoder], cache: Any, clock: Stopwatch
) -> Iterator[Session]:
    """Encode the windows that the chunks wait with, and open a session that decodes them.

    Args:
        components: whose model encodes them.
        decoders: they fit into the cache.
        cache: the session's until it closes.
        clock: counts "mel" and "encode".
    """
    mels = []
    for decoder in decoders:
        with clock.stage("mel"):
            mels.append(decoder.mel(components))
    with components.whisper.session(mels, cache, clock) as session:
        yield session
