"""Cues beside the speech of their media: text where nobody speaks, and speech that has no text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ovsubs.subtitles.columns import n_characters
from ovsubs.subtitles.cue import Cue, CueWord
from ovsubs.subtitles.qc.findings import Finding, Kind
from ovsubs.subtitles.styles import LayoutRules

MIN_SPEECH_MS = 100  # the shortest speech that the detector tells; less beside a cue is no speech of its own
OFF_SPEECH_MS = 1500  # BBC Subtitle Guidelines, 1.1.7: do not anticipate speech, or hang, by more than this
MIN_SPEECH_WITHOUT_TEXT_MS = 1000  # less speech without text is a breath, a laugh or the end of a word
OFF_WORD_MS = 1000  # a word may be as far from speech: its time and the detector err by less
PAUSE_MS = 3000  # what is said with shorter pauses and without text between is told as one


@dataclass(frozen=True, slots=True)
class SpeechSpan:
    """Where somebody speaks, `[start_ms, end_ms)` in the file."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """How long."""
        return self.end_ms - self.start_ms


def check_speech(cues: Sequence[Cue], speech: Iterable[SpeechSpan], rules: LayoutRules) -> Iterator[Finding]:
    """What is wrong between cues and speech, both in any order."""
    stretches = _joined(speech, 0)
    for number, cue in enumerate(cues, start=1):
        if cue.lines and cue.duration_ms > 0:
            beside = list(_beside_speech(number, cue, _within(cue, stretches), rules))
            yield from beside or _words_outside(number, cue, stretches)
    covered = _joined((SpeechSpan(cue.start_ms, cue.end_ms) for cue in cues if cue.lines), 0)
    for left in _left_of(_joined(stretches, PAUSE_MS), covered):
        heard = _within(left, stretches)
        heard_ms = sum(part.duration_ms for part in heard)
        if heard_ms >= MIN_SPEECH_WITHOUT_TEXT_MS:
            yield Finding(Kind.NO_TEXT, None, heard[0].start_ms, heard_ms, MIN_SPEECH_WITHOUT_TEXT_MS, "")


def _within(span: Cue | SpeechSpan, stretches: Sequence[SpeechSpan]) -> list[SpeechSpan]:
    """The parts of some stretches, by time and not overlapping, that lie within a span."""
    first = max(0, bisect_right(stretches, span.start_ms, key=lambda one: one.start_ms) - 1)
    end = bisect_right(stretches, span.end_ms, key=lambda one: one.start_ms)
    parts = [
        SpeechSpan(max(one.start_ms, span.start_ms), min(one.end_ms, span.end_ms))
        for one in stretches[first:end]
    ]
    return [part for part in parts if part.duration_ms > 0]


def _beside_speech(
    number: int, cue: Cue, heard: Sequence[SpeechSpan], rules: LayoutRules
) -> Iterator[Finding]:
    heard_ms = sum(part.duration_ms for part in heard)
    least_ms = min(MIN_SPEECH_MS, cue.duration_ms)
    if heard_ms < least_ms:
        yield Finding(Kind.OUTSIDE_SPEECH, number, cue.start_ms, heard_ms, least_ms, cue.text)
        return
    before_ms, after_ms = heard[0].start_ms - cue.start_ms, cue.end_ms - heard[-1].end_ms
    if before_ms > OFF_SPEECH_MS:
        yield Finding(Kind.TOO_EARLY, number, cue.start_ms, before_ms, OFF_SPEECH_MS, cue.text)
    readable_ms = max(rules.min_duration_ms, 1000 * n_characters(cue.text) / rules.max_cps)
    if after_ms > OFF_SPEECH_MS and cue.duration_ms > readable_ms:
        yield Finding(Kind.HANGING, number, cue.start_ms, after_ms, OFF_SPEECH_MS, cue.text)


def _words_outside(number: int, cue: Cue, stretches: Sequence[SpeechSpan]) -> Iterator[Finding]:
    """The word that is farthest from speech, where it is known when words are spoken."""
    distances = ((_distance_ms(word, stretches), word) for line in cue.words for word in line)
    distance_ms, word = max(distances, key=lambda one: one[0], default=(0, None))
    if word and distance_ms > OFF_WORD_MS:
        text = word.text.strip()
        yield Finding(Kind.WORD_OUTSIDE, number, word.start_ms, distance_ms, OFF_WORD_MS, text)


def _distance_ms(word: CueWord, stretches: Sequence[SpeechSpan]) -> int:
    """How long before or after the nearest speech a word is spoken; 0 within it."""
    place = bisect_right(stretches, word.start_ms, key=lambda one: one.start_ms)
    before = [word.start_ms - one.end_ms for one in stretches[max(0, place - 1) : place]]
    after = [one.start_ms - word.end_ms for one in stretches[place : place + 1]]
    return max(0, min(before + after))


def _joined(stretches: Iterable[SpeechSpan], pause_ms: int) -> list[SpeechSpan]:
    """Stretches by time, those closer than `pause_ms` as one."""
    joined = list[SpeechSpan]()
    for stretch in sorted(stretches, key=lambda one: one.start_ms):
        if joined and stretch.start_ms - joined[-1].end_ms <= pause_ms:
            last = joined.pop()
            stretch = SpeechSpan(last.start_ms, max(last.end_ms, stretch.end_ms))
        joined.append(stretch)
    return joined


def _left_of(stretches: Sequence[SpeechSpan], covered: Sequence[SpeechSpan]) -> Iterator[SpeechSpan]:
    """What of some stretches is not covered by others; both by time, not overlapping."""
    first = 0
    for stretch in stretches:
        while first < len(covered) and covered[first].end_ms <= stretch.start_ms:
            first += 1
        position_ms, place = stretch.start_ms, first
        while place < len(covered) and covered[place].start_ms < stretch.end_ms:
            if covered[place].start_ms > position_ms:
                yield SpeechSpan(position_ms, covered[place].start_ms)
            position_ms = max(position_ms, covered[place].end_ms)
            place += 1
        if position_ms < stretch.end_ms:
            yield SpeechSpan(position_ms, stretch.end_ms)
