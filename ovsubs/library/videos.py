"""Subtitles that have been written -> copies of their video that show them."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.streams import Contents, is_current
from ovsubs.errors import (
    CopyIsInput,
    InvalidOption,
    OutputIsInput,
    UnsupportedContainer,
    UnsupportedCopy,
    UnwritableOutput,
    UnwritableVideo,
)
from ovsubs.subtitles.formats import VIDEO_FORMATS
from ovsubs.video.burn import BurnOptions, burned_path, burning
from ovsubs.video.embed import EmbedOptions, embedded_path, embedding
from ovsubs.video.writing import CopyPosition


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Which copies of each video are made: with a track to be switched on, or with text in the picture."""

    embed: bool = False
    burn: bool = False

    def __bool__(self) -> bool:
        """Whether any copy is wanted."""
        return self.embed or self.burn

    def check(self, formats: Sequence[str]) -> None:
        """Refuse to make copies without a file that a video takes.

        Raises:
            InvalidOption: none of the formats is one.
        """
        for name in ("embed", "burn"):
            if getattr(self, name) and not set(VIDEO_FORMATS) & set(formats):
                raise InvalidOption(name, True, f"it needs one of the formats {', '.join(VIDEO_FORMATS)}")

    def lacking(self, video: Path, output_dir: Path | None) -> VideoOptions:
        """Those of the copies that are not there yet."""
        return VideoOptions(
            embed=self.embed and not embedded_path(video, output_dir).exists(),
            burn=self.burn and not burned_path(video, output_dir).exists(),
        )

    def copies(self, video: Path, output_dir: Path | None) -> tuple[Path, ...]:
        """Where the copies of a video go; `output_dir` None is beside it."""
        places = ((self.embed, embedded_path), (self.burn, burned_path))
        return tuple(place(video, output_dir) for is_wanted, place in places if is_wanted)


@dataclass(frozen=True, slots=True)
class Copies:
    """Where the copies of a video are, and what is to be noted of them, a line each."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def best_format(formats: Sequence[str]) -> str:
    """The one that copies show; at least one of them is such as a video takes."""
    return next(name for name in VIDEO_FORMATS if name in formats)


def make_videos(
    source: Contents,
    subtitles: Path,
    options: VideoOptions,
    *,
    language: str | None,
    output_dir: Path | None,
    overwrite: bool,
) -> Generator[CopyPosition, None, Copies]:
    """Make the copies that are wanted, telling how far each is.

    Args:
        source: the video, which stays as it is.
        subtitles: SRT, VTT or ASS.
        options: what is wanted.
        language: of the text, a code; None reads it off the name of the subtitles.
        output_dir: None is beside the video.
        overwrite: replace copies that are there.

    Raises:
        OvsubsError: the video cannot hold them, or a copy cannot be written.
    """
    made, notes = list[Path](), list[str]()
    video, languages = source.path, (language,) if language else ()
    contents = source if is_current(source) else None
    try:
        if options.embed:
            tagged = EmbedOptions(output_dir, languages, default=True, overwrite=overwrite)
            made.append((yield from embedding(video, [subtitles], tagged, notes.append, contents)))
        if options.burn:
            burned = BurnOptions(output_dir, overwrite=overwrite)
            made.append((yield from burning(video, subtitles, burned, notes.append, contents)))
    except UnsupportedContainer as error:
        copy, why, _ = error.args
        raise UnsupportedCopy(copy, why, _embed_command(video, subtitles, languages, copy)) from error
    except OutputIsInput as error:
        raise CopyIsInput(*error.args) from error
    except UnwritableVideo as error:  # copies lie where the subtitles do
        raise UnwritableOutput(*error.args) from error
    return Copies(tuple(made), tuple(notes))


def _embed_command(video: Path, subtitles: Path, languages: Sequence[str], copy: Path) -> str:
    """What a person types for a copy in the one container that holds nearly everything."""
    tags = [word for language in languages for word in ("-l", language)]
    command = ["ovsubs", "embed", video, subtitles, *tags, "-o", copy.with_suffix(".mkv")]
    return shlex.join(map(str, command))
