"""Planned files -> subtitles and copies, several read at a time; one that fails never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from ovsubs.audio.media import probe
from ovsubs.audio.streams import media_of, read_contents
from ovsubs.errors import MissingFile, UnwritableOutput
from ovsubs.file_events import FileAdvanced, FileOpened, FileOutcome, FileRequest, NothingNew
from ovsubs.library.events import (
    Activity,
    CopyProgress,
    Event,
    FileFinished,
    FileProgress,
    FileStarted,
    NothingHappened,
    PlanDecided,
)
from ovsubs.library.existing import read_names
from ovsubs.library.file_result import FileResult, Status, failed
from ovsubs.library.plan import Plan, PlannedFile, SubtitleOptions, decide, plan_in_language
from ovsubs.library.videos import Copies, best_format, make_videos
from ovsubs.pipeline import Model
from ovsubs.steps import catch_errors, map_steps, run_to_end
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.formats import obeyed_by, save_transcript
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.review import review_items
from ovsubs.transcript import Transcript


def run_plan(
    plan: Plan, options: SubtitleOptions, open_model: Callable[[], AbstractContextManager[Model]]
) -> Generator[Event, None, None]:
    """Do what is planned, and tell all that happens; closing the iterator ends the run.

    Windows of several files share a batch, so that short files are as fast as long ones. The subtitles of a
    file are written when its last window has been recognized.

    Args:
        plan: as `make_plan` makes it.
        options: as the plan was made with.
        open_model: called if anything is to be heard; the model is closed before videos are copied whose
            subtitles are there. `lambda: contextlib.nullcontext(model)` lends one that stays open.

    Yields:
        `FileFinished` for each input of the plan, in the end, those first that are settled already.

    Raises:
        UsageError: the model cannot do what is asked; before the first file.
    """
    yield from map(FileFinished, plan.settled)
    if plan.files or plan.undecided:
        with open_model() as model:
            model.check(options.transcribe)
            if plan.undecided:
                plan = yield from detect_languages(model, plan, options)
            yield from _transcribe(model, plan, options)
    yield from make_copies(plan, options)


def detect_languages(model: Model, plan: Plan, options: SubtitleOptions) -> Generator[Event, None, Plan]:
    """Decide what is to be done with the files of which some subtitles are there, by the language in each.

    A few windows of each are heard, and nothing is written.
    """
    look, outcomes = cache(read_names), list[PlannedFile | FileResult]()
    for file in plan.undecided:
        yield FileStarted(file, Activity.DETECT_LANGUAGE)
        try:
            vote = model.detect_language(file.media or file.path, options.transcribe)
            outcome = plan_in_language(file, vote.language, options, look)
        except Exception as error:  # whatever it is: other files are waiting
            outcome = failed(file.path, error)
        if isinstance(outcome, FileResult):
            yield FileFinished(outcome)
        outcomes.append(outcome)
    decided = decide(plan, outcomes)
    yield PlanDecided(decided)
    return decided


def _transcribe(model: Model, plan: Plan, options: SubtitleOptions) -> Iterator[Event]:
    inputs = Inputs(file.path for file in (*plan.files, *plan.copies))
    return transcribe_planned(model, plan.files, options, inputs)


def request_for(file: PlannedFile, options: SubtitleOptions) -> FileRequest:
    """What a model is asked for a planned file."""
    return FileRequest(file.media or file.path, options.transcribe)


def transcribe_planned(
    model: Model,
    files: Iterable[PlannedFile | None],
    options: SubtitleOptions,
    inputs: Inputs,
    ask: Callable[[PlannedFile, SubtitleOptions], FileRequest] = request_for,
) -> Generator[Event, None, None]:
    """Transcribe files as they are given, write what is wanted of each, and tell all that happens.

    Args:
        model: loaded; it can do what is asked.
        files: taken as places become free. None says that there is none for now, but will be.
        options: of all of them.
        inputs: what no output may take the place of.
        ask: makes the request for a file.
    """
    running, n_asked = dict[int, PlannedFile](), 0

    def requests() -> Iterator[FileRequest | None]:
        nonlocal n_asked
        for file in files:
            if file is None:
                yield None
                continue
            running[n_asked] = file
            n_asked += 1
            yield ask(file, options)

    with closing(model.file_events(requests())) as events:
        for event in events:
            match event:
                case FileOpened(number):
                    yield FileStarted(running[number], Activity.TRANSCRIBE)
                case FileAdvanced(number, at, decoded):
                    yield FileProgress(running[number], at.position, at.duration, at.segments, decoded)
                case FileOutcome(number):
                    yield from _ended(event, running.pop(number), options, inputs)
                case NothingNew():
                    yield NothingHappened()


def _ended(
    outcome: FileOutcome, file: PlannedFile, options: SubtitleOptions, inputs: Inputs
) -> Iterator[Event]:
    if outcome.error is not None:
        yield FileFinished(failed(file.path, outcome.error))
        return
    assert outcome.transcript is not None
    if options.output_dir is None and not file.path.exists():
        # Its disk is gone, and what was written now would lie beneath it when it comes back.
        yield FileFinished(failed(file.path, MissingFile(file.path)))
        return
    steps = finish_file(outcome.transcript, file, options, inputs)
    yield FileFinished((yield from catch_errors(steps, partial(failed, file.path))))


def make_copies(plan: Plan, options: SubtitleOptions) -> Iterator[Event]:
    """Make the copies of videos whose subtitles are there. No model is asked."""
    for file in plan.copies:
        yield FileStarted(file, Activity.COPY)
        steps = _only_copy(file, options)
        yield FileFinished((yield from catch_errors(steps, partial(failed, file.path))))


def _only_copy(file: PlannedFile, options: SubtitleOptions) -> Generator[CopyProgress, None, FileResult]:
    copies = yield from _copy_shown(file, options)
    return FileResult(file.path, Status.DONE, copies.paths, why="; ".join(copies.notes))


def finish_file(
    transcript: Transcript, file: PlannedFile, options: SubtitleOptions, inputs: Inputs
) -> Generator[CopyProgress, None, FileResult]:
    """Write what is wanted of a file whose transcript is there, and check it.

    Raises:
        OvsubsError: a result cannot be written.
    """
    cues = lay_out(transcript, options.layout)
    written = write_outputs(transcript, file, options, cues, inputs)
    copies = Copies((), ())
    if file.shown:
        copies = yield from _copy_shown(file, options)
    elif cues and file.videos:  # without a word there is nothing to show
        shown = dict(zip(file.formats, written, strict=True))[best_format(file.formats)]
        copies = yield from _copy(file, shown, transcript.text_language, options)
    rules = options.layout.rules(transcript.text_language)
    report = check_cues(cues, rules, duration_ms=to_ms(transcript.end))
    to_review = review_items(transcript, cues, options.n_review, report.findings)
    why = "; ".join([*transcript.notes, *copies.notes])
    outputs = (*written, *copies.paths)
    return FileResult(file.path, Status.DONE, outputs, transcript, why, report, tuple(to_review))


def _copy_shown(file: PlannedFile, options: SubtitleOptions) -> Generator[CopyProgress, None, Copies]:
    """Copies of subtitles that were there, whose language their name tells, or the caller."""
    assert file.shown is not None
    copies = yield from _copy(file, file.shown, file.language, options)
    return replace(copies, notes=(f"made of {file.shown}, which was there", *copies.notes))


def _copy(
    file: PlannedFile, subtitles: Path, language: str | None, options: SubtitleOptions
) -> Generator[CopyProgress, None, Copies]:
    media = file.media or media_of(read_contents(file.path))
    copying = make_videos(
        media.contents,
        subtitles,
        file.videos,
        language=language,
        output_dir=file.output_dir(options),
        overwrite=options.overwrite or bool(file.ours),
    )
    return map_steps(copying, lambda at: CopyProgress(file, at.position, at.duration))


def write_outputs(
    transcript: Transcript,
    file: PlannedFile,
    options: SubtitleOptions,
    cues: Sequence[Cue] | None = None,
    inputs: Inputs | None = None,
) -> tuple[Path, ...]:
    """Write the formats of a planned file, as laid out in `cues` already; each appears whole or not at all.

    Raises:
        OutputIsInput: one would take the place of the file itself, or of another of `inputs`.
        UnwritableOutput: a folder or file cannot be written.
    """
    cues = lay_out(transcript, options.layout) if cues is None else cues
    outputs = replace(file, language=transcript.text_language).outputs(options)
    inputs = Inputs([file.path]) if inputs is None else inputs
    written = list[Path]()
    for name in file.formats:
        output = outputs[name]
        inputs.refuse(output)  # a detected language in its name was not known to the plan
        if options.output_dir is not None:
            _make_folder(output)
        written.append(
            save_transcript(
                transcript,
                output,
                cues=cues,
                format_options=obeyed_by(name, options.format),
                overwrite=options.overwrite or output in file.ours,
            )
        )
    return tuple(written)


def _make_folder(output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(output, error.strerror or error) from error


def subtitle(model: Model, path: str | Path, options: SubtitleOptions | None = None) -> tuple[Path, ...]:
    """Write the subtitles of one file, and copies of it; returns where they are. What is there is replaced.

    Raises:
        OvsubsError: the file cannot be read, the model cannot do it, or a result cannot be written.
    """
    options = replace(options or SubtitleOptions(), overwrite=True)
    media = probe(Path(path))
    file = PlannedFile(media.path, options.formats, options.videos, media=media)
    transcript = model.transcribe(media, options=options.transcribe)
    return run_to_end(finish_file(transcript, file, options, Inputs([media.path]))).outputs
