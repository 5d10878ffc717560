"""Requests -> tracks in a scheduler, and the audio that it asks for."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from ovsubs.recognition.components import Components
from ovsubs.recognition.open_tracks import TRACKS_AT_ONCE, OpenTrack, TrackRequest, open_ahead
from ovsubs.recognition.scheduler import Scheduler, TrackGroup, failure
from ovsubs.recognition.track import TrackUpdate


@dataclass(frozen=True, slots=True)
class _PlacedTrack:
    """A track, and its place among the requests."""

    place: int
    opened: OpenTrack


class Feeder:
    """The tracks of one job: opened one after the other, several read at once.

    Close it, or ffmpeg keeps running. `close` may be called from any thread, the rest from the one that uses
    the scheduler.
    """

    def __init__(self, components: Components, scheduler: Scheduler, priority: int) -> None:
        self.group = TrackGroup()
        self.n_added = 0  # requests so far
        self._scheduler = scheduler
        self._priority = priority
        self._requests = SimpleQueue[TrackRequest | None]()  # None ends it
        self._opened = open_ahead(iter(self._requests.get, None), components, scheduler.clock)
        self._n_opened = 0
        self._tracks = dict[int, _PlacedTrack]()  # that are being read, by the scheduler's numbers
        self._lock = threading.RLock()
        self._is_closed = False

    @property
    def numbers(self) -> list[int]:
        """Numbers of the tracks that are in the scheduler."""
        return list(self._tracks)

    @property
    def n_unopened(self) -> int:
        """How many requests wait to be taken."""
        return self.n_added - self._n_opened

    @property
    def can_open(self) -> bool:
        """Whether there are more tracks, and not too many are being read."""
        return self.n_unopened > 0 and not self._is_closed and len(self._tracks) < TRACKS_AT_ONCE

    def add(self, request: TrackRequest) -> int:
        """Take in another track, which is opened when its turn comes; returns its place, from 0."""
        place, self.n_added = self.n_added, self.n_added + 1
        self._requests.put(request)
        return place

    def is_ready(self, number: int | None, wait_s: float) -> bool:
        """Whether the next chunk of a track, or its end, is there; waits for it at most so long.

        Args:
            number: of the track; None asks for the next track, or the end of the requests.
            wait_s: in seconds.
        """
        source = self._opened if number is None else self._tracks[number].opened.chunks
        return source.is_ready(wait_s)

    def take(self, number: int | None) -> TrackUpdate | None:
        """Hand the scheduler the next chunk of a track, or its end; or, with None, the next track.

        Returns:
            The only update of a track that could not be opened.
        """
        if number is not None:
            self._feed(number)
            return None
        opened = next(self._opened, None)
        if opened is None:  # it is being closed
            return None
        place, self._n_opened = self._n_opened, self._n_opened + 1
        if isinstance(opened, Exception):
            return failure(place, opened)
        self._add(place, opened)
        return None

    def _add(self, place: int, opened: OpenTrack) -> None:
        with self._lock:
            if self._is_closed:
                opened.close()
                return
            number = self._scheduler.add(
                opened.options,
                offset=opened.source.offset,
                priority=self._priority,
                group=self.group,
                known=opened.known,
            )
            self._tracks[number] = _PlacedTrack(place, opened)

    def _feed(self, number: int) -> None:
        try:
            chunk = next(self._tracks[number].opened.chunks, None)
        except Exception as error:  # of this track alone: the others go on
            self._scheduler.end(number, error)
            return
        if chunk is None:
            self._scheduler.end(number)
        else:
            self._scheduler.feed(number, chunk)

    def give_up(self, place: int, error: Exception) -> None:
        """End a track that is being read, with an error. Of one that is not, nothing happens."""
        number = next((number for number, track in self._tracks.items() if track.place == place), None)
        if number is not None:
            self._scheduler.end(number, error)

    def told(self, update: TrackUpdate) -> TrackUpdate:
        """An update with the track's place among the requests; ends ffmpeg at the last one."""
        track = self._tracks[update.track]
        if update.is_last:
            with self._lock:
                del self._tracks[update.track]
            track.opened.close()
        return replace(update, track=track.place)

    def close(self) -> None:
        """End what is read, and ffmpeg. A second time does nothing."""
        with self._lock:
            self._is_closed = True
            tracks = list(self._tracks.values())
        with contextlib.suppress(Empty):  # those that nobody has opened
            while True:
                self._requests.get_nowait()
        self._requests.put(None)
        for track in tracks:  # the opener may be waiting for the audio of one of them
            track.opened.close()
        self._opened.close()
