"""Planned files -> subtitles and copies, several read at a time; one that fails never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

from ovsubs.errors import OvsubsError, UnwritableOutput
from ovsubs.library.existing import read_names
from ovsubs.library.plan import (
    DONE,
    FAILED,
    FileResult,
    Plan,
    PlannedFile,
    SubtitleOptions,
    decide,
    one_line,
    plan_in_language,
)
from ovsubs.library.videos import best_format, make_videos
from ovsubs.pipeline import Model, Progress
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.formats import obeyed_by, save_transcript
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.review import review_items
from ovsubs.transcript import Transcript
from ovsubs.video.writing import ignore

OnProgress = Callable[[PlannedFile, Progress], None]
OnCrash = Callable[[BaseException], None]
OnVideo = Callable[[PlannedFile, float, float], None]  # seconds of a copy that are done, and its length


def run_plan(
    model: Model,
    plan: Plan,
    options: SubtitleOptions,
    on_progress: OnProgress = ignore,
    on_crash: OnCrash = ignore,
    on_video: OnVideo = ignore,
) -> Iterator[FileResult]:
    """Transcribe and write all files; a result for each, as they end.

    Windows of several files share a batch, so that short files are as fast as long ones. The subtitles of a
    file are written when its last window has been read.

    Args:
        model: loaded.
        plan: its `files` are heard; `settled` and `copies` are not touched.
        options: as the plan was made with.
        on_progress: called with a file after each round of windows that has read in it.
        on_crash: called with an error that is not one of ovsubs' own, before its file is given up.
        on_video: called while a copy of a video is made.

    Raises:
        UsageError: the model cannot do what is asked; before the first file.
    """
    model.check(options.transcribe)
    inputs = Inputs(file.path for file in (*plan.files, *plan.copies))
    outcomes = model.transcribe_files(
        [file.path for file in plan.files],
        options=options.transcribe,
        on_progress=lambda number, progress: on_progress(plan.files[number], progress),
    )
    with closing(outcomes):
        for outcome in outcomes:
            file, error = plan.files[outcome.number], outcome.error
            try:
                if outcome.transcript is not None:
                    yield _finish(outcome.transcript, file, options, on_video, inputs)
                    continue
            except Exception as unwritten:  # whatever it is: five hundred other files are waiting
                error = unwritten
            assert error is not None
            yield _failed(file, error, on_crash)


def hear_languages(
    model: Model,
    plan: Plan,
    options: SubtitleOptions,
    on_file: Callable[[PlannedFile], None] = ignore,
    on_crash: OnCrash = ignore,
) -> Plan:
    """Decide what is to be done with the files of which some subtitles are there, by the language in each.

    A few windows of each are heard, and nothing is written. One that cannot be read never stops the rest.

    Args:
        model: loaded.
        plan: what in it is `undecided` is heard.
        options: as the plan was made with.
        on_file: called with each of these files before it is heard.
        on_crash: called with an error that is not one of ovsubs' own, before its file is given up.

    Raises:
        UsageError: the model cannot do what is asked; before the first file.
    """
    model.check(options.transcribe)
    look, outcomes = cache(read_names), list[PlannedFile | FileResult]()
    for file in plan.undecided:
        on_file(file)
        try:
            spoken = model.detect_language(file.path, options.transcribe)
            outcomes.append(plan_in_language(file, spoken.language, options, look))
        except Exception as error:  # whatever it is: other files are waiting
            outcomes.append(_failed(file, error, on_crash))
    return decide(plan, outcomes)


def make_copies(
    plan: Plan, options: SubtitleOptions, on_crash: OnCrash = ignore, on_video: OnVideo = ignore
) -> Iterator[FileResult]:
    """Make the copies of videos whose subtitles are there; a result for each. No model is asked.

    Args:
        plan: its `copies` are made.
        options: as the plan was made with.
        on_crash: called with an error that is not one of ovsubs' own, before its file is given up.
        on_video: called while a copy is made.
    """
    for file in plan.copies:
        try:
            copies, notes = _copy_shown(file, options, on_video)
            yield FileResult(file.path, DONE, copies, why="; ".join(notes))
        except Exception as error:  # whatever it is: five hundred other files are waiting
            yield _failed(file, error, on_crash)


def _failed(file: PlannedFile, error: BaseException, on_crash: OnCrash) -> FileResult:
    if not isinstance(error, OvsubsError):
        on_crash(error)
    return FileResult(file.path, FAILED, why=one_line(file.path, error))


def _finish(
    transcript: Transcript, file: PlannedFile, options: SubtitleOptions, on_video: OnVideo, inputs: Inputs
) -> FileResult:
    cues = lay_out(transcript, options.layout)
    written = write_outputs(transcript, file, options, cues, inputs)
    copies, notes = tuple[Path, ...](), list[str]()
    if file.shown:
        copies, notes = _copy_shown(file, options, on_video)
    elif cues and file.videos:  # without a word there is nothing to show
        shown = dict(zip(file.formats, written, strict=True))[best_format(file.formats)]
        copies, notes = _copy(file, shown, transcript.text_language, options, on_video)
    rules = options.layout.rules(transcript.text_language)
    report = check_cues(cues, rules, duration_ms=to_ms(transcript.end))
    to_review = review_items(transcript, cues, options.n_review, report.findings)
    why = "; ".join([*transcript.notes, *notes])
    return FileResult(file.path, DONE, (*written, *copies), transcript, why, report, tuple(to_review))


def _copy_shown(
    file: PlannedFile, options: SubtitleOptions, on_video: OnVideo
) -> tuple[tuple[Path, ...], list[str]]:
    """Copies of subtitles that were there, whose language their name tells, or the caller."""
    assert file.shown is not None
    copies, notes = _copy(file, file.shown, file.language, options, on_video)
    return copies, [f"made of {file.shown}, which was there", *notes]


def _copy(
    file: PlannedFile, subtitles: Path, language: str | None, options: SubtitleOptions, on_video: OnVideo
) -> tuple[tuple[Path, ...], list[str]]:
    """The copies, and what is to be noted of them."""
    notes = list[str]()
    copies = make_videos(
        file.path,
        subtitles,
        file.videos,
        language=language,
        output_dir=file.output_dir(options),
        overwrite=options.overwrite,
        on_progress=lambda done, whole: on_video(file, done, whole),
        on_note=notes.append,
    )
    return copies, notes


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
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableOutput(output, error.strerror or error) from error
        written.append(
            save_transcript(
                transcript,
                output,
                cues=cues,
                format_options=obeyed_by(name, options.format),
                overwrite=options.overwrite,
            )
        )
    return tuple(written)


def subtitle(model: Model, path: str | Path, options: SubtitleOptions | None = None) -> tuple[Path, ...]:
    """Write the subtitles of one file, and copies of it; returns where they are. What is there is replaced.

    Raises:
        OvsubsError: the file cannot be read, the model cannot do it, or a result cannot be written.
    """
    options = replace(options or SubtitleOptions(), overwrite=True)
    file = PlannedFile(Path(path), 0.0, options.formats, options.videos)
    transcript = model.transcribe(file.path, options=options.transcribe)
    return _finish(transcript, file, options, ignore, Inputs([file.path])).outputs
