"""What the segmenter needs of a voice activity detector: probabilities of speech, one for each 32 ms.

`silero.py` has the one that is used. Another one gives its probabilities in the same steps.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ

STEP = 512  # samples that one probability is of
STEP_S = STEP / SAMPLE_RATE_HZ  # 32 ms

Samples = NDArray[np.float32]
Heard = tuple[Samples, NDArray[np.float32]]  # samples, with the probabilities of their steps


class Listener(Protocol):
    """One track: samples go in as they come, and come out with their probabilities, batch by batch.

    Out come samples, float32 [n_samples], each time with the probabilities of their steps, float32 [n_steps].
    """

    def push(self, samples: Samples) -> Iterator[Heard]:
        """Hear the next samples, whose number changes nothing. Exhaust it before the next call."""
        ...

    def finish(self) -> Iterator[Heard]:
        """Hear what is left of the track; the last step is filled up with silence."""
        ...


class SpeechDetector(Protocol):
    """A loaded detector. It keeps nothing of what it hears: tracks may be listened to by turns."""

    @property
    def batch_steps(self) -> int:
        """How many steps it waits for before it computes them."""
        ...

    def listen(self) -> Listener:
        """Begin a track."""
        ...

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Probability of speech in each step of a recording; the last step is filled up with silence.

        Args:
            samples: mono, 16 kHz, in [-1, 1].  # [n_samples]

        Returns:
            Values in [0, 1].  # float32 [ceil(n_samples / STEP)]
        """
        ...
