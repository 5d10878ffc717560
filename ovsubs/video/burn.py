"""A video and a subtitle file -> a video with the subtitles in its picture, which every player shows."""

from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import input_url, media_input
from ovsubs.audio.media import BURNED
from ovsubs.audio.streams import AUDIO, VIDEO, Contents, Stream, read_contents
from ovsubs.bounds import check_number
from ovsubs.errors import InvalidOption, NoPicture, UndrawableText
from ovsubs.temporary import temporary_folder
from ovsubs.video.containers import ENDINGS, Container, container_of
from ovsubs.video.glyphs import find_undrawable, told
from ovsubs.video.styling import FONT_SIZE, styled
from ovsubs.video.subtitle_files import ASS, SubtitleScript, read_script, tell_notes, write_plain
from ovsubs.video.writing import (
    DRAWN,
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

PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"),
    "placebo",
)
_ELSE = ".mp4"  # what becomes of a video whose own kind is not written, such as AVI
_X264, _VP9 = "libx264", "libvpx-vp9"
_CRF = {_X264: 20, _VP9: 31}  # good quality: below x264's own 23; what libvpx's guide names for 1080 lines
_MAX_CRF = {_X264: 51, _VP9: 63}
_PRESET = "medium"  # x264's own
# Fast enough to wait for; without `-b:v 0` VP9 would aim at a bitrate (trac.ffmpeg.org, Encode/VP9).
_VP9_SPEED = ("-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1")
_BITRATES = {"aac": "192k", "libopus": "128k"}
# libopus refuses 5.1 with its rear speakers at the sides, as films have it.
_LAYOUTS = "aformat=channel_layouts=7.1|5.1|stereo|mono"
_EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # yuv420p has one colour for two by two pixels


@dataclass(frozen=True, slots=True)
class BurnOptions:
    """How subtitles are drawn and the picture is encoded, and where the new video goes.

    `output`: a file or a folder; None is `NAME.burned.EXT` beside the video, with mp4 for kinds that are not
    written. `font_size`: in 288ths of the picture's height, 16 by default; not for ASS, which has its own.
    `crf`: quality, lower is better; 20 by default, and 31 in webm. `preset`: x264's, from ultrafast to
    placebo; not for webm. `overwrite`: replace an output that is there.
    """

    output: Path | None = None
    font_size: float | None = None
    crf: int | None = None
    preset: str | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.font_size is not None:
            check_number("font_size", self.font_size, "give 1 to 100", least=1, most=100)
        if self.preset is not None and self.preset not in PRESETS:
            raise InvalidOption("preset", self.preset, f"choose from {', '.join(PRESETS)}")

    def check(self, encoder: str, *, is_styled: bool) -> None:
        """Refuse what cannot be obeyed with this encoder and these subtitles.

        Raises:
            InvalidOption: that is so.
        """
        if self.font_size is not None and is_styled:
            raise InvalidOption("font_size", self.font_size, "an ASS file has sizes of its own")
        if self.preset is not None and encoder != _X264:
            raise InvalidOption("preset", self.preset, "webm is encoded by VP9, which has none")
        if self.crf is not None and not 0 <= self.crf <= _MAX_CRF[encoder]:
            raise InvalidOption("crf", self.crf, f"give 0 to {_MAX_CRF[encoder]}")


def burned_path(video: Path, named: Path | None) -> Path:
    """Where the copy goes: `NAME.burned.EXT` beside the video or in the folder named, else as named.

    Raises:
        UnwritableVideo: what is named can be no file.
    """
    ending = video.suffix if video.suffix.lower() in ENDINGS else _ELSE
    return choose_output(video, named, BURNED, ending)


def burn(
    video: Path,
    subtitles: Path,
    options: BurnOptions | None = None,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
) -> Path:
    """Draw subtitles into the picture of a video; returns the path of the new video.

    The first video track is encoded anew, as H.264 or, in webm, VP9. All audio tracks are copied where the
    container holds them, tags and chapters as well; subtitle tracks, attachments and data are left out.
    Pictures keep their times. A rotated video is turned; of an odd size the last row or column is cut.

    Args:
        video: stays as it is.
        subtitles: SRT or VTT, which get a plain style, or ASS with its own.
        options: the defaults are those of `BurnOptions`.
        on_progress: called with the seconds that are encoded and the video's length.
        on_note: called with one line about sound that had to be encoded, or signs that no font has.

    Raises:
        UsageError: an option that cannot be obeyed here, or another kind of output than is written.
        MediaError: one of the files cannot be read, or there is no picture.
        UndrawableText: no font on this machine has the letters.
        OutputError: the output is there, is one of the files to read, or cannot be written.
        ConversionFailed: ffmpeg gives up, or the video breaks off.
    """
    return finish(burning(video, subtitles, options or BurnOptions(), on_note or ignore), on_progress)


def burning(
    video: Path, subtitles: Path, options: BurnOptions, say: OnNote, contents: Contents | None = None
) -> Copying:
    """`burn`, telling how far it is; closed before its end, it leaves nothing.

    Args:
        video: stays as it is.
        subtitles: as `burn` takes them.
        options: as those of `burn`.
        say: called with one line about what could not be kept or drawn.
        contents: of the video, where they have been read already.

    Raises:
        OvsubsError: as `burn`.
    """
    output = burned_path(video, options.output)
    container = container_of(output)
    source = contents or read_contents(video)
    picture = next(iter(source.of_kind(VIDEO)), None)
    if picture is None:
        raise NoPicture(video)
    read = read_script(subtitles)
    options.check(container.video_codec, is_styled=read.is_styled)
    check_output(output, [video, subtitles], overwrite=options.overwrite)
    tell_notes([read], say)
    _check_drawable(read, say)
    with appearing_whole(output) as temporary, temporary_folder() as folder:
        script = write_plain(folder, "cues", ASS, _script(read, picture, options))
        arguments = [
            *media_input(video.resolve()),
            *("-map", f"0:{picture.index}", "-map", "0:a?"),
            *("-vf", f"{_EVEN},ass={script.name}"),
            *_encoding(container, options),
            *_sound(source, container, say),
            *(("-movflags", "+faststart") if container.is_mp4 else ()),
            *("-f", container.muxer, input_url(temporary)),
        ]
        complaints = yield from run_ffmpeg(source, output, arguments, script.parent)
        expected = [VIDEO, *(AUDIO for _ in source.of_kind(AUDIO))]
        check_made(read_contents(temporary), source, expected, complaints)
    return output


def _check_drawable(subtitles: SubtitleScript, say: OnNote) -> None:
    missing = find_undrawable(subtitles)
    if missing.everything:
        raise UndrawableText(subtitles.path, "any of its text")
    if missing.letters:
        raise UndrawableText(subtitles.path, told(missing.letters))
    if missing.signs:
        say(f"{subtitles.path}: no font on this machine has {told(missing.signs)}; boxes stand for them")


def _script(subtitles: SubtitleScript, picture: Stream, options: BurnOptions) -> str:
    if subtitles.is_styled:
        return subtitles.text
    size = FONT_SIZE if options.font_size is None else options.font_size
    return styled(subtitles.ass, max(1, picture.width), max(1, picture.height), size)


def _encoding(container: Container, options: BurnOptions) -> list[str]:
    encoder = container.video_codec
    crf = _CRF[encoder] if options.crf is None else options.crf
    speed = ("-preset", options.preset or _PRESET) if encoder == _X264 else _VP9_SPEED
    # Each picture keeps its time: without these, ffmpeg moves those of a variable frame rate onto a grid.
    times = ("-fps_mode", "passthrough", "-enc_time_base", "demux")
    # An encoder may hold back the first sixty pictures; so ffmpeg tells of each that is drawn.
    drawn = ("-stats_enc_pre:v", "pipe:1", "-stats_enc_pre_fmt:v", f"{DRAWN.decode()}={{n}}")
    return ["-c:v", encoder, "-crf", str(crf), *speed, "-pix_fmt", "yuv420p", *times, *drawn]


def _sound(source: Contents, container: Container, say: OnNote) -> list[str]:
    arguments = []
    for number, stream in enumerate(source.of_kind(AUDIO)):
        if container.copies_audio(stream.codec):
            arguments += [f"-c:a:{number}", "copy"]
            continue
        codec = container.audio_codec
        arguments += [f"-c:a:{number}", codec, f"-b:a:{number}", _BITRATES[codec]]
        if codec == "libopus":
            arguments += [f"-filter:a:{number}", _LAYOUTS]
        say(f"{source.path}: audio track {number} ({stream.codec}) is encoded anew for this container")
    return arguments
