"""What the caller names -> the files to work on, and those that are settled before any work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ovsubs.audio.media import choose_track, find_media, probe
from ovsubs.errors import (
    InvalidOption,
    OutputClash,
    OutputExists,
    OutputIsInput,
    OvsubsError,
    UnwritableOutput,
)
from ovsubs.library.videos import VIDEO_FORMATS, VideoOptions, best_format
from ovsubs.pipeline import NO_LANGUAGE
from ovsubs.places import can_write_in, file_key
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import FormatOptions, check_laid_out, check_obeyed, known_format, output_path
from ovsubs.subtitles.qc.doubts import Doubt
from ovsubs.subtitles.qc.findings import Report
from ovsubs.subtitles.reading.files import read_subtitles
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript
from ovsubs.video.streams import read_contents
from ovsubs.whisper.languages import LANGUAGES, language_code

DONE, SKIPPED, FAILED = "done", "skipped", "failed"


@dataclass(frozen=True, slots=True)
class SubtitleOptions:
    """What to write for each file, and where.

    `formats`: names out of `ovsubs.subtitles.formats.FORMATS`. `format`: what is asked of them beside the
    text; each obeys what it can, and at least one must. `output_dir`: None writes beside the source.
    `language_suffix`: `name.<language>.srt`. `overwrite`: otherwise outputs that are there stay. `n_review`:
    so many places of each file are named that may be wrong. `videos`: copies of the file that show them.
    """

    transcribe: TranscribeOptions = field(default_factory=TranscribeOptions)
    layout: LayoutOptions = field(default_factory=LayoutOptions)
    format: FormatOptions = field(default_factory=FormatOptions)
    formats: tuple[str, ...] = ("srt",)
    output_dir: Path | None = None
    language_suffix: bool = False
    overwrite: bool = False
    n_review: int = 0
    videos: VideoOptions = field(default_factory=VideoOptions)

    def __post_init__(self) -> None:
        if not self.formats:
            raise InvalidOption("output_format", "", "name at least one, such as srt")
        for name in self.formats:
            known_format(name)
        check_obeyed(self.format, self.formats)
        check_laid_out(self.layout, self.formats)
        self.videos.check(self.formats)
        if self.format.highlight_words and not self.transcribe.word_timestamps:
            why = "no word has a time: they are found in the language that is spoken, with word timestamps"
            raise InvalidOption("highlight_words", True, why)
        if self.n_review < 0:
            raise InvalidOption("review", self.n_review, "give at least 0")

    @property
    def text_language(self) -> str | None:
        """Code of the language of the text, as far as it is known before anything is heard."""
        if self.transcribe.task == "translate":
            return "en"
        return language_code(self.transcribe.language) if self.transcribe.language else None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to be worked on: its duration in seconds, the formats that are missing, and the copies.

    `shown`: subtitles that are there already, of which `videos` are made; None makes them of those that are
    written.
    """

    path: Path
    duration: float
    formats: tuple[str, ...]
    videos: VideoOptions = field(default_factory=VideoOptions)
    shown: Path | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """How one input ended: `status` is "done", "skipped" or "failed"; `why` says so in one line.

    Of one that is done, `report` says how its cues keep to the rules of the layout, and `doubts` where the
    text may be wrong, if that was asked for.
    """

    path: Path
    status: str
    outputs: tuple[Path, ...] = ()
    transcript: Transcript | None = None
    why: str = ""
    report: Report | None = None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The files to hear in order, and the inputs that need no work or cannot be worked on.

    `copies` are files whose subtitles are all there, while a copy that shows them is not.
    """

    files: tuple[PlannedFile, ...]
    settled: tuple[FileResult, ...]
    copies: tuple[PlannedFile, ...] = ()


def make_plan(inputs: Sequence[Path], options: SubtitleOptions) -> Plan:
    """Look at every input without decoding it. One bad input never hinders the others."""
    files, copies, settled = list[PlannedFile](), list[PlannedFile](), list[FileResult]()
    taken = dict[str, Path]()  # where subtitles will be, links followed -> whose they are
    looked_at = [_find(given) for given in inputs]
    sources = {file_key(path) for found in looked_at if isinstance(found, list) for path in found}
    for found in looked_at:
        if isinstance(found, FileResult):
            settled.append(found)
            continue
        for path in found:
            outcome = _plan_file(path, options, taken, sources)
            if isinstance(outcome, FileResult):
                settled.append(outcome)
            else:
                (files if outcome.formats else copies).append(outcome)
    return Plan(tuple(files), tuple(settled), tuple(copies))


def _find(given: Path) -> list[Path] | FileResult:
    try:
        return find_media([given])
    except (OvsubsError, OSError) as error:
        return FileResult(given, FAILED, why=one_line(given, error))


def _plan_file(
    path: Path, options: SubtitleOptions, taken: dict[str, Path], sources: Collection[str]
) -> PlannedFile | FileResult:
    try:
        outputs = {
            name: output_path(path, options.output_dir, name, _suffix(options)) for name in options.formats
        }
        claimed = {file_key(output): output for output in outputs.values()}
        clash = next((place for place in claimed if place in taken), None)
        if clash and taken[clash].samefile(path):
            return FileResult(path, SKIPPED, why=f"{path}: named twice")
        if clash:
            raise OutputClash(path, claimed[clash], taken[clash])
        there = {} if options.overwrite else _there(path, options)
        missing = tuple(name for name in outputs if name not in there)
        videos, shown = _plan_copies(path, options, there, sources)
        copies = videos.copies(path, options.output_dir)
        if not missing and not copies:
            taken.update(dict.fromkeys(claimed, path))
            return _skipped(path, options, there)
        _check_writable(outputs[missing[0]] if missing else copies[0])
        if missing:
            media = probe(path)
            choose_track(media, options.transcribe.audio_track)
            duration = media.duration
        else:
            duration = read_contents(path).duration  # nobody needs to speak in it
        taken.update(dict.fromkeys(claimed, path))  # only now: a bad file must not hinder a good one
        return PlannedFile(path, duration, missing, videos, shown)
    except (OvsubsError, OSError) as error:
        return FileResult(path, FAILED, why=one_line(path, error))


def _skipped(path: Path, options: SubtitleOptions, there: Mapping[str, Path]) -> FileResult:
    outputs = tuple(there.values())
    copies = [copy for copy in options.videos.copies(path, options.output_dir) if copy.exists()]
    if copies and _has_cues(shown := there[best_format(tuple(there))]):
        # To hear the video again is not the only way to a new one.
        why = f"{copies[0]}: already there; without it, it is made anew of {shown}"
    else:
        why = f"{outputs[0]}: already there; use --overwrite to replace it"
    return FileResult(path, SKIPPED, outputs=outputs, why=why)


def _suffix(options: SubtitleOptions) -> str | None:
    """The language in the output's name, "?" where it is to be detected; None if there is none in it."""
    return (options.text_language or "?") if options.language_suffix else None


def _there(path: Path, options: SubtitleOptions) -> dict[str, Path]:
    """Outputs that are there already, by format; where the language is to be detected, in any language."""
    suffix = _suffix(options)
    codes = (*LANGUAGES, NO_LANGUAGE.language) if suffix == "?" else (suffix,)
    outputs = (
        (name, output_path(path, options.output_dir, name, code))
        for code in codes
        for name in options.formats
    )
    found = dict[str, Path]()
    for name, output in outputs:
        if output.exists():
            found.setdefault(name, output)
    return {name: found[name] for name in options.formats if name in found}


def _plan_copies(
    path: Path, options: SubtitleOptions, there: Mapping[str, Path], sources: Collection[str]
) -> tuple[VideoOptions, Path | None]:
    """Which copies are to be made, and of which of the subtitles that are there if no new ones are written.

    Raises:
        OutputIsInput: one would take the place of an input.
        OutputExists: one is there, and shows other subtitles than those that a run will write.
    """
    copies = options.videos.copies(path, options.output_dir)
    replaced = next((copy for copy in copies if file_key(copy) in sources), None)
    if replaced is not None:
        raise OutputIsInput(replaced)
    if not copies:
        return options.videos, None
    if any(name in VIDEO_FORMATS and name not in there for name in options.formats):
        existing = next((copy for copy in copies if copy.exists() and not options.overwrite), None)
        if existing is not None:
            raise OutputExists(existing)
        return options.videos, None
    shown = there[best_format(tuple(there))]
    if not _has_cues(shown):  # without a word there is nothing to show
        return VideoOptions(), None
    lacking = options.videos.lacking(path, options.output_dir)
    return lacking, shown if lacking else None


def _has_cues(subtitles: Path) -> bool:
    """Whether they show anything; of what cannot be read that is not known."""
    try:
        return bool(read_subtitles(subtitles).cues)
    except (OvsubsError, OSError):
        return True


def _check_writable(output: Path) -> None:
    folder = output.parent
    while not folder.exists():
        folder = folder.parent  # `write_outputs` makes the folders that are missing
    if not folder.is_dir():
        raise UnwritableOutput(output, f"{folder} is not a folder")
    if not can_write_in(folder):
        raise UnwritableOutput(output, f"no permission to write in {folder}")


def one_line(path: Path, error: BaseException) -> str:
    """An error as one line that names the file."""
    if isinstance(error, OvsubsError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}"
    return " ".join(f"{path}: {type(error).__name__}: {error}; run with --debug to see where".split())
