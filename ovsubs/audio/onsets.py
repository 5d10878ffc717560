"""Speech probabilities of a track -> the same, with the beginnings that the detector hears too late.

The detector is recurrent: after music, applause or rain it takes up to two seconds to notice that somebody
speaks, and may miss a short sentence altogether. Heard backwards, the same sentence comes first and the
music after it, so that its beginning is where speech ends, which the detector notices at once. So where
something that is not silence is no speech, the track is heard backwards as well.
"""

from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.regions import STEP_S, StepSpan, VadOptions, split_steps

# Of 168 beginnings of speech, most after other sounds, the detector is late by more than 0.6 s at 49, by more
# than 1.2 s at 20, and misses two sentences; with this it is 24, 11 (clips that begin with noise of their
# own) and none (benchmarks/onsets.py has the files).
BLOCK_STEPS = 4 * 128  # heard backwards at once: 16.4 s
LOOKAHEAD_STEPS = 128  # heard before that, so that speech at the end of a block is known: 4.1 s
# A pause between words that is as loud as this, compared with the speech of its block, is a sound: no breath,
# no room.
SOUND_DB = -30.0
SHORTEST_SOUND_STEPS = round(0.3 / STEP_S)
# In what goes on for this long, somebody may speak more softly. Below -80 dB of full scale it is silence.
LONG_SOUND_STEPS = round(2.5 / STEP_S)
SILENCE_LEVEL = 1e-4
# Speech that only the hearing backwards tells begins speech that both tell, or is this long. Shorter ones are
# notes of a guitar.
SHORTEST_ALONE_STEPS = round(1.0 / STEP_S)
_ADJACENT_STEPS = 3
AFTER_STEPS = round(3.0 / STEP_S)  # for so long after a sound the detector may be late

Samples = NDArray[np.float32]
Probabilities = NDArray[np.float32]
Raised = tuple[Samples, Probabilities, NDArray[np.bool_]]


class OnsetRaiser:
    """What the detector has heard of one track, passed on with probabilities raised where speech begins.

    It comes out in blocks of 16 s, which lie at fixed places of the track, so that the outcome does not
    depend on how it arrives; without hearing backwards as it arrives. Out come samples, the probability of
    speech in each step, and whether it is in another sound (`find_sounds`).
        # float32 [n_samples], float32 [n_steps], bool [n_steps]
    """

    def __init__(
        self, hear_backwards: Callable[[Samples], Probabilities] | None, options: VadOptions
    ) -> None:
        """Begin a track.

        Args:
            hear_backwards: the probabilities of samples, heard from their end to their beginning.
            options: what counts as speech.
        """
        self._hear_backwards, self._options = hear_backwards, options
        self._samples, self._probabilities = np.zeros(0, np.float32), np.zeros(0, np.float32)

    def push(self, samples: Samples, probabilities: Probabilities) -> Iterator[Raised]:
        """Take the next samples, in whole steps but for the last, and the probability of speech in each step.

        Args:
            samples: float32 [n_samples].
            probabilities: float32 [n_steps].
        """
        if self._hear_backwards is None:
            yield samples, probabilities, find_sounds(samples, probabilities, self._options.threshold)
            return
        self._samples = np.concatenate([self._samples, samples])
        self._probabilities = np.concatenate([self._probabilities, probabilities])
        n_seen = BLOCK_STEPS + LOOKAHEAD_STEPS
        while len(self._probabilities) >= n_seen:
            step = -(-len(self._samples) // len(self._probabilities))  # the track's last one may be short
            raised, sounds = self._raised(self._samples[: n_seen * step], self._probabilities[:n_seen])
            yield self._samples[: BLOCK_STEPS * step], raised[:BLOCK_STEPS], sounds[:BLOCK_STEPS]
            self._samples = self._samples[BLOCK_STEPS * step :]
            self._probabilities = self._probabilities[BLOCK_STEPS:]

    def finish(self) -> Iterator[Raised]:
        """Pass on what is left at the end of the track."""
        if len(self._probabilities):
            yield self._samples, *self._raised(self._samples, self._probabilities)

    def _raised(
        self, samples: Samples, probabilities: Probabilities
    ) -> tuple[Probabilities, NDArray[np.bool_]]:
        sounds = find_sounds(samples, probabilities, self._options.threshold)
        if self._hear_backwards is None or not sounds.any():
            return probabilities, sounds
        return raise_onsets(probabilities, self._hear_backwards(samples), sounds, self._options), sounds


def raise_onsets(
    forwards: Probabilities, backwards: Probabilities, sounds: NDArray[np.bool_], options: VadOptions
) -> Probabilities:
    """The larger probability, in regions heard backwards that follow a sound, and begin speech or are speech.

    Args:
        forwards: float32 [n_steps].
        backwards: of the same steps, float32 [n_steps].
        sounds: whether each step is in a sound that is not silence, bool [n_steps].
        options: what counts as speech.
    """
    raised = forwards.copy()
    known = forwards >= options.threshold
    for span in _regions(backwards, options):
        is_speech = span.end - span.first >= SHORTEST_ALONE_STEPS
        begins_speech = known[span.first : span.end + _ADJACENT_STEPS].any()
        after_sound = sounds[max(0, span.first - AFTER_STEPS) : span.end].any()
        if after_sound and (is_speech or begins_speech):
            end = span.end + _ADJACENT_STEPS
            raised[span.first : end] = np.maximum(forwards[span.first : end], backwards[span.first : end])
    return raised


def _regions(probabilities: Probabilities, options: VadOptions) -> Iterator[StepSpan]:
    split = split_steps(probabilities, options)
    yield from split.spans
    if split.final_until < len(probabilities):  # one that has not ended
        yield StepSpan(split.final_until, len(probabilities))


def find_sounds(samples: Samples, probabilities: Probabilities, threshold: float) -> NDArray[np.bool_]:
    """Which steps are neither speech nor silence.

    Args:
        samples: float32 [n_samples].
        probabilities: of speech in each step, float32 [n_steps].
        threshold: the probability from which a step is speech.

    Returns:
        bool [n_steps].
    """
    n_steps = len(probabilities)
    width = -(-len(samples) // n_steps)
    steps = np.pad(samples, (0, n_steps * width - len(samples))).reshape(n_steps, width)
    levels = np.sqrt(np.square(steps).mean(axis=1))
    is_speech = probabilities >= threshold
    soft = ~is_speech & (levels >= SILENCE_LEVEL)
    if not is_speech.any():
        return _long_runs(soft, SHORTEST_SOUND_STEPS)
    loud = soft & (levels >= np.median(levels[is_speech]) * 10 ** (SOUND_DB / 20))
    return _long_runs(loud, SHORTEST_SOUND_STEPS) | _long_runs(soft, LONG_SOUND_STEPS)


def _long_runs(steps: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Without the runs that are shorter."""
    kept, first = steps.copy(), 0
    for is_in, run in groupby(steps.tolist()):
        end = first + len(list(run))
        if is_in and end - first < shortest:
            kept[first:end] = False
        first = end
    return kept
