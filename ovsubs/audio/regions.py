"""Speech probabilities -> speech regions: hysteresis, as in Silero's `get_speech_timestamps`."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.detector import STEP_S
from ovsubs.bounds import check_above_zero, check_number
from ovsubs.errors import InvalidOption

AFTER_SOUND_PAD_S, AFTER_SILENCE_PAD_S = 1.5, 0.2  # docs/decisions/0021 has the results of other values
MAX_DURATION_S = 3600.0  # of speech, silence or pad: an hour of any is a mistake


@dataclass(frozen=True, slots=True)
class SpeechRegion:
    """Where the detector finds speech: `[start, end)` in seconds of the track, in steps of 32 ms.

    `after_sound`: there is another sound in the three seconds before it.
    """

    start: float
    end: float
    after_sound: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class VadOptions:
    """What counts as speech. The names are those of Silero and faster-whisper.

    `threshold`: probability from which speech begins; lower finds more (whispers, songs).
    `neg_threshold`: below it speech may end; by default 0.15 under `threshold`, at least 0.01.
    `min_speech_duration_ms`: regions up to this long are dropped.
    `min_silence_duration_ms`: a region ends only at a silence this long. Short by default, because windows
    are cut between regions: more regions are more places to choose from, and a window keeps the audio
    between its regions.
    `speech_pad_ms`: audio kept before and after the speech of a window, as far as it fits. Regions are not
    padded. None keeps 1500 before speech that follows another sound, such as music or applause, since the
    detector notices such speech late, and Whisper does not; elsewhere 200: more silence costs first words.
    `max_speech_duration_s`: a longer region is cut where speech is least probable in its last third.

    Raises:
        InvalidOption: a threshold outside 0 to 1, a negative duration, or one of more than an hour.
    """

    threshold: float = 0.5
    neg_threshold: float | None = None
    min_speech_duration_ms: int = 100
    min_silence_duration_ms: int = 100
    speech_pad_ms: int | None = None
    max_speech_duration_s: float = 30.0

    def __post_init__(self) -> None:
        why = "it is a probability between 0 and 1"
        check_above_zero("threshold", self.threshold, why)
        if not self.threshold < 1.0:
            raise InvalidOption("threshold", self.threshold, why)
        if self.neg_threshold is not None:
            why = "it lies between 0 and `threshold`"
            check_above_zero("neg_threshold", self.neg_threshold, why, most=self.threshold)
        elif not self.end_threshold <= self.threshold:
            raise InvalidOption("threshold", self.threshold, f"at least {self.end_threshold:g}")
        for name in ("min_speech_duration_ms", "min_silence_duration_ms", "speech_pad_ms"):
            why = "it is 0 ms to an hour"
            if (value := getattr(self, name)) is not None:
                check_number(name, value, why, least=0, most=MAX_DURATION_S * 1000)
        longest = self.max_speech_duration_s
        why = "it is 1 s to an hour"
        check_number("max_speech_duration_s", longest, why, least=1.0, most=MAX_DURATION_S)

    @property
    def max_pad_s(self) -> float:
        """The most audio that is kept on one side of speech, in seconds."""
        return AFTER_SOUND_PAD_S if self.speech_pad_ms is None else self.speech_pad_ms / 1000

    @property
    def pad_after_s(self) -> float:
        """Audio kept after speech, in seconds."""
        return AFTER_SILENCE_PAD_S if self.speech_pad_ms is None else self.speech_pad_ms / 1000

    def pad_before_s(self, region: SpeechRegion) -> float:
        """Audio kept before a region, in seconds."""
        return self.max_pad_s if region.after_sound else self.pad_after_s

    @property
    def end_threshold(self) -> float:
        """The probability below which speech may end."""
        return max(self.threshold - 0.15, 0.01) if self.neg_threshold is None else self.neg_threshold


@dataclass(frozen=True, slots=True)
class StepSpan:
    """A region in steps, `[first, end)`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Split:
    """The regions that have ended, and the step up to which they are final.

    From step `final_until` on the result may still change: those steps have to be passed again, before the
    ones that follow. `inside` is to be passed with them: a long region was cut there.
    """

    spans: tuple[StepSpan, ...]
    final_until: int
    inside: bool


def split_steps(probabilities: NDArray[np.float32], options: VadOptions, *, inside: bool = False) -> Split:
    """Find where speech begins and ends, by hysteresis.

    Speech begins at the first step of at least `threshold`. It ends where the probability fell below
    `neg_threshold`, if `threshold` is not reached again for `min_silence_duration_ms`.

    Args:
        probabilities: of consecutive steps, in [0, 1].  # [n_steps]
        options: thresholds and durations.
        inside: the first step continues a region that was cut before it.
    """
    steps = probabilities.tolist()
    max_steps = options.max_speech_duration_s // STEP_S
    spans: list[StepSpan] = []
    first: int | None = 0 if inside and steps else None
    silent_from: int | None = None
    step = 0
    while step < len(steps):
        if steps[step] >= options.threshold:
            silent_from = None
            first = step if first is None else first
        elif first is not None and steps[step] < options.end_threshold:
            silent_from = step if silent_from is None else silent_from
            if _ms(step - silent_from) >= options.min_silence_duration_ms:
                if inside or is_long_enough(silent_from - first, options):
                    spans.append(StepSpan(first, silent_from))
                first, silent_from, inside = None, None, False
        step += 1
        if first is not None and step - first >= max_steps:
            cut = _quietest(probabilities, first, step)
            spans.append(StepSpan(first, cut))
            first, silent_from, inside, step = cut, None, True, cut
    final_until = len(steps) if first is None else first
    return Split(tuple(span for span in spans if span.end > span.first), final_until, inside)


def is_long_enough(n_steps: int, options: VadOptions) -> bool:
    """Whether a region of `n_steps` is kept."""
    return _ms(n_steps) > options.min_speech_duration_ms


def _quietest(probabilities: NDArray[np.float32], first: int, end: int) -> int:
    """The step after the one with the lowest probability in the last third of `[first, end)`."""
    begin = end - max((end - first) // 3, 1)
    return begin + int(np.argmin(probabilities[begin:end])) + 1


def _ms(n_steps: int) -> int:
    return math.floor(n_steps * STEP_S * 1000)
