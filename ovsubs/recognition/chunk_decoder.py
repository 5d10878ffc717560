"""The state of one chunk while it is decoded: its next window, how to decode it, and the segments so far."""

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
    shorten_lead_in,
    window_of,
)
from ovsubs.recognition.attempts import AttemptHistory, AttemptResult
from ovsubs.recognition.components import Components
from ovsubs.recognition.coverage import uncovered
from ovsubs.recognition.decoded import DecodedChunk
from ovsubs.recognition.doubtful_passages import (
    DoubtfulPassage,
    find_after_loop,
    find_between,
    find_doubtful,
    find_repeats,
    is_hallucinated,
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
from ovsubs.recognition.missed_speech import find_missed, merge_missed
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.prompt_echo import is_confirmed
from ovsubs.recognition.second_pass import (
    SHORT_LEAD_IN_S,
    FirstPass,
    SpeechAfterSound,
    find_speech_after_sound,
    is_second_better,
    needs_second_pass,
)
from ovsubs.recognition.window_limits import earliest_end_s, encoder_frames, max_text_tokens
from ovsubs.spans import Span
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.segments import TimedTokens, split_segments, to_segments

MIN_SPLIT_WINDOW_S = 8.0  # a shorter window whose text loops is not split any more
DOUBTFUL_PAD_S = 0.2  # around a doubtful passage that is decoded alone
MISSED_PAD_S = 0.2  # around missed speech that is decoded again: the speech next to it has a text already


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Results of a chunk since the last `drain`: segments in order, speech without text, windows given up."""

    segments: tuple[Segment, ...]
    uncovered: tuple[Span, ...]
    n_left_out: int


@dataclass(frozen=True, slots=True)
class _CommittedWindow:
    """The speech of a window as far as its text reaches, and the number of segments before it."""

    speech: tuple[SpeechRegion, ...]
    n_segments_before: int


class ChunkDecoder:
    """The decoding state of one chunk: its current window, the attempts at it, and the segments so far.

    Besides the windows that follow each other, missed speech, doubtful passages and speech after a sound are
    decoded in windows of their own, all before the next window of the chunk.
    """

    def __init__(self, chunk: Chunk, begin: float, options: TranscribeOptions) -> None:
        """`begin`: the end of the chunk before, in seconds of the track."""
        self.attempt = Attempt(options.search)
        self.language_vote: LanguageVote | None = None  # of the window, where each has its own language
        self._language = "en"  # of the last decoded window
        self._options = options
        self._chunk = chunk
        self._begin = begin
        self._cursor = chunk.span.start
        self._next = next_window(chunk, self._cursor, options.vad)
        if self._next is None:
            self._finish()
        self._missed = deque[SpeechRegion]()
        self._doubtful = deque[DoubtfulPassage]()
        self._after_sound: SpeechAfterSound | None = None
        self._dropped = list[Segment]()  # hallucinated segments of the last window with text
        self._committed: _CommittedWindow | None = None  # until it is searched for speech after a sound
        self._loop_end = -math.inf  # end of the last window that was given up
        self._window_start = chunk.span.start  # of the last window with text
        self._history = AttemptHistory()  # of the current window
        self._is_first_half = False  # of a window that looped
        self._echo: DecodedWindow | None = None  # a text that repeats the prompt, while it is decoded without
        self._first_pass: FirstPass | None = None  # of the current window, while it has its second pass
        self._segments = list[Segment]()
        self._n_drained = 0
        self.is_recalled = False  # decoded in an earlier run
        self._n_left_out = self._n_told_left_out = 0
        self.batches_waited = 0  # batches that were decoded while the current window waited for others

    @classmethod
    def of_decoded(
        cls, chunk: Chunk, begin: float, options: TranscribeOptions, decoded: DecodedChunk
    ) -> ChunkDecoder:
        """A chunk that has been decoded already, in an earlier run: nothing of it is left to be done."""
        recalled = cls(chunk, begin, options)
        recalled.is_recalled, recalled._next = True, None
        recalled._finish()
        recalled._segments = list(decoded.segments)
        recalled._n_left_out = decoded.n_left_out
        return recalled

    @property
    def is_done(self) -> bool:
        return self._next is None

    @property
    def decoded(self) -> DecodedChunk:
        """All that has become of the chunk, when it is done and has been drained."""
        return DecodedChunk(self._chunk.span, tuple(self._segments), self._n_left_out)

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
        return not (self._first_pass or self._decodes_again)

    @property
    def _decodes_again(self) -> bool:  # a part of the last window
        return bool(self._missed or self._doubtful or self._after_sound)

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
        if self._doubtful or self._options.vad is None:
            return 0.0
        is_cut_off = not self._missed and self.window.window.end < self._chunk.speech[-1].end
        is_first = not self.attempt.pad_to_30s and self.attempt.search == self._options.search
        return earliest_end_s(self.window) if is_first and not is_cut_off else 0.0

    def mel(self, components: Components) -> NDArray[np.float32]:
        """The encoder's input for the window: float32 [n_mels, frames]."""
        mel = log_mel(self.window.samples, components.whisper.n_mels)
        return mel[:, : self.n_frames(components)].copy()  # a view would keep 30 s of each window of a batch

    def n_frames(self, components: Components) -> int:
        """The number of mel frames that the encoder takes for the window."""
        if self.attempt.pad_to_30s or not components.whisper.any_length:
            return N_FRAMES
        return encoder_frames(self.window.window.duration)

    def accept(self, decoded: DecodedWindow, verdict: Verdict, language: str, components: Components) -> None:
        """Take the decoded window, and continue with another attempt or with the next window."""
        if self._doubtful:
            self._check_doubtful(decoded, verdict, components)
            return
        if self._after_sound:
            self._choose_after_sound(self._after_sound, decoded, verdict, components)
            return
        self._language = language
        if self._first_pass:
            decoded = self._choose_pass(self._first_pass, decoded, verdict, components)
            verdict = Verdict.GOOD
        elif verdict is Verdict.GOOD and self._is_first_attempt and needs_second_pass(decoded, self.window):
            self._start_second_pass(decoded)
            return
        if self._echo and is_confirmed(self._echo, decoded, components.tokenizer, self._options):
            # It was really said, and the prompt knows how to spell it.
            unprompted = AttemptResult(decoded, Verdict.GOOD, self._language, self.language_vote)
            self._history.add_for_comparison(unprompted)
            decoded, verdict = self._echo, Verdict.GOOD
        if verdict is Verdict.ECHO:
            self._echo = decoded
            self.attempt = replace(self.attempt, prompted=False)
            return
        is_long = self.window.window.duration > MIN_SPLIT_WINDOW_S
        if verdict is Verdict.LOOP and self.attempt.pad_to_30s and is_long and not self._missed:
            self._start_next_window(max_s=first_half_s(self.window))  # another start and end break most loops
            return
        best = self._history.add(AttemptResult(decoded, verdict, self._language, self.language_vote))
        following = next_attempt(self.attempt, verdict, self._options)
        if following is not None:
            self.attempt = following
            return
        self._commit(best, components)

    @property
    def _is_first_attempt(self) -> bool:
        return self.attempt == Attempt(self._options.search)

    def _start_second_pass(self, decoded: DecodedWindow) -> None:
        """Decode the same window again, without most of the audio before its speech."""
        self._first_pass = FirstPass(decoded, self.window, self._language, self.language_vote)
        self._next = shorten_lead_in(self._chunk, self.window, SHORT_LEAD_IN_S)

    def _choose_pass(
        self, first: FirstPass, second: DecodedWindow, verdict: Verdict, components: Components
    ) -> DecodedWindow:
        """Return the better one of two passes, after going back to the first one's window if it is that."""
        text, logprob = components.tokenizer.decode(first.decoded.tokens), first.decoded.avg_logprob
        if verdict is Verdict.GOOD and is_second_better(second, text, logprob, components.tokenizer):
            return second
        self._next, self._language, self.language_vote = first.window, first.language, first.language_vote
        return first.decoded

    def _choose_after_sound(
        self, found: SpeechAfterSound, second: DecodedWindow, verdict: Verdict, components: Components
    ) -> None:
        """Keep the segments that were decoded with the sound before them, or those without it."""
        logprob = found.segments[0].avg_logprob
        if verdict is Verdict.GOOD and is_second_better(second, found.text, logprob, components.tokenizer):
            kept = [one for one in self._segments if one not in found.segments]
            self._segments = kept + self._all_segments(second, components)
        self._after_sound = None
        self._start_next_window()

    def _all_segments(self, decoded: DecodedWindow, components: Components) -> list[Segment]:
        """All segments of the current window, after which no part of it is decoded again."""
        begin = components.tokenizer.special.timestamp_begin
        split = split_segments(decoded, (), self.window.window.duration, True, begin)
        return self._to_segments(split.pieces, decoded, components)

    def _check_doubtful(self, alone: DecodedWindow, verdict: Verdict, components: Components) -> None:
        """Drop the first doubtful passage if it is hallucinated, and queue what is doubtful for that."""
        following = next_attempt(self.attempt, verdict, self._options) if verdict is Verdict.LOOP else None
        if following is not None and following.search.temperature == self._options.temperature:
            self.attempt = following
            return
        passage = self._doubtful.popleft()
        is_same_language = (
            not self.language_vote or self.language_vote.language == passage.segments[0].language
        )
        is_compared = is_same_language and verdict not in (Verdict.LOOP, Verdict.ECHO)
        attempts = [*passage.other_attempts, alone] if is_compared else passage.other_attempts
        if is_hallucinated(passage, alone, attempts, components.tokenizer, is_verbatim=self._is_verbatim):
            self._segments = [segment for segment in self._segments if segment not in passage.segments]
            self._dropped += passage.segments
            self._doubtful.extend(find_repeats(passage, self._segments, self._doubtful_segments))
            self._doubtful.extend(find_between(self._dropped, self._segments, self._doubtful_segments))
        self._start_next_window()

    def _commit(self, best: AttemptResult, components: Components) -> None:
        """Keep or drop the best attempt at the window, and go on to the next window."""
        decoded, self._language, self.language_vote = best.decoded, best.language, best.language_vote
        if self._missed:
            found = self._all_segments(decoded, components) if self._is_missed_text(best, components) else []
            self._segments = merge_missed(self._segments, found, self._missed.popleft(), self._chunk.speech)
        elif best.verdict is Verdict.SILENT:
            self._cursor = self.window.window.end
        elif self._is_loop(best, components):
            self._n_left_out += 1
            self._cursor = self._loop_end = self.window.window.end
        elif self._is_rest_of_loop(best) or self._is_made_up(best, components):
            self._cursor = self._loop_end = self.window.window.end
        else:
            self._commit_text(best, components)
        self._start_next_window()

    @property
    def _is_verbatim(self) -> bool:
        """Whether two attempts at the same speech should agree word for word: translations need not."""
        return self._options.task == "transcribe"

    def _is_missed_text(self, best: AttemptResult, components: Components) -> bool:
        """Whether missed speech has a text: Whisper skipped it once, so its text has to be more certain."""
        if best.verdict is not Verdict.GOOD or self._is_made_up(best, components):
            return False
        is_unlikely = self._history.has_looped and best.decoded.avg_logprob < HALF_BELIEVED_LOGPROB
        return not is_unlikely and not is_doubtful(best.decoded)

    def _is_made_up(self, best: AttemptResult, components: Components) -> bool:
        return self._is_verbatim and self._history.is_made_up(best, components.tokenizer)

    def _is_rest_of_loop(self, best: AttemptResult) -> bool:
        """Whether an attempt at the window or at the whole of it looped, and the best text is not likely."""
        is_unlikely_half = self._is_first_half and best.verdict is Verdict.UNLIKELY
        return is_unlikely_half or (self._history.has_looped and is_doubtful(best.decoded))

    def _is_loop(self, best: AttemptResult, components: Components) -> bool:
        has_no_end = best.verdict is Verdict.LOOP and not best.decoded.finished
        return has_no_end or is_loop_of_noise(best.decoded, components.tokenizer, self._options)

    @property
    def _doubtful_segments(self) -> set[Segment]:
        return {segment for passage in self._doubtful for segment in passage.segments}

    def _start_next_window(self, max_s: float = WINDOW_S) -> None:
        """Select the next window: a doubtful passage, missed speech, speech after a sound, or what follows.

        Args:
            max_s: longest window of the last kind; below `WINDOW_S` it is the first half of one that looped.
        """
        self._echo = self._first_pass = None
        self._history = AttemptHistory()
        self._is_first_half = max_s < WINDOW_S
        self.attempt = Attempt(self._options.search)
        if self._doubtful:
            region = self._doubtful[0].region
            padded = Span(region.start - DOUBTFUL_PAD_S, region.end + DOUBTFUL_PAD_S)
            self._next = window_of(self._chunk, padded, (region,))
            return
        if self._missed:
            missed = self._missed[0]
            pad_s = min(self._options.vad.pad_after_s, MISSED_PAD_S) if self._options.vad else 0.0
            # It does not reach back to speech that has a text already.
            padded = Span(max(self._window_start, missed.start - pad_s), missed.end + pad_s)
            self._next = window_of(self._chunk, padded, (missed,))
            return
        if committed := self._committed:
            self._committed = None
            of_window = sorted(self._segments[committed.n_segments_before :], key=lambda one: one.start)
            self._after_sound = find_speech_after_sound(committed.speech, of_window)
            if self._after_sound:
                speech = self._after_sound.speech
                padded = Span(speech[0].start - SHORT_LEAD_IN_S, self._cursor)
                self._next = window_of(self._chunk, padded, speech)
                return
        self._next = next_window(self._chunk, self._cursor, self._options.vad, max_s)
        if self._next is None:
            self._finish()

    def _finish(self) -> None:
        self._cursor = self._chunk.span.end
        # The chunk may have to wait for an earlier one; its samples are not needed any more.
        self._chunk = replace(self._chunk, samples=np.zeros(0, np.float32))

    def _commit_text(self, best: AttemptResult, components: Components) -> None:
        """Add the segments of the window, and queue its doubtful passages and missed speech."""
        decoded, window = best.decoded, self.window.window
        speech = [SpeechRegion(r.start - window.start, r.end - window.start) for r in self.window.speech]
        is_last = window.end >= self._chunk.speech[-1].end
        begin = components.tokenizer.special.timestamp_begin
        split = split_segments(decoded, speech, window.duration, is_last, begin)
        segments = self._to_segments(split.pieces, decoded, components)
        segments = [one for n, one in enumerate(segments) if not is_stuttered(one, segments[:n])]
        n_segments_before = len(self._segments)
        self._segments += segments
        others = self._history.others(best)
        self._dropped = []
        self._doubtful.extend(find_doubtful(split.pieces, decoded, segments, others, window, begin))
        self._doubtful.extend(find_after_loop(self._loop_end, segments, self._doubtful_segments))
        self._window_start, self._cursor = window.start, window.start + split.seek
        if self._options.vad is not None and segments:
            clipped = [replace(r, end=min(r.end, self._cursor)) for r in self.window.speech]
            reached = tuple(region for region in clipped if region.start < region.end)
            self._committed = _CommittedWindow(reached, n_segments_before)
            self._missed.extend(find_missed(reached, segments))

    def _to_segments(
        self, pieces: Sequence[TimedTokens], decoded: DecodedWindow, components: Components
    ) -> list[Segment]:
        whole, tokenizer = self.window, components.tokenizer
        segments = to_segments(pieces, decoded, whole.window, tokenizer, self._language, whole.speech)
        if self.language_vote is None:
            return segments
        return [replace(segment, language=self.language_vote.language) for segment in segments]

    def drain(self) -> ChunkResult:
        """Results since the last call; empty while a part of the last window is still to be decoded again."""
        if self._decodes_again:
            return ChunkResult((), (), 0)
        new = self._segments[self._n_drained :]
        if not self.is_recalled:  # those have been put in order window by window
            new.sort(key=lambda segment: segment.start)
        self._segments[self._n_drained :] = new
        self._n_drained = len(self._segments)
        n_left_out, self._n_told_left_out = self._n_left_out - self._n_told_left_out, self._n_left_out
        is_known = self.is_done and self._options.vad is not None  # without VAD, silence counts as speech
        missed = uncovered(self._chunk.speech, self._segments) if is_known else ()
        return ChunkResult(tuple(new), tuple(missed), n_left_out)
