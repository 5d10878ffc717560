"""The commands that make videos with subtitles: arguments -> options of the library -> one call."""

from __future__ import annotations

from ovsubs.cli import options as common
from ovsubs.cli import video_options as o
from ovsubs.cli.printing import show


def embed(
    video: o.Video,
    subtitles: o.TrackFiles,
    output: o.EmbedOutput = None,
    language: o.TrackLanguages = None,
    title: o.TrackTitles = None,
    default: o.DefaultTrack = False,
    forced: o.ForcedTracks = False,
    overwrite: o.VideoOverwrite = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Copy a video and add subtitle tracks to it; nothing is encoded again.

    Exit code: 0 made, 1 a file cannot be read or written, 2 the call is wrong.
    """
    from ovsubs.cli.video import run_embed
    from ovsubs.video.embed import EmbedOptions

    wanted = EmbedOptions(output, tuple(language or ()), tuple(title or ()), default, forced, overwrite)
    show(str(run_embed(video, subtitles, wanted, quiet=quiet)))


def burn(
    video: o.Video,
    subtitles: o.DrawnFile,
    output: o.BurnOutput = None,
    font_size: o.FontSize = None,
    crf: o.Crf = None,
    preset: o.Preset = None,
    overwrite: o.VideoOverwrite = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Draw subtitles into the picture of a video, for players that show no tracks.

    Exit code: 0 made, 1 a file cannot be read or written, 2 the call is wrong.
    """
    from ovsubs.cli.video import run_burn
    from ovsubs.video.burn import BurnOptions

    wanted = BurnOptions(output, font_size, crf, preset, overwrite)
    show(str(run_burn(video, subtitles, wanted, quiet=quiet)))
