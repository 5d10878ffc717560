"""Speech probabilities of a track -> the same, corrected where the detector notices speech too late.

The detector is recurrent: after music, applause or rain it takes up to two seconds to notice speech, and may
miss a short sentence altogether. Backward in time, the sentence comes first and the music after it, so the
beginning of the sentence is where speech ends, which the detector notices at once. So wherever there is a
sound that is neither speech nor silence, the detector runs over the track backward as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.detector import STEP_S
from ovsubs.audio.regions import StepSpan, VadOptions, split_steps

# Of 168 beginnings of speech, most after other sounds, the detector is late by more than 0.6 s at 49, by more
# than 1.2 s at 20, and misses two sentences; with this it is 24, 11 (clips that begin with noise of their
# own) and none (benchmarks/onsets.py has the files).
BLOCK_STEPS = 4 * 128  # one block of the backward pass: 16.4 s
LOOKAHEAD_STEPS = 128  # run over before the block, so that the detector knows speech at its end: 4.1 s
# A pause between words that is as loud as this, relative to the speech of its block, is a sound: it is louder
# than a breath or the noise of a room.
SOUND_DB = -30.0
MIN_SOUND_STEPS = round(0.3 / STEP_S)
# A softer sound counts if it lasts this long: somebody may speak softly in it. Below -80 dB of full scale is
# silence.
MIN_SOFT_SOUND_STEPS = round(2.5 / STEP_S)
SILENCE_LEVEL = 1e-4
# Speech that only the backward pass finds is right before speech that both find, or lasts this long. Shorter
# ones are notes of a guitar.
MIN_BACKWARD_ONLY_STEPS = round(1.0 / STEP_S)
_ADJACENT_STEPS = 3
AFTER_STEPS = round(3.0 / STEP_S)  # for this long after a sound the detector may be late

Samples = NDArray[np.float32]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CorrectedBlock:
    """Samples of a track with the corrected probability of speech in each of their steps.

    `sounds` tells which steps are in a sound that is neither speech nor silence (`find_sounds`).
        # float32 [n_samples], float32 [n_steps], bool [n_steps]
    """

    samples: Samples
    probabilities: Probabilities
    sounds: NDArray[np.bool_]


class OnsetCorrector:
    """Passes the samples and speech probabilities of one track on, with the beginnings of speech corrected.

    They come out in blocks of 16 s, at fixed places of the track, so that the result does not depend on the
    blocks in which they arrive. Without a backward pass they come out at once.
    """

    def __init__(
        self, infer_backward: Callable[[Samples], Probabilities] | None, options: VadOptions
    ) -> None:
        """Begin a track.

        Args:
            infer_backward: runs the detector over samples from their end to their beginning; None makes no
                backward pass.
            options: what counts as speech.
        """
        self._infer_backward, self._options = infer_backward, options
        self._samples, self._probabilities = np.zeros(0, np.float32), np.zeros(0, np.float32)

    def push(self, samples: Samples, probabilities: Probabilities) -> Iterator[CorrectedBlock]:
        """Take the next samples, in whole steps but for the last, and the probability of speech in each step.

        Args:
            samples: float32 [n_samples].
            probabilities: float32 [n_steps].
        """
        if self._infer_backward is None:
            sounds = find_sounds(samples, probabilities, self._options.threshold)
            yield CorrectedBlock(samples, probabilities, sounds)
            return
        self._samples = np.concatenate([self._samples, samples])
        self._probabilities = np.concatenate([self._probabilities, probabilities])
        n_seen = BLOCK_STEPS + LOOKAHEAD_STEPS
        while len(self._probabilities) >= n_seen:
            step = -(-len(self._samples) // len(self._probabilities))  # the track's last one may be short
            seen = self._correct(self._samples[: n_seen * step], self._probabilities[:n_seen])
            first = seen.probabilities[:BLOCK_STEPS], seen.sounds[:BLOCK_STEPS]
            yield CorrectedBlock(seen.samples[: BLOCK_STEPS * step], *first)
            self._samples = self._samples[BLOCK_STEPS * step :]
            self._probabilities = self._probabilities[BLOCK_STEPS:]

    def finish(self) -> Iterator[CorrectedBlock]:
        """Pass on what is left at the end of the track."""
        if len(self._probabilities):
            yield self._correct(self._samples, self._probabilities)

    def _correct(self, samples: Samples, probabilities: Probabilities) -> CorrectedBlock:
        sounds = find_sounds(samples, probabilities, self._options.threshold)
        if self._infer_backward is not None and sounds.any():
            backward = self._infer_backward(samples)
            probabilities = correct_onsets(probabilities, backward, sounds, self._options)
        return CorrectedBlock(samples, probabilities, sounds)


def correct_onsets(
    forward: Probabilities, backward: Probabilities, sounds: NDArray[np.bool_], options: VadOptions
) -> Probabilities:
    """Take the larger probability where the backward pass finds speech that follows a sound.

    Such speech counts if it lasts a second, or is right before speech that the forward pass finds.

    Args:
        forward: float32 [n_steps].
        backward: of the same steps, float32 [n_steps].
        sounds: whether each step is in a sound that is neither speech nor silence, bool [n_steps].
        options: what counts as speech.
    """
    corrected = forward.copy()
    is_speech = forward >= options.threshold
    for span in _regions(backward, options):
        end = span.end + _ADJACENT_STEPS
        is_long = span.end - span.first >= MIN_BACKWARD_ONLY_STEPS
        begins_speech = is_speech[span.first : end].any()
        after_sound = sounds[max(0, span.first - AFTER_STEPS) : span.end].any()
        if after_sound and (is_long or begins_speech):
            corrected[span.first : end] = np.maximum(forward[span.first : end], backward[span.first : end])
    return corrected


def _regions(probabilities: Probabilities, options: VadOptions) -> Iterator[StepSpan]:
    split = split_steps(probabilities, options)
    yield from split.spans
    if split.final_until < len(probabilities):  # one that has not ended
        yield StepSpan(split.final_until, len(probabilities))


def find_sounds(samples: Samples, probabilities: Probabilities, threshold: float) -> NDArray[np.bool_]:
    """Find the steps that are neither speech nor silence.

    Args:
        samples: float32 [n_samples].
        probabilities: of speech in each step, float32 [n_steps].
        threshold: the probability from which a step is speech.

    Returns:
        True for each step in such a sound.  # bool [n_steps]
    """
    n_steps = len(probabilities)
    width = -(-len(samples) // n_steps)
    steps = np.pad(samples, (0, n_steps * width - len(samples))).reshape(n_steps, width)
    levels = np.sqrt(np.square(steps).mean(axis=1))
    is_speech = probabilities >= threshold
    soft = ~is_speech & (levels >= SILENCE_LEVEL)
    if not is_speech.any():
        return _long_runs(soft, MIN_SOUND_STEPS)
    loud = soft & (levels >= np.median(levels[is_speech]) * 10 ** (SOUND_DB / 20))
    return _long_runs(loud, MIN_SOUND_STEPS) | _long_runs(soft, MIN_SOFT_SOUND_STEPS)


def _long_runs(steps: NDArray[np.bool_], min_steps: int) -> NDArray[np.bool_]:
    """The same steps, without runs of fewer than `min_steps`."""
    kept, first = steps.copy(), 0
    for is_in, run in groupby(steps.tolist()):
        end = first + len(list(run))
        if is_in and end - first < min_steps:
            kept[first:end] = False
        first = end
    return kept
