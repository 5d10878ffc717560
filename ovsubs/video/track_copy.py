"""A video's streams and new subtitle tracks -> what ffmpeg has to do to copy the ones and add the others."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import media_input
from ovsubs.audio.streams import ATTACHMENT, AUDIO, DATA, DEFAULT, SUBTITLE, VIDEO, Contents, Stream
from ovsubs.steps import run_to_end
from ovsubs.video.containers import Container
from ovsubs.video.subtitle_files import ASS, VTT, SubtitleScript, write_plain
from ovsubs.video.writing import KEPT_DATA, OnNote, run_ffmpeg

_COPIED = frozenset({VIDEO, AUDIO, SUBTITLE, ATTACHMENT})
_REMADE_DATA = frozenset({"text", "tmcd"})  # MP4's tracks of chapters and time codes: ffmpeg writes them anew
_STYLED = frozenset({"ass", "ssa"})
_COVER_ENDINGS = {"mjpeg": ".jpg"}  # codec -> ending, where they differ


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A subtitle file with what its track is to say of itself; `language` is as the container writes it."""

    subtitles: SubtitleScript
    language: str
    title: str | None
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """Streams of `source` that are kept, in order, and the tracks that come behind them."""

    source: Contents
    kept: tuple[Stream, ...]
    tracks: tuple[NewTrack, ...]
    container: Container

    @property
    def old_subtitles(self) -> list[Stream]:
        """The subtitle tracks that the video has already."""
        return [stream for stream in self.kept if stream.kind == SUBTITLE]

    @property
    def subtitle_flags(self) -> list[frozenset[str]]:
        """The flags of all subtitle tracks in the copy: a new default takes the place of the old."""
        new = [track.flags for track in self.tracks]
        lost = {DEFAULT} if any(DEFAULT in flags for flags in new) else frozenset[str]()
        return [*(stream.flags - lost for stream in self.old_subtitles), *new]


def kept_streams(source: Contents, container: Container, say: OnNote) -> tuple[Stream, ...]:
    """The streams to copy. Data that ffmpeg cannot copy is left out, and a person told of it."""
    kept = []
    for stream in source.streams:
        if stream.kind in _COPIED or (stream.kind == DATA and stream.tag in KEPT_DATA and container.is_mp4):
            kept.append(stream)
        elif stream.tag not in _REMADE_DATA:
            what = f"{stream.kind.lower()} {stream.tag or stream.codec}"
            say(f"{source.path}: stream {stream.index} ({what}) is left out: ffmpeg cannot copy it")
    return tuple(kept)


def tell_lost_styles(plan: CopyPlan, say: OnNote) -> None:
    """Tell a person of text that loses its looks, since this container has none."""
    old = [
        f"{plan.source.path}: subtitle track {number}"
        for number, stream in enumerate(plan.old_subtitles)
        if stream.codec in _STYLED and plan.container.copied_subtitle(stream.codec) != "copy"
    ]
    styled = [track.subtitles for track in plan.tracks if track.subtitles.is_styled]
    new = [str(each.path) for each in styled if plan.container.new_subtitle(each.format) not in _STYLED]
    for what in [*old, *new]:
        say(f"{what}: only its text is kept; for its styles choose an output name ending in .mkv")


def copy_arguments(plan: CopyPlan, folder: Path) -> list[str]:
    """What ffmpeg is told, but for the output's name. What else it is to read is written into `folder`.

    Raises:
        OvsubsError: a cover cannot be read.
    """
    return [
        *_inputs(plan, folder),
        *_picked(plan),
        *(_attached_covers(plan, folder) if plan.container.covers_attached else ()),
        *_codecs(plan),
        *_tags(plan),
        *_muxer(plan),
    ]


def _inputs(plan: CopyPlan, folder: Path) -> list[str]:
    # genpts: AVI does not say when each picture is shown, and other containers must.
    arguments = ["-fflags", "+genpts", *_input(plan.source)]
    for number, track in enumerate(plan.tracks):
        format, text = track.subtitles.format, track.subtitles.text
        if plan.container.new_subtitle(format) == VTT:
            format, text = ASS, track.subtitles.as_vtt_source
        plain = write_plain(folder, str(number), format, text)
        arguments += ["-f", format, "-i", plain.name]
    return arguments


def _picked(plan: CopyPlan) -> list[str]:
    arguments = []
    for stream in plan.kept:
        if not (stream.is_cover and plan.container.covers_attached):
            arguments += ["-map", f"0:{stream.index}"]
    for number in range(len(plan.tracks)):
        arguments += ["-map", str(number + 1)]
    return [*arguments, "-map_metadata", "0", "-map_chapters", "0"]


def _attached_covers(plan: CopyPlan, folder: Path) -> list[str]:
    """Covers as attachments; ffmpeg would copy them as video tracks of one picture."""
    covers = [stream for stream in plan.kept if stream.is_cover]
    first = sum(stream.kind == ATTACHMENT for stream in plan.kept)
    arguments = []
    for number, cover in enumerate(covers, start=first):
        ending = _COVER_ENDINGS.get(cover.codec, f".{cover.codec}")
        file = folder / f"cover{cover.index}{ending}"
        reading = [*_input(plan.source), "-map", f"0:{cover.index}", "-c", "copy", "-frames:v", "1"]
        picture = [*reading, "-f", "image2", "-update", "1", file.name]
        run_to_end(run_ffmpeg(plan.source, file, picture, folder))
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        arguments += ["-attach", file.name]
        for tag in (f"mimetype={kind}", f"filename={cover.filename or f'cover{ending}'}"):
            arguments += [f"-metadata:s:t:{number}", tag]
    return arguments


def _codecs(plan: CopyPlan) -> list[str]:
    old = [plan.container.copied_subtitle(stream.codec) for stream in plan.old_subtitles]
    new = [plan.container.new_subtitle(track.subtitles.format) for track in plan.tracks]
    arguments = ["-c:v", "copy", "-c:a", "copy", "-c:t", "copy", "-c:d", "copy"]
    for number, codec in enumerate([*old, *new]):
        arguments += [f"-c:s:{number}", codec]
    return arguments


def _tags(plan: CopyPlan) -> list[str]:
    arguments = []
    for number, (stream, flags) in enumerate(zip(plan.old_subtitles, plan.subtitle_flags, strict=False)):
        if flags != stream.flags:
            arguments += [f"-disposition:s:{number}", f"-{DEFAULT}"]  # its other flags stay
    for number, track in enumerate(plan.tracks, start=len(plan.old_subtitles)):
        tags = [f"language={track.language}"]
        if track.title is not None:
            tags += [f"title={track.title}"]
            tags += (
                [f"handler_name={track.title}"] if plan.container.is_mp4 else []
            )  # what players of MP4 show
        for tag in tags:
            arguments += [f"-metadata:s:s:{number}", tag]
        arguments += [f"-disposition:s:{number}", "+".join(sorted(track.flags)) or "0"]
    return arguments


def _muxer(plan: CopyPlan) -> list[str]:
    muxer = plan.container.muxer
    if not plan.container.is_mp4:
        return ["-f", muxer]
    apple = "+use_metadata_tags" if plan.source.apple_tags and muxer == "mov" else ""
    return ["-movflags", f"+faststart{apple}", "-f", muxer]


def _input(source: Contents) -> list[str]:
    return media_input(source.path.resolve())
