"""Audio -> transcript: a loaded model and what a caller asks of it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ovsubs.audio.damage import damage_notes
from ovsubs.audio.source import Audio, AudioSource
from ovsubs.audio.vad import open_detector
from ovsubs.clock import clock_time
from ovsubs.file_tracks import FileTracks, ReadTrack, track_notes
from ovsubs.models.manifest import check_sums
from ovsubs.recognition import (
    Components,
    RecognitionService,
    TrackRequest,
    TranscribeOptions,
    check_options,
)
from ovsubs.spans import Span
from ovsubs.timing import add_up
from ovsubs.transcript import Segment, Transcript
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.tokenizer import WhisperTokenizer

MIN_NOTED_S = 3.0  # of speech without text, in one piece: a sentence
NO_LANGUAGE = LanguageVote("und", 0.0)  # ISO 639-2, undetermined: nobody speaks


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `position` of `duration`, in seconds of the file, and its newest segments."""

    position: float
    duration: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class FileOpened:
    """The file at place `number` has been opened; told with the next batch, before anything else of it."""

    number: int


@dataclass(frozen=True, slots=True)
class FileAdvanced:
    """A batch has recognized windows of the file at place `number`."""

    number: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How the file at place `number` ended: with a transcript, or with an error."""

    number: int
    transcript: Transcript | None
    error: Exception | None


FileEvent = FileOpened | FileAdvanced | FileOutcome


class Model:
    """A Whisper model ready to transcribe: `ovsubs.load_model` makes it, `with` or `close()` frees it.

    Several threads may use it at once: their windows share batches, and its memory is there once. A call by
    itself does not wait for the end of another's file.
    """

    def __init__(self, directory: Path, options: CompileOptions | None = None) -> None:
        """Load a model directory.

        Raises:
            BrokenModel: a file is missing or corrupt, or not as it was exported.
            DeviceNotFound: the device is not on this machine.
        """
        options = options or CompileOptions()
        check_sums(directory)
        tokenizer = WhisperTokenizer(directory)
        whisper = open_model(directory, options)
        filters = LogitFilters(tokenizer.special, whisper.n_vocab)
        self._components = Components(open_detector(), whisper, tokenizer, filters)
        self._service = RecognitionService(self._components)
        self.directory = directory

    @property
    def name(self) -> str:
        """The checkpoint's name, such as "base"."""
        return self._components.tokenizer.name

    def check(self, options: TranscribeOptions) -> None:
        """Refuse what this model cannot do, before anything is read.

        Raises:
            UnknownLanguage: no such language.
            UnsupportedTask: the language or the task is not this model's.
            InvalidOption: prompt and hotwords are longer than a prompt may be.
            ClosedModel: `close` has been called; so does everything else here.
        """
        self._components.whisper.check_open()
        check_options(self._components, options)

    def detect_language(self, audio: Audio, options: TranscribeOptions | None = None) -> LanguageVote:
        """Find the language of a file as `transcribe` would, without transcribing it.

        The file is read only as far as the first windows of speech, which vote; see
        `TranscribeOptions.language_detection_segments`. Where nobody speaks it is "und".

        Args:
            audio: as `transcribe` takes it.
            options: which track, what is speech, how many windows vote. A language given there is returned.

        Raises:
            MediaError: the file cannot be read.
            UsageError: the model cannot do what is asked.
        """
        chosen = options or TranscribeOptions()
        request = TrackRequest(self._file(audio, chosen).open_next, chosen)
        return self._service.detect_language(request) or NO_LANGUAGE

    def transcribe(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        task: str | None = None,
        options: TranscribeOptions | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Transcript:
        """Recognize the speech of a file, or of samples.

        Args:
            audio: path of an audio or video file, what `ovsubs.audio.media.probe` found in one, or samples,
                mono 16 kHz in [-1, 1].  # float32 [n_samples]
            language: code or English name. None, and none in `options`: the file's windows vote.
            task: "transcribe", or "translate" into English.
            options: everything else; `language` and `task` above win where they are given.
            on_progress: called after each batch of windows.

        Raises:
            MediaError: the file cannot be read, or breaks off and `keep_damaged` is not set.
            UsageError: the model cannot do what is asked.
        """
        chosen = _merge(options, language, task)
        for outcome in self.transcribe_files([audio], options=chosen, on_progress=_of_one(on_progress)):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.transcript is not None
            return outcome.transcript
        raise AssertionError("a file ends with an outcome")

    def transcribe_files(
        self,
        audios: Sequence[Audio],
        *,
        options: TranscribeOptions | Sequence[TranscribeOptions] | None = None,
        on_progress: Callable[[int, Progress], None] | None = None,
    ) -> Generator[FileOutcome, None, None]:
        """Recognize many files, windows of several in one batch: many short files are as fast as a long one.

        Args:
            audios: as `transcribe` takes them.
            options: for all of them, or one for each.
            on_progress: called with the file's place in `audios` after each batch that has read in it.

        Yields:
            An outcome for each, as they end; one that cannot be read has an error and stops nobody.

        Raises:
            UsageError: the model cannot do what is asked; before anything is read.
            ValueError: not as many options as files.
        """
        return _outcomes(self.file_events(audios, options=options), on_progress)

    def file_events(
        self,
        audios: Sequence[Audio],
        *,
        options: TranscribeOptions | Sequence[TranscribeOptions] | None = None,
    ) -> Generator[FileEvent, None, None]:
        """Recognize many files as `transcribe_files` does, and tell all that happens.

        Closing the iterator ends the run; what is being read is let go.

        Yields:
            For each file `FileOpened`, a `FileAdvanced` after each batch that has read in it, and
            `FileOutcome` at its end. Events of several files come in between each other.

        Raises:
            UsageError, ValueError: as `transcribe_files`.
        """
        self._components.whisper.check_open()
        if options is None or isinstance(options, TranscribeOptions):
            options = [options or TranscribeOptions()] * len(audios)
        if len(options) != len(audios):
            raise ValueError(f"{len(options)} options for {len(audios)} files")
        return self._file_events(audios, options)

    def _file_events(
        self, audios: Sequence[Audio], options: Sequence[TranscribeOptions]
    ) -> Generator[FileEvent, None, None]:
        files = [self._file(audio, chosen) for audio, chosen in zip(audios, options, strict=True)]
        waiting, opened = list(range(len(files))), deque[int]()
        while waiting:
            silent = list[int]()  # where nobody speaks in the track, and there are others
            requests = [TrackRequest(_noting(number, files, opened), options[number]) for number in waiting]
            with closing(self._service.submit(requests)) as job, closing(job.updates()) as running:
                for update in running:
                    number, file = waiting[update.track], files[waiting[update.track]]
                    file.add(update)
                    while opened:
                        yield FileOpened(opened.popleft())
                    if source := file.readings[-1].source:
                        position = min(source.offset + update.position, source.duration or math.inf)
                        yield FileAdvanced(number, Progress(position, source.duration, update.segments))
                    if update.is_last and file.turns_to_another():
                        silent.append(number)
                    elif update.is_last:
                        yield self._outcome(number, file, options[number])
                        # Its segments are the caller's now.
                        files[number] = self._file(file.audio, options[number])
            waiting = silent

    def _file(self, audio: Audio, options: TranscribeOptions) -> FileTracks:
        return FileTracks(audio, options, english_only=self._components.tokenizer.english_only)

    def _outcome(self, number: int, file: FileTracks, options: TranscribeOptions) -> FileOutcome:
        reading = file.chosen
        if (error := file.error) is not None:
            return FileOutcome(number, None, error)
        return FileOutcome(number, self._transcript(file, reading, options), None)

    def stream(
        self,
        audio: Audio,
        *,
        language: str | None = None,
        task: str | None = None,
        options: TranscribeOptions | None = None,
    ) -> Generator[Segment, None, None]:
        """Segments as they come, in order; arguments and errors are those of `transcribe`.

        Closing the iterator ends ffmpeg: nothing is left running.
        """
        self._components.whisper.check_open()
        return self._segments(audio, _merge(options, language, task))

    def _segments(self, audio: Audio, chosen: TranscribeOptions) -> Generator[Segment, None, None]:
        file = self._file(audio, chosen)
        while True:
            wordless = list[Segment]()  # until somebody speaks: another track may be read instead
            request = TrackRequest(file.open_next, chosen)
            with closing(self._service.submit([request])) as job, closing(job.updates()) as running:
                for update in running:
                    file.add(update)
                    if file.readings[-1].has_words:
                        yield from (*wordless, *update.segments)
                        wordless = []
                    else:
                        wordless.extend(update.segments)
            if not file.turns_to_another():
                break
        reading = file.chosen
        if not reading.has_words:
            yield from (segment for update in reading.updates for segment in update.segments)
        if (error := file.error) is not None:
            raise error

    def close(self) -> None:
        """Let go of the compiled graphs; what other threads are reading ends. A second time does nothing."""
        self._service.close()

    def __enter__(self) -> Self:
        self._components.whisper.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _transcript(self, file: FileTracks, reading: ReadTrack, options: TranscribeOptions) -> Transcript:
        assert reading.source is not None
        updates, report = reading.updates, reading.report
        vote = updates[-1].language_vote or NO_LANGUAGE
        return Transcript(
            segments=reading.segments,
            language=vote.language,
            language_probability=vote.probability,
            duration=report.duration if report else reading.source.duration,
            speech_duration=sum(update.speech_duration for update in updates),
            task=options.task,
            source=reading.source.name,
            model=self.name,
            timings=add_up(
                timing for one in file.readings for update in one.updates for timing in update.timings
            ),
            uncovered=tuple(span for update in updates for span in update.uncovered),
            notes=(*_notes(reading), *track_notes(file)),
            damaged=report.damaged if report else (),
            holes=report.holes if report else 0.0,
        )


def _merge(options: TranscribeOptions | None, language: str | None, task: str | None) -> TranscribeOptions:
    options = options or TranscribeOptions()
    return replace(options, language=language or options.language, task=task or options.task)


def _noting(number: int, files: Sequence[FileTracks], opened: deque[int]) -> Callable[[], AudioSource]:
    """Opens the next track of a file, and notes it where it is the first one.

    It holds the list, where what has been read of a file is replaced in the end, and not the file.
    """

    def open_next() -> AudioSource:  # in a thread that reads ahead
        if not files[number].readings:
            opened.append(number)
        return files[number].open_next()

    return open_next


def _outcomes(
    events: Generator[FileEvent, None, None], on_progress: Callable[[int, Progress], None] | None
) -> Generator[FileOutcome, None, None]:
    with closing(events):
        for event in events:
            if isinstance(event, FileOutcome):
                yield event
            elif isinstance(event, FileAdvanced) and on_progress:
                on_progress(event.number, event.progress)


def _of_one(on_progress: Callable[[Progress], None] | None) -> Callable[[int, Progress], None] | None:
    return (lambda number, progress: on_progress(progress)) if on_progress else None


def _uncovered_note(uncovered: Sequence[Span]) -> Iterator[str]:
    """Tell of speech without text where it is longer than a breath or a blip of the detector."""
    long = [span for span in uncovered if span.end - span.start >= MIN_NOTED_S]
    if long:
        first = max(long, key=lambda span: span.end - span.start)
        where = f"from {clock_time(first.start)} to {clock_time(first.end)}"
        n_others = len(long) - 1
        others = f", and in {n_others} more place{'' if n_others == 1 else 's'}" if n_others else ""
        yield f"there may be speech without text {where}{others}"


def _notes(reading: ReadTrack) -> Iterator[str]:
    if reading.report:
        if reading.report.breaks_off:
            yield reading.report.breaks_off
        yield from damage_notes(reading.report)
    if not any(update.speech_duration > 0.0 for update in reading.updates):
        yield "no speech was found"
    elif not reading.segments:
        yield "speech was heard, but no words could be made out"
    else:
        yield from _uncovered_note([span for update in reading.updates for span in update.uncovered])
    n_left_out = sum(update.n_left_out for update in reading.updates)
    if n_left_out:
        what = "1 stretch was" if n_left_out == 1 else f"{n_left_out} stretches were"
        yield f"{what} left out, where the text repeated itself without end"
