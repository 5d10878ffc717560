"""Speech regions -> chunks: stretches of the track between two silences, with their samples.

A chunk is read from start to end; many are read side by side.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.vad import SpeechDetector, SpeechRegion, SpeechSegmenter, VadOptions, VadResult
from ovsubs.spans import Span

# A chunk of 30 s is one window: all chunks of a file can be read at the same time. 27.7 min of joined
# chapters as one file, chunks of 30, 60 and 120 s: WER 4.74, 4.85 and 4.87 %, RTFx 43.5, 42.7 and 40.6.
MAX_CHUNK_S = 30.0
# Where nobody knows the pauses, chunks break off in the middle of a word: the fewer, the better.
MAX_CHUNK_WITHOUT_VAD_S = 120.0
SILENCE_PEAK, SILENCE_S = 2.0**-13, 1.0  # the last two bits of 16: digital silence, and dither
# Where a full chunk is cut. Measured on ten recordings (42 min): against a cut as late as possible,
# 6 % more chunks; cuts in less than 0.3 s of silence fall from 31 % to 5 %, the median rises from
# 0.26 to 0.42 s.
LATE_SHARE = 2 / 3  # in its last third
# A gap without speech of this length separates two chunks. In one window, Whisper may place the first word of
# a sentence after music at the beginning of the music, and skip a sentence after a long pause.
LONGEST_GAP_S = 4.0
LEAST_PAD_S = 0.2  # of audio after the last speech of a full chunk
PAUSE_S = 0.4  # a silence this long is as good as any longer one: it holds both chunks' padding


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of the track with its sound and the speech in it, in seconds of the track.

    `samples` are those of the chunk, mono 16 kHz.  # float32 [n_samples]
    """

    span: Span
    samples: NDArray[np.float32]
    speech: tuple[SpeechRegion, ...]


@dataclass(frozen=True, slots=True)
class _Pack:
    """A span and the regions in it."""

    span: Span
    regions: tuple[SpeechRegion, ...]


def merge_chunks(
    regions: Iterable[SpeechRegion], max_s: float = MAX_CHUNK_S, pad_s: float = 0.0, end: float = math.inf
) -> Iterator[Span]:
    """Pack neighbouring speech regions into few chunks, cut at long silences.

    The silence between two regions of a chunk stays in it, so decoder time maps back to track
    time by adding `chunk.start`, and nothing else. A full chunk is cut at its last silence of
    `PAUSE_S` or more, or else at the longest silence, in its last third.

    Args:
        regions: sorted by start, not overlapping.
        max_s: longest chunk, in seconds. A longer region is cut at `max_s`.
        pad_s: audio kept before and after the speech of a chunk, as far as it fits.
        end: where the track ends; no chunk exceeds it.

    Yields:
        Chunks in order, not overlapping. No regions, no chunks.
    """
    waiting = [piece for region in regions for piece in _cut_long(region, max_s)]
    rule = _Rule(max_s, VadOptions(speech_pad_ms=round(pad_s * 1000)))
    last_end = -math.inf
    while waiting:
        pack, waiting = _take(waiting, rule, last_end, end)
        last_end = pack.regions[-1].end
        yield pack.span


def stream_chunks(
    blocks: Iterable[NDArray[np.float32]],
    detector: SpeechDetector | None,
    options: VadOptions,
    max_s: float = MAX_CHUNK_S,
) -> Iterator[Chunk]:
    """Cut a track that arrives in blocks into chunks of speech.

    In memory are one block, and from the block before what no chunk has taken yet. The outcome
    does not depend on the blocks' lengths.

    Args:
        blocks: consecutive samples of one track, 16 kHz.  # float32 [n_samples]
        detector: open; None takes everything for speech and cuts every `max_s`.
        options: what counts as speech, and how much is kept around it.
        max_s: longest chunk, in seconds.

    Yields:
        Chunks in order, not overlapping. A track without speech yields none.
    """
    builder = ChunkBuilder(detector, options, max_s)
    for block in blocks:
        yield from builder.push(block)
    yield from builder.finish()


class ChunkBuilder:
    """The chunks of one track, whose samples are pushed as they come.

    In memory is what no chunk has taken yet. How many samples are pushed at once does not change the outcome.
    """

    def __init__(
        self,
        detector: SpeechDetector | None,
        options: VadOptions,
        max_s: float = MAX_CHUNK_S,
        *,
        max_wait_s: float = math.inf,
    ) -> None:
        """Begin a track.

        Args:
            detector: open; None takes everything for speech and cuts every `max_s`. What waits must be told
                early by one of short batches (`open_detector`).
            options: what counts as speech, and how much is kept around it.
            max_s: longest chunk, in seconds.
            max_wait_s: a chunk is given out when so much has been heard after its last word, whether or not
                more would fit. Beginnings of speech are then where the detector hears them.

        Raises:
            ValueError: `max_wait_s` without a detector: nobody knows the last word.
        """
        if detector is None and math.isfinite(max_wait_s):
            raise ValueError("without a detector nobody knows how long a chunk has waited")
        options = replace(options, max_speech_duration_s=min(options.max_speech_duration_s, max_s))
        self._rule = _Rule(max_s, options)
        self._max_wait_s = max_wait_s
        self._segmenter = (
            SpeechSegmenter(detector, options, backward_pass=math.isinf(max_wait_s)) if detector else None
        )
        # Samples that are held, and how many of the track are before them.
        self._samples, self._offset = np.zeros(0, np.float32), 0
        self._waiting: list[SpeechRegion] = []
        self._last_end = -math.inf  # where the speech of the chunk before ends
        self._given_until = -math.inf  # where that chunk ends

    def push(self, samples: NDArray[np.float32]) -> list[Chunk]:
        """Take the next samples; returns the chunks that are complete, in order.

        Args:
            samples: mono, 16 kHz.  # float32 [n_samples]
        """
        if self._segmenter is None:
            return self._cut(samples)
        return [chunk for heard in self._segmenter.push(samples) for chunk in self._take_in(heard)]

    def finish(self) -> list[Chunk]:
        """The chunks that are left at the end of the track."""
        if self._segmenter is None:
            return [_whole(self._samples, self._offset)] if len(self._samples) else []
        return [chunk for heard in self._segmenter.finish() for chunk in self._take_in(heard)]

    def _take_in(self, heard: VadResult) -> Iterator[Chunk]:
        self._samples = np.concatenate([self._samples, heard.samples])
        self._waiting.extend(heard.regions)
        track_end = (self._offset + len(self._samples)) / SAMPLE_RATE_HZ
        while self._waiting and (
            _is_decided(self._waiting, self._rule, self._last_end, heard) or self._has_waited(track_end)
        ):
            end = min(track_end, heard.final_until)
            if heard.has_open and math.isfinite(self._max_wait_s):
                # Of the pause before somebody who is speaking now, half belongs to the next chunk.
                end = min(end, (self._waiting[-1].end + heard.final_until) / 2)
            pack, self._waiting = _take(self._waiting, self._rule, self._last_end, end)
            # One that did not wait for what follows may have kept more of the pause than its half.
            pack = replace(pack, span=Span(max(pack.span.start, self._given_until), pack.span.end))
            self._last_end, self._given_until = pack.regions[-1].end, pack.span.end
            yield _chunk(pack, self._samples, self._offset, self._rule)
        begins = self._waiting[0].start if self._waiting else heard.final_until
        needed_from = min(begins, track_end) - self._rule.vad.max_pad_s
        n_done = max(0, math.floor(needed_from * SAMPLE_RATE_HZ) - self._offset)
        self._samples, self._offset = self._samples[n_done:], self._offset + n_done

    def _has_waited(self, heard_until: float) -> bool:
        return heard_until - self._waiting[-1].end >= self._max_wait_s

    def _cut(self, samples: NDArray[np.float32]) -> list[Chunk]:
        """Whole chunks of what nobody listens to."""
        chunks, n_chunk = list[Chunk](), round(self._rule.max_s * SAMPLE_RATE_HZ)
        while len(self._samples) + len(samples) >= n_chunk:
            begin = n_chunk - len(self._samples)  # where in the samples the chunk after the held one begins
            chunks.append(_whole(np.concatenate([self._samples, samples[:begin]]), self._offset))
            self._samples, samples = np.zeros(0, np.float32), samples[begin:]
            self._offset += n_chunk
        self._samples = np.concatenate([self._samples, samples])
        return chunks


@dataclass(frozen=True, slots=True)
class _Rule:
    max_s: float
    vad: VadOptions


def _take(
    waiting: Sequence[SpeechRegion], rule: _Rule, last_end: float, track_end: float
) -> tuple[_Pack, list[SpeechRegion]]:
    """The next chunk, and the regions after it. `last_end` is where the speech before it ends."""
    n = _count(waiting, rule, last_end)
    taken, rest = tuple(waiting[:n]), list(waiting[n:])
    start, end = taken[0].start, taken[-1].end
    room = max(0.0, rule.max_s - (end - start))
    next_start = rest[0].start if rest else math.inf
    # A silence too short for both paddings is shared by the two chunks beside it. What is before speech
    # comes first: the detector may have heard it late.
    front = min(_front(taken[0], last_end, rule), max(room - LEAST_PAD_S, room / 2))
    back = min(rule.vad.pad_after_s, room - front)
    padded_end = min(end + back, (end + next_start) / 2, track_end)
    return _Pack(Span(start - front, max(padded_end, end)), taken), rest


def _front(first: SpeechRegion, last_end: float, rule: _Rule) -> float:
    """Audio that is kept before the first speech of a chunk, if it fits, in seconds."""
    return min(rule.vad.pad_before_s(first), (first.start - last_end) / 2, first.start)


def _limit(waiting: Sequence[SpeechRegion], rule: _Rule, last_end: float) -> float:
    """Where the speech of the next chunk has to end."""
    first = waiting[0]
    back = min(rule.vad.pad_after_s, LEAST_PAD_S)
    return first.start + rule.max_s - _front(first, last_end, rule) - back


def _count(waiting: Sequence[SpeechRegion], rule: _Rule, last_end: float) -> int:
    """How many of the waiting regions the next chunk takes; at least one."""
    limit = _limit(waiting, rule, last_end)
    fitting = 1
    while fitting < len(waiting) and waiting[fitting].end <= limit:
        if _gap(waiting, fitting) >= LONGEST_GAP_S:
            return fitting
        fitting += 1
    if fitting == len(waiting):
        return fitting
    late = waiting[0].start + LATE_SHARE * rule.max_s
    choices = [n for n in range(fitting, 0, -1) if n == fitting or waiting[n - 1].end >= late]
    return max(choices, key=lambda n: min(waiting[n].start - waiting[n - 1].end, PAUSE_S))


def _gap(waiting: Sequence[SpeechRegion], n: int) -> float:
    """Seconds without speech between the region before the n-th and that one."""
    return waiting[n].start - waiting[n - 1].end


def _is_decided(waiting: Sequence[SpeechRegion], rule: _Rule, last_end: float, heard: VadResult) -> bool:
    """Whether regions still to come cannot change the next chunk."""
    if any(_gap(waiting, n) >= LONGEST_GAP_S for n in range(1, len(waiting))):
        return True
    overfull = waiting[-1].end > _limit(waiting, rule, last_end) and len(waiting) > 1
    full = max(waiting[0].start + rule.max_s, waiting[-1].end + PAUSE_S)
    return overfull or heard.final_until >= min(full, waiting[-1].end + LONGEST_GAP_S)


def _chunk(pack: _Pack, samples: NDArray[np.float32], offset: int, rule: _Rule) -> Chunk:
    first = round(pack.span.start * SAMPLE_RATE_HZ)
    # Rounding both ends apart must not make the chunk a sample too long.
    end = min(round(pack.span.end * SAMPLE_RATE_HZ), first + round(rule.max_s * SAMPLE_RATE_HZ))
    return Chunk(pack.span, samples[first - offset : end - offset].copy(), pack.regions)


def _cut_long(region: SpeechRegion, max_s: float) -> Iterator[SpeechRegion]:
    start = region.start
    while region.end - start > max_s + 1e-9:  # no chunk for a rounding
        yield SpeechRegion(start, start + max_s)
        start += max_s
    yield SpeechRegion(start, region.end)


def _whole(samples: NDArray[np.float32], offset: int) -> Chunk:
    start, end = offset / SAMPLE_RATE_HZ, (offset + len(samples)) / SAMPLE_RATE_HZ
    return Chunk(Span(start, end), samples, tuple(_sounds(samples, offset)))


def _sounds(samples: NDArray[np.float32], offset: int) -> Iterator[SpeechRegion]:
    """Yield everything except silences of a second or more, which cannot be speech."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE_PEAK).astype(np.int64) + offset
    if not len(loud):
        return
    pauses = np.flatnonzero(np.diff(loud) >= SILENCE_S * SAMPLE_RATE_HZ)
    firsts, lasts = [loud[0], *loud[pauses + 1]], [*loud[pauses], loud[-1]]
    for first, last in zip(firsts, lasts, strict=True):
        yield SpeechRegion(float(first / SAMPLE_RATE_HZ), float((last + 1) / SAMPLE_RATE_HZ))
