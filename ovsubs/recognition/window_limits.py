"""Window -> how much of it the encoder sees, and how long its text may be."""

from __future__ import annotations

import math

from ovsubs.audio.features import HOP, N_FRAMES
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.windows import AudioWindow

FRAMES_PER_S = SAMPLE_RATE_HZ // HOP  # 100
# Fast English is 5 tokens a second with its timestamps, fast Japanese or Hindi 10.
MAX_TOKENS_PER_S = 14
TOKENS_TO_SPARE = 24
# Silence after a window shorter than 30 s. Without it the text does not find its end, and the window has to
# be decoded again with 30 s. With 3, 2 and 1.5 s base makes 183, 182 and 184 errors in 128 utterances, 104,
# 102 and 100 in one long chapter, 217, 216 and 221 in six; a second of it is 3 % of the encoder's work.
TRAILING_SILENCE_S = 2.0
# The shortest input of the encoder. Utterances under 6 s (197 of those 295) have 115 errors with 3 s of
# silence after them, 103 with 5 s; longer ones 117 with either. docs/decisions/0006 has more.
MIN_ENCODER_WINDOW_S = 10.0
# A text may end with up to this much speech after its last timestamp; docs/decisions/0010 has the results
# of other values.
MIN_TRAILING_SPEECH_S = 0.4
MIN_CUT_OFF_WINDOW_S = 10.0  # in longer windows Whisper tends to leave out the last sentence


def encoder_frames(duration_s: float) -> int:
    """The number of mel frames to encode for a window of this length, if the encoder takes any length."""
    seconds = max(duration_s + TRAILING_SILENCE_S, MIN_ENCODER_WINDOW_S)
    return min(math.ceil(seconds) * FRAMES_PER_S, N_FRAMES)


def max_text_tokens(duration_s: float) -> int:
    """The most tokens to decode for a window: more than anyone can say in it, so more is a loop."""
    return math.ceil(MAX_TOKENS_PER_S * duration_s) + TOKENS_TO_SPARE


def earliest_end_s(window: AudioWindow) -> float:
    """The earliest end of the text, in seconds of the window; `MIN_TRAILING_SPEECH_S` of speech may follow.

    Whisper expects a window to end in the middle of a sentence, and leaves that sentence out, but here nearly
    all windows end in silence. A short window has no such bound (0.0): it loses no sentence, but its
    timestamps are rough ("2.00" for 2.44), and with the bound the decoder would repeat its only sentence
    after them.
    """
    if window.window.duration < MIN_CUT_OFF_WINDOW_S:
        return 0.0
    left = MIN_TRAILING_SPEECH_S
    for region in reversed(window.speech):
        if region.end - region.start > left:
            return region.end - left - window.window.start
        left -= region.end - region.start
    return 0.0
