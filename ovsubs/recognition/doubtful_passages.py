"""The text of a window -> passages of it that may be no speech, and what is thought of them heard alone.

A crowd's babble is speech for the detector and whole sentences for Whisper, but it hardly believes them, or
says them twice. The encoder is to see the sound of such a passage alone; docs/decisions/0021.
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
from ovsubs.recognition.second_hearing import SURE_LOGPROB
from ovsubs.recognition.text_overlap import agreement, letters_of
from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.segments import TimedTokens
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_AGREEMENT_ALONE = 0.3  # of a doubtful passage's letters, heard again alone; docs/decisions/0021
MIN_REPEATS = 3  # segments in a row that say the same
MAX_BETWEEN_S = 0.5  # between segments that adjoin


@dataclass(frozen=True, slots=True)
class DoubtfulPassage:
    """Segments that may be no speech, and where they stand in the track.

    They are none if it is likelier than `no_speech` there that nobody speaks, or if neither what is heard
    there alone nor the `others`, attempts at their window, have much of their text. `is_repeat`: the model
    believes them, but they say what others say.
    """

    stretch: SpeechRegion
    segments: tuple[Segment, ...]
    no_speech: float
    others: tuple[DecodedWindow, ...]
    is_repeat: bool = False

    @property
    def text(self) -> str:
        """What the segments say."""
        return "".join(segment.text for segment in self.segments)


def find_doubtful(
    pieces: Sequence[TimedTokens],
    decoded: DecodedWindow,
    segments: Sequence[Segment],
    others: tuple[DecodedWindow, ...],
    window: Span,
    timestamp_begin: int,
) -> list[DoubtfulPassage]:
    """Passages of a window that the model hardly believes, and sentences that it says twice.

    Args:
        pieces: what was read of the window.
        decoded: the window.
        segments: those that were made of the pieces, in seconds of the track.
        others: other attempts at the window.
        window: its place, in seconds of the track.
        timestamp_begin: the first timestamp token.
    """
    found = list[DoubtfulPassage]()
    for run, no_speech in doubtful_runs(pieces, decoded):
        doubted = {(pieces[place].opening(timestamp_begin), *pieces[place].tokens) for place in run}
        of_run = tuple(segment for segment in segments if segment.tokens[:-1] in doubted)
        end = pieces[run[-1]].end
        stretch = SpeechRegion(
            window.start + pieces[run[0]].start, window.end if end is None else window.start + end
        )
        if of_run and stretch.end > stretch.start:
            found.append(DoubtfulPassage(stretch, of_run, no_speech, others))
    asked = {segment for passage in found for segment in passage.segments}
    for repeats in _said_over_and_over(segments):
        if left := tuple(segment for segment in repeats if segment not in asked):
            stretch = SpeechRegion(left[0].start, left[-1].end)
            found.append(DoubtfulPassage(stretch, left, CLEARLY_NO_SPEECH, others))
            asked.update(left)
    if decoded.avg_logprob < SURE_LOGPROB:
        found += _said_twice(segments, others, asked)
    return found


def _said_over_and_over(segments: Sequence[Segment]) -> Iterator[tuple[Segment, ...]]:
    """Runs of segments that say the same: a loop within a text that as a whole is none."""
    for said, run in groupby(segments, key=lambda segment: letters_of(segment.text)):
        repeats = tuple(run)
        if said and len(repeats) >= MIN_REPEATS:
            yield repeats


def _said_twice(
    segments: Sequence[Segment], others: tuple[DecodedWindow, ...], asked: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """Segments that say what others say: over a sound before or behind it Whisper repeats what is spoken."""
    for place, segment in enumerate(segments):
        elsewhere = "".join(one.text for one in (*segments[:place], *segments[place + 1 :]))
        if segment not in asked and is_repeated(segment.text, elsewhere):
            yield _repeat(segment, CLEARLY_NO_SPEECH, others)


def is_no_text(
    passage: DoubtfulPassage,
    alone: DecodedWindow,
    attempts: Sequence[DecodedWindow],
    tokenizer: WhisperTokenizer,
    *,
    is_verbatim: bool,
) -> bool:
    """Whether nobody has said what is doubted.

    Args:
        passage: the passage.
        alone: its sound, heard alone.
        attempts: at the passage and at its window, with whose texts it is compared.
        tokenizer: of the checkpoint.
        is_verbatim: whether two texts of the same speech are nearly the same.
    """
    is_compared = is_verbatim and is_comparable(passage.text)
    texts = [tokenizer.decode(one.tokens) for one in attempts] if is_compared else []
    agrees = max((agreement(passage.text, text) for text in texts), default=1.0) >= MIN_AGREEMENT_ALONE
    return alone.no_speech_prob > passage.no_speech or not agrees


def find_after_loop(
    given_up: float, segments: Sequence[Segment], asked: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """The first segment, if it begins where a window that looped was given up, or a part of it.

    Args:
        given_up: the end of that window, in seconds of the track.
        segments: of the window behind it, in order.
        asked: those that are doubted themselves.
    """
    for segment in segments[:1]:
        if segment not in asked and abs(segment.start - given_up) <= MAX_BETWEEN_S:
            yield _repeat(segment, CLEARLY_NO_SPEECH, ())


def find_repeats(
    passage: DoubtfulPassage, segments: Sequence[Segment], asked: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """What says the same behind a passage that is no text: over babble Whisper is ever surer of it.

    Args:
        passage: the passage.
        segments: all there are.
        asked: those that are doubted themselves.
    """
    for segment in segments if not passage.is_repeat else ():
        is_behind = segment.start >= passage.segments[0].start and segment not in asked
        if is_behind and is_repeated(segment.text, passage.text):
            yield _repeat(segment, passage.no_speech, passage.others)


def find_between(
    dropped: Sequence[Segment], segments: Sequence[Segment], asked: Collection[Segment]
) -> Iterator[DoubtfulPassage]:
    """What adjoins text that is none on both sides: Whisper believes a sentence of a babble, but not all.

    Args:
        dropped: segments that have turned out to be no text.
        segments: what is left.
        asked: those that are doubted themselves.
    """
    ends, starts = [one.end for one in dropped], [one.start for one in dropped]
    for segment in segments:
        follows = any(abs(segment.start - end) <= MAX_BETWEEN_S for end in ends)
        precedes = any(abs(start - segment.end) <= MAX_BETWEEN_S for start in starts)
        if follows and precedes and segment not in asked:
            yield _repeat(segment, DOUBTFUL_NO_SPEECH, ())


def _repeat(segment: Segment, no_speech: float, others: tuple[DecodedWindow, ...]) -> DoubtfulPassage:
    stretch = SpeechRegion(segment.start, segment.end)
    return DoubtfulPassage(stretch, (segment,), no_speech, others, is_repeat=True)
