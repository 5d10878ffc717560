"""Audio -> transcript: a loaded model and what a caller asks of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ovsubs.audio.source import Audio
from ovsubs.audio.vad import open_detector
from ovsubs.file_events import FileAdvanced, FileEvent, FileOutcome, FileRequest, Progress, follow_files
from ovsubs.file_tracks import FileTracks
from ovsubs.file_transcript import NO_LANGUAGE
from ovsubs.models.manifest import check_sums
from ovsubs.recognition import (
    Components,
    RecognitionService,
    TrackRequest,
    TranscribeOptions,
    check_options,
)
from ovsubs.transcript import Segment, Transcript
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.tokenizer import WhisperTokenizer


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
        if options is None or isinstance(options, TranscribeOptions):
            options = [options or TranscribeOptions()] * len(audios)
        if len(options) != len(audios):
            raise ValueError(f"{len(options)} options for {len(audios)} files")
        self._components.whisper.check_open()
        for chosen in set(options):
            check_options(self._components, chosen)
        requests = (FileRequest(audio, chosen) for audio, chosen in zip(audios, options, strict=True))
        return _outcomes(self.file_events(requests), on_progress)

    def file_events(self, requests: Iterable[FileRequest | None]) -> Generator[FileEvent, None, None]:
        """Recognize many files as `transcribe_files` does, and tell all that happens.

        Closing the iterator ends the run; what is being read is let go. Nothing is done while nobody asks for
        the next event.

        Args:
            requests: taken as places become free, some time before their files are opened. None among them
                says that there is none for now: what runs goes on, and then they are asked for again.

        Yields:
            For each file `FileOpened`, a `FileAdvanced` after each batch that has read in it, and
            `FileOutcome` at its end, each with its place among the requests, from 0. Events of several files
            come in between each other. `NothingNew` where there is nothing to tell for a second.

        Raises:
            UsageError: the model cannot do what is asked.
        """
        self._components.whisper.check_open()
        return follow_files(self._service, self._components.tokenizer, requests)

    def _file(self, audio: Audio, options: TranscribeOptions) -> FileTracks:
        return FileTracks(audio, options, english_only=self._components.tokenizer.english_only)

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


def _merge(options: TranscribeOptions | None, language: str | None, task: str | None) -> TranscribeOptions:
    options = options or TranscribeOptions()
    return replace(options, language=language or options.language, task=task or options.task)


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
