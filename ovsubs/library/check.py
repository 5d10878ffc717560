"""Subtitle files and transcripts -> what is wrong with them, beside the speech of their media."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ovsubs.audio.damage import ReadReport, damage_notes
from ovsubs.audio.source import open_source
from ovsubs.audio.vad import SpeechDetector, VadOptions, open_detector, stream_regions
from ovsubs.bounds import check_count
from ovsubs.errors import InvalidOption, MediaError, OvsubsError
from ovsubs.library.file_result import one_line
from ovsubs.library.subtitle_names import find_subtitles, language_of, recording_of
from ovsubs.library.transcripts import TRANSCRIPT_SUFFIX, read_transcript
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import QcReport, SpeechSpan, check_cues
from ovsubs.subtitles.qc.review import ReviewItem, review_items
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript
from ovsubs.whisper.languages import language_code

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What subtitles are held to, and what they are compared with.

    `language` is that of the text, a code or an English name; by default the transcript's, or that in the
    file's name (`talk.de.srt`), or English. `media` is the recording of all files; by default each has its
    own beside it. Nothing is heard if `listen` is false. `n_review` places of each transcript are named.

    Raises:
        UnknownLanguage: Whisper has no such language.
        InvalidOption: less than no place, or a recording that is not to be heard.
    """

    layout: LayoutOptions = field(default_factory=LayoutOptions)
    language: str | None = None
    media: Path | None = None
    listen: bool = True
    n_review: int = 0

    def __post_init__(self) -> None:
        if self.language is not None:
            language_code(self.language)
        check_count("n_review", self.n_review, "give at least 0")
        if self.media is not None and not self.listen:
            raise InvalidOption("media", str(self.media), "without `listen` nothing is heard")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What became of one file: a report, or `error`, which says why there is none.

    `media` is what was heard, if anything; `notes` are sentences for the person.
    """

    path: Path
    report: QcReport | None = None
    error: Exception | None = None
    language: str = DEFAULT_LANGUAGE
    media: Path | None = None
    notes: tuple[str, ...] = ()
    to_review: tuple[ReviewItem, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether it could be read and nothing in it is against the rules."""
        return self.report is not None and not self.report.errors


@dataclass(frozen=True, slots=True)
class _Heard:
    """The speech of a recording and how long it lasts; nothing of one that cannot be read."""

    speech: tuple[SpeechSpan, ...] | None = None
    duration_ms: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Laid:
    """The cues of a file; `transcript` is what they were laid out from, if it is one."""

    cues: Sequence[Cue]
    language: str
    step_ms: int = 1
    notes: tuple[str, ...] = ()
    transcript: Transcript | None = None


def check_files(inputs: Sequence[Path], options: CheckOptions | None = None) -> Iterator[CheckedFile]:
    """Check files, and the subtitles in folders, in order; one that cannot be read never stops the rest.

    Args:
        inputs: subtitles, folders of them, and transcripts (`.json`), which are laid out.
        options: rules, language and recording.

    Raises:
        InvalidOption: a review of subtitles, which do not say how sure the model was.
        MediaError: `options.media` cannot be read.
    """
    options = options or CheckOptions()
    for path in inputs:
        if options.n_review and path.suffix.lower() != TRANSCRIPT_SUFFIX:
            why = f"it goes with a transcript ({TRANSCRIPT_SUFFIX}), and {path} is none"
            raise InvalidOption("n_review", options.n_review, why)
    return _check_files(inputs, options)


def _check_files(inputs: Sequence[Path], options: CheckOptions) -> Iterator[CheckedFile]:
    detector: SpeechDetector | None = None
    heard = dict[Path, _Heard]()  # one recording may have subtitles in many languages
    with ExitStack() as open_things:
        for path in inputs:
            try:
                files = find_subtitles(path)
            except (OvsubsError, OSError) as error:
                yield CheckedFile(path, error=error)
                continue
            for file in files:
                media = options.media or (_recording_of(file) if options.listen else None)
                if media is not None and media not in heard:
                    detector = detector or open_things.enter_context(open_detector())
                    heard[media] = _hear(media, detector, must=options.media is not None)
                yield _check_file(file, media, heard[media] if media else _Heard(), options)


def _recording_of(file: Path) -> Path | None:
    try:
        return recording_of(file)
    except OSError:  # a folder whose names can be read, and nothing else
        return None


def _hear(media: Path, detector: SpeechDetector, *, must: bool) -> _Heard:
    reports = list[ReadReport]()
    try:
        source = open_source(media, None, reports.append)
        with closing(source.blocks):
            regions = tuple(stream_regions(source.blocks, detector, VadOptions()))
    except (MediaError, OSError) as error:
        if must:
            raise
        return _Heard(notes=(f"checked without speech: {one_line(media, error)}",))
    speech = tuple(
        SpeechSpan(to_ms(region.start + source.offset), to_ms(region.end + source.offset))
        for region in regions
    )
    (report,) = reports
    damage = [report.breaks_off] if report.breaks_off else []
    notes = tuple(f"{media}: {note}" for note in (*damage, *damage_notes(report)))
    return _Heard(speech, to_ms(report.duration + report.holes), notes)


def _check_file(path: Path, media: Path | None, heard: _Heard, options: CheckOptions) -> CheckedFile:
    try:
        return _report(path, media, heard, options)
    except Exception as error:  # whatever it is: other files are waiting
        return CheckedFile(path, error=error)


def _report(path: Path, media: Path | None, heard: _Heard, options: CheckOptions) -> CheckedFile:
    is_transcript = path.suffix.lower() == TRANSCRIPT_SUFFIX
    laid = _lay_out(path, options) if is_transcript else _read(path, options)
    duration_ms = heard.duration_ms
    if duration_ms is None and laid.transcript is not None:
        duration_ms = to_ms(laid.transcript.end)
    rules = options.layout.rules(laid.language)
    report = check_cues(laid.cues, rules, heard.speech, duration_ms, laid.step_ms)
    to_review: Sequence[ReviewItem] = ()
    if laid.transcript is not None:
        to_review = review_items(laid.transcript, laid.cues, options.n_review, report.findings)
    return CheckedFile(
        path,
        report,
        language=laid.language,
        media=media if heard.speech is not None else None,
        notes=(*laid.notes, *heard.notes),
        to_review=tuple(to_review),
    )


def _read(path: Path, options: CheckOptions) -> _Laid:
    file = read_subtitles(path)
    language = language_code(options.language) if options.language else language_of(path)
    return _Laid(file.cues, language or DEFAULT_LANGUAGE, file.step_ms, file.notes)


def _lay_out(path: Path, options: CheckOptions) -> _Laid:
    """The cues of a transcript, ours or openai/whisper's, in the style that they are checked by."""
    transcript = read_transcript(path)
    written = "en" if transcript.task == "translate" else transcript.language
    language = language_code(options.language) if options.language else written
    transcript = replace(transcript, language=language)
    return _Laid(lay_out(transcript, options.layout), language, transcript=transcript)
