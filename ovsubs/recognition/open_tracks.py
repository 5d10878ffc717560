"""Requests for tracks -> open tracks, whose chunks are read ahead of the decoder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from ovsubs.audio.chunks import MAX_CHUNK_S, MAX_CHUNK_WITHOUT_VAD_S, Chunk, stream_chunks
from ovsubs.audio.features import HOP
from ovsubs.audio.read_ahead import ReadAhead
from ovsubs.audio.source import AudioSource
from ovsubs.audio.vad import VadOptions
from ovsubs.recognition.components import Components
from ovsubs.recognition.decoded import DecodedTrack
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.timing import Stopwatch

# Where each window has its own language, windows are short: they end at pauses, where languages change.
MAX_MULTILINGUAL_CHUNK_S = 12.0
# How much of a batch is read ahead, of the current track and of the next one each. Chunks are 2 MB each; with
# a whole batch long files take 60 MB more and no less time.
CHUNKS_AHEAD = 0.5
TRACKS_AT_ONCE = 64  # open files; that many short ones are looked at to fill a batch
# Who waits for a track's audio waits no longer than this before others go on without it. A disk that has to
# spin up, or a share that comes back, takes longer; then nobody waits for it any more, and it catches up.
LATE_S = 10.0
SourceOpener = Callable[[], AudioSource]


def nothing_known(source: AudioSource) -> DecodedTrack | None:
    """Of a track that is read for the first time."""
    return None


@dataclass(frozen=True, slots=True)
class TrackRequest:
    """A track to be recognized, and how.

    `opener` is called when its turn comes, and then `known`, which says what has been decoded of it already.
    """

    opener: SourceOpener
    options: TranscribeOptions
    known: Callable[[AudioSource], DecodedTrack | None] = nothing_known


@dataclass(frozen=True, slots=True)
class OpenTrack:
    """A track, how it is to be recognized, and its chunks; close it to end ffmpeg.

    `known` is what has been decoded of it already.
    """

    source: AudioSource
    options: TranscribeOptions
    chunks: ReadAhead[Chunk]
    known: DecodedTrack | None = None

    def close(self) -> None:
        self.chunks.close()


def chunks_now(
    request: TrackRequest, components: Components, clock: Stopwatch
) -> Generator[Chunk, None, None]:
    """Open a track, and read of it what is asked for; close the generator to end ffmpeg.

    Raises:
        MediaError: it cannot be read.
    """
    return _chunks(request.opener(), components, request.options, clock)


def open_ahead(
    requests: Iterable[TrackRequest],
    components: Components,
    clock: Stopwatch,
) -> ReadAhead[OpenTrack | Exception]:
    """Open tracks in a thread, in order, until those that wait fill a batch.

    Args:
        requests: their openers are called in that thread.
        components: whose detector finds speech, in the thread as well.
        clock: counts what is waited for: "open", "extract" and "vad".

    Returns:
        Tracks, or why one could not be opened.
    """

    def open_each(own: Stopwatch) -> Generator[OpenTrack | Exception, None, None]:
        for request in requests:
            options = request.options
            try:
                with own.stage("open"):
                    source = request.opener()
                known = request.known(source)
                chunks = _chunks_ahead(source, components, options, clock)
                opened = OpenTrack(source, options, chunks, known)
            except Exception as error:  # whatever it is: other files are waiting
                yield error
            else:
                yield opened

    return ReadAhead(open_each, clock, weigh=_weight, give_up=_close)


def _chunks_ahead(
    source: AudioSource,
    components: Components,
    options: TranscribeOptions,
    clock: Stopwatch,
) -> ReadAhead[Chunk]:
    limits = components.batch_limits(options)
    return ReadAhead(
        lambda own: _chunks(source, components, options, own),
        clock,
        weigh=lambda chunk: limits.fill([len(chunk.samples) // HOP]) / CHUNKS_AHEAD,
    )


def _weight(opened: OpenTrack | Exception) -> float:
    filled = opened.chunks.filled(LATE_S) if isinstance(opened, OpenTrack) else 0.0
    is_long = filled >= 1.0  # how much more there is, nobody knows
    return 1.0 if is_long else max(1 / TRACKS_AT_ONCE, filled * CHUNKS_AHEAD)


def _close(opened: OpenTrack | Exception) -> None:
    if isinstance(opened, OpenTrack):
        opened.close()


def _chunks(
    source: AudioSource, components: Components, options: TranscribeOptions, clock: Stopwatch
) -> Generator[Chunk, None, None]:
    blocks = clock.each("extract", source.blocks)
    detector = components.detector if options.vad else None
    length = MAX_CHUNK_S if options.vad else MAX_CHUNK_WITHOUT_VAD_S
    if options.multilingual:
        length = MAX_MULTILINGUAL_CHUNK_S
    with closing(source.blocks):
        yield from clock.each("vad", stream_chunks(blocks, detector, options.vad or VadOptions(), length))
