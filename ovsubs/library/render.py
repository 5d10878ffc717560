"""Transcripts that were kept -> subtitle files in another layout, without hearing anything again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ovsubs.errors import InvalidOption, OutputClash, OutputExists, UnwritableOutput
from ovsubs.library.file_result import FileResult, Status, failed, skipped
from ovsubs.library.transcripts import TRANSCRIPT_SUFFIX, read_transcript
from ovsubs.places import file_key
from ovsubs.subtitles.formats import (
    FORMATS,
    FormatOptions,
    check_laid_out,
    check_obeyed,
    known_format,
    obeyed_by,
    output_path,
    save_transcript,
)
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript

RENDERED = tuple(name for name in FORMATS if f".{name}" != TRANSCRIPT_SUFFIX)


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What to write of each transcript, and where; as for `SubtitleOptions`.

    Raises:
        InvalidOption: no format, or one that is the transcript itself.
    """

    layout: LayoutOptions = field(default_factory=LayoutOptions)
    format: FormatOptions = field(default_factory=FormatOptions)
    formats: tuple[str, ...] = ("srt",)
    output_dir: Path | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        for name in self.formats:
            if known_format(name) not in RENDERED:
                raise InvalidOption("formats", name, "that is the transcript itself; name another")
        if not self.formats:
            raise InvalidOption("formats", (), "name at least one, such as srt")
        check_laid_out(self.layout, self.formats)
        check_obeyed(self.format, self.formats)


def render_transcripts(paths: Sequence[Path], options: RenderOptions) -> Iterator[FileResult]:
    """Write the subtitles of all transcripts; a result for each. One that fails never stops the rest.

    Args:
        paths: the transcripts.
        options: what to write of them.
    """
    taken = dict[str, Path]()  # where subtitles are -> whose they are
    inputs = Inputs(paths)
    for path in paths:
        try:
            yield _render_one(path, options, taken, inputs)
        except Exception as error:  # whatever it is: other files are waiting
            yield failed(path, error)


def _render_one(path: Path, options: RenderOptions, taken: dict[str, Path], inputs: Inputs) -> FileResult:
    transcript = read_timed(path, options)
    outputs = {name: output_path(path, options.output_dir, name) for name in options.formats}
    for output in outputs.values():
        inputs.refuse(output)
        owner = taken.setdefault(file_key(output), path)
        if not owner.samefile(path):
            raise OutputClash(path, output, owner)
    missing = [name for name, output in outputs.items() if options.overwrite or not output.exists()]
    if not missing:
        return skipped(path, OutputExists(next(iter(outputs.values()))), tuple(outputs.values()))
    written = tuple(_write(transcript, name, outputs[name], options) for name in missing)
    return FileResult(path, Status.DONE, written, transcript)


def read_timed(path: Path, options: RenderOptions) -> Transcript:
    """A transcript that has what the options show.

    Raises:
        InvalidOption: words are to be highlighted, and it has none with times.
        MissingFile: there is none.
        UnreadableTranscript: it cannot be read, or it is none.
    """
    transcript = read_transcript(path)
    untimed = any(segment.text.strip() and not segment.words for segment in transcript.segments)
    if options.format.highlight_words and untimed:
        raise InvalidOption("highlight_words", True, f"{path} has no times of words")
    return transcript


def _write(transcript: Transcript, name: str, output: Path, options: RenderOptions) -> Path:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(output, error.strerror or error) from error
    return save_transcript(
        transcript,
        output,
        options=options.layout,
        format_options=obeyed_by(name, options.format),
        overwrite=options.overwrite,
    )
