"""A transcript and its cues -> the places that a person should hear again, the most doubtful first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ovsubs.bounds import check_count
from ovsubs.subtitles.columns import columns, n_characters
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.qc.findings import Finding, Kind, clock
from ovsubs.subtitles.qc.repetition import times_repeated, words_of
from ovsubs.transcript import Segment, Transcript, Word

SURE_WORD = 0.5  # a word less likely than this is as good as guessed
SURE_SHARE = 0.75  # of the words of a cue; fewer sure ones make it an item
SURE_TEXT = 0.5  # mean probability of a token, where there are no words
# openai/whisper, transcribe.py: text that compresses more is a loop; windows above are perhaps silent.
COMPRESSION_RATIO = 2.4
NO_SPEECH_PROBABILITY = 0.6
SPOKEN_COLUMNS = 30  # a second: half as many again as fast talkers say, Latin letters or East Asian ones
SHORT_TEXT = 10  # columns: the times of shorter text are too rough to tell its speed
MISSING_S = 5.0  # of speech without text, that weigh as much as a cue that is all wrong


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A place that may be wrong, `[start_ms, end_ms)`, and why, in plain words.

    `text` is that of its cues, in one line; empty where speech has none. `weight` is higher the more there is
    to hear it again; items are ranked by it.
    """

    start_ms: int
    end_ms: int
    text: str
    reasons: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class _Reason:
    said: str
    weight: float  # 1: surely wrong


@dataclass(frozen=True, slots=True)
class _Place:
    """A cue, the words in it, and the segments that share half of its time or of their own with it."""

    cue: Cue
    segments: tuple[Segment, ...]
    words: tuple[Word, ...]


def review_items(
    transcript: Transcript, cues: Sequence[Cue], n: int, findings: Sequence[Finding] = ()
) -> list[ReviewItem]:
    """The places to check first, worst first; neighbours with the same reasons are one place.

    Args:
        transcript: with words, if they are known.
        cues: laid out from it, in order.
        n: how many places at most.
        findings: of these cues; those without speech count.

    Raises:
        InvalidOption: `n` is below 0.
    """
    check_count("n", n, "give at least 0")
    if n == 0:
        return []
    silent = {finding.cue for finding in findings if finding.kind is Kind.OUTSIDE_SPEECH}
    runs = list[list[ReviewItem]]()  # of neighbours
    before: Cue | None = None
    for number, place in enumerate(_places(cues, transcript.segments), start=1):
        cue, reasons = place.cue, [*_reasons(place, before)]
        if number in silent:
            reasons.append(_Reason("nobody is heard there", 0.8))
        weight = sum(reason.weight for reason in reasons)
        told = tuple(dict.fromkeys(reason.said for reason in reasons))
        item = ReviewItem(cue.start_ms, cue.end_ms, " ".join(cue.lines), told, weight)
        last = runs[-1][-1] if runs else None
        if before and last and last.end_ms == before.end_ms and last.reasons == told:
            runs[-1].append(item)
        elif told:
            runs.append([item])
        before = cue
    to_review = [*map(_joined, runs), *_missing(transcript)]
    return sorted(to_review, key=lambda item: (-item.weight, item.start_ms))[:n]


def _joined(run: Sequence[ReviewItem]) -> ReviewItem:
    weight = max(item.weight for item in run)
    return replace(run[0], end_ms=run[-1].end_ms, text=" ".join(item.text for item in run), weight=weight)


def _places(cues: Sequence[Cue], segments: Sequence[Segment]) -> Iterator[_Place]:
    first = 0
    for cue in cues:
        while first < len(segments) and to_ms(segments[first].end) <= cue.start_ms:
            first += 1
        own, words, place = list[Segment](), list[Word](), first
        while place < len(segments) and to_ms(segments[place].start) < cue.end_ms:
            start_ms, end_ms = to_ms(segments[place].start), to_ms(segments[place].end)
            shared_ms = min(end_ms, cue.end_ms) - max(start_ms, cue.start_ms)
            if 2 * shared_ms >= min(end_ms - start_ms, cue.duration_ms):
                own.append(segments[place])
            words += [word for word in segments[place].words if _is_in(word, cue)]
            place += 1
        yield _Place(cue, tuple(own), tuple(words))


def _reasons(place: _Place, before: Cue | None) -> Iterator[_Reason]:
    cue, segments, words = place.cue, place.segments, place.words
    if words:
        sure = sum(word.probability >= SURE_WORD for word in words) / len(words)
        if sure < SURE_SHARE:
            yield _Reason(f"sure of {100 * sure:.0f} % of the words", 1.0 - sure)
    elif segments:
        sure = math.exp(min(0.0, min(segment.avg_logprob for segment in segments)))
        if sure < SURE_TEXT:
            yield _Reason(f"sure of the text by {100 * sure:.0f} % only", 1.0 - sure)
    loops = any(segment.compression_ratio > COMPRESSION_RATIO for segment in segments)
    if loops or times_repeated(cue.text) > 1:
        yield _Reason("the text repeats itself", 0.9)
    if before and words_of(cue.text) and words_of(cue.text) == words_of(before.text):
        yield _Reason("the same text as before it", 0.5)
    temperature = max((segment.temperature for segment in segments), default=0.0)
    if temperature > 0.0:
        yield _Reason(f"drawn by chance, at temperature {temperature:.1f}", 0.2 + temperature / 2)
    silence = max((segment.no_speech_prob for segment in segments), default=0.0)
    if silence > NO_SPEECH_PROBABILITY:
        yield _Reason(f"perhaps nobody speaks ({100 * silence:.0f} %)", silence / 2)
    if speed := _too_fast_to_say(cue):
        yield _Reason(f"too fast to be said: {speed:.0f} characters a second", 0.6)


def _is_in(word: Word, cue: Cue) -> bool:
    return cue.start_ms <= to_ms((word.start + word.end) / 2) < cue.end_ms


def _too_fast_to_say(cue: Cue) -> float | None:
    """Characters a second, if nobody speaks that fast."""
    width = sum(map(columns, cue.lines))
    spoken = [word for line in cue.words for word in line]
    seconds = (spoken[-1].end_ms - spoken[0].start_ms if spoken else cue.duration_ms) / 1000
    if width <= SHORT_TEXT or width <= SPOKEN_COLUMNS * seconds:
        return None
    return n_characters(cue.text) / max(0.001, seconds)


def _missing(transcript: Transcript) -> Iterator[ReviewItem]:
    for stretch in transcript.uncovered:
        start_ms, end_ms = to_ms(stretch.start), to_ms(stretch.end)
        said = f"speech at {clock(start_ms)} to {clock(end_ms)} has no text"
        yield ReviewItem(start_ms, end_ms, "", (said,), min(1.0, (stretch.end - stretch.start) / MISSING_S))
