"""Audio -> transcript: a loaded model and what a caller asks of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.source import AudioSource, open_source
from ovsubs.audio.vad import open_detector
from ovsubs.convert.manifest import check_sums
from ovsubs.errors import TruncatedMedia
from ovsubs.recognition import Engine, Round, TranscribeOptions, check_options, recognize
from ovsubs.timing import Stopwatch, add_up
from ovsubs.transcript import Segment, Transcript, UncoveredSpeech
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.rules import TokenRules
from ovsubs.whisper.tokens import TokenReader

Audio = str | Path | NDArray[np.float32]

NO_LANGUAGE = LanguageVote("und", 0.0)  # ISO 639-2, undetermined: nobody speaks


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `position` of `duration`, in seconds of the file, and its newest segments."""

    position: float
    duration: float
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How the file at place `number` ended: with a transcript, or with an error."""

    number: int
    transcript: Transcript | None
    error: Exception | None


class _File:
    """A file to be read, and what has been read of it."""

    def __init__(self, audio: Audio, options: TranscribeOptions) -> None:
        self.audio = audio
        self.source: AudioSource | None = None
        self.damage = list[str]()
        self.rounds = list[Round]()
        self._options = options

    def open(self) -> AudioSource:
        """Open the track; called once, when its turn comes."""
        self.source = open_source(self.audio, self._options.audio_track, self.damage.append)
        return self.source


class Model:
    """A Whisper model ready to transcribe: `ovsubs.load_model` makes it, `with` or `close()` frees it."""

    def __init__(self, directory: Path, options: CompileOptions | None = None) -> None:
        """Load a model directory.

        Raises:
            BrokenModel: a file is missing or corrupt, or not as it was exported.
            DeviceNotFound: the device is not on this machine.
        """
        options = options or CompileOptions()
        check_sums(directory)
        reader = TokenReader(directory)
        whisper = open_model(directory, options)
        rules = TokenRules(reader.special, whisper.n_vocab)
        self._engine = Engine(open_detector(options.threads), whisper, reader, rules)
        self.directory = directory

    @property
    def name(self) -> str:
        """The checkpoint's name, such as "base"."""
        return self._engine.reader.name

    def check(self, options: TranscribeOptions) -> None:
        """Refuse what this model cannot do, before anything is read.

        Raises:
            UnknownLanguage: no such language.
            UnsupportedTask: the language or the task is not this model's.
            InvalidOption: prompt and hotwords are longer than a prompt may be.
            ClosedModel: `close` has been called; so does everything else here.
        """
        self._engine.whisper.check_open()
        check_options(self._engine, options)

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
            audio: path of an audio or video file, or samples, mono 16 kHz in [-1, 1].  # float32 [n_samples]
            language: code or English name. None, and none in `options`: the file's windows vote.
            task: "transcribe", or "translate" into English.
            options: everything else; `language` and `task` above win where they are given.
            on_progress: called after each round of windows.

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
        options: TranscribeOptions | None = None,
        on_progress: Callable[[int, Progress], None] | None = None,
    ) -> Generator[FileOutcome, None, None]:
        """Recognize many files, windows of several in one batch: many short files are as fast as a long one.

        Args:
            audios: as `transcribe` takes them.
            options: for all of them.
            on_progress: called with the file's place in `audios` after each round that has read in it.

        Yields:
            An outcome for each, as they end; one that cannot be read has an error and stops nobody.

        Raises:
            UsageError: the model cannot do what is asked; before anything is read.
        """
        self._engine.whisper.check_open()
        return self._outcomes(audios, options or TranscribeOptions(), on_progress)

    def _outcomes(
        self,
        audios: Sequence[Audio],
        chosen: TranscribeOptions,
        on_progress: Callable[[int, Progress], None] | None,
    ) -> Generator[FileOutcome, None, None]:
        files = [_File(audio, chosen) for audio in audios]
        openers = [file.open for file in files]
        with closing(recognize(self._engine, openers, chosen, Stopwatch())) as running:
            for done in running:
                file = files[done.track]
                file.rounds.append(done)
                if on_progress and file.source:
                    position = file.source.offset + done.position
                    on_progress(done.track, Progress(position, file.source.duration, done.segments))
                if done.is_last:
                    yield self._outcome(done, file, chosen)
                    files[done.track] = _File(file.audio, chosen)  # its segments are the caller's now

    def _outcome(self, last: Round, file: _File, options: TranscribeOptions) -> FileOutcome:
        error = last.error
        if error is None and file.damage and not options.keep_damaged:
            error = TruncatedMedia(file.audio, file.damage[0])
        if error is not None:
            return FileOutcome(last.track, None, error)
        assert file.source is not None
        return FileOutcome(last.track, self._transcript(file.source, options, file.rounds, file.damage), None)

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
        self._engine.whisper.check_open()
        return self._segments(audio, _merge(options, language, task))

    def _segments(self, audio: Audio, chosen: TranscribeOptions) -> Generator[Segment, None, None]:
        file = _File(audio, chosen)
        with closing(recognize(self._engine, [file.open], chosen, Stopwatch())) as running:
            for done in running:
                yield from done.segments
                if done.error is not None:
                    raise done.error
        if file.damage and not chosen.keep_damaged:
            raise TruncatedMedia(audio, file.damage[0])

    def close(self) -> None:
        """Let go of the compiled graphs. A second time does nothing."""
        self._engine.whisper.close()

    def __enter__(self) -> Self:
        self._engine.whisper.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _transcript(
        self,
        source: AudioSource,
        options: TranscribeOptions,
        rounds: list[Round],
        damage: list[str],
    ) -> Transcript:
        segments = tuple(segment for done in rounds for segment in done.segments)
        spoken = rounds[-1].spoken or NO_LANGUAGE
        return Transcript(
            segments=segments,
            language=spoken.language,
            language_probability=spoken.probability,
            duration=source.duration,
            speech_duration=sum(done.speech_duration for done in rounds),
            task=options.task,
            source=source.name,
            model=self.name,
            timings=add_up(timing for done in rounds for timing in done.timings),
            uncovered=tuple(
                UncoveredSpeech(span.start, span.end) for done in rounds for span in done.uncovered
            ),
            notes=tuple(_notes(segments, rounds, damage)),
        )


def _merge(options: TranscribeOptions | None, language: str | None, task: str | None) -> TranscribeOptions:
    options = options or TranscribeOptions()
    return replace(options, language=language or options.language, task=task or options.task)


def _of_one(on_progress: Callable[[Progress], None] | None) -> Callable[[int, Progress], None] | None:
    return (lambda number, progress: on_progress(progress)) if on_progress else None


def _notes(segments: tuple[Segment, ...], rounds: list[Round], damage: list[str]) -> Iterator[str]:
    yield from damage
    if not any(done.speech_duration > 0.0 for done in rounds):
        yield "no speech was found"
    elif not segments:
        yield "speech was heard, but no words could be made out"
    n_left_out = sum(done.n_left_out for done in rounds)
    if n_left_out:
        yield f"{n_left_out} stretches were left out, where the text repeated itself without end"
