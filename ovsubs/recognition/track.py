"""One track being read: its chunks side by side, its language, and its segments in order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from ovsubs.audio.chunks import Chunk
from ovsubs.recognition.chunk_decoder import ChunkDecoder, ChunkResult
from ovsubs.recognition.decoded import DecodedChunk, DecodedTrack, WindowLanguage
from ovsubs.recognition.fallback import Attempt
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.spans import Span
from ovsubs.timing import StageTime
from ovsubs.transcript import Segment
from ovsubs.whisper.chinese import CHINESE, in_one_script
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import MAX_CONTEXT

RESET_TEMPERATURE = 0.5  # text sampled above it is not passed on (openai/whisper, transcribe.py)


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """What one batch of windows has added to one track.

    `track` is the number that it was given. `segments` follow those of the update before, in file order.
    `position` is how much of the file has been recognized, in seconds; `speech_duration` how much of the
    batch was speech. `n_left_out` windows were given up, because their text repeated itself without end;
    `uncovered` is speech that has no text. `error` ends the track: it cannot be read any further.
    `timings` are the track's share of the batch. `decoded` are the chunks that are done with it, without
    those that were known.
    """

    track: int
    segments: tuple[Segment, ...]
    position: float
    speech_duration: float
    language_vote: LanguageVote | None
    n_left_out: int
    uncovered: tuple[Span, ...]
    is_last: bool
    error: Exception | None = None
    timings: tuple[StageTime, ...] = ()
    decoded: tuple[DecodedChunk, ...] = ()


class TrackState:
    """Chunks of one track being read side by side; new ones come in as they are fed."""

    def __init__(
        self,
        number: int,
        options: TranscribeOptions,
        language_vote: LanguageVote | None,
        context: tuple[int, ...] = (),
        offset: float = 0.0,
        known: DecodedTrack | None = None,
    ) -> None:
        """Begin a track.

        Args:
            number: its own.
            options: how it is recognized.
            language_vote: None until its windows have voted.
            context: tokens of the prompt and the hotwords.
            offset: where it begins in its file, in seconds.
            known: what has been decoded of it in an earlier run, with the same options.
        """
        self._known = known or DecodedTrack()
        self.number = number
        self.options = options
        self.context = context
        self.first_attempt = Attempt(options.search)
        self.language_vote = language_vote or self._known.language_vote
        self.previous_tokens: tuple[int, ...] = ()  # the text so far, as far as it fits into a prompt
        self.has_ended = False  # no more chunks come
        # Windows that were asked for, and have not all come: of the first attempt, and with further ones.
        self.wanted = [0, 0]
        self._offset = offset
        self._window_languages = dict[float, WindowLanguage]()  # by the window's start
        self._decoders = deque[ChunkDecoder]()
        self._backlog = deque[Chunk]()  # fed, and not yet looked at
        self._fed_until = 0.0
        self._end = 0.0  # of the last chunk that came in
        self._seconds_given_out = 0.0
        self._n_segments = 0
        self._speech_before = 0.0  # what was left at the last report

    @property
    def is_done(self) -> bool:
        return self.has_ended and not self._backlog and all(one.is_done for one in self._decoders)

    def feed(self, chunk: Chunk) -> None:
        """Take in the next chunk.

        Raises:
            ValueError: it begins before the end of the one before, or the track has ended.
        """
        if self.has_ended:
            raise ValueError("the track has ended")
        if chunk.span.start < self._fed_until:
            raise ValueError(f"a chunk from {chunk.span.start} s on, after one up to {self._fed_until} s")
        self._fed_until = chunk.span.end
        self._backlog.append(chunk)

    def waiting(self, n: int) -> list[ChunkDecoder]:
        """Chunks that have a window to read, the earliest first; those that were fed come in up to `n`."""
        unfinished = [one for one in self._decoders if not one.is_done]
        while len(unfinished) < n and self._backlog:
            chunk = self._backlog.popleft()
            self._speech_before += sum(region.end - region.start for region in chunk.speech)
            decoder = self._decoder(chunk)
            self._end = chunk.span.end
            self._decoders.append(decoder)
            if not decoder.is_done:
                unfinished.append(decoder)
        return unfinished

    def _decoder(self, chunk: Chunk) -> ChunkDecoder:
        known = self._known.chunks.get(chunk.span)
        if known is None:
            return ChunkDecoder(chunk, self._end, self.options)
        if known.languages:
            self._window_languages.update({window.start: window for window in known.languages})
            self._count_votes()
        return ChunkDecoder.of_decoded(chunk, self._end, self.options, known)

    def add_vote(self, vote: LanguageVote, start: float, seconds: float) -> None:
        """Count a window's language vote; the track's language is the one with the most speech.

        Args:
            vote: of the window.
            start: of the window; a second attempt at it does not count twice.
            seconds: of speech in it.
        """
        self._window_languages[start] = WindowLanguage(start, vote.language, seconds + 1e-3)
        self._count_votes()

    def _count_votes(self) -> None:
        seconds_of = dict[str, float]()
        for window in self._window_languages.values():
            seconds_of[window.language] = seconds_of.get(window.language, 0.0) + window.seconds
        most = max(seconds_of, key=lambda language: seconds_of[language])
        self.language_vote = LanguageVote(most, seconds_of[most] / sum(seconds_of.values()))

    def _remember(self, segments: list[Segment]) -> None:
        """Keep text and timestamp tokens as the prompt of the next window (openai/whisper, transcribe.py)."""
        for segment in segments:
            if segment.temperature > RESET_TEMPERATURE:
                self.previous_tokens = ()
            else:
                self.previous_tokens = (*self.previous_tokens, *segment.tokens)[-MAX_CONTEXT:]

    def report(self, timings: tuple[StageTime, ...] = ()) -> TrackUpdate:
        """Report the new segments whose order is final; `timings` are the track's share of the batch."""
        found, decoded = list[ChunkResult](), list[DecodedChunk]()
        while self._decoders:
            found.append(self._decoders[0].drain())
            if not self._decoders[0].is_done:
                break
            done = self._decoders.popleft()
            self._seconds_given_out += done.seconds_done
            if not done.is_recalled:
                decoded.append(self._with_languages(done.decoded))
        new = [segment for one in found for segment in one.segments]
        self._remember(new)
        segments = self._number(new)
        left = sum(one.speech_left for one in self._decoders)
        heard, self._speech_before = self._speech_before - left, left
        return TrackUpdate(
            track=self.number,
            segments=segments,
            position=self._seconds_given_out + sum(one.seconds_done for one in self._decoders),
            speech_duration=heard,
            language_vote=self.language_vote,
            n_left_out=sum(one.n_left_out for one in found),
            uncovered=tuple(self._in_file(span) for one in found for span in one.uncovered),
            is_last=self.is_done,
            timings=timings,
            decoded=tuple(decoded),
        )

    def _with_languages(self, chunk: DecodedChunk) -> DecodedChunk:
        span, known = chunk.span, self._window_languages.values()
        return replace(chunk, languages=tuple(one for one in known if span.start <= one.start < span.end))

    def _in_file(self, span: Span) -> Span:
        return Span(span.start + self._offset, span.end + self._offset)

    def _number(self, segments: list[Segment]) -> tuple[Segment, ...]:
        first, offset = self._n_segments, self._offset
        self._n_segments += len(segments)
        written = map(self._as_written, segments)
        return tuple(replace(segment.moved(offset), id=first + n) for n, segment in enumerate(written))

    def _as_written(self, segment: Segment) -> Segment:
        """The segment, Chinese in the script that is wanted."""
        language = segment.language or (self.language_vote.language if self.language_vote else "")
        is_chinese = language == CHINESE and self.options.task == "transcribe"
        return in_one_script(segment, self.options.chinese_tag) if is_chinese else segment
