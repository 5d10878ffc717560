"""Chunks of many tracks, as they arrive -> segments: batches of windows, recognized together."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ovsubs.audio.chunks import Chunk
from ovsubs.recognition.batch_session import ScheduledWindow, open_session, tracks_of
from ovsubs.recognition.batches import BatchFill, BatchLimits, WaitingWindow, choose_batch
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.recognition.components import Components, check_options
from ovsubs.recognition.decoded import DecodedTrack
from ovsubs.recognition.fallback import assess
from ovsubs.recognition.language import (
    in_no_known_language,
    is_unvoted,
    tracks_voting_apart,
    vote_apart,
    vote_in_batch,
    voters_of,
)
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.track import TrackState, TrackUpdate
from ovsubs.timing import StageTime, Stopwatch
from ovsubs.whisper.decoding import WindowRequest, decode
from ovsubs.whisper.language_vote import LanguageVote


class TrackGroup:
    """Tracks that come in order, and take turns with other groups; `last_batch` counts all batches."""

    def __init__(self) -> None:
        self.last_batch = -1


@dataclass(frozen=True, slots=True)
class _Queued:
    """A track in the queue, and what decides when its turn is."""

    track: TrackState
    priority: int
    group: TrackGroup
    is_live: bool
    limits: BatchLimits

    @property
    def is_voting(self) -> bool:
        """Whether its windows wait for others, to vote on the language with them."""
        track = self.track
        if not is_unvoted(track) or track.has_ended or self.is_live:
            return False
        return len(voters_of(track)) < track.options.language_detection_segments


class Scheduler:
    """Tracks whose audio arrives bit by bit, and the batches of windows that are made of them.

    Windows share a batch where the decoder can take them together: with prompts of one length, the same kind
    of search, and batches of one size. Tracks come in the order of their priority, then by turns of their
    groups, then in the order in which they were added. One thread at a time may use it.
    """

    def __init__(self, components: Components, clock: Stopwatch | None = None) -> None:
        """`clock` counts the stages of the work."""
        self.clock = clock or Stopwatch()
        self._components = components
        self._queued = dict[int, _Queued]()
        self._n_added = 0
        self._n_batches = 0
        self._ended = list[TrackUpdate]()  # updates that nobody has been told yet
        self._cache: Any = None  # the memory of all batches, while there are tracks
        self._n_windows_in_cache = 0

    def add(
        self,
        options: TranscribeOptions,
        *,
        offset: float = 0.0,
        priority: int = 0,
        group: TrackGroup | None = None,
        is_live: bool = False,
        known: DecodedTrack | None = None,
    ) -> int:
        """Take in a track, whose audio is fed later; returns its number, from 0 in the order of calls.

        Args:
            options: of this track.
            offset: where it begins in its file, in seconds.
            priority: tracks of a higher one come first.
            group: tracks of one group come in order; groups take turns, so that none waits for the end of
                another. By default a group of its own.
            is_live: its windows are decoded as soon as they are there, its language is voted on by
                those that are. Other tracks wait until enough of their windows are there to vote.
            known: what has been decoded of it already, with the same options and the same model.

        Raises:
            UsageError: the model cannot do what is asked.
        """
        code = check_options(self._components, options)
        context = self._components.tokenizer.context(options.hotwords, options.initial_prompt)
        number, self._n_added = self._n_added, self._n_added + 1
        vote = LanguageVote(code, 1.0) if code else None
        track = TrackState(number, options, vote, context, offset, known)
        limits = self._components.batch_limits(options)
        self._queued[number] = _Queued(track, priority, group or TrackGroup(), is_live, limits)
        return number

    def feed(self, number: int, chunk: Chunk) -> None:
        """Take in the next chunk of a track. Of one that has been given up or cancelled, nothing is kept.

        Raises:
            ValueError: it is not the next one, or the track has ended.
        """
        if number in self._queued:
            self._queued[number].track.feed(chunk)

    def end(self, number: int, error: Exception | None = None) -> None:
        """Tell that no more chunks of a track come; with an error, that it is to be given up."""
        if number in self._queued:
            self._queued[number].track.has_ended = True
            if error is not None:
                self._give_up(number, error)

    def cancel(self, number: int) -> None:
        """Forget a track; no more updates of it come. A second time does nothing."""
        self._queued.pop(number, None)
        self._ended = [update for update in self._ended if update.track != number]
        self._free()

    @property
    def has_work(self) -> bool:
        """Whether `step` would give or do anything."""
        # To look for windows takes in what was fed: only then it is known whether a track has ended.
        has_windows = any(bool(windows) for _, windows in self._considered())
        return has_windows or bool(self._ended) or any(one.track.is_done for one in self._queued.values())

    @property
    def numbers(self) -> list[int]:
        """Numbers of the tracks that are neither at their end nor cancelled, in the order of `add`."""
        return list(self._queued)

    def wants_track(self, group: TrackGroup, except_for: Container[object] = ()) -> bool:
        """Whether a group should have another track: its windows fill no batch, and no track may have more.

        Args:
            group: as given to `add`.
            except_for: tracks that are passed over, since their audio is late.
        """
        fill = BatchFill()
        for queued in self._queued.values():
            if queued.group is not group:
                continue
            if queued.track.number not in except_for and self._lacks_audio(queued):
                return False
            frames = [one.n_frames(self._components) for one in self._takable(queued)]
            if fill.add(queued.limits, frames):
                return False
        return True

    def hungry(self, except_for: Container[object] = ()) -> int | None:
        """The first track that the next batch lacks audio of; None if it is full, or no track can have more.

        Args:
            except_for: tracks that are passed over.
        """
        for queued, _ in self._considered():
            if queued.track.number not in except_for and self._lacks_audio(queued):
                return queued.track.number
        return None

    def step(self) -> list[TrackUpdate]:
        """Tell of tracks that have ended, or else decode a batch and tell what it has added to its tracks.

        Tracks end with an update that `is_last`; with its `error`, where one could not be decoded.
        """
        if ended := self._take_ended():
            return ended
        batch = self._next_batch()
        if not batch:
            return []
        try:
            with self.clock.stage("other"):
                self._decode(batch)
        except Exception as error:  # of these tracks alone: the others go on
            for track in tracks_of(batch):
                self._give_up(track.number, error)
            return self._take_ended()
        return self._reports(batch)

    def vote(self, voters: Sequence[ChunkDecoder], options: TranscribeOptions) -> LanguageVote:
        """Detect the language of windows that are in no track here.

        Args:
            voters: at least one.
            options: of their track.
        """
        cache = self._cache_for(self._components.batch_limits(options))
        found = vote_apart(self._components, voters, options, cache, self.clock)
        self._free()
        return found

    def _considered(self) -> Iterator[tuple[_Queued, Sequence[ChunkDecoder]]]:
        """Tracks in turn, and those of their windows that may be in the next batch, until they fill it."""
        fill = BatchFill()
        for queued in sorted(self._queued.values(), key=lambda one: (-one.priority, one.group.last_batch)):
            windows = self._takable(queued)
            yield queued, windows
            if fill.add(queued.limits, self._first_frames(queued, windows)):
                return

    def _takable(self, queued: _Queued) -> Sequence[ChunkDecoder]:
        """Windows of a track that may be in the next batch."""
        waiting, _ = self._fill(queued)
        if queued.is_voting:
            return ()
        if queued.track.options.condition_on_previous_text:
            return waiting[:1]  # what comes later waits for the text before it
        return waiting

    def _fill(self, queued: _Queued) -> tuple[list[ChunkDecoder], bool]:
        """Windows of a track that wait, and whether it has fewer than a batch or its vote takes."""
        track, n = queued.track, queued.limits.max_full_windows
        if track.language_vote is None:
            n = max(n, track.options.language_detection_segments)
        waiting, is_short = self._fill_up_to(queued, n, 0)
        n_again = sum(one.attempt != track.first_attempt for one in waiting)
        if is_short or not n_again:
            return waiting, is_short
        return self._fill_up_to(queued, n + n_again, 1)  # the others of a batch are missing

    def _fill_up_to(self, queued: _Queued, n: int, level: int) -> tuple[list[ChunkDecoder], bool]:
        """Waiting windows of a track, and whether it has too few: `n` are enough, more if they are short.

        What was asked for once is waited for, so that it does not matter whether it comes at once or bit by
        bit; `level` tells which of the questions it is.
        """
        limits, wanted = queued.limits, queued.track.wanted
        n = max(n, wanted[level])
        while True:
            found = queued.track.waiting(n)
            wanted[level] = n if len(found) < n else 0
            if len(found) < n:
                return found, True
            frames = [decoder.n_frames(self._components) for decoder in found]
            if n >= limits.max_windows or limits.fill(frames) >= 1.0:
                return found, False
            n = min(2 * n, limits.max_windows)

    def _first_frames(self, queued: _Queued, windows: Sequence[ChunkDecoder]) -> list[int]:
        """Lengths of windows for the encoder, without those that are decoded again in a full batch."""
        first = queued.track.first_attempt
        return [one.n_frames(self._components) for one in windows if one.attempt == first]

    def _lacks_audio(self, queued: _Queued) -> bool:
        """Whether a track should have more windows, and may still have them."""
        if queued.track.has_ended or queued.is_live:
            return False
        _, is_short = self._fill(queued)
        return is_short

    def _next_batch(self) -> list[ScheduledWindow]:
        """The windows that are decoded next; each one that waits has waited one batch longer."""
        windows = [
            ScheduledWindow(queued.track, decoder)
            for queued, decoders in self._considered()
            for decoder in decoders
        ]
        waiting = [
            WaitingWindow(
                _batch_key(window),
                self._queued[window.track.number].limits,
                window.decoder.n_frames(self._components),
                window.decoder.batches_waited,
            )
            for window in windows
        ]
        chosen = choose_batch(waiting)
        for place, window in enumerate(windows):
            window.decoder.batches_waited = 0 if place in chosen else window.decoder.batches_waited + 1
        batch = [windows[place] for place in chosen]
        self._n_batches += 1
        for window in batch:
            self._queued[window.track.number].group.last_batch = self._n_batches
        return batch

    def _decode(self, batch: Sequence[ScheduledWindow]) -> None:
        """Encode and decode the windows, judge their texts and go on in their chunks."""
        components = self._components
        cache = self._cache_for(self._queued[batch[0].track.number].limits)
        for track in tracks_voting_apart(batch):
            voters = voters_of(track)
            track.language_vote = vote_apart(components, voters, track.options, cache, self.clock)
        decoders = [window.decoder for window in batch]
        with open_session(components, decoders, cache, self.clock) as session:
            vote_in_batch(components, batch, session, self.clock)
            unknown = in_no_known_language(components, batch, session, self.clock)
            requests = [self._request(window) for window in batch]
            special = components.tokenizer.special
            decoded = decode(session, requests, components.filters, special, self.clock)
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

    def _request(self, window: ScheduledWindow) -> WindowRequest:
        return WindowRequest(
            self._prompt(window),
            window.decoder.attempt.search,
            window.decoder.seed,
            window.decoder.max_tokens,
            _min_end_s(window),
            window.decoder.window.window.duration if window.track.options.word_timestamps else None,
        )

    def _prompt(self, window: ScheduledWindow) -> tuple[int, ...]:
        options, tokenizer = window.track.options, self._components.tokenizer
        prompted = window.decoder.attempt.prompted
        context = window.track.context if prompted else ()
        if options.condition_on_previous_text:
            given = (options.hotwords, options.initial_prompt) if prompted else (None, None)
            context = tokenizer.context(*given, window.track.previous_tokens)
        return tokenizer.prompt(window.language_vote.language, options.task, context)

    def _cache_for(self, limits: BatchLimits) -> Any:
        """Memory for a batch within the limits: one for all, made anew only if it is too small."""
        n_windows = limits.max_full_windows
        if self._cache is None or self._n_windows_in_cache < n_windows:
            self._cache = None  # before its successor is made
            self._cache = self._components.whisper.cross_kv_cache(n_windows)
            self._n_windows_in_cache = n_windows
        return self._cache

    def _reports(self, batch: Sequence[ScheduledWindow]) -> list[TrackUpdate]:
        """Updates with what the batch has added to each of its tracks."""
        lap, updates = self.clock.lap(), list[TrackUpdate]()
        for track in tracks_of(batch):
            share = sum(window.track is track for window in batch) / len(batch)
            updates.append(self._report(track, tuple(time.share(share) for time in lap)))
        return updates

    def _take_ended(self) -> list[TrackUpdate]:
        """The last updates of tracks that were given up, or in which nothing is left to read."""
        ended, self._ended = self._ended, []
        done = [one.track for one in self._queued.values() if one.track.is_done]
        return ended + [self._report(track, self.clock.lap()) for track in done]

    def _report(self, track: TrackState, timings: tuple[StageTime, ...]) -> TrackUpdate:
        update = track.report(timings)
        if update.is_last:
            del self._queued[track.number]
            self._free()
        return update

    def _give_up(self, number: int, error: Exception) -> None:
        del self._queued[number]
        self._ended.append(failure(number, error))
        self._free()

    def _free(self) -> None:
        """Let go of the memory when the last track has left."""
        if not self._queued:
            self._cache = None


def failure(number: int, error: Exception) -> TrackUpdate:
    """The only update of a track that could not be read."""
    return TrackUpdate(number, (), 0.0, 0.0, None, 0, (), is_last=True, error=error)


def _min_end_s(window: ScheduledWindow) -> float:
    # Where the language is unknown, nobody may be speaking at all: there the decoder may end at any time.
    is_known = window.language_vote.probability >= window.track.options.language_detection_threshold
    return window.decoder.min_end_s if is_known else 0.0


def _batch_key(window: ScheduledWindow) -> object:
    """A key that windows share if they can be decoded in one batch: kind of search, length of the prompt."""
    attempt, track = window.decoder.attempt, window.track
    if track.options.condition_on_previous_text:  # the text so far is never as long as another
        return track.number
    return *attempt.batch_key, len(track.context) if attempt.prompted else 0
