"""Planned files -> subtitle files, one after the other; one that fails never stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ovsubs.errors import OvsubsError, UnwritableOutput, UsageError
from ovsubs.library.plan import DONE, FAILED, FileResult, Plan, PlannedFile, SubtitleOptions
from ovsubs.pipeline import Model, Progress
from ovsubs.subtitles.formats import output_path, save_transcript
from ovsubs.transcript import Transcript

OnProgress = Callable[[PlannedFile, Progress], None]


def run_plan(
    model: Model,
    plan: Plan,
    options: SubtitleOptions,
    on_progress: OnProgress = lambda file, progress: None,
    on_crash: Callable[[BaseException], None] = lambda error: None,
) -> Iterator[FileResult]:
    """Transcribe and write file by file; a result for each, in the plan's order.

    Args:
        model: loaded.
        plan: its `settled` inputs are not touched.
        options: as the plan was made with.
        on_progress: called after each round of windows.
        on_crash: called with an error that is not one of ovsubs' own, before its file is given up.

    Raises:
        UsageError: the model cannot do what is asked; before the first file.
    """
    model.check(options.transcribe)
    for file in plan.files:
        try:
            yield subtitle_file(model, file, options, on_progress)
        except UsageError:
            raise
        except OvsubsError as error:
            yield FileResult(file.path, FAILED, why=str(error))
        except Exception as error:  # whatever it is: five hundred other files are waiting
            on_crash(error)
            why = f"{file.path}: {type(error).__name__}: {error}; run with --debug to see where"
            yield FileResult(file.path, FAILED, why=" ".join(why.split()))


def subtitle_file(
    model: Model,
    file: PlannedFile,
    options: SubtitleOptions,
    on_progress: OnProgress = lambda file, progress: None,
) -> FileResult:
    """Transcribe one file and write its subtitles in all formats that are missing.

    Raises:
        OvsubsError: the file cannot be read, or a result cannot be written.
    """
    transcript = model.transcribe(
        file.path, options=options.transcribe, on_progress=lambda progress: on_progress(file, progress)
    )
    outputs = write_outputs(transcript, file, options)
    return FileResult(file.path, DONE, outputs, transcript, "; ".join(transcript.notes))


def write_outputs(transcript: Transcript, file: PlannedFile, options: SubtitleOptions) -> tuple[Path, ...]:
    """Write the formats of a planned file; each appears whole or not at all.

    Raises:
        UnwritableOutput: a folder or file cannot be written.
    """
    spoken = "en" if transcript.task == "translate" else transcript.language
    suffix = spoken if options.language_suffix else None
    written = list[Path]()
    for name in file.formats:
        output = output_path(file.path, options.output_dir, name, suffix)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableOutput(output, error.strerror or error) from error
        written.append(
            save_transcript(transcript, output, options=options.layout, overwrite=options.overwrite)
        )
    return tuple(written)


def subtitle(model: Model, path: str | Path, options: SubtitleOptions | None = None) -> tuple[Path, ...]:
    """Write the subtitles of one file and return where they are; outputs that are there are replaced.

    Raises:
        OvsubsError: the file cannot be read, the model cannot do it, or a result cannot be written.
    """
    options = replace(options or SubtitleOptions(), overwrite=True)
    file = PlannedFile(Path(path), 0.0, options.formats)
    return subtitle_file(model, file, options).outputs
