"""Every error that ovsubs raises on purpose.

    OvsubsError
    ├── UsageError                 the call is wrong
    │   ├── UnknownLanguage
    │   ├── UnknownFormat
    │   ├── UnsupportedTask
    │   ├── InvalidOption
    │   ├── ClosedModel
    │   └── UnsupportedContainer
    │       └── UnsupportedCopy
    ├── MediaError                 one input cannot be read; the others go on
    │   ├── MissingFile
    │   ├── EmptyFile
    │   ├── UnreadableMedia
    │   ├── NoAudioStream
    │   ├── NoSuchTrack
    │   ├── TruncatedMedia
    │   ├── FileTimeLimit
    │   ├── NoMediaInFolder
    │   │   └── AllLeftOut
    │   ├── NoPicture
    │   ├── UnreadableSubtitles
    │   ├── UnreadableTranscript
    │   └── NoSubtitlesInFolder
    ├── RecognitionInterrupted     another thread did the work for this one, and has been interrupted
    ├── ModelError
    │   ├── ModelNotFound
    │   ├── BrokenModel
    │   ├── DeviceNotFound
    │   └── MissingExtra
    ├── ExportError
    │   ├── UnreadableCheckpoint
    │   ├── ExportFailed
    │   ├── SelfTestFailed
    │   ├── AlreadyQuantized
    │   └── AccuracyDropTooLarge
    ├── DatasetError
    │   ├── DatasetNotFound
    │   ├── EmptyDataset
    │   ├── TooFewSamples
    │   ├── MissingTranscript
    │   ├── UnreadableDataset
    │   ├── OverlappingDatasets
    │   ├── NoSpeechHeard
    │   └── TooFewEvaluationSamples
    ├── BenchmarkError
    │   ├── MeasurementFailed
    │   └── NotComparable
    ├── VideoError
    │   ├── ConversionFailed
    │   └── UndrawableText
    ├── LedgerError
    │   ├── UnusableLedger
    │   ├── NoLedger
    │   ├── UnreadableReport
    │   └── FileInUse
    └── OutputError
        ├── OutputExists
        ├── SubtitlesExist
        ├── OutputClash
        ├── UnwritableOutput
        │   └── UnwritableFile
        ├── OutputIsInput
        │   └── CopyIsInput
        └── UnwritableVideo

Each error says in one line what is wrong, and with what, and in its `hint` what to do about it. A hint names
options as the library does, in backquotes: `overwrite`. `code` is a word for programs that stays as it is;
the fields of an error are its arguments, which survive pickling between processes.
"""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, dataclass_transform

_Place = Path | str  # of a file or folder, as the caller gave it
_Reason = object  # what another library or the system says, or words of ours


@dataclass_transform(eq_default=False)
class OvsubsError(Exception):
    """Base of the tree. The annotations of each kind are its fields, as a dataclass has them.

    They are put into `template` and `hint_template`.
    """

    code: ClassVar[str] = "ovsubs_error"
    template: ClassVar[str] = ""
    hint_template: ClassVar[str] = ""
    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        # `dataclass` itself would make the functions of fifty classes at each start of the command line.
        cls._names = (*cls._names, *inspect.get_annotations(cls))
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, *given: object, **named: object) -> None:
        values = dict(zip(self._names, given, strict=False)) | named
        if len(given) + len(named) != len(self._names) or values.keys() != set(self._names):
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(self._names) or '(none)'}")
        super().__init__(*(values[name] for name in self._names))
        self.__dict__.update(values)

    @property
    def fields(self) -> dict[str, object]:
        """What the error is about: the values of its fields by their names."""
        return {name: getattr(self, name) for name in self._names}

    @property
    def message(self) -> str:
        """What is wrong, with what; in one line."""
        return self.filled(self.template)

    @property
    def hint(self) -> str:
        """What to do about it, in one line; empty where the message says it all."""
        return self.filled(self.hint_template)

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.message, self.hint)))

    def filled(self, template: str) -> str:
        """A text with the fields in their places, in one line."""
        return " ".join(template.format(**self.fields).splitlines())


class UsageError(OvsubsError):
    """The call itself is wrong, whatever the input."""


class UnknownLanguage(UsageError):
    """No language of Whisper's is called so."""

    language: str
    template = "unknown language {language!r}"
    hint_template = "give a code such as 'de' or an English name such as 'German'"


class UnknownFormat(UsageError):
    """No format of subtitles is called so."""

    format: str
    known: str
    template = "unknown subtitle format {format!r}"
    hint_template = "choose from {known}"


class UnsupportedTask(UsageError):
    """This model cannot do what is asked."""

    model: str
    why: _Reason
    template = "model {model!r} cannot do that: {why}"


class InvalidOption(UsageError):
    """An option has a value that it cannot have, or goes with others that it cannot go with.

    `option` is the name of the parameter; `value` True, of what is switched on, is not shown.
    """

    option: str
    value: object
    why: _Reason
    template = "{option} = {value!r} is not valid: {why}"

    @property
    def message(self) -> str:
        """What is wrong, with which option; in one line."""
        return super().message.replace(" = True is", " is", 1) if self.value is True else super().message


@contextmanager
def options_of(owner: str) -> Iterator[None]:
    """Name options that are refused within by whose they are: "encoder.ignored"."""
    try:
        yield
    except InvalidOption as error:
        raise InvalidOption(f"{owner}.{error.option}", error.value, error.why) from error


class ClosedModel(UsageError):
    """A model was used after `close()`, or behind its `with`."""

    directory: _Place
    template = "{directory}: this model is closed"
    hint_template = "load it again, or close it later"


class UnsupportedContainer(UsageError):
    """A file of this kind cannot be made; `instead` are the endings of those that would do."""

    output: _Place
    why: _Reason
    instead: str
    template = "{output}: such a file cannot be made ({why})"
    hint_template = "name one that ends in {instead} with `output`"


class UnsupportedCopy(UnsupportedContainer):
    """A copy next to subtitles cannot be made; `instead` is a command that makes another kind."""

    hint_template = "make one of another kind with `{instead}`"


class MediaError(OvsubsError):
    """One input file cannot be read; a batch goes on with the next."""


class MissingFile(MediaError):
    """There is no such file."""

    path: _Place
    template = "{path}: no such file"
    hint_template = "check the path"


class EmptyFile(MediaError):
    """A file has no bytes."""

    path: _Place
    template = "{path}: the file is empty (0 bytes)"
    hint_template = "copy it again from its source"


class UnreadableMedia(MediaError):
    """A file is not audio or video, or is damaged, or may not be read."""

    path: _Place
    why: _Reason
    template = "{path}: not readable as audio or video ({why})"
    hint_template = "check that it plays in a player"


class NoAudioStream(MediaError):
    """A file has pictures only."""

    path: _Place
    template = "{path}: no audio stream in this file, so there is nothing to transcribe"


class NoSuchTrack(MediaError):
    """A file has other audio tracks than the one that was asked for; `known` names them."""

    path: _Place
    track: int | str
    known: str
    template = "{path}: no audio track {track!r}"
    hint_template = "this file has: {known}"


class TruncatedMedia(MediaError):
    """A file breaks off, as `what` says; nothing is written for it unless `keep_damaged` is set."""

    path: _Place
    what: str
    template = "{path}: {what}"
    hint_template = "copy it again, or use `keep_damaged` for subtitles of what is there"


class FileTimeLimit(MediaError):
    """A file has taken longer than it may; the limit is in seconds."""

    path: _Place
    limit_s: float
    template = "{path}: it took longer than the limit of {limit_s} s"


class NoMediaInFolder(MediaError):
    """A folder has no audio or video file in it."""

    path: _Place
    template = "{path}: no audio or video file in this folder"
    hint_template = "name files, or another folder"


class AllLeftOut(NoMediaInFolder):
    """Patterns leave out every audio and video file of a folder."""

    template = "{path}: all audio and video files in this folder are left out"
    hint_template = "look at `include`, `exclude` and the files .ovsubsignore"


class NoPicture(MediaError):
    """A file has no picture that subtitles could be drawn on."""

    path: _Place
    template = "{path}: no picture in this file, so there is nothing to draw subtitles on"


class UnreadableSubtitles(MediaError):
    """A file is no subtitles of a kind that is read here."""

    path: _Place
    why: _Reason
    template = "{path}: not readable as subtitles ({why})"
    hint_template = "check that a player shows them"


class UnreadableTranscript(MediaError):
    """A file is no transcript of ours or openai/whisper's."""

    path: _Place
    why: _Reason
    template = "{path}: not readable as a transcript ({why})"
    hint_template = "make one by saving a transcript as .json"


class NoSubtitlesInFolder(MediaError):
    """A folder has no subtitle file in it."""

    path: _Place
    template = "{path}: no subtitle file in this folder"
    hint_template = "name files, or another folder"


class RecognitionInterrupted(OvsubsError):
    """The thread that worked for all who use a model was stopped."""

    directory: _Place
    template = "{directory}: another thread that used this model was interrupted at its work"
    hint_template = "try again"


class ModelError(OvsubsError):
    """The model cannot be found, loaded or run."""


class ModelNotFound(ModelError):
    """No model is called so; `where` says what was looked at and what to do."""

    name: _Place
    where: _Reason
    template = "model {name!r} not found: {where}"


class BrokenModel(ModelError):
    """A model directory lacks something, or is damaged."""

    directory: _Place
    why: _Reason
    template = "{directory}: not a usable Whisper model ({why})"
    hint_template = "export it again"


class DeviceNotFound(ModelError):
    """This machine has other devices, which `available` names."""

    device: str
    available: str
    template = "device {device!r} is not available"
    hint_template = "this machine has: {available}"


class MissingExtra(ModelError):
    """An optional package is not installed."""

    what: str
    extra: str
    module: str
    template = "{what} needs the package {module!r}"
    hint_template = 'install it with `pip install "ovsubs[{extra}]"`'


class ExportError(OvsubsError):
    """A checkpoint cannot be turned into a model directory."""


class UnreadableCheckpoint(ExportError):
    """A directory holds no weights of Whisper's."""

    path: _Place
    why: _Reason
    template = "{path}: not readable as a Whisper checkpoint ({why})"


class ExportFailed(ExportError):
    """A step of an export failed; `what` is the checkpoint or graph at hand."""

    what: _Place
    why: _Reason
    template = "{what}: {why}"


class SelfTestFailed(ExportError):
    """An exported model gives no sensible text, and was removed."""

    name: str
    why: _Reason
    template = "{name}: the exported model failed its self-test ({why}); nothing was kept"


class AlreadyQuantized(ExportError):
    """A model that is to be quantized has been already."""

    directory: _Place
    file: str
    template = "{directory}: {file} is in 8 or 4 bits already"
    hint_template = "begin at a model in FP16 or FP32"


class AccuracyDropTooLarge(ExportError):
    """A quantized model makes too many errors more, and was removed."""

    name: str
    what_it_does: str
    limit: str
    template = "{name}: INT8 {what_it_does}, more than the {limit} that `max_wer_drop` allows"
    hint_template = "nothing was kept"


class DatasetError(OvsubsError):
    """Recordings with transcripts cannot be found or read."""


class DatasetNotFound(DatasetError):
    """No folder and no dataset of the Hub is called so."""

    name: str
    why: _Reason
    template = "dataset {name!r} not found: {why}"


class EmptyDataset(DatasetError):
    """A dataset has no recordings."""

    name: _Place
    template = "{name}: no recordings in it"
    hint_template = "name a folder of audio files with transcripts"


class TooFewSamples(DatasetError):
    """A dataset has fewer recordings than were asked for."""

    name: _Place
    wanted: int
    found: int
    template = "{name}: it has {found} recordings, fewer than the {wanted} asked for"


class MissingTranscript(DatasetError):
    """A recording has no transcript."""

    recording: _Place
    where: _Place
    template = "{recording}: no transcript; expected in {where}"


class UnreadableDataset(DatasetError):
    """A dataset is there, and cannot be read."""

    path: _Place
    why: _Reason
    template = "{path}: not readable as a dataset ({why})"


class OverlappingDatasets(DatasetError):
    """A model would be judged on what it was calibrated on; `name` is one of the recordings."""

    calibration: _Place
    evaluation: _Place
    name: str
    template = (
        "{calibration} and {evaluation} share recordings, such as {name}; "
        "a model is not judged on what it was calibrated on"
    )


class NoSpeechHeard(DatasetError):
    """Recordings for calibration hold no speech."""

    name: _Place
    template = "{name}: no speech was heard in its recordings; calibration needs some"


class TooFewEvaluationSamples(DatasetError):
    """There are not enough recordings to judge a model on."""

    folder: _Place
    why: _Reason
    template = "{folder}: too little to judge the model on ({why})"
    hint_template = "name `evaluation_data`"


class BenchmarkError(OvsubsError):
    """Models cannot be measured, or their results not compared."""


class MeasurementFailed(BenchmarkError):
    """A model could not be measured to the end."""

    model: str
    why: _Reason
    template = "measuring {model} failed: {why}"


class NotComparable(BenchmarkError):
    """A baseline was measured under other conditions."""

    path: _Place
    why: _Reason
    template = "{path}: cannot be compared with this run ({why})"
    hint_template = "measure the baseline anew"


class VideoError(OvsubsError):
    """A video with subtitles cannot be made."""


class ConversionFailed(VideoError):
    """ffmpeg gave up, or lost something."""

    video: _Place
    why: _Reason
    template = "{video}: ffmpeg cannot make a video with subtitles of it ({why})"
    hint_template = "check that it plays in a player"


class UndrawableText(VideoError):
    """No font of this machine has a glyph for `what`."""

    subtitles: _Place
    what: str
    template = "{subtitles}: no font on this machine can draw {what}"
    hint_template = "install one that can, such as Noto Sans"


class LedgerError(OvsubsError):
    """The memory of unattended runs cannot be used, or says that somebody else is at work."""


class UnusableLedger(LedgerError):
    """A ledger cannot be opened, or must not lie where it does."""

    path: _Place
    why: str
    template = "{path}: {why}"
    hint_template = "name another file with `ledger`, on a disk of this machine"


class NoLedger(LedgerError):
    """There has been no unattended run over a folder."""

    root: _Place
    template = "{root}: nothing is known of this folder"
    hint_template = "an unattended run has to begin first"


class UnreadableReport(LedgerError):
    """A report of a run cannot be read."""

    path: _Place
    why: _Reason
    template = "{path}: {why}"


class FileInUse(LedgerError):
    """Another run is working on a file, or has done it meanwhile."""

    path: _Place
    template = "{path}: another run is working on it, or has done it"


class OutputError(OvsubsError):
    """A result cannot be written."""


class OutputExists(OutputError):
    """Something has the name of an output already."""

    path: _Place
    template = "{path}: already there"
    hint_template = "use `overwrite` to replace it"


class SubtitlesExist(OutputError):
    """Subtitles of a file are there; `what` says it, with the language where that has been detected.

    `instead` says what `overwrite` would do.
    """

    path: _Place
    what: str
    instead: str
    template = "{path}: {what}"
    hint_template = "use `overwrite` to {instead}"


class OutputClash(OutputError):
    """Two inputs would write the same file."""

    source: _Place
    output: _Place
    other: _Place
    template = "{source}: its subtitles {output} are those of {other} already"
    hint_template = "give one of them another `output_dir`"


class UnwritableOutput(OutputError):
    """Subtitles cannot be written where they belong."""

    path: _Place
    why: _Reason
    template = "{path}: cannot be written ({why})"
    hint_template = "choose another place with `output_dir`"


class UnwritableFile(UnwritableOutput):
    """Something other than subtitles cannot be written; its place has an option of its own."""

    hint_template = "choose another place for it"


class OutputIsInput(OutputError):
    """An output would take the place of a file that is read."""

    path: _Place
    template = "{path}: it is one of the files to read, which stay as they are"
    hint_template = "name another place for the output"


class CopyIsInput(OutputIsInput):
    """A copy of a video would take the place of another video."""

    hint_template = "choose another `output_dir`"


class UnwritableVideo(OutputError):
    """A video cannot be written where it belongs."""

    path: _Place
    why: _Reason
    template = "{path}: cannot be written ({why})"
    hint_template = "choose another place with `output`"
