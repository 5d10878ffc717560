"""Language probabilities of several windows -> the language of the file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_WEIGHT_S = 0.01  # windows without a known amount of speech still count


@dataclass(frozen=True, slots=True)
class LanguageVote:
    """The language of a file and its mean probability (0 to 1) over the windows asked."""

    language: str
    probability: float


def vote(probabilities: NDArray[np.float32], speech_s: Sequence[float], codes: Sequence[str]) -> LanguageVote:
    """Mean over windows, each weighted by the speech in it.

    One doubtful window cannot outvote several sure ones, nor a blip of noise a sentence.

    Args:
        probabilities: float32 [windows, languages], at least one window.
        speech_s: seconds of speech in each window.
        codes: the languages' codes, in the order of the columns.
    """
    mean = np.average(probabilities, axis=0, weights=np.asarray(speech_s) + _LEAST_WEIGHT_S)
    best = int(mean.argmax())
    return LanguageVote(codes[best], float(mean[best]))
