"""Paths that the caller names -> the files to work on, and those that are skipped or refused without work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePath

from ovsubs.audio.streams import Media, media_of, read_contents
from ovsubs.audio.tracks import choose_track
from ovsubs.bounds import check_count
from ovsubs.errors import (
    CopyIsInput,
    InvalidOption,
    OutputClash,
    OutputExists,
    OvsubsError,
    SubtitlesExist,
    UnwritableOutput,
)
from ovsubs.library.existing import (
    ExistingSubtitles,
    Look,
    find_existing,
    outputs_there,
    read_names,
)
from ovsubs.library.file_result import FileResult, Status, failed, skipped
from ovsubs.library.find import Found, FoundFile, PassedOver, find_media
from ovsubs.library.patterns import Patterns
from ovsubs.library.probing import ProbeAhead
from ovsubs.library.videos import VideoOptions, best_format
from ovsubs.places import can_write_in, file_key
from ovsubs.recognition import TranscribeOptions
from ovsubs.subtitles.formats import (
    VIDEO_FORMATS,
    FormatOptions,
    check_laid_out,
    check_obeyed,
    known_format,
    output_path,
)
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.video.writing import ignore
from ovsubs.whisper.languages import LANGUAGES, chinese_tag, language_code


@dataclass(frozen=True, slots=True)
class SubtitleOptions:
    """What to write for each file, and where.

    `formats`: names out of `ovsubs.subtitles.formats.FORMATS`. `format`: what is asked of them besides the
    text; each obeys what it can, and at least one must. `output_dir`: None writes next to the source.
    `language_suffix`: `name.<language>.srt`. `overwrite`: without it, outputs that are there stay.
    `n_review`: how many of the places that are most likely wrong are listed for each file. `videos`: copies
    of the file that show the subtitles. `recursive`: folders are searched in depth, and `output_dir` gets the
    same folders. `patterns`: which of the files in folders are taken.
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
    recursive: bool = True
    patterns: Patterns = field(default_factory=Patterns)

    def __post_init__(self) -> None:
        if not self.formats:
            raise InvalidOption("formats", (), "name at least one, such as srt")
        for name in self.formats:
            known_format(name)
        check_obeyed(self.format, self.formats)
        check_laid_out(self.layout, self.formats)
        self.videos.check(self.formats)
        if self.format.highlight_words and not self.transcribe.word_timestamps:
            why = "no word has a time: they are found in the language that is spoken, with word timestamps"
            raise InvalidOption("highlight_words", True, why)
        check_count("n_review", self.n_review, "give at least 0")

    @property
    def text_language(self) -> str | None:
        """Code of the language of the text, as far as it is known before anything is heard."""
        if self.transcribe.task == "translate":
            return "en"
        return language_code(self.transcribe.language) if self.transcribe.language else None

    @property
    def name_language(self) -> str | None:
        """The same as it stands in names of files: "zh-Hant" where that was asked for."""
        if self.transcribe.task == "translate" or not self.transcribe.language:
            return self.text_language
        return chinese_tag(self.transcribe.language) or self.text_language


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to be worked on: the formats that are missing, and the copies.

    `shown`: subtitles that are there already, of which `videos` are made; None makes them of those that are
    written. `subfolder`: where it lies below the folder that was named, which is kept in `output_dir`.
    `language`: of the text, a code, as far as it is known. `is_decided`: False where only the language that
    is spoken tells whether anything is missing. `media`: what the file holds, which is looked at once; None
    where that has not been done yet. `ours`: outputs of an earlier run, which are to be replaced.
    """

    path: Path
    formats: tuple[str, ...]
    videos: VideoOptions = field(default_factory=VideoOptions)
    shown: Path | None = None
    subfolder: PurePath = field(default_factory=PurePath)
    language: str | None = None
    is_decided: bool = True
    media: Media | None = None
    ours: frozenset[Path] = frozenset()

    @property
    def duration(self) -> float:
        """Length of the file in seconds, as far as it is known."""
        return self.media.duration if self.media else 0.0

    def output_dir(self, options: SubtitleOptions) -> Path | None:
        """The folder for what is made of it; None is beside it."""
        return None if options.output_dir is None else options.output_dir / self.subfolder

    def outputs(self, options: SubtitleOptions) -> dict[str, Path]:
        """Where each format of the options goes; "?" stands for a language that is not known."""
        suffix = (options.name_language or self.language or "?") if options.language_suffix else None
        folder = self.output_dir(options)
        return {name: output_path(self.path, folder, name, suffix) for name in options.formats}


@dataclass(frozen=True, slots=True)
class Plan:
    """The files to hear in order, and the inputs that need no work or cannot be worked on.

    `copies` are files whose subtitles are all there, while a copy that shows them is not. `undecided` are
    files with subtitles in some language: what is spoken decides whether any are missing; see
    `plan_in_language`. `passed_over` was found in folders and is not worked on.
    """

    files: tuple[PlannedFile, ...]
    settled: tuple[FileResult, ...]
    copies: tuple[PlannedFile, ...] = ()
    undecided: tuple[PlannedFile, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


def make_plan(
    inputs: Sequence[Path], options: SubtitleOptions, on_file: Callable[[int, int], None] = ignore
) -> Plan:
    """Look at every input without decoding it. One bad input never hinders the others.

    Args:
        inputs: files, and folders of them.
        options: what is to be written.
        on_file: called with how many files have been looked at, and how many there are.
    """
    return plan_found([find(given, options) for given in inputs], options, on_file)


def plan_found(
    looked_at: Sequence[Found | FileResult],
    options: SubtitleOptions,
    on_file: Callable[[int, int], None] = ignore,
    ours: Mapping[Path, frozenset[Path]] | None = None,
) -> Plan:
    """The same for inputs in which files have been found already.

    Args:
        looked_at: what each input stands for, or that it stands for nothing; see `find`.
        options: what is to be written.
        on_file: as for `make_plan`.
        ours: outputs of an earlier run, which are to be replaced, by the files that they are of.
    """
    found = [each for each in looked_at if isinstance(each, Found)]
    files = [file for each in found for file in each.files]
    sources = Inputs(file.path for file in files)
    others = _Others(sources, {}, set(), cache(read_names), ours or {})
    outcomes, n_done = list[PlannedFile | FileResult](), 0
    with ProbeAhead(file.path for file in files if _may_be_heard(file, options, others)) as probes:
        for each in looked_at:
            if isinstance(each, FileResult):
                outcomes.append(each)
                continue
            outcomes += [failed(path, error) for path, error in each.unreadable]
            for file in each.files:
                outcomes.append(_plan_file(file, options, others, probes))
                n_done += 1
                on_file(n_done, len(files))
    passed_over = tuple(left_out for each in found for left_out in each.passed_over)
    return replace(_sorted_out(outcomes), passed_over=passed_over)


def _may_be_heard(found: FoundFile, options: SubtitleOptions, others: _Others) -> bool:
    """Whether a file is likely to be looked into, as far as names tell."""
    try:
        outcome = _missing(_everything(found, options, others), options, others.look)
    except (OvsubsError, OSError):
        return False
    return isinstance(outcome, PlannedFile) and bool(outcome.formats)


def decide(plan: Plan, outcomes: Iterable[PlannedFile | FileResult]) -> Plan:
    """The plan with nothing undecided; what became of that stands behind the rest."""
    decided = _sorted_out(outcomes)
    return Plan(
        (*plan.files, *decided.files),
        (*plan.settled, *decided.settled),
        (*plan.copies, *decided.copies),
        passed_over=plan.passed_over,
    )


def _sorted_out(outcomes: Iterable[PlannedFile | FileResult]) -> Plan:
    settled, undecided = list[FileResult](), list[PlannedFile]()
    files, copies = list[PlannedFile](), list[PlannedFile]()
    for outcome in outcomes:
        if isinstance(outcome, FileResult):
            settled.append(outcome)
        elif not outcome.is_decided:
            undecided.append(outcome)
        else:
            (files if outcome.formats else copies).append(outcome)
    return Plan(tuple(files), tuple(settled), tuple(copies), tuple(undecided))


def find(given: Path, options: SubtitleOptions) -> Found | FileResult:
    """What an input stands for, or why it stands for nothing."""
    try:
        return find_media(given, recursive=options.recursive, patterns=options.patterns)
    except (OvsubsError, OSError) as error:
        return failed(given, error)


@dataclass(frozen=True, slots=True)
class _Others:
    """What is known of the other inputs when one is planned; `taken` and `seen` grow with each.

    `sources` are all of them; `taken` are the real paths of outputs and whose they are; `seen` the
    folders and names of inputs; `look` reads the names in a folder. `ours` are outputs of an earlier run.
    """

    sources: Inputs
    taken: dict[str, Path]
    seen: set[tuple[str, str]]
    look: Look
    ours: Mapping[Path, frozenset[Path]]


def _everything(found: FoundFile, options: SubtitleOptions, others: _Others) -> PlannedFile:
    return PlannedFile(
        found.path,
        options.formats,
        options.videos,
        subfolder=found.subfolder,
        language=options.text_language,
        ours=others.ours.get(found.path, frozenset()),
    )


def _plan_file(
    found: FoundFile, options: SubtitleOptions, others: _Others, probes: ProbeAhead
) -> PlannedFile | FileResult:
    path, everything = found.path, _everything(found, options, others)
    try:
        place = (file_key(path.parent), path.name)
        claimed = {file_key(output): output for output in everything.outputs(options).values()}
        clash = next((output for output in claimed if output in others.taken), None)
        if place in others.seen or (clash and others.taken[clash].samefile(path)):
            return FileResult(path, Status.SKIPPED, why=f"{path}: named twice")
        if clash:
            raise OutputClash(path, claimed[clash], others.taken[clash])
        for output in everything.outputs(options).values():
            others.sources.refuse(output)
        _check_copies(everything, options, others.sources)
        outcome = _missing(everything, options, others.look)
        if isinstance(outcome, PlannedFile):
            outcome = _measured(outcome, options, probes)
        others.taken.update(dict.fromkeys(claimed, path))  # only now: a bad file must not hinder a good one
        others.seen.add(place)
        return outcome
    except (OvsubsError, OSError) as error:
        return failed(path, error)


def plan_in_language(
    file: PlannedFile, language: str, options: SubtitleOptions, look: Look = read_names
) -> PlannedFile | FileResult:
    """Decide what is to be done with an undecided file, now that its language has been heard.

    Args:
        file: as it is in the plan.
        language: Whisper's code, or "und" where nobody speaks.
        options: as the plan was made with.
        look: reads the names in a folder; one with a memory saves time.
    """
    everything = replace(file, formats=options.formats, videos=options.videos, language=language)
    try:
        return _missing(replace(everything, is_decided=True), options, look)
    except (OvsubsError, OSError) as error:
        return failed(file.path, error)


def _missing(file: PlannedFile, options: SubtitleOptions, look: Look) -> PlannedFile | FileResult:
    """What of a file is not there yet; a result if nothing is missing or can be written.

    Raises:
        OutputClash: the only place is another file's, and something is to be written.
        OutputExists: a copy is there, and shows other subtitles than those that a run will write.
    """
    outputs, beside = file.outputs(options), look(file.path.parent)
    names = beside if options.output_dir is None else look(outputs[options.formats[0]].parent)
    found = [each for each in find_existing(file.path, names, beside) if each.path not in file.ours]
    there = (
        {}
        if options.overwrite
        else outputs_there(
            {name: output for name, output in outputs.items() if output not in file.ours},
            found,
            file.language,
            options.language_suffix,
        )
    )
    if file.language is None and _language_decides(outputs.keys() - there.keys(), found, options):
        return replace(file, is_decided=False)
    others = {each.path: each.owner for each in found if each.owner}
    clash = next((output for output in outputs.values() if output in others), None)
    if clash:
        error = OutputClash(file.path, clash, others[clash])
        if options.overwrite or options.videos:
            raise error
        return skipped(file.path, error)
    file = replace(file, formats=tuple(name for name in outputs if name not in there))
    file = _with_copies(file, options, there)
    if not file.formats and not file.videos.copies(file.path, file.output_dir(options)):
        return _skipped(file, options, there)
    return file


def _language_decides(
    missing: Collection[str], found: Iterable[ExistingSubtitles], options: SubtitleOptions
) -> bool:
    """Whether what is missing may be there in the language that is spoken, or its name be another's."""
    return any(
        each.format in missing
        and each.suffix.language is not None
        and (options.language_suffix if each.owner else not options.overwrite)
        for each in found
    )


def _skipped(file: PlannedFile, options: SubtitleOptions, there: Mapping[str, Path]) -> FileResult:
    wanted = options.videos.copies(file.path, file.output_dir(options))
    copies = [copy for copy in wanted if copy.exists()]
    if copies and _has_cues(shown := there[best_format(tuple(there))]):
        # To hear the video again is not the only way to a new one.
        why = f"{copies[0]}: already there; without it, it is made anew of {shown}"
    else:
        name, first = next(iter(there.items()))
        output = file.outputs(options)[name]
        is_heard = options.text_language is None and file.language in LANGUAGES
        spoken = f", and {LANGUAGES[str(file.language)].title()} is spoken" if is_heard else ""
        instead = "replace it" if first == output else f"write {output.name} all the same"
        error = SubtitlesExist(first, f"already there{spoken}", instead)
        return skipped(file.path, error, tuple(there.values()))
    return FileResult(file.path, Status.SKIPPED, outputs=tuple(there.values()), why=why)


def _measured(file: PlannedFile, options: SubtitleOptions, probes: ProbeAhead) -> PlannedFile:
    """The file with what it holds.

    Raises:
        OvsubsError: it cannot be read, or nothing written beside it.
    """
    outputs = file.outputs(options)
    copies = file.videos.copies(file.path, file.output_dir(options))
    _check_writable(outputs[file.formats[0]] if file.formats else copies[0])
    if not file.formats:
        return replace(file, media=media_of(read_contents(file.path)))  # nobody needs to speak in it
    media = probes.probe(file.path)
    choose_track(media, options.transcribe.audio_track)
    return replace(file, media=media)


def _check_copies(file: PlannedFile, options: SubtitleOptions, sources: Inputs) -> None:
    """Refuse copies that would take the place of an input.

    Raises:
        CopyIsInput: one would.
    """
    copies = options.videos.copies(file.path, file.output_dir(options))
    replaced = next((copy for copy in copies if copy in sources), None)
    if replaced is not None:
        raise CopyIsInput(replaced)


def _with_copies(file: PlannedFile, options: SubtitleOptions, there: Mapping[str, Path]) -> PlannedFile:
    """The file with the copies that are to be made, and of which of the subtitles that are there, if of any.

    Raises:
        OutputExists: one is there, and shows other subtitles than those that a run will write.
    """
    folder = file.output_dir(options)
    copies = options.videos.copies(file.path, folder)
    if not copies:
        return file
    if any(name in VIDEO_FORMATS for name in file.formats):
        kept = [copy for copy in copies if copy.exists() and copy not in file.ours]
        existing = next((copy for copy in kept if not options.overwrite), None)
        if existing is not None:
            raise OutputExists(existing)
        return file
    shown = there[best_format(tuple(there))]
    if not _has_cues(shown):  # without a word there is nothing to show
        return replace(file, videos=VideoOptions())
    lacking = options.videos.lacking(file.path, folder)
    return replace(file, videos=lacking, shown=shown if lacking else None)


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
