"""Tracks -> segments: rounds of windows from many chunks, recognized together, given out in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import UnsupportedTask
from ovsubs.recognition.attempts import Attempt, is_babble, judge
from ovsubs.recognition.batches import choose_batch
from ovsubs.recognition.engine import Engine
from ovsubs.recognition.opening import TRACKS_AT_ONCE, OpenTrack, SourceOpener, open_ahead, open_now
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.reading import ChunkDecoder
from ovsubs.recognition.tracks import Round, TrackReading
from ovsubs.timing import Stopwatch
from ovsubs.transcript import StageTime
from ovsubs.whisper.decoding import decode, language_probabilities
from ovsubs.whisper.language_vote import LanguageVote, vote
from ovsubs.whisper.languages import language_code
from ovsubs.whisper.model import DecoderSession


def recognize(
    engine: Engine, openers: Iterable[SourceOpener], options: TranscribeOptions, clock: Stopwatch
) -> Generator[Round, None, None]:
    """Recognize tracks round by round, windows of several tracks in one batch.

    A track that cannot be read ends with its `error`, and the others go on. Each ends with a round that
    `is_last`. Openers are called, and tracks read, in threads that are a batch ahead.

    Raises:
        UsageError: the model cannot do what is asked; before anything is read.
    """
    code = check_options(engine, options)
    desk = _Desk(engine, options, LanguageVote(code, 1.0) if code else None, clock)
    waiting = open_ahead(openers, engine, options, engine.batch_room(options), clock)
    with closing(waiting), closing(desk):
        while True:
            yield from desk.take_tracks(waiting)
            batch = desk.next_batch()
            yield from desk.close_tracks()
            if not batch and not desk.tracks and not desk.may_open:
                return
            if not batch:
                continue
            try:
                with clock.stage("other"):
                    desk.decode_batch(batch)
            except Exception as error:  # of these files alone: the others go on
                yield from desk.give_up(batch, error)
                continue
            yield from desk.reports(batch)


def detect_language(
    engine: Engine, opener: SourceOpener, options: TranscribeOptions, clock: Stopwatch
) -> LanguageVote | None:
    """The language of a track, told by the windows that tell it in `recognize`; None if nobody speaks.

    The track is read as far as these windows, and nothing is decoded. Where the language is given, or the
    model has only one, nothing is read.

    Raises:
        UsageError: the model cannot do what is asked.
        MediaError: the track cannot be read.
    """
    code = check_options(engine, options)
    if code is not None:
        return LanguageVote(code, 1.0)
    desk = _Desk(engine, options, None, clock)
    with closing(TrackReading(0, open_now(opener, engine, options, clock), options, None)) as track:
        n = options.language_detection_segments
        voters = track.waiting(n)[:n]
        return desk.vote_apart(voters) if voters else None


def check_options(engine: Engine, options: TranscribeOptions) -> str | None:
    """Refuse what the model cannot do; returns the language's code, None where it is to be detected.

    Raises:
        UsageError: the language, the task or a prompt is not for this model.
    """
    tokenizer = engine.tokenizer
    code = tokenizer.check_request(options.language, options.task)
    for name in options.languages:
        tokenizer.check_request(name, options.task)
    if options.multilingual and tokenizer.english_only:
        raise UnsupportedTask(
            tokenizer.name, "it is English-only; for several languages use a multilingual model"
        )
    tokenizer.context(options.hotwords, options.initial_prompt)
    return code


@dataclass(frozen=True, slots=True)
class _Seat:
    """A chunk of a track in a batch."""

    track: TrackReading
    reading: ChunkDecoder

    @property
    def spoken(self) -> LanguageVote:
        """The language of the window, else of its track; known once it has been asked for."""
        spoken = self.reading.spoken or self.track.spoken
        assert spoken is not None
        return spoken


class _Desk:
    """The tracks being read, and the batches that are made of them."""

    def __init__(
        self, engine: Engine, options: TranscribeOptions, spoken: LanguageVote | None, clock: Stopwatch
    ) -> None:
        self.tracks = list[TrackReading]()
        self.may_open = True
        self._engine = engine
        self._options = options
        self._spoken = spoken
        self._clock = clock
        self._room = engine.batch_room(options)
        self._rows = engine.whisper.cross_kv_cache(self._room.n_full)
        self._first = Attempt(options.search)
        self._context = engine.tokenizer.context(options.hotwords, options.initial_prompt)
        self._n_opened = 0
        self._failed = list[Round]()

    def take_tracks(self, opened: Iterator[OpenTrack | Exception]) -> Iterator[Round]:
        """Take the next tracks until a batch can be filled; yields those that could not be opened."""
        while self.may_open and len(self.tracks) < TRACKS_AT_ONCE and not self._can_fill_a_batch():
            track = next(opened, None)
            if track is None:
                self.may_open = False
                break
            number, self._n_opened = self._n_opened, self._n_opened + 1
            if isinstance(track, Exception):
                yield _failure(number, track)
            else:
                self.tracks.append(TrackReading(number, track, self._options, self._spoken))

    def _can_fill_a_batch(self) -> bool:
        return self._room.share(seat.reading.n_frames(self._engine) for seat in self._seats()) >= 1.0

    def _seats(self) -> Iterator[_Seat]:
        """Windows that wait, the earliest first; no more tracks are looked into when they are enough."""
        frames = list[int]()
        for track in list(self.tracks):
            n = self._room.n_full
            if track.spoken is None:
                n = max(n, self._options.language_detection_segments)
            again = [reading for reading in self._fill(track, n) if reading.attempt != self._first]
            for reading in self._fill(track, n + len(again)):
                yield _Seat(track, reading)
                if reading not in again:
                    frames.append(reading.n_frames(self._engine))
            if self._room.share(frames) >= 1.0:
                return

    def _fill(self, track: TrackReading, n: int) -> list[ChunkDecoder]:
        """The windows of a track that wait: `n`, or more where they are short; all that there are at most."""
        while True:
            found = self._waiting(track, n)
            frames = [reading.n_frames(self._engine) for reading in found]
            if len(found) < n or n >= self._room.n_windows or self._room.share(frames) >= 1.0:
                return found
            n = min(2 * n, self._room.n_windows)

    def _waiting(self, track: TrackReading, n: int) -> list[ChunkDecoder]:
        try:
            return track.waiting(n)
        except Exception as error:
            self.tracks.remove(track)
            track.close()
            self._failed.append(_failure(track.number, error))
            return []

    def next_batch(self) -> list[_Seat]:
        """The windows that are decoded next; each one that waits has waited one batch longer."""
        seats = list(self._seats())
        if self._options.condition_on_previous_text:
            seats = seats[:1]  # what comes later waits for the text before it, however long
        waiting = [seat.reading.candidate(self._engine) for seat in seats]
        chosen = choose_batch(waiting, self._room)
        for place, seat in enumerate(seats):
            seat.reading.n_passed_over = 0 if place in chosen else seat.reading.n_passed_over + 1
        return [seats[place] for place in chosen]

    def decode_batch(self, batch: Sequence[_Seat]) -> None:
        """Encode and decode the windows, judge their texts and go on in their chunks."""
        self._ask_alone(batch)
        engine, options = self._engine, self._options
        with ExitStack() as stack:
            session = self._open_session([seat.reading for seat in batch], stack)
            self._ask(batch, session)
            babble = self._babble(batch, session)
            prompts = [self._prompt(seat) for seat in batch]
            searches = [seat.reading.attempt.search for seat in batch]
            seeds = [seat.reading.seed for seat in batch]
            decoded = decode(
                session,
                prompts,
                engine.filters,
                engine.tokenizer.special,
                searches,
                seeds=seeds,
                max_tokens=[seat.reading.max_tokens for seat in batch],
                min_end_s=[self._ends_from_s(seat) for seat in batch],
                lengths_s=[seat.reading.window.window.duration for seat in batch]
                if options.word_timestamps
                else None,
                clock=self._clock,
            )
        for seat, result, babbles in zip(batch, decoded, babble, strict=True):
            attempt = seat.reading.attempt
            verdict = judge(
                result,
                engine.tokenizer,
                seat.spoken,
                options,
                fits=attempt.fits,
                in_no_language=babbles,
                prompted=attempt.prompted,
            )
            seat.reading.advance(result, verdict, seat.spoken.language, engine)

    def _ends_from_s(self, seat: _Seat) -> float:
        # Where the language is unknown, nobody may be speaking at all: there the decoder may end at any time.
        is_known = seat.spoken.probability >= self._options.language_detection_threshold
        return seat.reading.min_end_s if is_known else 0.0

    def _prompt(self, seat: _Seat) -> tuple[int, ...]:
        options, tokenizer = self._options, self._engine.tokenizer
        prompted = seat.reading.attempt.prompted
        context = self._context if prompted else ()
        if options.condition_on_previous_text:
            given = (options.hotwords, options.initial_prompt) if prompted else (None, None)
            context = tokenizer.context(*given, seat.track.previous_tokens)
        return tokenizer.prompt(seat.spoken.language, options.task, context)

    def _open_session(self, readings: Sequence[ChunkDecoder], stack: ExitStack) -> DecoderSession:
        mels = []
        for reading in readings:
            with self._clock.stage("mel"):
                mels.append(reading.mel(self._engine))
        return stack.enter_context(self._engine.whisper.session(mels, self._rows, self._clock))

    def _ask(self, batch: Sequence[_Seat], session: DecoderSession) -> None:
        """Let windows tell their language: each its own, or those of a track together."""
        asked = [track for track in _tracks_of(batch) if track.spoken is None]
        if not asked and not self._options.multilingual:
            return
        with self._clock.stage("language"):
            heard = language_probabilities(session, self._engine.tokenizer.special)
        if self._options.multilingual:
            for seat, of_window in zip(batch, heard, strict=True):
                told = self._vote(of_window[None], [seat.reading])
                seat.reading.spoken = told
                if seat.reading.votes:
                    start = seat.reading.window.window.start
                    seat.track.hear(told, start, seat.reading.speech_duration)
            return
        for track in asked:
            voters = self._voters(track)  # all have a seat: see `_ask_alone`
            readings = [seat.reading for seat in batch]
            track.spoken = self._vote(heard[[readings.index(voter) for voter in voters]], voters)

    def _babble(self, batch: Sequence[_Seat], session: DecoderSession) -> list[bool]:
        """Which windows are in no language; asked where one is decoded again, since no other needs it."""
        if all(seat.reading.attempt.fits for seat in batch) or self._engine.tokenizer.english_only:
            return [False] * len(batch)
        special, least = self._engine.tokenizer.special, self._options.language_detection_threshold
        with self._clock.stage("language"):
            heard = language_probabilities(session, special)
        codes = list(special.languages)
        return [
            is_babble(of_window, codes.index(seat.spoken.language), least)
            for seat, of_window in zip(batch, heard, strict=True)
        ]

    def _ask_alone(self, batch: Sequence[_Seat]) -> None:
        """A vote apart for a track whose voters have no seats: no batch changes the language."""
        if self._options.multilingual:
            return
        seated = [seat.reading for seat in batch]
        for track in _tracks_of(batch):
            voters = self._voters(track) if track.spoken is None else []
            if all(voter in seated for voter in voters):
                continue
            track.spoken = self.vote_apart(voters)

    def vote_apart(self, voters: Sequence[ChunkDecoder]) -> LanguageVote:
        """The language that windows tell, which are encoded for nothing else."""
        heard = []
        for first in range(0, len(voters), self._room.n_full):
            with ExitStack() as stack:
                session = self._open_session(voters[first : first + self._room.n_full], stack)
                with self._clock.stage("language"):
                    heard.append(language_probabilities(session, self._engine.tokenizer.special))
        return self._vote(np.concatenate(heard), voters)

    def _voters(self, track: TrackReading) -> list[ChunkDecoder]:
        """The windows that tell the language of a track: its first."""
        n = self._options.language_detection_segments
        return self._waiting(track, n)[:n]

    def _vote(self, probabilities: NDArray[np.float32], voters: Sequence[ChunkDecoder]) -> LanguageVote:
        speech_s = [voter.speech_duration for voter in voters]
        codes = list(self._engine.tokenizer.special.languages)
        if allowed := [codes.index(language_code(name)) for name in self._options.languages]:
            probabilities, codes = probabilities[:, allowed], [codes[place] for place in allowed]
            probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
        return vote(probabilities, speech_s, codes)

    def reports(self, batch: Sequence[_Seat]) -> Iterator[Round]:
        """What the batch has added to each of its tracks."""
        lap = self._clock.lap()
        for track in _tracks_of(batch):
            share = sum(seat.track is track for seat in batch) / len(batch)
            timings = tuple(time.share(share) for time in lap)
            yield self._report(track, timings)

    def give_up(self, batch: Sequence[_Seat], error: Exception) -> Iterator[Round]:
        """End the tracks of a batch that could not be decoded."""
        for track in _tracks_of(batch):
            if track in self.tracks:  # and not found unreadable meanwhile
                self.tracks.remove(track)
                track.close()
                yield _failure(track.number, error)

    def close_tracks(self) -> Iterator[Round]:
        """End the tracks in which nothing is left to read, and tell of those that cannot be read."""
        failed, self._failed = self._failed, []
        yield from failed
        for track in [track for track in self.tracks if track.is_done]:
            yield self._report(track, self._clock.lap())

    def _report(self, track: TrackReading, timings: tuple[StageTime, ...]) -> Round:
        self._waiting(track, 1)  # finds out whether anything is left
        done = track.report(timings)
        if done.is_last and track in self.tracks:
            self.tracks.remove(track)
            track.close()
        return done

    def close(self) -> None:
        for track in self.tracks:
            track.close()


def _tracks_of(batch: Sequence[_Seat]) -> list[TrackReading]:
    """Each track once, in the order of the batch."""
    return list({seat.track.number: seat.track for seat in batch}.values())


def _failure(number: int, error: Exception) -> Round:
    return Round(number, (), 0.0, 0.0, None, 0, (), is_last=True, error=error)
