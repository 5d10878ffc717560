"""Every error that ovsubs raises on purpose.

    OvsubsError
    ├── UsageError                 the call is wrong: exit code 2
    │   ├── UnknownLanguage
    │   ├── UnknownFormat
    │   ├── UnsupportedTask
    │   ├── InvalidOption
    │   ├── ClosedModel
    │   └── UnsupportedContainer
    │       └── UnsupportedCopy
    ├── MediaError                 one input cannot be read: exit code 1, the others go on
    │   ├── MissingFile
    │   ├── EmptyFile
    │   ├── UnreadableMedia
    │   ├── NoAudioStream
    │   ├── NoSuchTrack
    │   ├── TruncatedMedia
    │   ├── NoMediaInFolder
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
    └── OutputError
        ├── OutputExists
        ├── OutputClash
        ├── UnwritableOutput
        │   └── UnwritableFile
        ├── OutputIsInput
        │   └── CopyIsInput
        └── UnwritableVideo

`exit_code` is what the command line ends with: 2 where another call is needed, else 1.
Each message says what is wrong, with what, and what to do, in one line. The arguments of an
error are kept as `args`, so that it survives pickling between processes.
"""


class OvsubsError(Exception):
    """Base of the tree. `template` is formatted with the arguments of the error."""

    template = "{}"
    exit_code = 1

    def __str__(self) -> str:
        return " ".join(self.template.format(*self.args).splitlines())


class UsageError(OvsubsError):
    """The call itself is wrong, whatever the input."""

    exit_code = 2


class UnknownLanguage(UsageError):
    """`UnknownLanguage(language)`."""

    template = "unknown language {0!r}; give a code such as 'de' or an English name such as 'German'"


class UnknownFormat(UsageError):
    """`UnknownFormat(format, known)`."""

    template = "unknown subtitle format {0!r}; choose from {1}"


class UnsupportedTask(UsageError):
    """`UnsupportedTask(model, why)`: this model cannot do what is asked."""

    template = "model {0!r} cannot do that: {1}"


class InvalidOption(UsageError):
    """`InvalidOption(option, value, why)`."""

    template = "{0} = {1!r} is not valid: {2}"


class ClosedModel(UsageError):
    """`ClosedModel(directory)`: it was used after `close()`, or behind its `with`."""

    template = "{0}: this model is closed; load it again, or close it later"


class UnsupportedContainer(UsageError):
    """`UnsupportedContainer(output, why, endings)`: `endings` are those that would do."""

    template = "{0}: such a file cannot be made ({1}); name one that ends in {2} with --output"


class UnsupportedCopy(UnsupportedContainer):
    """`UnsupportedCopy(copy, why, command)`: one that is made beside subtitles; `command` makes another."""

    template = "{0}: such a file cannot be made ({1}); make one of another kind with `{2}`"


class MediaError(OvsubsError):
    """One input file cannot be read; a batch goes on with the next."""


class MissingFile(MediaError):
    """`MissingFile(path)`."""

    template = "{0}: no such file; check the path"


class EmptyFile(MediaError):
    """`EmptyFile(path)`."""

    template = "{0}: the file is empty (0 bytes); copy it again from its source"


class UnreadableMedia(MediaError):
    """`UnreadableMedia(path, why)`."""

    template = "{0}: not readable as audio or video ({1}); check that it plays in a player"


class NoAudioStream(MediaError):
    """`NoAudioStream(path)`."""

    template = "{0}: no audio stream in this file, so there is nothing to transcribe"


class NoSuchTrack(MediaError):
    """`NoSuchTrack(path, track, known)`."""

    template = "{0}: no audio track {1!r}; this file has: {2}"


class TruncatedMedia(MediaError):
    """`TruncatedMedia(path, what)`: nothing is written for it unless `keep_damaged` is set."""

    template = "{0}: {1}; copy it again, or use --keep-damaged for subtitles of what is there"


class NoMediaInFolder(MediaError):
    """`NoMediaInFolder(path)`."""

    template = "{0}: no audio or video file in this folder; name files, or another folder"


class NoPicture(MediaError):
    """`NoPicture(path)`."""

    template = "{0}: no picture in this file, so there is nothing to draw subtitles on"


class UnreadableSubtitles(MediaError):
    """`UnreadableSubtitles(path, why)`."""

    template = "{0}: not readable as subtitles ({1}); check that a player shows them"


class UnreadableTranscript(MediaError):
    """`UnreadableTranscript(path, why)`."""

    template = "{0}: not readable as a transcript ({1}); make one with `ovsubs subtitle -f json`"


class NoSubtitlesInFolder(MediaError):
    """`NoSubtitlesInFolder(path)`."""

    template = "{0}: no subtitle file in this folder; name files, or another folder"


class RecognitionInterrupted(OvsubsError):
    """`RecognitionInterrupted(directory)`: the thread that worked for all who use a model was stopped."""

    template = "{0}: another thread that used this model was interrupted at its work; try again"


class ModelError(OvsubsError):
    """The model cannot be found, loaded or run."""


class ModelNotFound(ModelError):
    """`ModelNotFound(name, where)`: `where` says what was looked at and what to do."""

    template = "model {0!r} not found: {1}"
    exit_code = 2


class BrokenModel(ModelError):
    """`BrokenModel(directory, why)`."""

    template = "{0}: not a usable Whisper model ({1}); export it again with `ovsubs export`"


class DeviceNotFound(ModelError):
    """`DeviceNotFound(device, available)`."""

    template = "device {0!r} is not available; this machine has: {1}"
    exit_code = 2


class MissingExtra(ModelError):
    """`MissingExtra(what, extra, module)`: an optional package is not installed."""

    template = '{0} needs the package {2!r}; install it with `pip install "ovsubs[{1}]"`'


class ExportError(OvsubsError):
    """A checkpoint cannot be turned into a model directory."""


class UnreadableCheckpoint(ExportError):
    """`UnreadableCheckpoint(path, why)`."""

    template = "{0}: not readable as a Whisper checkpoint ({1})"


class SelfTestFailed(ExportError):
    """`SelfTestFailed(name, why)`: the exported model was removed."""

    template = "{0}: the exported model failed its self-test ({1}); nothing was kept"


class AlreadyQuantized(ExportError):
    """`AlreadyQuantized(directory, file)`."""

    template = "{0}: {1} is in 8 or 4 bits already; begin at a model in FP16 or FP32"
    exit_code = 2


class AccuracyDropTooLarge(ExportError):
    """`AccuracyDropTooLarge(name, what_it_does, limit)`."""

    template = "{0}: INT8 {1}, more than the {2} that --max-wer-drop allows; nothing was kept"


class DatasetError(OvsubsError):
    """Recordings with transcripts cannot be found or read."""


class DatasetNotFound(DatasetError):
    """`DatasetNotFound(name, why)`."""

    template = "dataset {0!r} not found: {1}"
    exit_code = 2


class EmptyDataset(DatasetError):
    """`EmptyDataset(name)`."""

    template = "{0}: no recordings in it; name a folder of audio files with transcripts"


class TooFewSamples(DatasetError):
    """`TooFewSamples(name, wanted, found)`."""

    template = "{0}: it has {2} recordings, fewer than the {1} asked for"
    exit_code = 2


class MissingTranscript(DatasetError):
    """`MissingTranscript(recording, where)`."""

    template = "{0}: no transcript; expected in {1}"


class UnreadableDataset(DatasetError):
    """`UnreadableDataset(path, why)`."""

    template = "{0}: not readable as a dataset ({1})"


class OverlappingDatasets(DatasetError):
    """`OverlappingDatasets(calibration, evaluation, name)`."""

    template = "{0} and {1} share recordings, such as {2}; a model is not judged on what it was calibrated on"
    exit_code = 2


class NoSpeechHeard(DatasetError):
    """`NoSpeechHeard(name)`."""

    template = "{0}: no speech was heard in its recordings; calibration needs some"


class TooFewEvaluationSamples(DatasetError):
    """`TooFewEvaluationSamples(folder, why)`."""

    template = "{0}: too little to judge the model on ({1}); name --evaluation-data"
    exit_code = 2


class BenchmarkError(OvsubsError):
    """Models cannot be measured, or their results not compared."""


class MeasurementFailed(BenchmarkError):
    """`MeasurementFailed(model, why)`."""

    template = "measuring {0} failed: {1}"


class NotComparable(BenchmarkError):
    """`NotComparable(path, why)`: a baseline was measured under other conditions."""

    template = "{0}: cannot be compared with this run ({1}); measure the baseline anew"
    exit_code = 2


class VideoError(OvsubsError):
    """A video with subtitles cannot be made."""


class ConversionFailed(VideoError):
    """`ConversionFailed(video, why)`."""

    template = "{0}: ffmpeg cannot make a video with subtitles of it ({1}); check that it plays in a player"


class UndrawableText(VideoError):
    """`UndrawableText(subtitles, what)`: `what` has no glyph in any font of this machine."""

    template = "{0}: no font on this machine can draw {1}; install one that can, such as Noto Sans"


class OutputError(OvsubsError):
    """A result cannot be written."""


class OutputExists(OutputError):
    """`OutputExists(path)`."""

    template = "{0}: already there; use --overwrite to replace it"


class OutputClash(OutputError):
    """`OutputClash(source, output, other)`: two inputs would write the same file."""

    template = "{0}: its subtitles {1} are those of {2} already; give one of them another --output-dir"


class UnwritableOutput(OutputError):
    """`UnwritableOutput(path, why)`."""

    template = "{0}: cannot be written ({1}); choose another place with --output-dir"


class UnwritableFile(UnwritableOutput):
    """`UnwritableFile(path, why)`: of anything but subtitles, whose place has an option of its own."""

    template = "{0}: cannot be written ({1}); choose another place for it"


class OutputIsInput(OutputError):
    """`OutputIsInput(path)`."""

    template = (
        "{0}: it is one of the files to read, which stay as they are; name another place for the output"
    )
    exit_code = 2


class CopyIsInput(OutputIsInput):
    """`CopyIsInput(copy)`: a copy of a video would take the place of another one."""

    template = "{0}: it is one of the files to read, which stay as they are; choose another --output-dir"


class UnwritableVideo(OutputError):
    """`UnwritableVideo(path, why)`."""

    template = "{0}: cannot be written ({1}); choose another place with --output"
