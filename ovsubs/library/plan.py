"""What the caller names -> the files to work on, and those that are settled before any work."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ovsubs.audio.media import choose_track, find_media, probe
from ovsubs.errors import (
    CopyNotMade,
    InvalidOption,
    OutputClash,
    OutputExists,
    OutputIsInput,
    OvsubsError,
    UnwritableOutput,
)
from ovsubs.library.videos import VIDEO_FORMATS, VideoOptions
from ovsubs.pipeline import NO_LANGUAGE
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import FormatOptions, check_laid_out, check_obeyed, known_format, output_path
from ovsubs.subtitles.qc.doubts import Doubt
from ovsubs.subtitles.qc.findings import Report
from ovsubs.subtitles.reading.files import read_subtitles
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript
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


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to be worked on: its duration in seconds and the formats that are missing."""

    path: Path
    duration: float
    formats: tuple[str, ...]


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
    """The files to work on in order, and the inputs that need no work or cannot be worked on."""

    files: tuple[PlannedFile, ...]
    settled: tuple[FileResult, ...]

    @property
    def duration(self) -> float:
        """Seconds of media to work on."""
        return sum(file.duration for file in self.files)


def make_plan(inputs: Sequence[Path], options: SubtitleOptions) -> Plan:
    """Look at every input without decoding it. One bad input never hinders the others."""
    files, settled = list[PlannedFile](), list[FileResult]()
    taken = dict[str, Path]()  # where subtitles will be, links followed -> whose they are
    looked_at = [_find(given) for given in inputs]
    sources = {os.path.realpath(path) for found in looked_at if isinstance(found, list) for path in found}
    for found in looked_at:
        if isinstance(found, FileResult):
            settled.append(found)
            continue
        for path in found:
            outcome = _plan_file(path, options, taken, sources)
            (files if isinstance(outcome, PlannedFile) else settled).append(outcome)  # type: ignore[arg-type]
    return Plan(tuple(files), tuple(settled))


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
        claimed = {os.path.realpath(output): output for output in outputs.values()}
        clash = next((place for place in claimed if place in taken), None)
        if clash and taken[clash].samefile(path):
            return FileResult(path, SKIPPED, why=f"{path}: named twice")
        if clash:
            raise OutputClash(path, claimed[clash], taken[clash])
        missing = tuple(name for name in outputs if options.overwrite or not _existing(path, name, options))
        _check_copies(path, options, missing, sources)
        if not missing:
            taken.update(dict.fromkeys(claimed, path))
            there = [_existing(path, name, options)[0] for name in outputs]
            why = f"{there[0]}: already there; use --overwrite to replace it"
            return FileResult(path, SKIPPED, outputs=tuple(there), why=why)
        _check_writable(outputs[missing[0]])
        media = probe(path)
        choose_track(media, options.transcribe.audio_track)
        taken.update(dict.fromkeys(claimed, path))  # only now: a bad file must not hinder a good one
        return PlannedFile(path, media.duration, missing)
    except (OvsubsError, OSError) as error:
        return FileResult(path, FAILED, why=one_line(path, error))


def _suffix(options: SubtitleOptions) -> str | None:
    """The language in the output's name, as far as it is known before anything is heard."""
    if not options.language_suffix:
        return None
    if options.transcribe.task == "translate":
        return "en"
    return language_code(options.transcribe.language) if options.transcribe.language else "?"


def _existing(path: Path, format: str, options: SubtitleOptions) -> list[Path]:
    """Outputs that are there already; where the language is to be detected, those of any language."""
    suffix = _suffix(options)
    codes = (*LANGUAGES, NO_LANGUAGE.language) if suffix == "?" else (suffix,)
    outputs = [output_path(path, options.output_dir, format, code) for code in codes]
    return [output for output in outputs if output.exists()]


def _check_copies(
    path: Path, options: SubtitleOptions, missing: Collection[str], sources: Collection[str]
) -> None:
    """Refuse, before any work, copies that cannot be made of what a run will write.

    Raises:
        OutputIsInput: one would take the place of an input.
        OutputExists: one is there.
        CopyNotMade: one is not there, but the subtitles are.
    """
    copies = options.videos.copies(path, options.output_dir)
    replaced = next((copy for copy in copies if os.path.realpath(copy) in sources), None)
    if replaced is not None:
        raise OutputIsInput(replaced)
    there = [] if options.overwrite else [copy for copy in copies if copy.exists()]
    if set(missing) & set(VIDEO_FORMATS):
        if there:
            raise OutputExists(there[0])
    elif len(there) < len(copies) and _has_cues(path, options):
        raise CopyNotMade(path, next(copy for copy in copies if copy not in there))


def _has_cues(path: Path, options: SubtitleOptions) -> bool:
    """Whether the subtitles that are there show anything; of what cannot be read that is not known."""
    names = [name for name in VIDEO_FORMATS if name in options.formats]
    best = next(found for name in names for found in _existing(path, name, options))
    try:
        return bool(read_subtitles(best).cues)
    except (OvsubsError, OSError):
        return True


def _check_writable(output: Path) -> None:
    folder = output.parent
    while not folder.exists():
        folder = folder.parent  # `write_outputs` makes the folders that are missing
    if not folder.is_dir():
        raise UnwritableOutput(output, f"{folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnwritableOutput(output, f"no permission to write in {folder}")


def one_line(path: Path, error: BaseException) -> str:
    """An error as one line that names the file."""
    if isinstance(error, OvsubsError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}"
    return " ".join(f"{path}: {type(error).__name__}: {error}; run with --debug to see where".split())
