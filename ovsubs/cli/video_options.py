"""The options of the commands that make videos with subtitles, with their help."""

from pathlib import Path
from typing import Annotated

import typer

from ovsubs.cli.wildcards import expand_wildcards

Video = Annotated[Path, typer.Argument(help="It stays as it is.", metavar="VIDEO", readable=False)]
TrackFiles = Annotated[
    list[Path],
    typer.Argument(
        help="SRT, VTT or ASS files; each becomes a track.",
        metavar="SUBTITLES...",
        readable=False,
        callback=expand_wildcards,
    ),
]
DrawnFile = Annotated[
    Path, typer.Argument(help="An SRT, VTT or ASS file.", metavar="SUBTITLES", readable=False)
]
EmbedOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File (mp4, m4v, mov, mkv, webm) or folder. [default: NAME.subtitled.EXT beside the video]",
    ),
]
BurnOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="File (mp4, m4v, mov, mkv, webm) or folder. [default: NAME.burned.EXT beside the video]",
    ),
]
TrackLanguages = Annotated[
    list[str] | None,
    typer.Option(
        "--language",
        "-l",
        help="Code or English name; once for each file, in their order. [default: from talk.en.srt]",
    ),
]
TrackTitles = Annotated[
    list[str] | None,
    typer.Option("--title", help="Name of the track; once for each file, in their order."),
]
DefaultTrack = Annotated[
    bool,
    typer.Option(
        "--default/--no-default",
        help="Show the first new track without being asked for, and none that was there.",
    ),
]
ForcedTracks = Annotated[
    bool,
    typer.Option("--forced", help="Flag the new tracks as forced, as talk.en.forced.srt is by its name."),
]
FontSize = Annotated[
    float | None,
    typer.Option("--font-size", help="In 288ths of the picture's height; not for ASS. [default: 16]"),
]
Crf = Annotated[int | None, typer.Option("--crf", help="Quality, lower is better. [default: 20; 31 in webm]")]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset", help="Of x264: ultrafast … placebo, slower is smaller; not in webm. [default: medium]"
    ),
]
VideoOverwrite = Annotated[
    bool, typer.Option("--overwrite", "-y", help="Replace a video that is there; never the one that is read.")
]
