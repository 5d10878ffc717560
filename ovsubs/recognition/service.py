"""Requests of many threads -> updates of their tracks, by one scheduler."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from ovsubs.errors import ClosedModel, RecognitionInterrupted
from ovsubs.recognition.components import Components, check_options
from ovsubs.recognition.feeding import Feeder
from ovsubs.recognition.language import voters_of
from ovsubs.recognition.open_tracks import LATE_S, TrackRequest, chunks_now
from ovsubs.recognition.scheduler import Scheduler
from ovsubs.recognition.track import TrackState, TrackUpdate
from ovsubs.timing import Stopwatch
from ovsubs.whisper.language_vote import LanguageVote

_LOOK_S = 1.0  # on Microsoft Windows a wait without a limit cannot be interrupted
_SLICE_S = 0.05  # for one source of audio, while others may have some, too


class Job:
    """Tracks that somebody has submitted, together or bit by bit. Close it, or ffmpeg keeps running.

    Iterate over `updates` in one thread, and `add` in that; `close` may be called from any.
    """

    def __init__(self, service: RecognitionService, feeder: Feeder) -> None:
        self.feeder = feeder
        self.n_left = 0  # tracks whose last update has not been queued
        self.queued = deque[TrackUpdate]()
        self.error: Exception | None = None
        self._service = service

    @property
    def n_unopened(self) -> int:
        """How many tracks wait for their turn."""
        return self.feeder.n_unopened

    def add(self, request: TrackRequest) -> int:
        """Take in another track; returns its place, which its updates have as `track`.

        Raises:
            UsageError: the model cannot do what is asked.
        """
        return self._service.add(self, request)

    def give_up(self, place: int, error: Exception) -> None:
        """End a track with an error, which its last update has; only one that is being read.

        Raises:
            OvsubsError: see `next_update`.
        """
        self._service.give_up(self, place, error)

    def next_update(self, wait_s: float = math.inf) -> TrackUpdate | None:
        """What has become of one of the tracks that were added.

        Args:
            wait_s: how long to wait where no audio comes; a batch takes as long as it takes.

        Returns:
            None after the last one of all that were added so far, if nothing came in time, or if the job is
            closed.

        Raises:
            OvsubsError: the model has been closed, or the thread that did the work was interrupted.
        """
        return self._service.next_update(self, wait_s)

    def updates(self) -> Generator[TrackUpdate, None, None]:
        """What each batch adds to the tracks, `track` being the place among the requests.

        Whoever waits here for an update does the work for all jobs, or waits for the one who does. Closing
        the generator closes the job.
        """
        with closing(self):
            while update := self._service.next_update(self):
                yield update

    def close(self) -> None:
        """Give up what is left: nothing of it is decoded after the present batch. It ends ffmpeg."""
        self._service.forget(self)
        self.feeder.close()
        self._service.clean_up()


@dataclass(frozen=True, slots=True)
class _Source:
    """What audio comes from: a track of a job by its number, or, with None, the job's next track."""

    job: Job
    number: int | None

    def is_ready(self, wait_s: float) -> bool:
        return self.job.feeder.is_ready(self.number, wait_s)


class RecognitionService:
    """One scheduler, and its memory, for all who want something recognized: their windows share batches.

    There is no thread of its own: of those who wait for an update, one does the work for all. Several threads
    may submit jobs and read their updates, each those of its own.
    """

    def __init__(self, components: Components) -> None:
        self._components = components
        self._scheduler = Scheduler(components)
        self._changed = threading.Condition()  # guards what follows, up to the empty line
        self._driver: threading.Thread | None = None  # the one that is using the scheduler
        self._n_asking = 0  # threads that want it next, for something short
        self._jobs = list[Job]()

        self._wanted_since = dict[_Source, float]()  # since when it is waited for

    def submit(self, requests: Sequence[TrackRequest], *, priority: int = 0) -> Job:
        """Take in tracks to be recognized; those of one call come in order, calls take turns.

        A track that cannot be read ends with its `error`, and the others go on. Each ends with an update that
        `is_last`. Openers are called, and tracks read, in threads of their own, a batch ahead.

        Args:
            requests: a track each.
            priority: jobs of a higher one come first.

        Raises:
            UsageError: the model cannot do what is asked; before anything is read.
        """
        self._components.whisper.check_open()
        for options in {request.options for request in requests}:
            check_options(self._components, options)
        job = self.open_job(priority=priority)
        for request in requests:
            self._add(job, request)
        return job

    def open_job(self, *, priority: int = 0) -> Job:
        """A job without tracks, which are added as they are known; see `submit`."""
        self._components.whisper.check_open()
        job = Job(self, Feeder(self._components, self._scheduler, priority))
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        return job

    def add(self, job: Job, request: TrackRequest) -> int:
        """Take in another track of a job; see `Job.add`."""
        check_options(self._components, request.options)
        return self._add(job, request)

    def _add(self, job: Job, request: TrackRequest) -> int:
        with self._changed:
            place = job.feeder.add(request)
            job.n_left += 1
            self._changed.notify_all()
        return place

    def give_up(self, job: Job, place: int, error: Exception) -> None:
        """End a track of a job with an error; see `Job.give_up`."""
        with self._driving():
            job.feeder.give_up(place, error)

    def detect_language(self, request: TrackRequest) -> LanguageVote | None:
        """The language of a track, by the vote of the windows that would vote on it; None if nobody speaks.

        The track is read as far as these windows, and nothing is decoded. Where the language is given, or the
        model has only one, nothing is read.

        Raises:
            UsageError: the model cannot do what is asked.
            MediaError: the track cannot be read.
        """
        self._components.whisper.check_open()
        code = check_options(self._components, request.options)
        if code is not None:
            return LanguageVote(code, 1.0)
        track, n_voters = TrackState(0, request.options, None), request.options.language_detection_segments
        with closing(chunks_now(request, self._components, Stopwatch())) as chunks:
            for chunk in chunks:
                track.feed(chunk)
                if len(voters_of(track)) >= n_voters:
                    break
        voters = voters_of(track)
        if not voters:
            return None
        with self._driving():
            return self._scheduler.vote(voters, request.options)

    def close(self) -> None:
        """Give up all jobs, which end with an error, and close the model. Again it does nothing.

        It waits for the end of the present batch.
        """
        with self._changed:
            jobs = list(self._jobs)
            for job in jobs:
                job.error = ClosedModel(self._components.whisper.directory)
        for job in jobs:
            job.close()
        with self._driving():
            self._take_out_forgotten()
            self._components.whisper.close()

    def next_update(self, job: Job, wait_s: float = math.inf) -> TrackUpdate | None:
        """The next update of a job; see `Job.next_update`."""
        until = time.monotonic() + wait_s
        try:
            while True:
                with self._changed:
                    while not self._is_settled(job) and time.monotonic() < until:
                        if self._is_free and not self._n_asking:
                            self._driver = threading.current_thread()
                            break
                        self._changed.wait(min(_LOOK_S, max(0.0, until - time.monotonic())))
                    else:
                        return self._settle(job)
                try:
                    self._drive_once(job, until)
                finally:
                    self._leave()
        except BaseException:  # an interrupt between two of these lines, too
            self._leave()
            raise

    def forget(self, job: Job) -> None:
        """Take a job out; its tracks leave the scheduler before the next batch."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
            job.queued.clear()
            self._changed.notify_all()

    def clean_up(self) -> None:
        """Let go of what closed jobs have left, unless another thread does that at the end of its batch."""
        with self._changed:
            if self._driver is not None:
                return
            self._driver = threading.current_thread()
        try:
            self._take_out_forgotten()
        finally:
            self._leave()

    def _is_settled(self, job: Job) -> bool:
        """Whether the next update of a job is there, or none will come."""
        return bool(job.queued or job.error or not job.n_left or job not in self._jobs)

    def _settle(self, job: Job) -> TrackUpdate | None:
        if job.queued:
            return job.queued.popleft()
        if job.error is not None:
            raise job.error
        return None

    @property
    def _is_free(self) -> bool:
        """Whether the scheduler may be used. A thread that was interrupted may not have told that it left."""
        return self._driver is None or not self._driver.is_alive()

    def _leave(self) -> None:
        with self._changed:
            if self._driver is threading.current_thread():
                self._driver = None
            self._changed.notify_all()

    @contextmanager
    def _driving(self) -> Iterator[None]:
        """Use the scheduler for something short, before any of those who go on driving."""
        try:
            with self._changed:
                self._n_asking += 1
                try:
                    while not self._is_free:
                        self._changed.wait(_LOOK_S)
                    self._driver = threading.current_thread()
                finally:
                    self._n_asking -= 1
            yield
        finally:
            self._leave()

    def _drive_once(self, job: Job, until: float) -> None:
        """Bring audio, and do a step, for all jobs; where no audio comes, only until that time."""
        try:
            self._components.whisper.check_open()
            self._bring_audio(job, until)
            for update in self._scheduler.step():
                self._queue(update)
            self._take_out_forgotten()
        except BaseException as error:
            # Nobody knows what of the other jobs has come through, so they end as well, and are told.
            interrupted = RecognitionInterrupted(self._components.whisper.directory)
            with self._changed:
                for one in self._jobs:
                    if one.n_left:
                        one.error = error if isinstance(error, Exception) else interrupted
            raise

    def _queue(self, update: TrackUpdate) -> None:
        with self._changed:
            job = next((job for job in self._jobs if update.track in job.feeder.numbers), None)
        if job is not None:
            self._put(job, job.feeder.told(update))

    def _put(self, job: Job, update: TrackUpdate) -> None:
        with self._changed:
            job.queued.append(update)
            job.n_left -= update.is_last
            self._changed.notify_all()

    def _take_out_forgotten(self) -> list[Job]:
        """Take the tracks of closed jobs out of the scheduler; returns the jobs that are left."""
        with self._changed:
            jobs = list(self._jobs)
        there = {number for job in jobs for number in job.feeder.numbers}
        for number in self._scheduler.numbers:
            if number not in there:
                self._scheduler.cancel(number)
        for source in list(self._wanted_since):
            if source.job not in jobs or source.number not in (None, *source.job.feeder.numbers):
                del self._wanted_since[source]
        return jobs

    def _bring_audio(self, driving: Job, until: float) -> None:
        """Feed the scheduler until it can fill a batch, or what is missing is late.

        A track whose audio is late stops nobody. A job alone waits for each of its sources `LATE_S`, so that
        its batches are the same each time; of several, none waits for another's. Where nothing can be
        decoded, one of them is waited for, a little at a time.
        """
        missed = list[_Source]()  # looked at in vain
        while not driving.queued:
            jobs = self._take_out_forgotten()
            if driving not in jobs:
                return
            source = self._next_source(jobs, missed)
            if source is None:
                if self._scheduler.has_work or not missed or time.monotonic() >= until:
                    return
                missed[0].is_ready(_SLICE_S)
                missed.clear()
            elif source.is_ready(0.0):
                self._take(source)
            elif (left_s := self._patience_s(source, jobs)) > 0.0:
                if time.monotonic() >= until and not self._scheduler.has_work:
                    return
                source.is_ready(min(left_s, _SLICE_S))
            else:
                missed.append(source)

    def _next_source(self, jobs: Sequence[Job], missed: Sequence[_Source]) -> _Source | None:
        """What the next batch lacks: audio of a track, or else another track."""
        late = {source.number for source in missed}
        number = self._scheduler.hungry(except_for=late)
        if number is not None:
            return next(_Source(job, number) for job in jobs if number in job.feeder.numbers)
        for job in jobs:
            source = _Source(job, None)
            can_open = job.feeder.can_open and source not in missed
            if can_open and self._scheduler.wants_track(job.feeder.group, late):
                return source
        return None

    def _take(self, source: _Source) -> None:
        """Feed the next chunk of a track, or open the next track."""
        is_late = time.monotonic() - self._wanted_since.get(source, math.inf) >= LATE_S
        if source.number is None or not is_late:  # a track that was late once would hold up each batch
            self._wanted_since.pop(source, None)
        try:
            update = source.job.feeder.take(source.number)
        except Exception as error:  # of this job alone
            with self._changed:
                source.job.error = error
                self._changed.notify_all()
            source.job.close()
            return
        if update:
            self._put(source.job, update)

    def _patience_s(self, source: _Source, jobs: Sequence[Job]) -> float:
        """How long a source is still waited for before others go on without it."""
        since = self._wanted_since.setdefault(source, time.monotonic())
        return 0.0 if len(jobs) > 1 else max(0.0, since + LATE_S - time.monotonic())
