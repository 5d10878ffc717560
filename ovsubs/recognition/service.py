"""Requests of many threads -> updates of their tracks, by one scheduler."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

from ovsubs.errors import ClosedModel, RecognitionInterrupted
from ovsubs.recognition.components import Components
from ovsubs.recognition.feeding import Feeder
from ovsubs.recognition.language import voters_of
from ovsubs.recognition.opening import LATE_S, TrackRequest, open_now
from ovsubs.recognition.scheduler import Scheduler, check_options
from ovsubs.recognition.track import TrackState, TrackUpdate
from ovsubs.timing import Stopwatch
from ovsubs.whisper.language_vote import LanguageVote

_LOOK_S = 1.0  # Windows lets nobody stop a thread that waits without a limit
_SLICE_S = 0.05  # for one source of audio, while others may have some, too


class Job:
    """Tracks that somebody has submitted together. Close it, or ffmpeg stays.

    Iterate over `updates` in one thread; `close` may be called from any.
    """

    def __init__(self, service: RecognitionService, feeder: Feeder, n_tracks: int) -> None:
        self.feeder = feeder
        self.n_left = n_tracks  # tracks whose last update has not been queued
        self.queued = deque[TrackUpdate]()
        self.error: Exception | None = None
        self._service = service

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


class RecognitionService:
    """One scheduler, and its memory, for all who want something recognized: their windows share batches.

    There is no thread of its own: of those who wait for an update, one does the work for all. Several threads
    may submit jobs and read their updates, each those of its own.
    """

    def __init__(self, components: Components) -> None:
        self._components = components
        self._scheduler = Scheduler(components)
        self._changed = threading.Condition()  # guards what follows
        self._driver: threading.Thread | None = None  # the one that is using the scheduler
        self._jobs = list[Job]()
        # Since when audio was waited for in vain, by its source: a track, or a job's next one.
        self._wanted_since = dict[object, float]()

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
        job = Job(self, Feeder(self._components, requests, self._scheduler, priority), len(requests))
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()
        return job

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
        with closing(open_now(request, self._components, Stopwatch())) as opened:
            for chunk in opened.chunks:
                track.feed(chunk)
                if len(voters_of(track)) >= n_voters:
                    break
        voters = voters_of(track)
        if not voters:
            return None
        with self._driving():
            return self._scheduler.vote(voters, request.options)

    def close(self) -> None:
        """Give up all jobs, once the present batch is done; they end with an error. Again it does nothing."""
        with self._changed:
            jobs = list(self._jobs)
            for job in jobs:
                job.error = ClosedModel(self._components.whisper.directory)
        for job in jobs:
            job.close()
        with self._driving():
            self._take_out_forgotten()

    def next_update(self, job: Job) -> TrackUpdate | None:
        """The next update of a job; None after the last one, or if the job is closed.

        Raises:
            OvsubsError: the model has been closed, or the thread that did the work was interrupted.
        """
        while True:
            with self._changed:
                while True:
                    if job.queued:
                        return job.queued.popleft()
                    if job.error is not None:
                        raise job.error
                    if not job.n_left or job not in self._jobs:
                        return None
                    if self._is_free:
                        break
                    self._changed.wait(_LOOK_S)
            self._drive_once(job)

    def forget(self, job: Job) -> None:
        """Take a job out; its tracks leave the scheduler before the next batch."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
            job.queued.clear()
            self._changed.notify_all()

    @property
    def _is_free(self) -> bool:
        """Whether the scheduler may be used. A thread that was interrupted may not have told that it left."""
        driver = self._driver
        return driver is None or driver is threading.current_thread() or not driver.is_alive()

    @contextmanager
    def _driving(self) -> Iterator[None]:
        """Use the scheduler, once nobody else does."""
        try:
            with self._changed:
                while not self._is_free:
                    self._changed.wait(_LOOK_S)
                self._driver = threading.current_thread()
            yield
        finally:
            with self._changed:
                if self._driver is threading.current_thread():
                    self._driver = None
                self._changed.notify_all()

    def _drive_once(self, job: Job) -> None:
        """Bring audio, and do a step, for all jobs, unless there is news of this one."""
        with self._driving():
            if job.queued or job.error is not None:
                return
            try:
                self._components.whisper.check_open()
                self._bring_audio(job)
                for update in self._scheduler.step():
                    self._queue(update)
            except BaseException as error:
                # Nobody knows what of the other jobs has come through, so they end as well, and are told.
                told = (
                    error
                    if isinstance(error, Exception)
                    else RecognitionInterrupted(self._components.whisper.directory)
                )
                with self._changed:
                    for one in self._jobs:
                        one.error = told
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

    def _take_out_forgotten(self) -> dict[int, Job]:
        """Take the tracks of closed jobs out of the scheduler; returns the job of each that is left."""
        with self._changed:
            jobs = list(self._jobs)
        job_of = {number: job for job in jobs for number in job.feeder.numbers}
        for number in self._scheduler.numbers:
            if number not in job_of:
                self._scheduler.cancel(number)
        sources = {*job_of, *jobs}
        self._wanted_since = {one: since for one, since in self._wanted_since.items() if one in sources}
        return job_of

    def _bring_audio(self, driving: Job) -> None:
        """Feed the scheduler until it can fill a batch, or what is missing is late.

        A track whose audio is late stops nobody: others wait for it `LATE_S` once, those of other jobs never.
        Where nothing can be decoded without it, it is waited for.
        """
        late = set[object]()
        while not driving.queued:
            job_of = self._take_out_forgotten()
            with self._changed:
                opening = [job for job in self._jobs if job.feeder.can_open and job not in late]
            number = self._scheduler.hungry(besides=late)
            if number is not None:
                self._bring(job_of[number], number, late)
            elif job := next((job for job in opening if not self._scheduler.is_full(job.feeder)), None):
                self._bring(job, None, late)
            elif self._scheduler.has_work or not late:
                return
            else:
                late.clear()

    def _bring(self, job: Job, number: int | None, late: set[object]) -> None:
        """Feed the next chunk of a track, or open the job's next one; or find either of them late."""
        source = job if number is None else number
        if not job.feeder.is_ready(number, 0.0):
            patience_s = self._patience_s(source, job)
            if not job.feeder.is_ready(number, min(patience_s, _SLICE_S)):
                if patience_s <= _SLICE_S:
                    late.add(source)
                return
        self._wanted_since.pop(source, None)
        if update := job.feeder.take(number):
            self._put(job, update)

    def _patience_s(self, source: object, job: Job) -> float:
        """How long a source of audio may be waited for: not at all where other jobs could go on."""
        since = self._wanted_since.setdefault(source, time.monotonic())
        waiting = self._scheduler.groups_waiting()
        if not waiting:
            return _SLICE_S
        if waiting != {job.feeder}:
            return 0.0
        return max(0.0, since + LATE_S - time.monotonic())
