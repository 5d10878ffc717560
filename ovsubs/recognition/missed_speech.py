"""Segments and speech -> the speech that Whisper skipped, and the segments with what a second attempt found.

Whisper skips what it takes for another sound. It also moves first words: the first word of a sentence to
the place of a skipped one before it, or a drawn-out "So ..." to the sentence after a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.second_pass import MIN_SOUND_S, TIME_TOLERANCE_S
from ovsubs.recognition.text_overlap import letters_of
from ovsubs.transcript import Segment
from ovsubs.whisper.words import MAX_PAUSE_IN_WORD_S, bring_to_next

MIN_MISSED_S = 1.0  # speech this long between two segments without any text is decoded again
MIN_MISSED_AFTER_SOUND_S = 0.5  # the same where it begins after another sound: Whisper starts late there
MAX_MOVED_WORDS = 3  # first words of a segment that may stand at the end of a sound


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


def merge_missed(
    segments: Sequence[Segment],
    found: Sequence[Segment],
    missed: SpeechRegion,
    speech: Sequence[SpeechRegion],
) -> list[Segment]:
    """Add the segments that were found in missed speech, or move the first words of the segment after it.

    Args:
        segments: in any order.
        found: segments of the missed speech; empty if it is no speech.
        missed: region of the missed speech.
        speech: regions in order.
    """
    if not found:
        return _without_words_in_sound(segments, missed, speech)
    moved = _with_word_moved_back(segments, found)
    return [*segments, *found] if moved is None else moved


def _with_word_moved_back(segments: Sequence[Segment], found: Sequence[Segment]) -> list[Segment] | None:
    """Move the first word of the next segment to where it was found; None if something else was found.

    A drawn-out "So ..." gets the time at which it was said.
    """
    following = _first_after(segments, found[0].start)
    letters = letters_of("".join(segment.text for segment in found))
    if following is None or not following.words or letters_of(following.words[0].word) != letters:
        return None
    first = replace(following.words[0], start=found[0].start, end=found[-1].end)
    words = (first, *following.words[1:])
    return _with_replaced(segments, following, replace(following, start=first.start, words=words))


def _without_words_in_sound(
    segments: Sequence[Segment], missed: SpeechRegion, speech: Sequence[SpeechRegion]
) -> list[Segment]:
    """Move first words at the end of a sound, with a pause after them, to the words that they precede."""
    sound = next((one for one in speech if one.start < missed.end <= one.end + TIME_TOLERANCE_S), None)
    following = _first_after(segments, missed.end - TIME_TOLERANCE_S)
    if sound is None or following is None or missed.end - max(missed.start, sound.start) < MIN_SOUND_S:
        return list(segments)
    words = following.words
    n_first = sum(word.end <= sound.end + TIME_TOLERANCE_S for word in words)
    if not 0 < n_first <= MAX_MOVED_WORDS or n_first == len(words):
        return list(segments)
    if words[n_first].start - words[n_first - 1].end < MAX_PAUSE_IN_WORD_S:
        return list(segments)
    moved = bring_to_next(words, n_first)
    return _with_replaced(segments, following, replace(following, start=moved[0].start, words=tuple(moved)))


def _first_after(segments: Sequence[Segment], start: float) -> Segment | None:
    later = (segment for segment in segments if segment.start > start)
    return min(later, key=lambda segment: segment.start, default=None)


def _with_replaced(segments: Sequence[Segment], old: Segment, new: Segment) -> list[Segment]:
    return [new if segment is old else segment for segment in segments]
