"""Sections -> windows: what the decoder sees next, given how far it has understood a section.

A section is a stretch of the track between two silences that one row of the batch reads from start to
end, like openai/whisper reads a whole file: the next window begins where the text of the last one ended.
Many sections are read side by side. So a sentence that a window cuts off is read again in full, and
batching costs no words.
"""

from ovsubs.audio.media import SAMPLE_RATE_HZ
from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.windows import WINDOW_S, AudioWindow, Window

# The encoder always sees 30 s, and a section's last window is seldom full. On six joined LibriSpeech
# chapters sections of 30, 60, 120 and 240 s needed 77, 77, 71 and 64 windows, at the same WER (5.1 to
# 5.3); short files want many short sections, since rows that read side by side are what fills a batch.
MIN_SECTION_S = 30.0
MAX_SECTION_S = 120.0
SECTIONS_PER_FILE = 16  # fills a batch from one file; never the batch size, which must not change the text
_REMAINDER_S = 0.1  # speech shorter than this after the cursor is the end of the last word


def section_length(duration: float) -> float:
    """How long sections of a file should be, in seconds, for a file of that many seconds."""
    return min(max(duration / SECTIONS_PER_FILE, MIN_SECTION_S), MAX_SECTION_S)


def next_window(
    section: AudioWindow, cursor: float, pad_s: float, max_s: float = WINDOW_S
) -> AudioWindow | None:
    """The window to read next, or None where no speech is left in the section.

    It begins at the next speech (or `pad_s` before it) and is as long as allowed. Silence
    before it is skipped, so that no window is spent on it.

    Args:
        section: samples and speech regions of the section.
        cursor: how far the section has been understood, in seconds of the track.
        pad_s: audio kept before the first speech, in seconds.
        max_s: longest window, in seconds; at most what the encoder takes.
    """
    left = [region for region in section.speech if region.end > cursor + _REMAINDER_S]
    if not left:
        return None
    start = max(cursor, left[0].start - pad_s, section.window.start)
    end = min(start + max_s, section.window.end)
    first = round((start - section.window.start) * SAMPLE_RATE_HZ)
    # Rounding both ends apart must not make the window a sample too long.
    last = min(round((end - section.window.start) * SAMPLE_RATE_HZ), first + round(max_s * SAMPLE_RATE_HZ))
    speech = tuple(
        SpeechRegion(max(region.start, start), min(region.end, end)) for region in left if region.start < end
    )
    return AudioWindow(Window(start, end), section.samples[first:last], speech)
