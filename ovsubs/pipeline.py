"""Audio -> transcript: a loaded model and what a caller asks of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.source import AudioSource, open_source
from ovsubs.audio.vad import open_detector
from ovsubs.errors import TruncatedMedia
from ovsubs.recognize import Engine, Round, TranscribeOptions, recognize
from ovsubs.timing import Stopwatch
from ovsubs.transcript import Segment, Transcript
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


class Model:
    """A Whisper model ready to transcribe: `ovsubs.load_model` makes it, `with` or `close()` frees it."""

    def __init__(self, directory: Path, options: CompileOptions | None = None) -> None:
        """Load a model directory.

        Raises:
            BrokenModel: a file is missing or corrupt.
            DeviceNotFound: the device is not on this machine.
        """
        options = options or CompileOptions()
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
        """
        self._engine.reader.check_request(options.language, options.task)

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
        damage, clock, rounds = list[str](), Stopwatch(), list[Round]()
        source = open_source(audio, chosen.audio_track, damage.append)
        with closing(recognize(self._engine, source, chosen, clock)) as running:
            for done in running:
                rounds.append(done)
                if on_progress:
                    on_progress(Progress(source.offset + done.position, source.duration, done.segments))
        _refuse_damage(audio, damage, chosen)
        return self._transcript(source, chosen, rounds, damage, clock)

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
        chosen = _merge(options, language, task)
        damage = list[str]()
        source = open_source(audio, chosen.audio_track, damage.append)
        with closing(recognize(self._engine, source, chosen, Stopwatch())) as running:
            for done in running:
                yield from done.segments
        _refuse_damage(audio, damage, chosen)

    def close(self) -> None:
        """Let go of the compiled graphs."""
        self._engine.whisper.close()

    def __enter__(self) -> Self:
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
        clock: Stopwatch,
    ) -> Transcript:
        segments = tuple(segment for done in rounds for segment in done.segments)
        code = self._engine.reader.check_request(options.language, options.task)
        spoken = rounds[-1].spoken if rounds else LanguageVote(code, 1.0) if code else NO_LANGUAGE
        return Transcript(
            segments=segments,
            language=spoken.language,
            language_probability=spoken.probability,
            duration=source.duration,
            speech_duration=sum(done.speech_duration for done in rounds),
            task=options.task,
            source=source.name,
            model=self.name,
            timings=clock.timings(),
            notes=tuple(_notes(segments, rounds, damage)),
        )


def _merge(options: TranscribeOptions | None, language: str | None, task: str | None) -> TranscribeOptions:
    options = options or TranscribeOptions()
    return replace(options, language=language or options.language, task=task or options.task)


def _notes(segments: tuple[Segment, ...], rounds: list[Round], damage: list[str]) -> Iterator[str]:
    yield from damage
    if not rounds:
        yield "no speech was found"
    elif not segments:
        yield "speech was heard, but no words could be made out"
    n_left_out = sum(done.n_left_out for done in rounds)
    if n_left_out:
        yield f"{n_left_out} stretches were left out, where the text repeated itself without end"


def _refuse_damage(audio: Audio, damage: list[str], options: TranscribeOptions) -> None:
    if damage and not options.keep_damaged:
        raise TruncatedMedia(audio, damage[0])
