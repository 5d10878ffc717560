"""Text of a window -> the passages that may be hallucinated, and whether they are, once decoded alone.

The VAD takes the babble of a crowd for speech, and Whisper writes whole sentences over it, but with a low
log-probability, or twice. Such a passage is encoded again, without the sound around it; docs/decisions/0021.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ovsubs.audio.regions import SpeechRegion
from ovsubs.recognition.fallback import (
    CLEARLY_NO_SPEECH,
    DOUBTFUL_NO_SPEECH,
    doubtful_runs,
    is_comparable,
    is_repeated,
)
from ovsubs.recognition.second_pass import CONFIDENT_LOGPROB
from ovsubs.recognition.text_overlap import agreement, letters_of
from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.segments import TimedTokens
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_AGREEMENT_ALONE = 0.3  # of a doubtful passage's letters, decoded again alone; docs/decisions/0021
MIN_REPEATS = 3  # consecutive segments with the same text
MAX_GAP_S = 0.5  # between adjacent segments


@dataclass(frozen=True, slots=True)
class DoubtfulPassage:
    """Segments that may be hallucinated, and the region that they cover, in seconds of the track.

    They are dropped if the no-speech probability of the region, decoded alone, is above
    `no_speech_threshold`, or if neither that text nor the `other_attempts` at their window have much of
    theirs. `is_repeat`: they are doubtful for what they repeat or adjoin, not for their log-probability.
    """

    region: SpeechRegion
    segments: tuple[Segment, ...]
    no_speech_threshold: float
    other_attempts: tuple[DecodedWindow, ...]
    is_repeat: bool = False

    @property
    def text(self) -> str:
        """The text of all segments."""
        return "".join(segment.text for segment in self.segments)


def find_doubtful(
    pieces: Sequence[TimedTokens],
    decoded: DecodedWindow,
    segments: Sequence[Segment],
    other_attempts: tuple[DecodedWindow, ...],
    window: Span,
    timestamp_begin: int,
) -> list[DoubtfulPassage]:
    """Passages of a window with a low log-probability, and sentences that are there more than once.

    Args:
        pieces: of the window, from which the segments were made.
        decoded: the window.
        segments: in seconds of the track.
        other_attempts: at the same window.
        window: in seconds of the track.
        timestamp_begin: the first timestamp token.
    """
    found = list[DoubtfulPassage]()
    for run, no_speech_threshold in doubtful_runs(pieces, decoded):
        tokens_of_run = {(pieces[place].opening(timestamp_begin), *pieces[place].tokens) for place in run}
        of_run = tuple(segment for segment in segments if segment.tokens[:-1] in tokens_of_run)
        end = pieces[run[-1]].end
        region = SpeechRegion(
            window.start + pieces[run[0]].start, window.end if end is None else window.start + end
        )
        if of_run and region.end > region.start:
            found.append(DoubtfulPassage(region, of_run, no_speech_threshold, other_attempts))
    queued = {segment for passage in found for segment in passage.segments}
    for repeats in _consecutive_repeats(segments):
        if left := tuple(segment for segment in repeats if segment not in queued):
            region = SpeechRegion(left[0].start, left[-1].end)
            found.append(DoubtfulPassage(region, left, CLEARLY_NO_SPEECH, other_attempts))
            queued.update(left)
    if decoded.avg_logprob < CONFIDENT_LOGPROB:
        found += _repeated_in_window(segments, other_attempts, queued)
    return found


def _consecutive_repeats(segments: Sequence[Segment]) -> Iterator[tuple[Segment, ...]]:
    """Runs of segments with the same text: a loop within a text that does not loop as a whole."""
    for letters, run in groupby(segments, key=lambda segment: letters_of(segment.text)):
        repeats = tuple(run)
        if letters and len(repeats) >= MIN_REPEATS:
            yield repeats


def _repeated_in_window(
    segments: Sequence[Segment], other_attempts: tuple[DecodedWindow, ...], queued: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """Segments whose text is elsewhere in the window, too: Whisper repeats speech over a sound next to it."""
    for place, segment in enumerate(segments):
        elsewhere = "".join(one.text for one in (*segments[:place], *segments[place + 1 :]))
        if segment not in queued and is_repeated(segment.text, elsewhere):
            yield _repeat(segment, CLEARLY_NO_SPEECH, other_attempts)


def is_hallucinated(
    passage: DoubtfulPassage,
    alone: DecodedWindow,
    attempts: Sequence[DecodedWindow],
    tokenizer: WhisperTokenizer,
    *,
    is_verbatim: bool,
) -> bool:
    """Whether nobody has said the text of a doubtful passage.

    Args:
        passage: the passage.
        alone: the passage, decoded without the sound around it.
        attempts: at the passage and at its window, whose texts it is compared with.
        tokenizer: of the checkpoint.
        is_verbatim: whether two texts of the same speech are nearly the same.
    """
    is_compared = is_verbatim and is_comparable(passage.text)
    texts = [tokenizer.decode(one.tokens) for one in attempts] if is_compared else []
    agrees = max((agreement(passage.text, text) for text in texts), default=1.0) >= MIN_AGREEMENT_ALONE
    return alone.no_speech_prob > passage.no_speech_threshold or not agrees


def find_after_loop(
    loop_end: float, segments: Sequence[Segment], queued: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """The first segment, if it begins at the end of a window, or of a part of one, that was given up.

    Args:
        loop_end: the end of what was given up, in seconds of the track.
        segments: of the window after it, in order.
        queued: segments that are checked already.
    """
    for segment in segments[:1]:
        if segment not in queued and abs(segment.start - loop_end) <= MAX_GAP_S:
            yield _repeat(segment, CLEARLY_NO_SPEECH, ())


def find_repeats(
    passage: DoubtfulPassage, segments: Sequence[Segment], queued: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """Later segments with the text of a hallucinated passage, whose log-probability rises as it is repeated.

    Args:
        passage: the passage.
        segments: all segments so far.
        queued: segments that are checked already.
    """
    for segment in segments if not passage.is_repeat else ():
        is_later = segment.start >= passage.segments[0].start and segment not in queued
        if is_later and is_repeated(segment.text, passage.text):
            yield _repeat(segment, passage.no_speech_threshold, passage.other_attempts)


def find_between(
    dropped: Sequence[Segment], segments: Sequence[Segment], queued: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """Segments between two hallucinated ones: of the sentences of a babble, one or two may seem likely.

    Args:
        dropped: segments that have turned out to be hallucinated.
        segments: the segments that are left.
        queued: segments that are checked already.
    """
    ends, starts = [one.end for one in dropped], [one.start for one in dropped]
    for segment in segments:
        follows = any(abs(segment.start - end) <= MAX_GAP_S for end in ends)
        precedes = any(abs(start - segment.end) <= MAX_GAP_S for start in starts)
        if follows and precedes and segment not in queued:
            yield _repeat(segment, DOUBTFUL_NO_SPEECH, ())


def _repeat(
    segment: Segment, no_speech_threshold: float, other_attempts: tuple[DecodedWindow, ...]
) -> DoubtfulPassage:
    region = SpeechRegion(segment.start, segment.end)
    return DoubtfulPassage(region, (segment,), no_speech_threshold, other_attempts, is_repeat=True)
