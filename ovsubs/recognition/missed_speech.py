"""Speech that was passed over, and what was read there at a second attempt -> the segments with it.

Whisper passes over what it takes for a sound, and puts first words where they are not: the first word of a
sentence behind it, at its place, or a drawn-out "So ..." with the sentence that follows a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.second_hearing import INEXACTNESS_S, MIN_SOUND_S
from ovsubs.recognition.text_overlap import letters_of
from ovsubs.transcript import Segment
from ovsubs.whisper.words import MAX_PAUSE_IN_WORD_S, bring_to_next

MIN_MISSED_S = 1.0  # speech this long between two segments without any text is read again
MIN_MISSED_AFTER_SOUND_S = 0.5  # ... and this long where it begins after another sound: Whisper is late there
MAX_MOVED = 3  # first words that may stand at the end of a sound


def find_missed(speech: Sequence[SpeechRegion], segments: Sequence[Segment]) -> list[SpeechRegion]:
    """Speech before the last segment that has no text, in order.

    Args:
        speech: regions in order, not overlapping, as far as the text reaches.
        segments: in order, at least one.
    """
    starts_after_sound = {region.start for region in speech if region.after_sound}
    found = list[SpeechRegion]()
    for span in uncovered(speech, segments):
        least = MIN_MISSED_AFTER_SOUND_S if span.start in starts_after_sound else MIN_MISSED_S
        if span.end <= segments[-1].start and span.end - span.start >= least:
            found.append(SpeechRegion(span.start, span.end))
    return found


def take_in_missed(
    segments: Sequence[Segment],
    heard: Sequence[Segment],
    missed: SpeechRegion,
    speech: Sequence[SpeechRegion],
) -> list[Segment]:
    """Add what was read of missed speech to the segments, or move the first words of those behind it.

    Args:
        segments: in any order.
        heard: what was read there; empty if it is no speech.
        missed: its place.
        speech: regions in order.
    """
    if not heard:
        return _moved_on(segments, missed, speech)
    moved = _moved_back(segments, heard)
    return [*segments, *heard] if moved is None else moved


def _moved_back(segments: Sequence[Segment], heard: Sequence[Segment]) -> list[Segment] | None:
    """Segments with a first word at the place where it was heard again; None if something else was heard.

    A drawn-out "So ..." thus gets the time at which it was said.
    """
    following = _first_behind(segments, heard[0].start)
    said = letters_of("".join(segment.text for segment in heard))
    if following is None or not following.words or letters_of(following.words[0].word) != said:
        return None
    first = replace(following.words[0], start=heard[0].start, end=heard[-1].end)
    words = (first, *following.words[1:])
    return _with(segments, following, replace(following, start=first.start, words=words))


def _moved_on(
    segments: Sequence[Segment], missed: SpeechRegion, speech: Sequence[SpeechRegion]
) -> list[Segment]:
    """Segments without first words at the end of a sound that is no speech, far from those they belong to."""
    sound = next((one for one in speech if one.start < missed.end <= one.end + INEXACTNESS_S), None)
    following = _first_behind(segments, missed.end - INEXACTNESS_S)
    if sound is None or following is None or missed.end - max(missed.start, sound.start) < MIN_SOUND_S:
        return list(segments)
    words = following.words
    n_first = sum(word.end <= sound.end + INEXACTNESS_S for word in words)
    if not 0 < n_first <= MAX_MOVED or n_first == len(words):
        return list(segments)
    if words[n_first].start - words[n_first - 1].end < MAX_PAUSE_IN_WORD_S:
        return list(segments)
    moved = bring_to_next(words, n_first)
    return _with(segments, following, replace(following, start=moved[0].start, words=tuple(moved)))


def _first_behind(segments: Sequence[Segment], start: float) -> Segment | None:
    behind = (segment for segment in segments if segment.start > start)
    return min(behind, key=lambda segment: segment.start, default=None)


def _with(segments: Sequence[Segment], old: Segment, new: Segment) -> list[Segment]:
    return [new if segment is old else segment for segment in segments]
