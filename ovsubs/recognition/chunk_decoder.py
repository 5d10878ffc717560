"""One chunk being read: which window comes next, how it is decoded, and what was found."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.chunks import Chunk
from ovsubs.audio.features import N_FRAMES, log_mel
from ovsubs.audio.vad import SpeechRegion
from ovsubs.audio.windows import (
    WINDOW_S,
    AudioWindow,
    first_half_s,
    next_window,
    window_of,
    without_lead,
)
from ovsubs.recognition.components import Components
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.doubtful_passages import (
    DoubtfulPassage,
    find_after_loop,
    find_between,
    find_doubtful,
    find_repeats,
    is_no_text,
)
from ovsubs.recognition.fallback import (
    HALF_BELIEVED_LOGPROB,
    Attempt,
    Verdict,
    is_doubtful,
    is_loop_of_noise,
    is_stuttered,
    next_attempt,
)
from ovsubs.recognition.missed_speech import find_missed, take_in_missed
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.prompt_echo import is_heard_without
from ovsubs.recognition.second_hearing import (
    SHORT_LEAD_S,
    BehindSound,
    FirstHearing,
    find_behind_sound,
    is_preferred,
    is_worth_another,
)
from ovsubs.recognition.tried import Tried, TriedAttempts
from ovsubs.recognition.window_limits import earliest_end_s, encoder_frames, max_text_tokens
from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.segments import TimedTokens, split_segments, to_segments

MIN_SPLIT_WINDOW_S = 8.0  # a shorter window that repeats itself is not cut in halves once more
DOUBT_PAD_S = 0.2  # around a passage that is heard alone
RETRY_PAD_S = 0.2  # around speech that is read again: what stands next to it has its text already


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Results of a chunk since the last `drain`: segments in order, speech without text, windows given up."""

    segments: tuple[Segment, ...]
    uncovered: tuple[Span, ...]
    n_left_out: int


@dataclass(frozen=True, slots=True)
class _TakenIn:
    """A window whose text was taken in: its speech as far as it was understood, the segments before it."""

    speech: tuple[SpeechRegion, ...]
    n_segments_before: int


class ChunkDecoder:
    """The decoding state of one chunk: its current window, the attempts at it, and the segments so far."""

    def __init__(self, chunk: Chunk, begin: float, options: TranscribeOptions) -> None:
        self.attempt = Attempt(options.search)
        self.language_vote: LanguageVote | None = None  # of the window, where each has its own language
        self._language = "en"  # of the window that was decoded last
        self._options = options
        self._chunk = chunk
        self._begin = begin  # where the chunk before ended
        self._cursor = chunk.span.start
        self._next = next_window(chunk, self._cursor, options.vad)
        if self._next is None:
            self._end()
        self._missed = deque[SpeechRegion]()  # speech that was passed over, to be read before going on
        self._doubted = deque[DoubtfulPassage]()  # passages to be heard alone, before going on
        self._dropped = list[Segment]()  # what turned out to be no text in the window that was decoded last
        self._behind: BehindSound | None = None  # to be heard without the sound before it, before going on
        self._taken_in: _TakenIn | None = None  # the last window with a text, until that has been found out
        self._given_up = -math.inf  # the end of the last window that was given up
        self._missed_from = chunk.span.start  # the start of the window that passed it over
        self._tried = TriedAttempts()  # at the present window
        self._is_part = False  # whether the present window is the first part of one that looped
        self._echo: DecodedWindow | None = None  # what repeats the prompt; it is tried without it
        self._first: FirstHearing | None = None  # of the present window, which is heard again
        self._all = list[Segment]()
        self._n_taken = 0
        self._n_left_out = 0
        self.batches_waited = 0  # batches that were decoded while the present window waited for company

    @property
    def is_done(self) -> bool:
        return self._next is None

    @property
    def window(self) -> AudioWindow:
        assert self._next is not None
        return self._next

    @property
    def seconds_done(self) -> float:
        return self._cursor - self._begin

    @property
    def votes(self) -> bool:
        """Whether the window's language vote counts: not if its speech has already been decoded once."""
        return not (self._first or self._missed or self._doubted or self._behind)

    @property
    def speech_left(self) -> float:
        return sum(max(0.0, region.end - max(region.start, self._cursor)) for region in self._chunk.speech)

    @property
    def speech_duration(self) -> float:
        """Seconds of speech in the current window."""
        return sum(region.end - region.start for region in self.window.speech)

    @property
    def seed(self) -> int:
        """The sampling seed of the window; it does not depend on the rest of the batch."""
        return round(self.window.window.start * 1000)

    @property
    def max_tokens(self) -> int:
        """The most tokens to decode for the window: more than anyone can say in it, so more is a loop."""
        return max_text_tokens(self.window.window.duration)

    @property
    def min_end_s(self) -> float:
        """The earliest end of the text, in seconds of the window; 0.0 where it may end anywhere.

        It may end anywhere if the window ends in the middle of speech, without VAD, while doubtful passages
        are decoded, and in a second attempt, since the bound may have made the first one fail.
        """
        if self._doubted or self._options.vad is None:
            return 0.0
        is_cut_off = not self._reads_missed and self.window.window.end < self._chunk.speech[-1].end
        is_first = not self.attempt.pad_to_30s and self.attempt.search == self._options.search
        return earliest_end_s(self.window) if is_first and not is_cut_off else 0.0

    def mel(self, components: Components) -> NDArray[np.float32]:
        """The window as the encoder is to see it: float32 [n_mels, frames]."""
        mel = log_mel(self.window.samples, components.whisper.n_mels)
        return mel[:, : self.n_frames(components)].copy()  # a view would keep 30 s of each window of a batch

    def n_frames(self, components: Components) -> int:
        """How much of the window's 30 s the encoder is to see."""
        if self.attempt.pad_to_30s or not components.whisper.any_length:
            return N_FRAMES
        return encoder_frames(self.window.window.duration)

    def accept(self, decoded: DecodedWindow, verdict: Verdict, language: str, components: Components) -> None:
        """Take in what was decoded of the window and go on: to another attempt, or to the next window."""
        if self._doubted:
            self._decide_doubt(decoded, verdict, components)
            return
        if self._behind:
            self._choose_behind(self._behind, decoded, verdict, components)
            return
        self._language = language
        if self._first:
            decoded, verdict = self._choose_hearing(self._first, decoded, verdict, components), Verdict.GOOD
        elif verdict is Verdict.GOOD and self._is_first_attempt and is_worth_another(decoded, self.window):
            self._hear_again(decoded)
            return
        if self._echo and is_heard_without(self._echo, decoded, components.tokenizer, self._options):
            # It was really said, and the prompt knows how to spell it.
            self._tried.add_witness(Tried(decoded, Verdict.GOOD, self._language, self.language_vote))
            decoded, verdict = self._echo, Verdict.GOOD
        if verdict is Verdict.ECHO:
            self._echo = decoded
            self.attempt = replace(self.attempt, prompted=False)
            return
        length = self.window.window.duration
        is_long = length > MIN_SPLIT_WINDOW_S
        if verdict is Verdict.LOOP and self.attempt.pad_to_30s and is_long and not self._reads_missed:
            self._go_on(max_s=first_half_s(self.window))  # another start and end break most loops
            return
        best = self._tried.add(Tried(decoded, verdict, self._language, self.language_vote))
        following = next_attempt(self.attempt, verdict, self._options)
        if following is not None:
            self.attempt = following
            return
        self._commit(best, components)

    @property
    def _is_first_attempt(self) -> bool:
        return self.attempt == Attempt(self._options.search)

    def _hear_again(self, decoded: DecodedWindow) -> None:
        """Decode the same window again, without most of the audio before its speech."""
        self._first = FirstHearing(decoded, self.window, self._language, self.language_vote)
        self._next = without_lead(self._chunk, self.window, SHORT_LEAD_S)

    def _choose_hearing(
        self, first: FirstHearing, near: DecodedWindow, verdict: Verdict, components: Components
    ) -> DecodedWindow:
        text = components.tokenizer.decode(first.decoded.tokens)
        is_good = verdict is Verdict.GOOD
        if is_good and is_preferred(near, text, first.decoded.avg_logprob, components.tokenizer):
            return near
        self._next, self._language, self.language_vote = first.window, first.language, first.language_vote
        return first.decoded

    def _choose_behind(
        self, behind: BehindSound, near: DecodedWindow, verdict: Verdict, components: Components
    ) -> None:
        """Keep what was heard with the sound before it, or what was heard without."""
        logprob = behind.segments[0].avg_logprob
        if verdict is Verdict.GOOD and is_preferred(near, behind.text, logprob, components.tokenizer):
            reading = self._read_whole(near, components)
            self._all = [one for one in self._all if one not in behind.segments] + reading
        self._behind = None
        self._go_on()

    def _read_whole(self, decoded: DecodedWindow, components: Components) -> list[Segment]:
        """All segments of the present window, behind which nothing is read again."""
        begin = components.tokenizer.special.timestamp_begin
        reading = split_segments(decoded, (), self.window.window.duration, True, begin)
        return self._segments(reading.pieces, decoded, components)

    def _decide_doubt(self, heard_alone: DecodedWindow, verdict: Verdict, components: Components) -> None:
        following = next_attempt(self.attempt, verdict, self._options) if verdict is Verdict.LOOP else None
        if following is not None and following.search.temperature == self._options.temperature:
            self.attempt = following
            return
        passage = self._doubted.popleft()
        is_same_language = (
            not self.language_vote or self.language_vote.language == passage.segments[0].language
        )
        tells = is_same_language and verdict not in (Verdict.LOOP, Verdict.ECHO)
        attempts = [*passage.others, heard_alone] if tells else passage.others
        if is_no_text(passage, heard_alone, attempts, components.tokenizer, is_verbatim=self._is_verbatim):
            self._all = [segment for segment in self._all if segment not in passage.segments]
            self._dropped += passage.segments
            self._doubted.extend(find_repeats(passage, self._all, self._asked))
            self._doubted.extend(find_between(self._dropped, self._all, self._asked))
        self._go_on()

    def _commit(self, best: Tried, components: Components) -> None:
        decoded, self._language, self.language_vote = best.decoded, best.language, best.language_vote
        if self._reads_missed:
            is_believed = not is_doubtful(decoded) and not self._is_made_up(best, components)
            if self._tried.has_looped and decoded.avg_logprob < HALF_BELIEVED_LOGPROB:
                is_believed = False
            is_text = best.verdict is Verdict.GOOD and is_believed  # it was passed over once
            heard = self._read_whole(decoded, components) if is_text else []
            self._all = take_in_missed(self._all, heard, self._missed.popleft(), self._chunk.speech)
        elif best.verdict is Verdict.SILENT:
            self._cursor = self.window.window.end
        elif self._is_loop(best, components):
            self._n_left_out += 1
            self._cursor = self._given_up = self.window.window.end
        elif self._is_unlikely_part(best) or self._is_made_up(best, components) or self._is_half_a_loop(best):
            self._cursor = self._given_up = self.window.window.end
        else:
            self._take_in(best, components)
        self._go_on()

    @property
    def _is_verbatim(self) -> bool:
        """Whether two attempts at the same speech should agree word for word: translations need not."""
        return self._options.task == "transcribe"

    def _is_made_up(self, best: Tried, components: Components) -> bool:
        return self._is_verbatim and self._tried.is_made_up(best, components.tokenizer)

    def _is_unlikely_part(self, best: Tried) -> bool:
        """Whether the window is part of one that looped, and no attempt at it is likely."""
        return self._is_part and best.verdict is Verdict.UNLIKELY

    def _is_half_a_loop(self, best: Tried) -> bool:
        """Whether an attempt at this window looped, and the best text is doubtful."""
        return self._tried.has_looped and is_doubtful(best.decoded)

    def _is_loop(self, best: Tried, components: Components) -> bool:
        has_no_end = best.verdict is Verdict.LOOP and not best.decoded.finished
        return has_no_end or is_loop_of_noise(best.decoded, components.tokenizer, self._options)

    @property
    def _asked(self) -> set[Segment]:
        """Segments that are doubted."""
        return {segment for passage in self._doubted for segment in passage.segments}

    @property
    def _reads_missed(self) -> bool:
        return bool(self._missed)

    def _go_on(self, max_s: float = WINDOW_S) -> None:
        self._echo = self._first = None
        self._tried = TriedAttempts()
        self._is_part = max_s < WINDOW_S
        self.attempt = Attempt(self._options.search)
        if self._doubted:
            stretch = self._doubted[0].stretch
            padded = Span(stretch.start - DOUBT_PAD_S, stretch.end + DOUBT_PAD_S)
            self._next = window_of(self._chunk, padded, (stretch,))
            return
        if self._missed:
            missed = self._missed[0]
            pad_s = min(self._options.vad.pad_after_s, RETRY_PAD_S) if self._options.vad else 0.0
            # It does not reach back to where text has been found already.
            padded = Span(max(self._missed_from, missed.start - pad_s), missed.end + pad_s)
            self._next = window_of(self._chunk, padded, (missed,))
            return
        if taken_in := self._taken_in:
            self._taken_in = None
            of_window = self._all[taken_in.n_segments_before :]
            self._behind = find_behind_sound(taken_in.speech, sorted(of_window, key=lambda one: one.start))
            if self._behind:
                speech = self._behind.speech
                padded = Span(speech[0].start - SHORT_LEAD_S, self._cursor)
                self._next = window_of(self._chunk, padded, speech)
                return
        self._next = next_window(self._chunk, self._cursor, self._options.vad, max_s)
        if self._next is None:
            self._end()

    def _end(self) -> None:
        self._cursor = self._chunk.span.end
        # It may wait long for an earlier one; its sound is not needed any more.
        self._chunk = replace(self._chunk, samples=np.zeros(0, np.float32))

    def _take_in(self, best: Tried, components: Components) -> None:
        decoded, window = best.decoded, self.window.window
        speech = [SpeechRegion(r.start - window.start, r.end - window.start) for r in self.window.speech]
        is_last = window.end >= self._chunk.speech[-1].end
        begin = components.tokenizer.special.timestamp_begin
        reading = split_segments(decoded, speech, window.duration, is_last, begin)
        segments = self._segments(reading.pieces, decoded, components)
        segments = [one for n, one in enumerate(segments) if not is_stuttered(one, segments[:n])]
        n_segments_before = len(self._all)
        self._all += segments
        others = self._tried.others(best)
        self._dropped = []
        self._doubted.extend(find_doubtful(reading.pieces, decoded, segments, others, window, begin))
        self._doubted.extend(find_after_loop(self._given_up, segments, self._asked))
        self._missed_from, self._cursor = window.start, window.start + reading.seek
        if self._options.vad is not None and segments:
            clipped = [replace(r, end=min(r.end, self._cursor)) for r in self.window.speech]
            heard = tuple(region for region in clipped if region.start < region.end)
            self._taken_in = _TakenIn(heard, n_segments_before)
            self._missed.extend(find_missed(heard, segments))

    def _segments(
        self, pieces: Sequence[TimedTokens], decoded: DecodedWindow, components: Components
    ) -> list[Segment]:
        speech = self.window.speech
        segments = to_segments(
            pieces, decoded, self.window.window, components.tokenizer, self._language, speech
        )
        if self.language_vote is None:
            return segments
        return [replace(segment, language=self.language_vote.language) for segment in segments]

    def drain(self) -> ChunkResult:
        """Results since the last call; empty while missed or doubtful speech is still being decoded again."""
        if self._missed or self._doubted or self._behind:
            return ChunkResult((), (), 0)
        new = sorted(self._all[self._n_taken :], key=lambda segment: segment.start)
        self._all[self._n_taken :] = new
        self._n_taken = len(self._all)
        n_left_out, self._n_left_out = self._n_left_out, 0
        is_known = self.is_done and self._options.vad is not None  # without it, silence counts as speech
        missed = uncovered(self._chunk.speech, self._all) if is_known else ()
        return ChunkResult(tuple(new), tuple(missed), n_left_out)
