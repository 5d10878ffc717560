"""`ovsubs subtitle`: plan, run, and what is shown of it."""

import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from ovsubs.audio.media import probe
from ovsubs.audio.tracks import choose_track
from ovsubs.cli.interrupts import noted_interrupts
from ovsubs.cli.printing import print_text, say, say_lines, show
from ovsubs.cli.progress import RunProgress, looking_at_files, make_console
from ovsubs.cli.tables import print_profile, print_results, print_review
from ovsubs.errors import InvalidOption
from ovsubs.library.plan import FAILED, FileResult, Plan, PlannedFile, SubtitleOptions, make_plan
from ovsubs.library.run import hear_languages, make_copies, run_plan
from ovsubs.loading import load_model
from ovsubs.pipeline import Model, Progress
from ovsubs.subtitles.formats import CUE_FORMATS, FORMATS, known_format, render
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
            raise InvalidOption("--verbose", "", "not with --quiet, which says nothing but errors")


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
    results = _tell(plan.settled, verbosity)
    if plan.files or plan.undecided:
        with _load(choice, verbosity) as model:
            plan = _hear_languages(model, plan, options, console, verbosity)
            results += plan.settled[len(results) :]
            if plan.files:
                with _watch(plan.files, console, verbosity) as watch:
                    running = run_plan(model, plan, options, watch.advance, watch.crash, watch.draw)
                    results += watch.see(running)
    if plan.copies:
        with _watch(plan.copies, console, verbosity) as watch:
            results += watch.see(make_copies(plan, options, watch.crash, watch.draw))
    if not verbosity.quiet:
        print_results(results)
    if any(result.to_review for result in results):
        show()
        print_review(results)
    if verbosity.profile:
        print_profile(results, time.perf_counter() - began)
    return int(any(result.status == FAILED for result in results))


def _hear_languages(
    model: Model, plan: Plan, options: SubtitleOptions, console: Console, verbosity: Verbosity
) -> Plan:
    """The plan with nothing undecided; what is settled by that is said."""
    if not plan.undecided:
        return plan
    with _watch(plan.undecided, console, verbosity) as watch:
        decided = hear_languages(model, plan, options, watch.listen, watch.crash)
    _tell(decided.settled[len(plan.settled) :], verbosity)
    return decided


def _tell(settled: Sequence[FileResult], verbosity: Verbosity) -> list[FileResult]:
    """The results of files that need no work, each said."""
    for result in settled:
        if result.status == FAILED or not verbosity.quiet:
            say(f"ovsubs: {result.why}")
    return list(settled)


def print_subtitles(
    inputs: Sequence[Path], options: SubtitleOptions, choice: ModelChoice, verbosity: Verbosity
) -> int:
    """Print the subtitles of one file to stdout; returns the exit code.

    Raises:
        InvalidOption: several files or formats, which would run into each other.
        OvsubsError: the file cannot be read.
    """
    refused = {  # what is given of it, as it is shown
        "--profile": "" if verbosity.profile else None,
        "--embed or --burn": "" if options.videos else None,
        "--review": options.n_review or None,
        "--language-suffix": "" if options.language_suffix else None,
        "--overwrite": "" if options.overwrite else None,
    }
    for name, given in refused.items():
        if given is not None:
            raise InvalidOption(name, given, "not with --output-dir -, where subtitles are printed")
    if len(inputs) != 1 or inputs[0].is_dir():
        raise InvalidOption("--output-dir", "-", "it prints the subtitles of one file")
    if len(options.formats) != 1:
        raise InvalidOption(
            "--output-format", ",".join(options.formats), "with --output-dir - it is one format"
        )
    choose_track(
        probe(inputs[0]), options.transcribe.audio_track
    )  # a bad file is told before a model is loaded
    with _load(choice, verbosity) as model:
        model.check(options.transcribe)
        transcript = model.transcribe(inputs[0], options=options.transcribe)
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


@dataclass(frozen=True, slots=True)
class _Watch:
    """What is shown of a run while it goes on, and where Ctrl-C is noticed."""

    progress: RunProgress
    interrupts: Sequence[int]
    verbosity: Verbosity

    def see(self, ended: Iterator[FileResult]) -> list[FileResult]:
        """The results, each told as it comes."""
        results = list[FileResult]()
        for result in ended:
            results.append(_without_text(result))
            self.progress.finish(result)
            if result.status == FAILED:
                self.progress.print(f"ovsubs: {result.why}")
            elif result.why and not self.verbosity.quiet:
                self.progress.print(f"ovsubs: {result.path}: {result.why}")
        return results

    def listen(self, file: PlannedFile) -> None:
        self._stop_if_asked()
        self.progress.listen(file)

    def advance(self, file: PlannedFile, position: Progress) -> None:
        self._stop_if_asked()
        self.progress.advance(file, position)

    def draw(self, file: PlannedFile, done: float, whole: float) -> None:
        self._stop_if_asked()
        self.progress.draw(file, done, whole)

    def crash(self, error: BaseException) -> None:
        if self.verbosity.debug:
            say_lines("".join(traceback.format_exception(error)))

    def _stop_if_asked(self) -> None:
        if self.interrupts:  # Python drops an interrupt that comes inside a destructor
            raise KeyboardInterrupt


@contextmanager
def _watch(files: Sequence[PlannedFile], console: Console, verbosity: Verbosity) -> Iterator[_Watch]:
    with RunProgress(files, console, quiet=verbosity.quiet) as progress, noted_interrupts() as interrupts:
        progress.begin(files[0])
        yield _Watch(progress, interrupts, verbosity)


def _without_text(result: FileResult) -> FileResult:
    """What the closing tables need: the words of five hundred videos are a gigabyte, and written already."""
    if result.transcript is None:
        return result
    return replace(result, transcript=replace(result.transcript, segments=()))


def wants_words(given: bool | None, task: str, formats: Sequence[str]) -> bool:
    """Whether words get times: as the caller says, else where cues are laid out by them, now or from JSON.

    A translation has other words than the sound, in another order: its words are not to be heard anywhere.
    """
    if given is not None:
        return given
    return task == "transcribe" and any(name in (*CUE_FORMATS, "json") for name in formats)


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
        raise InvalidOption("--output-format", given, "name at least one, such as srt")
    return tuple(dict.fromkeys(known_format(name) for name in names))
