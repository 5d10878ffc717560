"""Decoded window -> segments, each the text between two timestamps, and where the next window begins."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ovsubs.audio.regions import SpeechRegion
from ovsubs.bounds import check_number
from ovsubs.spans import Span
from ovsubs.transcript import Segment, Word
from ovsubs.whisper.decoding import DecodedWindow, compression_ratio
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, WhisperTokenizer
from ovsubs.whisper.words import MAX_PAUSE_IN_WORD_S, close_up, keep_to_speech, words_of
from ovsubs.word_times import apart

# A window whose text ends earlier counts as decoded to its end: else the next one might begin there forever.
MIN_ADVANCE_S = 1.0
# More speech than this after the last timestamp is decoded again: it is a sentence, not a last syllable.
MAX_TRAILING_SPEECH_S = 1.0
MAX_TRAILING_SPEECH_OPEN_S = 0.3  # the same where the text ends with the start of another segment
# The first token of a segment is rarely shorter. With this 89.2 % of base's words in a chapter of 13 minutes
# begin within 100 ms of a forced alignment, without it 87.5 %.
MIN_FIRST_TOKEN_S = 0.1


@dataclass(frozen=True, slots=True)
class SilenceOptions:
    """When a window counts as silent: both must hold (openai/whisper, transcribe.py).

    `no_speech_threshold` is a probability (0 to 1), `logprob_threshold` a mean natural-log
    probability (at most 0). None switches the check off.
    """

    no_speech_threshold: float | None = 0.6
    logprob_threshold: float | None = -1.0

    def __post_init__(self) -> None:
        if self.no_speech_threshold is not None:
            why = "a probability is 0 to 1"
            check_number("no_speech_threshold", self.no_speech_threshold, why, least=0.0, most=1.0)
        if self.logprob_threshold is not None:
            why = "a log-probability is at most 0"
            check_number("logprob_threshold", self.logprob_threshold, why, most=0.0)

    def is_silent(self, decoded: DecodedWindow) -> bool:
        """Whether the no-speech probability of a window is high, and the probability of its text low."""
        if self.no_speech_threshold is None or decoded.no_speech_prob <= self.no_speech_threshold:
            return False
        return self.logprob_threshold is None or decoded.avg_logprob < self.logprob_threshold


def repeats_itself(decoded: DecodedWindow, tokenizer: WhisperTokenizer, threshold: float | None) -> bool:
    """Whether the text is a repetition loop: it compresses better than `threshold` (None: never)."""
    return threshold is not None and compression_ratio(tokenizer.decode(decoded.tokens)) > threshold


@dataclass(frozen=True, slots=True)
class TimedTokens:
    """Text tokens of one segment, and its times in seconds from the window's start.

    `end` is None where there is no closing timestamp. `first` is the index of the first text token among all
    tokens of the window.
    """

    start: float
    end: float | None
    tokens: tuple[int, ...]
    first: int = field(default=0, compare=False)

    def opening(self, timestamp_begin: int) -> int:
        """The timestamp token with which the segment begins."""
        return timestamp_begin + round(self.start / TIMESTAMP_STEP_S)


@dataclass(frozen=True, slots=True)
class SplitWindow:
    """The segments of a window as tokens, and where the next window begins.

    `seek` is in seconds from the window's start; the speech after it has no text yet.
    """

    pieces: tuple[TimedTokens, ...]
    seek: float


def split_at_timestamps(tokens: Sequence[int], timestamp_begin: int) -> Iterator[TimedTokens]:
    """Split the tokens of a window at its timestamps, in order; what has no text is left out."""
    start, text = 0.0, list[int]()
    for place, token in enumerate(tokens):
        if token < timestamp_begin:
            text.append(token)
            continue
        time = (token - timestamp_begin) * TIMESTAMP_STEP_S
        if text:
            yield TimedTokens(start, time, tuple(text), place - len(text))
            text = []
        start = time
    if text:
        yield TimedTokens(start, None, tuple(text), len(tokens) - len(text))


def split_segments(
    decoded: DecodedWindow, speech: Sequence[SpeechRegion], length: float, is_last: bool, timestamp_begin: int
) -> SplitWindow:
    """Split a decoded window into segments, and decide where the next window begins.

    Whisper leaves a sentence that its window cuts off without an end, or leaves it out. The next window
    begins with that sentence (openai/whisper, transcribe.py, `seek`), or with the speech that the VAD finds
    after the last timestamp. It begins at least a second later than this one.

    Args:
        decoded: the window.
        speech: speech regions of the window, in seconds from its start.
        length: of the window, in seconds.
        is_last: no speech follows this window, so a segment without an end is the end of the text.
        timestamp_begin: the first timestamp token.
    """
    pieces = tuple(split_at_timestamps(decoded.tokens, timestamp_begin))
    if not pieces:
        return SplitWindow(pieces, length)
    last = pieces[-1]
    if last.end is None:
        if is_last or not MIN_ADVANCE_S <= last.start < length:
            return SplitWindow(pieces, length)
        return SplitWindow(pieces[:-1], last.start)
    opens_segment = len(decoded.tokens) > 1 and min(decoded.tokens[-2:]) >= timestamp_begin
    trailing = sum(max(0.0, region.end - max(region.start, last.end)) for region in speech)
    allowed = MAX_TRAILING_SPEECH_OPEN_S if opens_segment and not is_last else MAX_TRAILING_SPEECH_S
    if trailing > allowed and last.end >= MIN_ADVANCE_S:
        return SplitWindow(pieces, last.end)
    return SplitWindow(pieces, length)


def has_words(text: str) -> bool:
    """Whether a text is more than the spaces and punctuation that Whisper writes over noise."""
    return any(unicodedata.category(character)[0] not in "PZC" for character in text)


def to_segments(
    pieces: Sequence[TimedTokens],
    decoded: DecodedWindow,
    window: Span,
    tokenizer: WhisperTokenizer,
    language: str = "en",
    speech: Sequence[SpeechRegion] = (),
) -> list[Segment]:
    """Segments of one window in time order, clamped to the window and numbered from 0.

    Args:
        pieces: tokens of each segment.
        decoded: the window.
        window: in seconds of the track. A segment without a closing timestamp ends with it.
        tokenizer: of the checkpoint.
        language: code; decides what a word is.
        speech: regions in seconds of the track; the times of words are kept within them.
    """
    begin = tokenizer.special.timestamp_begin
    ratio = compression_ratio(tokenizer.decode(decoded.tokens))
    segments = list[Segment]()
    for piece in pieces:
        text = tokenizer.decode(piece.tokens)
        if not has_words(text) or window.start + piece.start >= window.end:
            continue  # after the window's end there is only the silence that it is padded with
        last = window.end if piece.end is None else min(window.start + piece.end, window.end)
        opening = piece.opening(begin)
        closing = begin + round((last - window.start) / TIMESTAMP_STEP_S)
        start, end = _trim_to_speech(min(window.start + piece.start, last), last, speech)
        words = _words(piece, decoded, window, tokenizer, language, speech, start)
        if words and start + MAX_PAUSE_IN_WORD_S < words[0].start < end:
            start = words[0].start
        segments.append(
            Segment(
                id=len(segments),
                start=start,
                end=end,
                text=text,
                tokens=(opening, *piece.tokens, closing),
                avg_logprob=decoded.avg_logprob,
                compression_ratio=ratio,
                no_speech_prob=decoded.no_speech_prob,
                words=words,
            )
        )
    return _with_durations(segments, window)


def _with_durations(segments: Sequence[Segment], window: Span) -> list[Segment]:
    """The segments of a window, in which every word lasts longer than zero."""
    words = [word for segment in segments for word in segment.words]
    if all(word.end > word.start for word in words):
        return list(segments)
    step = min(TIMESTAMP_STEP_S, window.duration / len(words))
    times = iter(apart([(word.start, word.end) for word in words], window.start, window.end, step))
    return [
        replace(segment, words=tuple(_timed(word, *next(times)) for word in segment.words))
        for segment in segments
    ]


def _timed(word: Word, start: float, end: float) -> Word:
    return replace(word, start=start, end=end)


def _trim_to_speech(start: float, end: float, speech: Sequence[SpeechRegion]) -> tuple[float, float]:
    """Trim a segment to the speech in it, if it exceeds that by more than `MAX_PAUSE_IN_WORD_S`."""
    inside = [region for region in speech if region.start < end and region.end > start]
    if not inside:
        return start, end
    first, last = inside[0].start, inside[-1].end
    return (first if first - start > MAX_PAUSE_IN_WORD_S else start), (
        last if end - last > MAX_PAUSE_IN_WORD_S else end
    )


def _first_start(piece: TimedTokens, decoded: DecodedWindow, times: Sequence[float], begin: int) -> float:
    """The start of a segment's first token, in seconds of the window.

    The steps that predict the segment's timestamps often attend to its first word already, which leaves
    hardly any time to that word. Then it begins at the timestamp, but not before the start that attention
    gives to the timestamp tokens.
    """
    if not piece.first or times[1] - times[0] >= MIN_FIRST_TOKEN_S:
        return times[0]
    first_timestamp = piece.first - 1
    while first_timestamp and decoded.tokens[first_timestamp - 1] >= begin:
        first_timestamp -= 1
    return max(decoded.starts[first_timestamp], min(times[0], piece.start))


def _words(
    piece: TimedTokens,
    decoded: DecodedWindow,
    window: Span,
    tokenizer: WhisperTokenizer,
    language: str,
    speech: Sequence[SpeechRegion],
    segment_start: float,
) -> tuple[Word, ...]:
    """Words of a segment in seconds of the track; empty if no token times were computed."""
    if not decoded.starts:
        return ()
    end = piece.first + len(piece.tokens)
    # A text that reached the limit of tokens has no end token, and so no time for it.
    times = [*decoded.starts, window.duration][piece.first : end + 1]
    times[0] = _first_start(piece, decoded, times, tokenizer.special.timestamp_begin)
    starts = [min(window.start + time, window.end) for time in times]
    words = words_of(piece.tokens, starts, decoded.logprobs[piece.first : end], tokenizer, language)
    return tuple(close_up(keep_to_speech(words, speech), segment_start))
