"""`ovsubs subtitle`: plan, run, and what is shown of it."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ovsubs.audio.media import probe
from ovsubs.audio.tracks import choose_track
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import print_text, say, say_traceback, show
from ovsubs.cli.progress import RunProgress, looking_at_files, make_console
from ovsubs.cli.tables import print_profile, print_results, print_review
from ovsubs.cli.wording import is_crash, why_it_ended
from ovsubs.errors import InvalidOption
from ovsubs.library.events import FileFinished
from ovsubs.library.file_result import FileResult, Status
from ovsubs.library.plan import SubtitleOptions, make_plan
from ovsubs.library.run import run_plan
from ovsubs.loading import load_model
from ovsubs.pipeline import Model
from ovsubs.subtitles.formats import FORMATS, WORD_TIME_FORMATS, known_format, render
from ovsubs.whisper.model import CompileOptions


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model to load and how."""

    name: str
    models_dir: Path | None
    compile_options: CompileOptions
    offline: bool


@dataclass(frozen=True, slots=True)
class Verbosity:
    """How much is said.

    `quiet`: errors only; `debug`: tracebacks too; `profile`: where the time went; `verbose`: what was passed
    over in folders, too.
    """

    quiet: bool
    debug: bool
    profile: bool = False
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise InvalidOption("verbose", True, "not with --quiet, which says nothing but errors")


def write_subtitles(
    inputs: Sequence[Path], options: SubtitleOptions, choice: ModelChoice, verbosity: Verbosity
) -> int:
    """Write the subtitles of all inputs, show progress and a closing table; returns the exit code."""
    began = time.perf_counter()
    console = make_console()
    with looking_at_files(console, quiet=verbosity.quiet) as on_file:
        plan = make_plan(inputs, options, on_file)
    for passed_over in plan.passed_over if verbosity.verbose else ():
        say(f"ovsubs: {passed_over.path}: passed over ({passed_over.why})")
    with RunProgress(plan, console, quiet=verbosity.quiet) as progress:

        @contextmanager
        def open_model() -> Iterator[Model]:
            with _load(choice, verbosity) as model:
                progress.begin()
                yield model

        results = watch_run(run_plan(plan, options, open_model), progress, verbosity)
    return show_results(results, verbosity, time.perf_counter() - began)


def show_results(results: Sequence[FileResult], verbosity: Verbosity, wall_s: float) -> int:
    """Print the closing tables; returns the exit code."""
    if not verbosity.quiet:
        print_results(results)
    if any(result.to_review for result in results):
        show()
        print_review(results)
    if verbosity.profile:
        print_profile(results, wall_s)
    return int(any(result.status is Status.FAILED for result in results))


def watch_run(
    events: Generator[Any, None, None], progress: RunProgress, verbosity: Verbosity
) -> list[FileResult]:
    """The results of a run, each told as it comes; events of other kinds are not shown."""
    results = list[FileResult]()
    with noted_interrupts() as interrupts, closing(events):
        for event in events:
            if interrupts:  # Python drops an interrupt that comes inside a destructor
                raise KeyboardInterrupt
            progress.show(event)
            if isinstance(event, FileFinished):
                results.append(_without_text(event.result))
                _tell(event.result, progress, verbosity)
    return results


def _tell(result: FileResult, progress: RunProgress, verbosity: Verbosity) -> None:
    if verbosity.debug and is_crash(result.error):
        say_traceback(result.error)
    if not result.why or (verbosity.quiet and result.status is not Status.FAILED):
        return
    about = f"{result.path}: " if result.status is Status.DONE else ""
    progress.say(f"ovsubs: {about}{why_it_ended(result.why, result.error)}")


def print_subtitles(
    inputs: Sequence[Path],
    options: SubtitleOptions,
    choice: ModelChoice,
    verbosity: Verbosity,
    *,
    resume: bool = False,
) -> int:
    """Print the subtitles of one file to stdout; returns the exit code.

    Raises:
        InvalidOption: several files or formats, which would run into each other.
        OvsubsError: the file cannot be read.
    """
    refused = {
        "profile": verbosity.profile,
        "verbose": verbosity.verbose,
        "no_recursive": not options.recursive,
        "include": options.patterns.include,
        "exclude": options.patterns.exclude,
        "resume": resume,
        "embed": options.videos.embed,
        "burn": options.videos.burn,
        "n_review": options.n_review,
        "language_suffix": options.language_suffix,
        "overwrite": options.overwrite,
    }
    for name, given in refused.items():
        if given:
            raise InvalidOption(name, given, "not with --output-dir -, where subtitles are printed")
    if len(inputs) != 1 or inputs[0].is_dir():
        raise InvalidOption("output_dir", "-", "it prints the subtitles of one file")
    if len(options.formats) != 1:
        raise InvalidOption("formats", ",".join(options.formats), "with --output-dir - it is one format")
    media = probe(inputs[0])  # a bad file is told before a model is loaded
    choose_track(media, options.transcribe.audio_track)
    with _load(choice, verbosity) as model:
        model.check(options.transcribe)
        transcript = model.transcribe(media, options=options.transcribe)
    print_text(render(transcript, options.formats[0], options.layout, options.format))
    for note in () if verbosity.quiet else transcript.notes:
        say(f"ovsubs: {inputs[0]}: {note}")
    return 0


def _load(choice: ModelChoice, verbosity: Verbosity) -> Model:
    return load_model(
        choice.name,
        compile_options=choice.compile_options,
        models_dir=choice.models_dir,
        offline=choice.offline,
        report=(lambda line: None) if verbosity.quiet else say,
    )


def _without_text(result: FileResult) -> FileResult:
    """What the closing tables need: the words of five hundred videos are a gigabyte, and written already."""
    transcript = replace(result.transcript, segments=()) if result.transcript else None
    return replace(result, transcript=transcript, error=None)


def wants_words(given: bool | None, task: str, formats: Sequence[str]) -> bool:
    """Whether words get times: as the caller says, else where cues are laid out by them, now or from JSON.

    A translation has other words than the sound, in another order: its words are not to be heard anywhere.
    """
    if given is not None:
        return given
    return task == "transcribe" and any(name in WORD_TIME_FORMATS for name in formats)


def formats_named(given: str, every: tuple[str, ...] = FORMATS) -> tuple[str, ...]:
    """The formats of "srt,vtt" or "all", which is `every`; each once.

    Raises:
        InvalidOption: none is named.
        UnknownFormat: a name is none of a format.
    """
    names = given.replace(",", " ").split()
    if names == ["all"]:
        return every
    if not names:
        raise InvalidOption("formats", given, "name at least one, such as srt")
    return tuple(dict.fromkeys(known_format(name) for name in names))
