"""Chunks -> windows: what the decoder sees next, given how far it has understood a chunk.

A chunk is read like openai/whisper reads a whole file: the next window begins where the text of the
last one ended. So a sentence that a window cuts off is read again in full, and batching costs no words.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.regions import SpeechRegion, VadOptions
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.spans import Span

WINDOW_S = 30.0  # Whisper's encoder takes 30 s: 3000 mel frames of 10 ms (arXiv:2212.04356, section 2)
_REMAINDER_S = 0.1  # speech shorter than this after the cursor is the end of the last word


@dataclass(frozen=True, slots=True)
class AudioWindow:
    """A window with its sound and the speech in it, in seconds of the track.

    `samples` are those of the window, mono 16 kHz.  # float32 [n_samples], at most 480000
    """

    window: Span
    samples: NDArray[np.float32]
    speech: tuple[SpeechRegion, ...]


def next_window(
    chunk: Chunk, cursor: float, vad: VadOptions | None, max_s: float = WINDOW_S
) -> AudioWindow | None:
    """The window to read next, or None where no speech is left in the chunk.

    It begins at the next speech, or the pad before it, and is as long as allowed. Silence before it is
    skipped, so that no window is spent on it.

    Args:
        chunk: samples and speech regions of the chunk.
        cursor: how far the chunk has been understood, in seconds of the track.
        vad: how much audio is kept before the first speech; None keeps none.
        max_s: longest window, in seconds; at most what the encoder takes.
    """
    left = [region for region in chunk.speech if region.end > cursor + _REMAINDER_S]
    if not left:
        return None
    pad_s = vad.pad_before_s(left[0]) if vad else 0.0
    start = max(cursor, left[0].start - pad_s, chunk.span.start)
    end = min(start + max_s, chunk.span.end)
    speech = tuple(
        replace(region, start=max(region.start, start), end=min(region.end, end))
        for region in left
        if region.start < end
    )
    return _cut(chunk, Span(start, end), speech, max_s)


def first_half_s(window: AudioWindow) -> float:
    """How long the first of two parts of a window is, in seconds.

    It ends in the longest pause in the window's middle third; without a pause there it is half of it.
    """
    start, duration = window.window.start, window.window.duration
    pauses = [(before.end - start, after.start - start) for before, after in pairwise(window.speech)]
    middle = [one for one in pauses if duration / 3 <= sum(one) / 2 <= duration * 2 / 3]
    longest = max(middle, key=lambda pause: pause[1] - pause[0], default=(duration / 2, duration / 2))
    return sum(longest) / 2


def shorten_lead_in(chunk: Chunk, window: AudioWindow, pad_s: float) -> AudioWindow:
    """The same window with at most `pad_s` of audio before its first speech, if it has any."""
    if not window.speech:
        return window
    start = max(window.window.start, window.speech[0].start - pad_s)
    return _cut(chunk, Span(start, window.window.end), window.speech, WINDOW_S)


def window_of(chunk: Chunk, span: Span, speech: tuple[SpeechRegion, ...]) -> AudioWindow:
    """A window of a part of a chunk: as far as the chunk has it, and at most 30 s from its start.

    Args:
        chunk: whose sound it is.
        span: in seconds of the track.
        speech: in it; at least one region, in seconds of the track.
    """
    start = max(span.start, chunk.span.start)
    return _cut(chunk, Span(start, min(span.end, chunk.span.end, start + WINDOW_S)), speech, WINDOW_S)


def _cut(chunk: Chunk, window: Span, speech: tuple[SpeechRegion, ...], max_s: float) -> AudioWindow:
    first = round((window.start - chunk.span.start) * SAMPLE_RATE_HZ)
    last = round((window.end - chunk.span.start) * SAMPLE_RATE_HZ)
    # Rounding both ends apart must not make the window a sample too long.
    last = min(last, first + round(max_s * SAMPLE_RATE_HZ))
    return AudioWindow(window, chunk.samples[first:last], speech)
