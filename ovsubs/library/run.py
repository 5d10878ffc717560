"""Planned files -> subtitles and copies, several read at a time; one that fails never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ovsubs.errors import OvsubsError, UnwritableOutput
from ovsubs.library.plan import DONE, FAILED, FileResult, Plan, PlannedFile, SubtitleOptions, one_line
from ovsubs.library.videos import best_format, make_videos
from ovsubs.pipeline import Model, Progress
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.formats import output_path, save_transcript
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.doubts import most_doubtful
from ovsubs.transcript import Transcript
from ovsubs.video.writing import unheard

OnProgress = Callable[[PlannedFile, Progress], None]
OnCrash = Callable[[BaseException], None]
OnVideo = Callable[[PlannedFile, float, float], None]  # seconds of a copy that are done, and its length


def run_plan(
    model: Model,
    plan: Plan,
    options: SubtitleOptions,
    on_progress: OnProgress = unheard,
    on_crash: OnCrash = unheard,
    on_video: OnVideo = unheard,
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
                    yield _finish(outcome.transcript, file, options, on_video)
                    continue
            except Exception as unwritten:  # whatever it is: five hundred other files are waiting
                error = unwritten
            assert error is not None
            yield _failed(file, error, on_crash)


def make_copies(
    plan: Plan, options: SubtitleOptions, on_crash: OnCrash = unheard, on_video: OnVideo = unheard
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
    transcript: Transcript, file: PlannedFile, options: SubtitleOptions, on_video: OnVideo
) -> FileResult:
    cues = lay_out(transcript, options.layout)
    written = write_outputs(transcript, file, options, cues)
    copies, notes = tuple[Path, ...](), list[str]()
    if file.shown:
        copies, notes = _copy_shown(file, options, on_video)
    elif cues and file.videos:  # without a word there is nothing to show
        shown = dict(zip(file.formats, written, strict=True))[best_format(file.formats)]
        copies, notes = _copy(file, shown, transcript.text_language, options, on_video)
    rules = options.layout.rules(transcript.text_language)
    report = check_cues(cues, rules, duration_ms=to_ms(transcript.end))
    doubts = most_doubtful(transcript, cues, options.n_review, report.findings)
    why = "; ".join([*transcript.notes, *notes])
    return FileResult(file.path, DONE, (*written, *copies), transcript, why, report, tuple(doubts))


def _copy_shown(
    file: PlannedFile, options: SubtitleOptions, on_video: OnVideo
) -> tuple[tuple[Path, ...], list[str]]:
    """Copies of subtitles that were there, whose language their name tells, or the caller."""
    assert file.shown is not None
    language = None if options.language_suffix else options.text_language
    copies, notes = _copy(file, file.shown, language, options, on_video)
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
        output_dir=options.output_dir,
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
) -> tuple[Path, ...]:
    """Write the formats of a planned file, as laid out in `cues` already; each appears whole or not at all.

    Raises:
        UnwritableOutput: a folder or file cannot be written.
    """
    cues = lay_out(transcript, options.layout) if cues is None else cues
    written = list[Path]()
    for name in file.formats:
        output = _output(file.path, name, transcript, options)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableOutput(output, error.strerror or error) from error
        written.append(
            save_transcript(
                transcript,
                output,
                cues=cues,
                format_options=options.format.only_for(name),
                overwrite=options.overwrite,
            )
        )
    return tuple(written)


def _output(path: Path, name: str, transcript: Transcript, options: SubtitleOptions) -> Path:
    suffix = transcript.text_language if options.language_suffix else None
    return output_path(path, options.output_dir, name, suffix)


def subtitle(model: Model, path: str | Path, options: SubtitleOptions | None = None) -> tuple[Path, ...]:
    """Write the subtitles of one file, and copies of it; returns where they are. What is there is replaced.

    Raises:
        OvsubsError: the file cannot be read, the model cannot do it, or a result cannot be written.
    """
    options = replace(options or SubtitleOptions(), overwrite=True)
    file = PlannedFile(Path(path), 0.0, options.formats, options.videos)
    transcript = model.transcribe(file.path, options=options.transcribe)
    return _finish(transcript, file, options, unheard).outputs
