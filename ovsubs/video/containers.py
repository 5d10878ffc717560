"""The ending of an output -> what such a file can hold, and how ffmpeg writes it."""

from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import UnsupportedContainer

_TEXT = frozenset({"subrip", "ass", "ssa", "webvtt", "mov_text", "text"})  # subtitle codecs made of text


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file, in ffmpeg's names.

    `subtitle_codec` is what new tracks of text get, `held_text` which codecs of text stay as they are.
    `audio_codecs` can be copied into it (None: all), others become `audio_codec`; `video_codec` encodes the
    picture. `terminologic`: the form of language tags (ISO 639-2/T, else /B). `keeps_forced`: it has a place
    for that flag. `covers_attached`: a cover is an attachment there, not a stream.
    """

    muxer: str
    subtitle_codec: str
    held_text: frozenset[str]
    video_codec: str
    audio_codec: str
    audio_codecs: frozenset[str] | None
    terminologic: bool = False
    keeps_forced: bool = True
    covers_attached: bool = False

    @property
    def is_mp4(self) -> bool:
        """Whether it is of the MP4 family, with boxes and tracks that are enabled or not."""
        return self.muxer in ("mp4", "mov")

    def copied_subtitle(self, codec: str) -> str:
        """What becomes of a subtitle track that is there: "copy", or this container's codec for text."""
        return self.subtitle_codec if codec in _TEXT - self.held_text else "copy"

    def new_subtitle(self, format: str) -> str:
        """The codec for a subtitle file of this format: ASS keeps its styles where the container has any."""
        return "ass" if format == "ass" and "ass" in self.held_text else self.subtitle_codec

    def copies_audio(self, codec: str) -> bool:
        """Whether it takes sound in this codec, and players expect it there."""
        return self.audio_codecs is None or codec in self.audio_codecs


_MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus", "dts"})
_PCM = frozenset({"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"})
_MP4 = Container("mp4", "mov_text", frozenset({"mov_text"}), "libx264", "aac", _MP4_AUDIO, terminologic=True)
_MOV = Container(
    "mov",
    "mov_text",
    frozenset({"mov_text"}),
    "libx264",
    "aac",
    (_MP4_AUDIO | _PCM) - {"flac", "opus"},
    terminologic=True,
    keeps_forced=False,
)
_MKV = Container(
    "matroska", "subrip", _TEXT - {"mov_text"}, "libx264", "aac", audio_codecs=None, covers_attached=True
)
_WEBM = Container(
    "webm", "webvtt", frozenset({"webvtt"}), "libvpx-vp9", "libopus", frozenset({"opus", "vorbis"})
)
_BY_ENDING = {".mp4": _MP4, ".m4v": _MP4, ".mov": _MOV, ".mkv": _MKV, ".webm": _WEBM}
ENDINGS = tuple(_BY_ENDING)


def container_of(output: Path) -> Container:
    """The container that an output's ending stands for.

    Raises:
        UnsupportedContainer: it is none that can hold subtitles and that players read them from.
    """
    container = _BY_ENDING.get(output.suffix.lower())
    if container is None:
        raise UnsupportedContainer(output, f"only {', '.join(ENDINGS)} are written", ".mkv")
    return container
