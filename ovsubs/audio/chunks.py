"""Speech regions -> chunks: stretches of the track between two silences, with their samples.

A chunk is read from start to end; many are read side by side.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.vad import SpeechDetector, SpeechRegion, VadOptions, VadResult, detect_stream

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
class Span:
    """One contiguous stretch of the track, `[start, end)` in seconds."""

    start: float
    end: float


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
    if detector is None:
        yield from _fixed_chunks(blocks, max_s)
        return
    options = replace(options, max_speech_duration_s=min(options.max_speech_duration_s, max_s))
    rule = _Rule(max_s, options)
    samples, offset = np.zeros(0, np.float32), 0  # `offset`: samples of the track before those held
    waiting: list[SpeechRegion] = []
    last_end = -math.inf
    for heard in detect_stream(blocks, detector, options):
        samples = np.concatenate([samples, heard.samples])
        waiting.extend(heard.regions)
        track_end = (offset + len(samples)) / SAMPLE_RATE_HZ
        while waiting and _is_decided(waiting, rule, last_end, heard):
            pack, waiting = _take(waiting, rule, last_end, track_end)
            last_end = pack.regions[-1].end
            yield _chunk(pack, samples, offset, rule)
        needed_from = min(waiting[0].start if waiting else heard.final_until, track_end) - options.max_pad_s
        n_done = max(0, math.floor(needed_from * SAMPLE_RATE_HZ) - offset)
        samples, offset = samples[n_done:], offset + n_done


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


def _fixed_chunks(blocks: Iterable[NDArray[np.float32]], max_s: float) -> Iterator[Chunk]:
    n_chunk = round(max_s * SAMPLE_RATE_HZ)
    held, offset = np.zeros(0, np.float32), 0
    for block in blocks:
        begin = n_chunk - len(held)  # where in the block the chunk after the held one begins
        held = np.concatenate([held, block[:begin]])
        while len(held) == n_chunk:
            yield _whole(held, offset)
            offset += n_chunk
            held, begin = block[begin : begin + n_chunk].copy(), begin + n_chunk
    if len(held):
        yield _whole(held, offset)


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
