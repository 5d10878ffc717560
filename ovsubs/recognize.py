"""One track -> segments: rounds of windows from many sections, recognized together, given out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.features import log_mel
from ovsubs.audio.sections import Section, section_length, stream_sections
from ovsubs.audio.source import AudioSource
from ovsubs.audio.vad import SpeechDetector, SpeechRegion, VadOptions
from ovsubs.audio.windows import WINDOW_S, AudioWindow, next_window
from ovsubs.errors import InvalidOption
from ovsubs.timing import Stopwatch
from ovsubs.transcript import Segment
from ovsubs.whisper.decoding import DecodedWindow, decode, language_probabilities
from ovsubs.whisper.language_vote import LanguageVote, vote
from ovsubs.whisper.languages import language_code
from ovsubs.whisper.model import DecoderSession, KeyValueRows, WhisperModel
from ovsubs.whisper.rules import TokenRules
from ovsubs.whisper.segments import SilenceOptions, read_window, repeats_itself, to_segments
from ovsubs.whisper.tokens import TASKS, TokenReader

MAX_BATCH_SIZE = 6  # more make a decoder step a little cheaper per window, for 37 MB each (base)
SHORTEST_RETRY_S = 8.0  # a shorter window that repeats itself is not cut in halves once more
KEY_VALUE_BUDGET_BYTES = 1_200_000_000  # keys and values of a batch; larger models get smaller batches


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """What to hear and how.

    `language`: code or English name; None lets several speech windows vote.
    `task`: "transcribe", or "translate" into English.
    `batch_size`: windows decoded together; None takes what memory allows, at most 6.
    `audio_track`: index, or language as tagged in the file; None takes the default track.
    `vad`: what counts as speech; None hears everything.
    `silence`: when a window's text is taken for a hallucination.
    `compression_ratio_threshold`: text that zlib shrinks more repeats itself; its window is read again
    in halves, and left out if it never ends. None switches that off.
    `language_detection_segments`: how many windows vote.
    `language_detection_threshold`: where the vote's winner has less, nobody may be speaking at all: of
    such a file, windows below `silence.logprob_threshold` are left out.
    `keep_damaged`: transcribe what is there of a file that breaks off, instead of failing.
    """

    language: str | None = None
    task: str = "transcribe"
    batch_size: int | None = None
    audio_track: int | str | None = None
    vad: VadOptions | None = field(default_factory=VadOptions)
    silence: SilenceOptions = field(default_factory=SilenceOptions)
    compression_ratio_threshold: float | None = 2.4  # openai/whisper, transcribe.py
    language_detection_segments: int = 5
    language_detection_threshold: float = 0.5
    keep_damaged: bool = False

    def __post_init__(self) -> None:
        if self.language is not None:
            language_code(self.language)
        if self.task not in TASKS:
            raise InvalidOption("task", self.task, f"choose {' or '.join(TASKS)}")
        if self.batch_size is not None and self.batch_size < 1:
            raise InvalidOption("batch_size", self.batch_size, "at least 1 window")
        if not 0.0 <= self.language_detection_threshold <= 1.0:
            why = "a probability is 0 to 1"
            raise InvalidOption("language_detection_threshold", self.language_detection_threshold, why)
        if self.compression_ratio_threshold is not None and self.compression_ratio_threshold <= 0.0:
            raise InvalidOption("compression_ratio_threshold", self.compression_ratio_threshold, "above 0")
        if self.language_detection_segments < 1:
            raise InvalidOption(
                "language_detection_segments", self.language_detection_segments, "at least 1 window"
            )


@dataclass(frozen=True, slots=True)
class Engine:
    """What recognition runs on: the speech detector, the model, its tokens and its rules."""

    detector: SpeechDetector
    whisper: WhisperModel
    reader: TokenReader
    rules: TokenRules


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of windows has added.

    `segments` follow those of the round before, in file order. `position` is how much of the file has
    been recognized, in seconds; `speech_duration` how much of the round was speech. `n_left_out`
    windows were given up, because their text repeated itself without end.
    """

    segments: tuple[Segment, ...]
    position: float
    speech_duration: float
    spoken: LanguageVote
    n_left_out: int


def recognize(
    engine: Engine, source: AudioSource, options: TranscribeOptions, clock: Stopwatch
) -> Generator[Round, None, None]:
    """Recognize a track round by round. A track without speech yields no round.

    Raises:
        UsageError: the model cannot do what is asked; before anything is read.
        MediaError: the file turns out unreadable.
    """
    code = engine.reader.check_request(options.language, options.task)
    spoken = LanguageVote(code, 1.0) if code else None
    batch_size, n_voters = _batch_size(engine, options), options.language_detection_segments
    rows = engine.whisper.rows(batch_size)
    n_segments = 0
    with closing(source.blocks):
        queue = _SectionQueue(_sections(engine, source, options, clock), options.vad)
        while places := queue.places(batch_size if spoken else max(batch_size, n_voters)):
            if spoken is None and n_voters > batch_size:
                spoken = _ask_alone(engine, [place.window for place in places[:n_voters]], rows, clock)
            places = places[:batch_size]
            windows = [place.window for place in places]
            with ExitStack() as stack:
                session = _open_session(engine, windows, rows, clock, stack)
                with clock.stage("decode"):
                    spoken = spoken or _ask(engine, session, windows[:n_voters])
                    prompt = engine.reader.prompt(spoken.language, options.task)
                    decoded = decode(session, [prompt] * len(windows), engine.rules, engine.reader.special)
            before = sum(place.speech_left for place in places)
            n_left_out = -sum(place.n_left_out for place in places)
            for place, result in zip(places, decoded, strict=True):
                place.advance(result, _is_silent(result, spoken, options), engine, options)
            segments = _number(queue.take_segments(), n_segments, source.offset)
            n_segments += len(segments)
            heard = before - sum(place.speech_left for place in places)
            n_left_out += sum(place.n_left_out for place in places)
            yield Round(segments, queue.position, heard, spoken, n_left_out)


class _Place:
    """How far one section has been read, and what was found in it."""

    def __init__(self, section: Section, begin: float, pad_s: float) -> None:
        self._section = section
        self._pad_s = pad_s
        self._begin = begin  # where the section before ended
        self._cursor = section.span.start
        self._next = next_window(section, self._cursor, pad_s)
        self._segments = list[Segment]()
        self.n_left_out = 0  # windows given up as repetition loops

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
    def speech_left(self) -> float:
        return sum(max(0.0, region.end - max(region.start, self._cursor)) for region in self._section.speech)

    def advance(
        self, decoded: DecodedWindow, is_silent: bool, engine: Engine, options: TranscribeOptions
    ) -> None:
        """Take in what was decoded of the current window and go on to the next."""
        length = self.window.window.end - self.window.window.start
        max_s = WINDOW_S
        loops = repeats_itself(decoded, engine.reader, options.compression_ratio_threshold)
        if loops and length > SHORTEST_RETRY_S:
            max_s = length / 2  # another start and end break most loops
        elif is_silent or (loops and not decoded.finished):
            self.n_left_out += not is_silent
            self._cursor = self.window.window.end
        else:
            self._take_in(decoded, engine)
        self._next = next_window(self._section, self._cursor, self._pad_s, max_s)
        if self._next is None:
            self._cursor = self._section.span.end

    def _take_in(self, decoded: DecodedWindow, engine: Engine) -> None:
        window = self.window.window
        speech = [SpeechRegion(r.start - window.start, r.end - window.start) for r in self.window.speech]
        is_last = window.end >= self._section.speech[-1].end
        begin = engine.reader.special.timestamp_begin
        reading = read_window(decoded, speech, window.end - window.start, is_last, begin)
        self._segments += to_segments(reading.pieces, decoded, window, engine.reader)
        self._cursor = window.start + reading.until

    def take_segments(self) -> list[Segment]:
        taken, self._segments = self._segments, []
        return taken


class _SectionQueue:
    """Sections being read side by side, in file order; new ones come in as old ones are done."""

    def __init__(self, sections: Iterator[Section], vad: VadOptions | None) -> None:
        self._sections = sections
        self._pad_s = vad.speech_pad_ms / 1000 if vad else 0.0
        self._places = deque[_Place]()
        self._end = 0.0  # of the last section that came in
        self._seconds_given_out = 0.0

    @property
    def position(self) -> float:
        return self._seconds_given_out + sum(place.seconds_done for place in self._places)

    def places(self, n: int) -> list[_Place]:
        """Up to `n` places that have a window to read; the earliest in the file first."""
        reading = [place for place in self._places if not place.is_done]
        while len(reading) < n and (section := next(self._sections, None)) is not None:
            place = _Place(section, self._end, self._pad_s)
            self._end = section.span.end
            self._places.append(place)
            if not place.is_done:
                reading.append(place)
        return reading[:n]

    def take_segments(self) -> list[Segment]:
        """Segments that nothing earlier can precede any more."""
        taken = list[Segment]()
        while self._places:
            taken += self._places[0].take_segments()
            if not self._places[0].is_done:
                break
            self._seconds_given_out += self._places.popleft().seconds_done
        return taken


def _sections(
    engine: Engine, source: AudioSource, options: TranscribeOptions, clock: Stopwatch
) -> Iterator[Section]:
    blocks = clock.each("extract", source.blocks)
    detector = engine.detector if options.vad else None
    length = section_length(source.duration)
    return clock.each("vad", stream_sections(blocks, detector, options.vad or VadOptions(), length))


def _batch_size(engine: Engine, options: TranscribeOptions) -> int:
    fitting = KEY_VALUE_BUDGET_BYTES // engine.whisper.row_bytes
    return options.batch_size or max(1, min(MAX_BATCH_SIZE, fitting))


def _open_session(
    engine: Engine, windows: Sequence[AudioWindow], rows: KeyValueRows, clock: Stopwatch, stack: ExitStack
) -> DecoderSession:
    with clock.stage("mel"):
        mels = np.stack([log_mel(window.samples, engine.whisper.n_mels) for window in windows])
    with clock.stage("encode"):
        return stack.enter_context(engine.whisper.session(mels, rows))


def _ask(engine: Engine, session: DecoderSession, windows: Sequence[AudioWindow]) -> LanguageVote:
    probabilities = language_probabilities(session, engine.reader.special)[: len(windows)]
    return _vote(engine, probabilities, windows)


def _ask_alone(
    engine: Engine, windows: Sequence[AudioWindow], rows: KeyValueRows, clock: Stopwatch
) -> LanguageVote:
    """A vote of more windows than one batch holds, so that the batch size never changes the language."""
    heard = []
    for first in range(0, len(windows), rows.n_rows):
        with ExitStack() as stack:
            session = _open_session(engine, windows[first : first + rows.n_rows], rows, clock, stack)
            with clock.stage("decode"):
                heard.append(language_probabilities(session, engine.reader.special))
    return _vote(engine, np.concatenate(heard), windows)


def _vote(engine: Engine, probabilities: NDArray[np.float32], windows: Sequence[AudioWindow]) -> LanguageVote:
    speech_s = [sum(region.end - region.start for region in window.speech) for window in windows]
    return vote(probabilities, speech_s, list(engine.reader.special.languages))


def _is_silent(decoded: DecodedWindow, spoken: LanguageVote, options: TranscribeOptions) -> bool:
    """Whether a window's text is taken for a hallucination: nobody speaks, or nobody intelligibly."""
    least = options.silence.logprob_threshold
    unknown_language = spoken.probability < options.language_detection_threshold
    return options.silence.is_silent(decoded) or bool(
        unknown_language and least is not None and decoded.avg_logprob < least
    )


def _number(segments: Sequence[Segment], first: int, offset: float) -> tuple[Segment, ...]:
    return tuple(
        replace(segment, id=first + n, start=segment.start + offset, end=segment.end + offset)
        for n, segment in enumerate(segments)
    )
