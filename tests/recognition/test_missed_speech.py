"""Speech that Whisper skipped, and what becomes of the segments around it."""

import pytest

from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition.missed_speech import find_missed, merge_missed
from ovsubs.transcript import Segment


def segment(start: float, end: float, text: str = " Hello") -> Segment:
    return Segment(0, start, end, text, (), 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("region", "is_missed"),
    [
        (SpeechRegion(3.0, 4.0), True),
        (SpeechRegion(3.0, 3.9), False),
        (SpeechRegion(3.0, 3.9, after_sound=True), True),
        (SpeechRegion(3.0, 3.4, after_sound=True), False),
        (SpeechRegion(11.0, 15.0), False),  # after the last segment: the next window begins there
    ],
)
def test_speech_of_a_second_is_missed_and_half_a_second_after_a_sound(
    region: SpeechRegion, is_missed: bool
) -> None:
    segments = [segment(0.0, 2.0), segment(8.0, 10.0)]
    assert find_missed([region], segments) == ([region] if is_missed else [])


def test_what_is_found_in_missed_speech_is_added() -> None:
    before, after, found = segment(0.0, 2.0), segment(8.0, 10.0), segment(4.0, 6.0, " world")
    missed = SpeechRegion(4.0, 6.0)
    assert merge_missed([before, after], [found], missed, [missed]) == [before, after, found]
    assert merge_missed([before, after], [], missed, [missed]) == [before, after]
