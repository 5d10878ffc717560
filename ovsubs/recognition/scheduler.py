"""Tracks -> segments: batches of windows from many chunks, recognized together, given out in order."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import InvalidOption, UnsupportedTask
from ovsubs.recognition.batches import BatchLimits, WaitingWindow, choose_batch
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.components import Components
from ovsubs.recognition.fallback import assess, has_no_known_language
from ovsubs.recognition.opening import (
    TRACKS_AT_ONCE,
    OpenTrack,
    SourceOpener,
    TrackRequest,
    open_ahead,
    open_now,
)
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.track import TrackState, TrackUpdate
from ovsubs.timing import Stopwatch
from ovsubs.transcript import StageTime
from ovsubs.whisper.decoding import WindowRequest, decode, language_probabilities
from ovsubs.whisper.language_vote import LanguageVote, vote
from ovsubs.whisper.languages import language_code
from ovsubs.whisper.model import DecoderSession


def recognize(
    components: Components, requests: Sequence[TrackRequest], clock: Stopwatch
) -> Generator[TrackUpdate, None, None]:
    """Recognize tracks batch by batch; windows of several tracks share a batch.

    Each track has options of its own, and windows share a batch where the decoder can take them together:
    with prompts of one length, and the same kind of search. A track that cannot be read ends with its
    `error`, and the others go on. Each ends with an update that `is_last`. Openers are called, and tracks
    read, in threads that are a batch ahead.

    Raises:
        UsageError: the model cannot do what is asked; before anything is read.
        InvalidOption: batches of several sizes.
    """
    for options in {request.options for request in requests}:
        check_options(components, options)
    limits = _limits(components, [request.options for request in requests])
    scheduler = _Scheduler(components, limits, clock)
    waiting = open_ahead(requests, components, limits, clock)
    with closing(waiting), closing(scheduler):
        while True:
            yield from scheduler.take_tracks(waiting)
            batch = scheduler.next_batch()
            yield from scheduler.close_tracks()
            if not batch and not scheduler.tracks and not scheduler.may_open:
                return
            if not batch:
                continue
            try:
                with clock.stage("other"):
                    scheduler.decode_batch(batch)
            except Exception as error:  # of these files alone: the others go on
                yield from scheduler.give_up(batch, error)
                continue
            yield from scheduler.reports(batch)


def detect_language(
    components: Components, opener: SourceOpener, options: TranscribeOptions, clock: Stopwatch
) -> LanguageVote | None:
    """The language of a track, by the vote of the same windows as in `recognize`; None if nobody speaks.

    The track is read as far as these windows, and nothing is decoded. Where the language is given, or the
    model has only one, nothing is read.

    Raises:
        UsageError: the model cannot do what is asked.
        MediaError: the track cannot be read.
    """
    code = check_options(components, options)
    if code is not None:
        return LanguageVote(code, 1.0)
    scheduler = _Scheduler(components, components.batch_limits(options), clock)
    request = TrackRequest(opener, options)
    with closing(TrackState(0, open_now(request, components, clock), None)) as track:
        n = options.language_detection_segments
        voters = track.waiting(n)[:n]
        return scheduler.vote_apart(voters, options) if voters else None


def check_options(components: Components, options: TranscribeOptions) -> str | None:
    """Refuse what the model cannot do; returns the language's code, None where it is to be detected.

    Raises:
        UsageError: the language, the task or a prompt is not for this model.
    """
    tokenizer = components.tokenizer
    code = tokenizer.check_request(options.language, options.task)
    for name in options.languages:
        tokenizer.check_request(name, options.task)
    if options.multilingual and tokenizer.english_only:
        raise UnsupportedTask(
            tokenizer.name, "it is English-only; for several languages use a multilingual model"
        )
    tokenizer.context(options.hotwords, options.initial_prompt)
    return code


def _limits(components: Components, options: Sequence[TranscribeOptions]) -> BatchLimits:
    """Limits of the batches of tracks with these options.

    Raises:
        InvalidOption: they ask for batches of several sizes.
    """
    shared = [one for one in options if not one.condition_on_previous_text]
    sizes = {one.batch_size for one in shared}
    if len(sizes) > 1:
        asked = ", ".join(sorted(map(str, sizes)))
        raise InvalidOption(
            "batch_size", asked, "tracks that are recognized together share batches of one size"
        )
    return components.batch_limits((shared or list(options) or [TranscribeOptions()])[0])


@dataclass(frozen=True, slots=True)
class _ScheduledWindow:
    """The next window of a chunk, and its track."""

    track: TrackState
    decoder: ChunkDecoder

    @property
    def language_vote(self) -> LanguageVote:
        """Vote on the language of the window, else of its track; there once `_ask` has been called."""
        vote = self.decoder.language_vote or self.track.language_vote
        assert vote is not None
        return vote


class _Scheduler:
    """The tracks that are being read, and the batches of windows that are made of them."""

    def __init__(self, components: Components, limits: BatchLimits, clock: Stopwatch) -> None:
        self.tracks = list[TrackState]()
        self.may_open = True
        self._components = components
        self._clock = clock
        self._limits = limits
        self._cache = components.whisper.cross_kv_cache(limits.max_full_windows)
        self._n_opened = 0
        self._failed = list[TrackUpdate]()

    def take_tracks(self, opened: Iterator[OpenTrack | Exception]) -> Iterator[TrackUpdate]:
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
                self.tracks.append(self._state(number, track))

    def _state(self, number: int, track: OpenTrack) -> TrackState:
        options, tokenizer = track.options, self._components.tokenizer
        code = tokenizer.check_request(options.language, options.task)
        context = tokenizer.context(options.hotwords, options.initial_prompt)
        return TrackState(number, track, LanguageVote(code, 1.0) if code else None, context)

    def _can_fill_a_batch(self) -> bool:
        return (
            self._limits.fill(window.decoder.n_frames(self._components) for window in self._waiting_windows())
            >= 1.0
        )

    def _waiting_windows(self) -> Iterator[_ScheduledWindow]:
        """Yield waiting windows, the earliest first; stop asking further tracks once a batch is full."""
        frames = list[int]()
        for track in list(self.tracks):
            n = self._limits.max_full_windows
            if track.language_vote is None:
                n = max(n, track.options.language_detection_segments)
            waiting = self._fill(track, n)
            again = [decoder for decoder in waiting if decoder.attempt != track.first_attempt]
            waiting = self._fill(track, n + len(again))
            if track.options.condition_on_previous_text:
                waiting = waiting[:1]  # what comes later waits for the text before it
            for decoder in waiting:
                yield _ScheduledWindow(track, decoder)
                if decoder not in again:
                    frames.append(decoder.n_frames(self._components))
            if self._limits.fill(frames) >= 1.0:
                return

    def _fill(self, track: TrackState, n: int) -> list[ChunkDecoder]:
        """Waiting windows of a track: `n`, or more if they are short; fewer if the track has no more."""
        while True:
            found = self._waiting(track, n)
            frames = [decoder.n_frames(self._components) for decoder in found]
            if len(found) < n or n >= self._limits.max_windows or self._limits.fill(frames) >= 1.0:
                return found
            n = min(2 * n, self._limits.max_windows)

    def _waiting(self, track: TrackState, n: int) -> list[ChunkDecoder]:
        try:
            return track.waiting(n)
        except Exception as error:
            self.tracks.remove(track)
            track.close()
            self._failed.append(_failure(track.number, error))
            return []

    def next_batch(self) -> list[_ScheduledWindow]:
        """The windows that are decoded next; each one that waits has waited one batch longer."""
        waiting_windows = list(self._waiting_windows())
        waiting = [
            WaitingWindow(
                _batch_key(window), window.decoder.n_frames(self._components), window.decoder.batches_waited
            )
            for window in waiting_windows
        ]
        chosen = choose_batch(waiting, self._limits)
        for place, window in enumerate(waiting_windows):
            window.decoder.batches_waited = 0 if place in chosen else window.decoder.batches_waited + 1
        return [waiting_windows[place] for place in chosen]

    def decode_batch(self, batch: Sequence[_ScheduledWindow]) -> None:
        """Encode and decode the windows, judge their texts and go on in their chunks."""
        self._ask_alone(batch)
        components = self._components
        with ExitStack() as stack:
            session = self._open_session([window.decoder for window in batch], stack)
            self._ask(batch, session)
            unknown = self._without_known_language(batch, session)
            requests = [self._request(window) for window in batch]
            special = components.tokenizer.special
            decoded = decode(session, requests, components.filters, special, self._clock)
        for window, result, is_unknown in zip(batch, decoded, unknown, strict=True):
            attempt = window.decoder.attempt
            verdict = assess(
                result,
                components.tokenizer,
                window.language_vote,
                window.track.options,
                pad_to_30s=attempt.pad_to_30s,
                no_known_language=is_unknown,
                prompted=attempt.prompted,
            )
            window.decoder.accept(result, verdict, window.language_vote.language, components)

    def _request(self, window: _ScheduledWindow) -> WindowRequest:
        return WindowRequest(
            self._prompt(window),
            window.decoder.attempt.search,
            window.decoder.seed,
            window.decoder.max_tokens,
            self._min_end_s(window),
            window.decoder.window.window.duration if window.track.options.word_timestamps else None,
        )

    def _min_end_s(self, window: _ScheduledWindow) -> float:
        # Where the language is unknown, nobody may be speaking at all: there the decoder may end at any time.
        is_known = window.language_vote.probability >= window.track.options.language_detection_threshold
        return window.decoder.min_end_s if is_known else 0.0

    def _prompt(self, window: _ScheduledWindow) -> tuple[int, ...]:
        options, tokenizer = window.track.options, self._components.tokenizer
        prompted = window.decoder.attempt.prompted
        context = window.track.context if prompted else ()
        if options.condition_on_previous_text:
            given = (options.hotwords, options.initial_prompt) if prompted else (None, None)
            context = tokenizer.context(*given, window.track.previous_tokens)
        return tokenizer.prompt(window.language_vote.language, options.task, context)

    def _open_session(self, decoders: Sequence[ChunkDecoder], stack: ExitStack) -> DecoderSession:
        mels = []
        for decoder in decoders:
            with self._clock.stage("mel"):
                mels.append(decoder.mel(self._components))
        return stack.enter_context(self._components.whisper.session(mels, self._cache, self._clock))

    def _ask(self, batch: Sequence[_ScheduledWindow], session: DecoderSession) -> None:
        """Detect languages: one for each window, or one for each track by the vote of its windows."""
        is_multilingual = any(window.track.options.multilingual for window in batch)
        asked = [
            track
            for track in _tracks_of(batch)
            if track.language_vote is None and not track.options.multilingual
        ]
        if not asked and not is_multilingual:
            return
        with self._clock.stage("language"):
            heard = language_probabilities(session, self._components.tokenizer.special)
        for window, of_window in zip(batch, heard, strict=True):
            if window.track.options.multilingual:
                vote_of_window = self._vote(of_window[None], [window.decoder], window.track.options)
                window.decoder.language_vote = vote_of_window
                if window.decoder.votes:
                    start = window.decoder.window.window.start
                    window.track.add_vote(vote_of_window, start, window.decoder.speech_duration)
        for track in asked:
            voters = self._voters(track)  # all of them are in the batch: see `_ask_alone`
            decoders = [window.decoder for window in batch]
            of_voters = heard[[decoders.index(voter) for voter in voters]]
            track.language_vote = self._vote(of_voters, voters, track.options)

    def _without_known_language(
        self, batch: Sequence[_ScheduledWindow], session: DecoderSession
    ) -> list[bool]:
        """Whether windows are in no known language; computed only if one is a retry padded to 30 s."""
        if (
            not any(window.decoder.attempt.pad_to_30s for window in batch)
            or self._components.tokenizer.english_only
        ):
            return [False] * len(batch)
        special = self._components.tokenizer.special
        with self._clock.stage("language"):
            heard = language_probabilities(session, special)
        codes = list(special.languages)
        return [
            has_no_known_language(
                of_window,
                codes.index(window.language_vote.language),
                window.track.options.language_detection_threshold,
            )
            for window, of_window in zip(batch, heard, strict=True)
        ]

    def _ask_alone(self, batch: Sequence[_ScheduledWindow]) -> None:
        """Vote separately on the language of a track whose voting windows are not all in the batch.

        The language therefore does not depend on how windows are batched.
        """
        decoders = [window.decoder for window in batch]
        for track in _tracks_of(batch):
            is_asked = track.language_vote is None and not track.options.multilingual
            voters = self._voters(track) if is_asked else []
            if all(voter in decoders for voter in voters):
                continue
            track.language_vote = self.vote_apart(voters, track.options)

    def vote_apart(self, voters: Sequence[ChunkDecoder], options: TranscribeOptions) -> LanguageVote:
        """Detect the language of a track from windows that are encoded only for this vote."""
        heard = []
        for first in range(0, len(voters), self._limits.max_full_windows):
            with ExitStack() as stack:
                session = self._open_session(voters[first : first + self._limits.max_full_windows], stack)
                with self._clock.stage("language"):
                    heard.append(language_probabilities(session, self._components.tokenizer.special))
        return self._vote(np.concatenate(heard), voters, options)

    def _voters(self, track: TrackState) -> list[ChunkDecoder]:
        """The first windows of a track, which vote on its language."""
        n = track.options.language_detection_segments
        return self._waiting(track, n)[:n]

    def _vote(
        self, probabilities: NDArray[np.float32], voters: Sequence[ChunkDecoder], options: TranscribeOptions
    ) -> LanguageVote:
        speech_s = [voter.speech_duration for voter in voters]
        codes = list(self._components.tokenizer.special.languages)
        if allowed := [codes.index(language_code(name)) for name in options.languages]:
            probabilities, codes = probabilities[:, allowed], [codes[place] for place in allowed]
            probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
        return vote(probabilities, speech_s, codes)

    def reports(self, batch: Sequence[_ScheduledWindow]) -> Iterator[TrackUpdate]:
        """Updates with what the batch has added to each of its tracks."""
        lap = self._clock.lap()
        for track in _tracks_of(batch):
            share = sum(window.track is track for window in batch) / len(batch)
            timings = tuple(time.share(share) for time in lap)
            yield self._report(track, timings)

    def give_up(self, batch: Sequence[_ScheduledWindow], error: Exception) -> Iterator[TrackUpdate]:
        """End the tracks of a batch that could not be decoded."""
        for track in _tracks_of(batch):
            if track in self.tracks:  # and not found unreadable meanwhile
                self.tracks.remove(track)
                track.close()
                yield _failure(track.number, error)

    def close_tracks(self) -> Iterator[TrackUpdate]:
        """End the tracks in which nothing is left to read, and tell of those that cannot be read."""
        failed, self._failed = self._failed, []
        yield from failed
        for track in [track for track in self.tracks if track.is_done]:
            yield self._report(track, self._clock.lap())

    def _report(self, track: TrackState, timings: tuple[StageTime, ...]) -> TrackUpdate:
        self._waiting(track, 1)  # finds out whether anything is left
        done = track.report(timings)
        if done.is_last and track in self.tracks:
            self.tracks.remove(track)
            track.close()
        return done

    def close(self) -> None:
        for track in self.tracks:
            track.close()


def _tracks_of(batch: Sequence[_ScheduledWindow]) -> list[TrackState]:
    """Each track once, in the order of the batch."""
    return list({window.track.number: window.track for window in batch}.values())


def _failure(number: int, error: Exception) -> TrackUpdate:
    return TrackUpdate(number, (), 0.0, 0.0, None, 0, (), is_last=True, error=error)


def _batch_key(window: _ScheduledWindow) -> object:
    """A key that windows share if they can be decoded in one batch: kind of search, length of the prompt."""
    attempt, track = window.decoder.attempt, window.track
    if track.options.condition_on_previous_text:  # the text so far is never as long as another
        return track.number
    return *attempt.batch_key, len(track.context) if attempt.prompted else 0
