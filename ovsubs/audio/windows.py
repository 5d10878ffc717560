"""Speech regions -> windows: what the decoder sees in one pass, with its samples."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.media import SAMPLE_RATE_HZ
from ovsubs.audio.vad import HeardBlock, SpeechDetector, SpeechRegion, VadOptions, listen

WINDOW_S = 30.0  # Whisper's encoder takes 30 s: 3000 mel frames of 10 ms (arXiv:2212.04356, section 2)
# Where a full window is cut. Measured on ten recordings (42 min): against a cut as late as possible,
# 6 % more windows; cuts in less than 0.3 s of silence fall from 31 % to 5 %, the median rises from
# 0.26 to 0.42 s.
LATE_SHARE = 2 / 3  # in its last third
PAUSE_S = 0.4  # a silence this long is as good as any longer one: it holds both windows' padding


@dataclass(frozen=True, slots=True)
class Window:
    """One contiguous stretch of the track, `[start, end)` in seconds, at most `WINDOW_S` long."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class AudioWindow:
    """A window with its sound and the speech in it, in seconds of the track.

    `samples` are those of the window, mono 16 kHz.  # float32 [n_samples], at most 480000
    """

    window: Window
    samples: NDArray[np.float32]
    speech: tuple[SpeechRegion, ...]


@dataclass(frozen=True, slots=True)
class _Pack:
    """A window and the regions in it."""

    window: Window
    regions: tuple[SpeechRegion, ...]


def pack_windows(
    regions: Iterable[SpeechRegion], max_s: float = WINDOW_S, pad_s: float = 0.0, end: float = math.inf
) -> Iterator[Window]:
    """Pack neighbouring speech regions into few windows, cut at long silences.

    The silence between two regions of a window stays in it, so decoder time maps back to track
    time by adding `window.start`, and nothing else. A full window is cut at its last silence of
    `PAUSE_S` or more, or else at the longest silence, in its last third.

    Args:
        regions: sorted by start, not overlapping.
        max_s: longest window, in seconds. A longer region is cut at `max_s`.
        pad_s: audio kept before and after the speech of a window, as far as it fits.
        end: where the track ends; no window exceeds it.

    Yields:
        Windows in order, not overlapping. No regions, no windows.
    """
    waiting = [piece for region in regions for piece in _cut_long(region, max_s)]
    rule = _Rule(max_s, pad_s)
    last_end = -math.inf
    while waiting:
        pack, waiting = _take(waiting, rule, last_end, end)
        last_end = pack.regions[-1].end
        yield pack.window


def stream_windows(
    blocks: Iterable[NDArray[np.float32]],
    detector: SpeechDetector | None,
    options: VadOptions,
    max_s: float = WINDOW_S,
) -> Iterator[AudioWindow]:
    """Cut a track that arrives in blocks into windows of speech.

    In memory are one block, and from the block before what no window has taken yet. The outcome
    does not depend on the blocks' lengths.

    Args:
        blocks: consecutive samples of one track, 16 kHz.  # float32 [n_samples]
        detector: open; None takes everything for speech and cuts every `max_s`.
        options: what counts as speech, and how much is kept around it.
        max_s: longest window, in seconds.

    Yields:
        Windows in order, not overlapping. A track without speech yields none.
    """
    if detector is None:
        yield from _fixed_windows(blocks, max_s)
        return
    options = replace(options, max_speech_duration_s=min(options.max_speech_duration_s, max_s))
    rule = _Rule(max_s, options.speech_pad_ms / 1000)
    samples, offset = np.zeros(0, np.float32), 0  # `offset`: samples of the track before those held
    waiting: list[SpeechRegion] = []
    last_end = -math.inf
    for heard in listen(blocks, detector, options):
        samples = np.concatenate([samples, heard.samples])
        waiting.extend(heard.regions)
        track_end = (offset + len(samples)) / SAMPLE_RATE_HZ
        while waiting and _is_decided(waiting, rule, heard):
            pack, waiting = _take(waiting, rule, last_end, track_end)
            last_end = pack.regions[-1].end
            yield _audio_window(pack, samples, offset, rule)
        needed_from = min(waiting[0].start if waiting else heard.settled, track_end) - rule.pad_s
        n_done = max(0, math.floor(needed_from * SAMPLE_RATE_HZ) - offset)
        samples, offset = samples[n_done:], offset + n_done


@dataclass(frozen=True, slots=True)
class _Rule:
    max_s: float
    pad_s: float


def _take(
    waiting: Sequence[SpeechRegion], rule: _Rule, last_end: float, track_end: float
) -> tuple[_Pack, list[SpeechRegion]]:
    """The next window, and the regions after it. `last_end` is where the speech before it ends."""
    n = _count(waiting, rule)
    taken, rest = tuple(waiting[:n]), list(waiting[n:])
    start, end = taken[0].start, taken[-1].end
    pad = min(rule.pad_s, max(0.0, (rule.max_s - (end - start)) / 2))
    next_start = rest[0].start if rest else math.inf
    # A silence too short for both paddings is shared by the two windows beside it.
    padded_start = max(start - pad, (last_end + start) / 2, 0.0)
    padded_end = min(end + pad, (end + next_start) / 2, track_end)
    return _Pack(Window(padded_start, max(padded_end, end)), taken), rest


def _count(waiting: Sequence[SpeechRegion], rule: _Rule) -> int:
    """How many of the waiting regions the next window takes; at least one."""
    limit = waiting[0].start + rule.max_s - 2 * rule.pad_s
    fitting = 1
    while fitting < len(waiting) and waiting[fitting].end <= limit:
        fitting += 1
    if fitting == len(waiting):
        return fitting
    late = waiting[0].start + LATE_SHARE * rule.max_s
    choices = [n for n in range(fitting, 0, -1) if n == fitting or waiting[n - 1].end >= late]
    return max(choices, key=lambda n: min(waiting[n].start - waiting[n - 1].end, PAUSE_S))


def _is_decided(waiting: Sequence[SpeechRegion], rule: _Rule, heard: HeardBlock) -> bool:
    """Whether regions still to come cannot change the next window."""
    overfull = waiting[-1].end > waiting[0].start + rule.max_s - 2 * rule.pad_s and len(waiting) > 1
    quiet = heard.settled >= max(waiting[0].start + rule.max_s, waiting[-1].end + PAUSE_S)
    return overfull or quiet


def _audio_window(pack: _Pack, samples: NDArray[np.float32], offset: int, rule: _Rule) -> AudioWindow:
    first = round(pack.window.start * SAMPLE_RATE_HZ)
    # Rounding both ends apart must not make the window a sample too long.
    end = min(round(pack.window.end * SAMPLE_RATE_HZ), first + round(rule.max_s * SAMPLE_RATE_HZ))
    return AudioWindow(pack.window, samples[first - offset : end - offset].copy(), pack.regions)


def _cut_long(region: SpeechRegion, max_s: float) -> Iterator[SpeechRegion]:
    start = region.start
    while region.end - start > max_s:
        yield SpeechRegion(start, start + max_s)
        start += max_s
    yield SpeechRegion(start, region.end)


def _fixed_windows(blocks: Iterable[NDArray[np.float32]], max_s: float) -> Iterator[AudioWindow]:
    n_window = round(max_s * SAMPLE_RATE_HZ)
    held, offset = np.zeros(0, np.float32), 0
    for block in blocks:
        begin = n_window - len(held)  # where in the block the window after the held one begins
        held = np.concatenate([held, block[:begin]])
        while len(held) == n_window:
            yield _whole(held, offset)
            offset += n_window
            held, begin = block[begin : begin + n_window].copy(), begin + n_window
    if len(held):
        yield _whole(held, offset)


def _whole(samples: NDArray[np.float32], offset: int) -> AudioWindow:
    start, end = offset / SAMPLE_RATE_HZ, (offset + len(samples)) / SAMPLE_RATE_HZ
    return AudioWindow(Window(start, end), samples, (SpeechRegion(start, end),))
