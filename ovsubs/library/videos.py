"""Subtitles that have been written -> copies of their video that show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import InvalidOption
from ovsubs.video.burn import BurnOptions, burn
from ovsubs.video.embed import EmbedOptions, embed

# What a video takes, the best first: each format holds more of the layout than those behind it.
_PREFERRED = ("ass", "srt", "vtt")


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Which copies of each video are made: with a track to be switched on, or with text in the picture."""

    embed: bool = False
    burn: bool = False

    def check(self, formats: Sequence[str]) -> None:
        """Refuse to make copies without a file that a video takes.

        Raises:
            InvalidOption: none of the formats is one.
        """
        for name in ("embed", "burn"):
            if getattr(self, name) and not set(_PREFERRED) & set(formats):
                raise InvalidOption(name, True, f"it needs one of the formats {', '.join(_PREFERRED)}")


def make_videos(
    video: Path,
    subtitles: Mapping[str, Path],
    options: VideoOptions,
    *,
    language: str,
    output_dir: Path | None,
    on_progress: Callable[[float, float], None],
) -> tuple[Path, ...]:
    """Make the copies that are wanted; those that were there are replaced.

    Args:
        video: stays as it is.
        subtitles: by format; the one that holds most of the layout is taken.
        options: what is wanted.
        language: of the text, a code.
        output_dir: None is beside the video.
        on_progress: called with the seconds that are done and the video's length.

    Raises:
        OvsubsError: the video cannot hold them, or a copy cannot be written.
    """
    chosen = next((subtitles[name] for name in _PREFERRED if name in subtitles), None)
    made = list[Path]()
    if options.embed and chosen:
        tagged = EmbedOptions(output_dir, (language,), default=True, overwrite=True)
        made.append(embed(video, [chosen], tagged, on_progress))
    if options.burn and chosen:
        made.append(burn(video, chosen, BurnOptions(output_dir, overwrite=True), on_progress))
    return tuple(made)
