"""Files, as they are asked for -> all that happens to them, until each has a transcript or an error."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ovsubs.audio.source import Audio, AudioSource
from ovsubs.audio.streams import Media
from ovsubs.errors import FileTimeLimit
from ovsubs.file_tracks import FileTracks
from ovsubs.file_transcript import make_transcript
from ovsubs.recognition import Job, RecognitionService, TrackRequest, TrackUpdate, TranscribeOptions
from ovsubs.recognition.decoded import DecodedChunk, DecodedTrack
from ovsubs.recognition.open_tracks import nothing_known
from ovsubs.transcript import Segment, Transcript
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.tokenizer import WhisperTokenizer

_UNOPENED = 128  # files that wait to be opened: one batch may open 64 at once, if they are short
_TICK_S = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `position` of `duration`, in seconds of the file, and its newest segments."""

    position: float
    duration: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file to be transcribed, or samples, and how.

    `known` is called when a track of it is opened, in a thread that reads ahead, and says what has been
    decoded of that track already; an error of it is the file's. `time_limit_s` is how long it may take from
    its opening on; while nobody asks for events, no time passes.
    """

    audio: Audio
    options: TranscribeOptions = field(default_factory=TranscribeOptions)
    known: Callable[[AudioSource], DecodedTrack | None] = nothing_known
    time_limit_s: float = math.inf


@dataclass(frozen=True, slots=True)
class FileOpened:
    """The file at place `number` has been opened; told with the next batch, before anything else of it."""

    number: int


@dataclass(frozen=True, slots=True)
class NewlyDecoded:
    """What can be given back to go on behind it, if the run is cut off: chunks of the audio track `track`.

    `language_vote` is the track's so far.
    """

    track: int
    language_vote: LanguageVote | None
    chunks: tuple[DecodedChunk, ...]


@dataclass(frozen=True, slots=True)
class FileAdvanced:
    """A batch has recognized windows of the file at place `number`."""

    number: int
    progress: Progress
    decoded: NewlyDecoded


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How the file at place `number` ended: with a transcript, or with an error."""

    number: int
    transcript: Transcript | None
    error: Exception | None


@dataclass(frozen=True, slots=True)
class NothingNew:
    """There was nothing to tell for a second, or there is nothing to do for now."""


FileEvent = FileOpened | FileAdvanced | FileOutcome | NothingNew


def follow_files(
    service: RecognitionService, tokenizer: WhisperTokenizer, requests: Iterable[FileRequest | None]
) -> Generator[FileEvent, None, None]:
    """Have files recognized, and tell all that happens; see `Model.file_events`."""
    queue, running = _Requests(requests), _Running(tokenizer)
    with closing(service.open_job()) as job:
        while True:
            while job.n_unopened < _UNOPENED and (request := queue.take()):
                running.begin(job, queue.n_taken - 1, request)
            if not running.has_files:
                if queue.has_ended:
                    return
                yield NothingNew()
                continue
            began = time.monotonic()
            update = job.next_update(_TICK_S)
            yield from running.opened()
            running.end_slow_ones(job, time.monotonic() - began)
            if update is None:
                yield NothingNew()
            else:
                yield from running.take(job, update)


class _Requests:
    """Requests, one by one, and whether there are no more."""

    def __init__(self, requests: Iterable[FileRequest | None]) -> None:
        self._requests = iter(requests)
        self.n_taken = 0
        self.has_ended = False

    def take(self) -> FileRequest | None:
        """The next one; None if there is none for now, or for ever."""
        if self.has_ended:
            return None
        try:
            request = next(self._requests)
        except StopIteration:
            self.has_ended = True
            return None
        self.n_taken += request is not None
        return request


@dataclass(slots=True)
class _RunningFile:
    """A file that has not ended: what has been read of it, and how long that has taken, in seconds."""

    number: int
    request: FileRequest
    tracks: FileTracks
    is_open: bool = False
    seconds: float = 0.0
    is_given_up: bool = False


class _Running:
    """The files that have not ended, by the places of their tracks in the job."""

    def __init__(self, tokenizer: WhisperTokenizer) -> None:
        self._tokenizer = tokenizer
        self._files = dict[int, _RunningFile]()
        self._opened = deque[_RunningFile]()  # filled by the thread that opens them

    @property
    def has_files(self) -> bool:
        return bool(self._files)

    def begin(self, job: Job, number: int, request: FileRequest) -> None:
        tracks = FileTracks(request.audio, request.options, english_only=self._tokenizer.english_only)
        self._add_track(job, _RunningFile(number, request, tracks))

    def _add_track(self, job: Job, file: _RunningFile) -> None:
        def open_next() -> AudioSource:  # in a thread that reads ahead
            if not file.tracks.readings:
                self._opened.append(file)
            return file.tracks.open_next()

        place = job.add(TrackRequest(open_next, file.request.options, file.request.known))
        self._files[place] = file

    def opened(self) -> Iterator[FileEvent]:
        while self._opened:
            file = self._opened.popleft()
            file.is_open = True
            yield FileOpened(file.number)

    def end_slow_ones(self, job: Job, seconds: float) -> None:
        """Count time for all that are open; end those that have had too much of it."""
        for place, file in self._files.items():
            file.seconds += seconds if file.is_open else 0.0
            limit_s = file.request.time_limit_s
            if file.seconds > limit_s and not file.is_given_up:
                file.is_given_up = True
                job.give_up(place, FileTimeLimit(_name(file.request.audio), limit_s))

    def take(self, job: Job, update: TrackUpdate) -> Iterator[FileEvent]:
        file = self._files[update.track]
        file.tracks.add(update)
        if source := file.tracks.readings[-1].source:
            position = min(source.offset + update.position, source.duration or math.inf)
            progress = Progress(position, source.duration, update.segments)
            track = file.tracks.readings[-1].track
            index = track.index if track else 0
            decoded = NewlyDecoded(index, update.language_vote, update.decoded)
            yield FileAdvanced(file.number, progress, decoded)
        if not update.is_last:
            return
        del self._files[update.track]
        if file.tracks.turns_to_another():
            self._add_track(job, file)
        else:
            yield self._outcome(file)

    def _outcome(self, file: _RunningFile) -> FileOutcome:
        if (error := file.tracks.error) is not None:
            return FileOutcome(file.number, None, error)
        transcript = make_transcript(file.tracks, file.request.options, self._tokenizer.name)
        return FileOutcome(file.number, transcript, None)


def _name(audio: Audio) -> str:
    if isinstance(audio, Media):
        return str(audio.path)
    return str(audio) if isinstance(audio, str | Path) else "the samples"
