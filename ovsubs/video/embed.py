"""A video and subtitle files -> the same video with subtitle tracks, which players can show or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import input_url
from ovsubs.audio.media import SUBTITLED
from ovsubs.audio.streams import DEFAULT, FORCED, SUBTITLE, Contents, Stream, read_contents
from ovsubs.errors import InvalidOption, UnsupportedContainer
from ovsubs.temporary import temporary_folder
from ovsubs.video.containers import Container, container_of
from ovsubs.video.subtitle_files import read_script, tell_notes
from ovsubs.video.track_copy import CopyPlan, NewTrack, copy_arguments, kept_streams, tell_lost_styles
from ovsubs.video.track_headers import TrackHeader, set_track_headers
from ovsubs.video.track_tags import UNDETERMINED, language_tag, read_name
from ovsubs.video.writing import (
    Copying,
    OnNote,
    OnProgress,
    appearing_whole,
    check_made,
    check_output,
    choose_output,
    finish,
    ignore,
    run_ffmpeg,
)


@dataclass(frozen=True, slots=True)
class EmbedOptions:
    """How the new tracks are tagged, and where the new video goes.

    `output`: a file or a folder; None is `NAME.subtitled.EXT` beside the video. `languages`: a code or an
    English name for each subtitle file; empty reads them off the names (`talk.en.srt`). `titles`: a name
    for each track; empty is none. `default`: the first of the new tracks is shown without being asked for,
    and none of those that were there. `forced`: the new tracks are forced ones; a name such as
    `talk.en.forced.srt` says so of its own. `overwrite`: replace an output that is there.
    """

    output: Path | None = None
    languages: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    default: bool = False
    forced: bool = False
    overwrite: bool = False

    def check_numbers(self, n_files: int) -> None:
        """Refuse languages and titles that are not as many as the subtitle files.

        Raises:
            InvalidOption: they are not.
        """
        for name, given in (("languages", self.languages), ("titles", self.titles)):
            if given and len(given) != n_files:
                why = f"give as many as subtitle files, {n_files}, or none"
                raise InvalidOption(name, ", ".join(given), why)


def embedded_path(video: Path, named: Path | None) -> Path:
    """Where the copy goes: `NAME.subtitled.EXT` beside the video or in the folder named, else as named.

    Raises:
        UnwritableVideo: what is named can be no file.
    """
    return choose_output(video, named, SUBTITLED, video.suffix)


def embed(
    video: Path,
    subtitles: Sequence[Path],
    options: EmbedOptions | None = None,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
) -> Path:
    """Copy a video and put subtitle tracks behind those that it has; returns the path of the copy.

    Sound, picture, subtitle tracks, chapters, tags and attachments are copied as they are, not encoded again.
    Only subtitles of text that another container cannot hold (SRT in MP4) change into its own codec.

    Args:
        video: stays as it is.
        subtitles: SRT, VTT and ASS files, one track each, in this order.
        options: the defaults are those of `EmbedOptions`.
        on_progress: called with the seconds copied and the video's length.
        on_note: called with one line about what could not be taken along.

    Raises:
        UsageError: no subtitles, an unknown language, or no kind of output that can hold this.
        MediaError: the video or one of the subtitle files cannot be read.
        OutputError: the output is there, is one of the files to read, or cannot be written.
        ConversionFailed: ffmpeg gives up, or the copy would lose something.
    """
    return finish(embedding(video, subtitles, options or EmbedOptions(), on_note or ignore), on_progress)


def embedding(
    video: Path,
    subtitles: Sequence[Path],
    options: EmbedOptions,
    say: OnNote,
    contents: Contents | None = None,
) -> Copying:
    """`embed`, telling how far it is; closed before its end, it leaves nothing.

    Args:
        video: stays as it is.
        subtitles: as `embed` takes them.
        options: as those of `embed`.
        say: called with one line about what could not be taken along.
        contents: of the video, where they have been read already.

    Raises:
        OvsubsError: as `embed`.
    """
    if not subtitles:
        raise InvalidOption("subtitles", (), "name at least one file")
    options.check_numbers(len(subtitles))
    output = embedded_path(video, options.output)
    container = container_of(output)
    source = contents or read_contents(video)
    tracks = tuple(
        _new_track(path, video, options, container, number) for number, path in enumerate(subtitles)
    )
    check_output(output, [video, *subtitles], overwrite=options.overwrite)
    tell_notes((track.subtitles for track in tracks), say)
    plan = CopyPlan(source, kept_streams(source, container, say), tracks, container)
    _check_flags(plan, output)
    tell_lost_styles(plan, say)
    with appearing_whole(output) as temporary, temporary_folder() as folder:
        arguments = [*copy_arguments(plan, folder), input_url(temporary)]
        complaints = yield from run_ffmpeg(source, output, arguments, folder)
        if container.is_mp4:
            _correct_headers(read_contents(temporary), plan)
        expected: list[Stream | str] = [*plan.kept, *(SUBTITLE for _ in tracks)]
        check_made(read_contents(temporary), source, expected, complaints)
    return output


def _new_track(path: Path, video: Path, options: EmbedOptions, container: Container, number: int) -> NewTrack:
    name = read_name(path, video)
    language = options.languages[number] if options.languages else name.language or UNDETERMINED
    flags = {FORCED} if options.forced or name.forced else set()
    if options.default and number == 0:
        flags.add(DEFAULT)
    return NewTrack(
        read_script(path),
        language_tag(language, terminologic=container.terminologic),
        options.titles[number] if options.titles else None,
        frozenset(flags),
    )


def _check_flags(plan: CopyPlan, output: Path) -> None:
    if not plan.container.keeps_forced and any(FORCED in track.flags for track in plan.tracks):
        raise UnsupportedContainer(output, "it has no place for the flag of forced subtitles", ".mkv or .mp4")


def _correct_headers(made: Contents, plan: CopyPlan) -> None:
    numbers = [stream.number for stream in made.of_kind(SUBTITLE)]
    languages = [*(None for _ in plan.old_subtitles), *(track.language for track in plan.tracks)]
    wanted = [
        TrackHeader(DEFAULT in flags, FORCED in flags, language)
        for flags, language in zip(plan.subtitle_flags, languages, strict=True)
    ]
    # Where there are fewer or more than there should be, `check_made` says so afterwards.
    set_track_headers(made.path, dict(zip(numbers, wanted, strict=False)))
