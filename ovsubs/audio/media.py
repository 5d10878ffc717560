"""A file -> what is in it (`probe`), and the samples of a track of it (`stream_audio`)."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.damage import Ended, ReadReport, report
from ovsubs.audio.downmix import mix_down, plain_weights
from ovsubs.audio.ffmpeg import FfmpegChild, media_input, running_ffmpeg, why_it_failed
from ovsubs.audio.holes import SHORTEN_HOLES, HoleFiller
from ovsubs.audio.packets import duration_by_reading, has_lost_its_way, long_holes, restarts
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.streams import AudioTrack, Media, is_current, media_of, read_contents
from ovsubs.errors import NoAudioStream, UnreadableMedia

_BYTES_PER_SAMPLE = 2  # s16le
_FULL_SCALE = 32768.0  # s16
_READ_S = 30.0  # of a track, at once

_AUDIO = "aac ac3 aif aiff amr caf flac m4a m4b mka mp2 mp3 oga ogg opus wav wma"
_VIDEO = "3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
MEDIA_SUFFIXES = frozenset(f".{ending}" for ending in f"{_AUDIO} {_VIDEO}".split())


SUBTITLED, BURNED = "subtitled", "burned"  # talk.burned.mp4: copies with subtitles in them
COPY_MARKS = (SUBTITLED, BURNED)


def probe(path: Path) -> Media:
    """Find out what a file holds, with one call of ffmpeg (two where the container gives no duration).

    Raises:
        MissingFile, EmptyFile: there is nothing to read.
        UnreadableMedia: not audio or video, damaged, not a file, no permission, or it cannot be read on.
        NoAudioStream: pictures only.
    """
    media = media_of(read_contents(path))
    if not media.tracks:
        raise NoAudioStream(path)
    return media if media.duration > 0.0 else replace(media, duration=duration_by_reading(path))


def refresh(media: Media) -> Media:
    """What a file holds that has been probed before; it is probed again only where it has changed since.

    Raises:
        MediaError: it has changed, and cannot be read any more; see `probe`.
    """
    return media if is_current(media.contents) else probe(media.path)


def stream_audio(
    media: Media,
    track: AudioTrack,
    *,
    block_s: float = 30.0,
    start: float = 0.0,
    length: float | None = None,
    on_end: Callable[[ReadReport], None] | None = None,
) -> Generator[NDArray[np.float32], None, None]:
    """Decode a track to 16 kHz mono in consecutive blocks; few blocks are in memory.

    All channels are mixed down; see `ovsubs.audio.downmix`. Holes in the track's time stamps are filled
    with silence, so that sample n of the stream is heard at `track.start + n / SAMPLE_RATE_HZ` in the file.
    A track without samples yields nothing. ffmpeg ends when the iterator does: at its end, when it is
    closed or collected, and on any exception, KeyboardInterrupt included.

    Args:
        media: as probed.
        track: one of `media.tracks`.
        block_s: seconds in each block but the last.
        start: where to begin, in seconds of the track.
        length: seconds to give; to the end by default.
        on_end: called after the last block of a whole-track read with what was found: whether the file
            breaks off, what of it could not be decoded, and how long it is.

    Yields:
        Blocks in [-1, 1].  # float32 [n_samples]

    Raises:
        UnreadableMedia: ffmpeg fails before the first sample, or for a minute can read nothing.
    """
    is_whole = not start and length is None
    limit = ["-t", f"{length:.6f}"] if length is not None else []
    child = _Decoder(media, track, limit)
    weights = plain_weights(track.layout)
    parts = child.read(start)
    mono = mix_down(parts, weights) if weights is not None else (_to_float(part[:, 0]) for part in parts)
    filler = HoleFiller(lambda: long_holes(media, track), media.duration - track.start + _READ_S)
    n_samples = 0
    with closing(parts):
        for block in _blocks(filler.fill(mono), max(1, round(block_s * SAMPLE_RATE_HZ))):
            n_samples += len(block)
            yield block
    if child.code and not n_samples:
        raise UnreadableMedia(media.path, why_it_failed(child.stderr))
    if on_end and is_whole:
        heard_s = n_samples / SAMPLE_RATE_HZ
        on_end(report(media, track, Ended(heard_s, child.code, child.stderr, filler.holes)))


class _Decoder:
    """ffmpeg decoding one track, all channels of it. `code` and `stderr` are there once it has ended."""

    def __init__(self, media: Media, track: AudioTrack, limit: Sequence[str]) -> None:
        picked = ("-map", f"0:a:{track.index}", "-vn", "-sn", "-dn")
        self._input = (*media_input(media.path), *picked, *limit)
        self._source = media.path
        self._track = track
        self._may_restart = not limit
        self._end_s = media.duration
        weights = plain_weights(track.layout)
        self._n_channels = 1 if weights is None else len(weights)
        self.code, self.stderr = 0, ""

    def read(self, start: float) -> Generator[NDArray[np.int16], None, None]:
        """Samples of all channels from a time of the track on.  # int16 [n_samples, n_channels]

        Where ffmpeg loses its way, a new one begins behind the place, and silence is put in between.
        """
        seek, n_samples, n_left_out = self._track.start + start if start else 0.0, 0, 0
        for further_s in restarts():
            arguments = self._arguments(seek, is_restart=n_samples > 0)
            with running_ffmpeg(arguments, source=self._source) as child:
                for part in _parts(child, self._n_channels):
                    if n_left_out:
                        yield np.zeros((n_left_out, self._n_channels), np.int16)
                    n_samples, n_left_out = n_samples + n_left_out + len(part), 0
                    yield part
                self.code, stderr = child.finish()
            self.stderr += stderr
            n_left_out += round(further_s * SAMPLE_RATE_HZ)
            seek = self._track.start + start + (n_samples + n_left_out) / SAMPLE_RATE_HZ
            is_lost = bool(n_samples) and has_lost_its_way(self.code, stderr) and self._may_restart
            if not is_lost or seek >= self._end_s:
                return

    def _arguments(self, seek: float, *, is_restart: bool) -> list[str]:
        # async=1 fills and trims where time stamps jump by over 0.1 s; it stretches nothing.
        filters = f"{SHORTEN_HOLES},aresample=async=1"
        if is_restart:
            filters += ":first_pts=0"  # the first packets may be garbled, too
        if self._n_channels > 1 and not self._track.layout.endswith(" channels"):
            filters += (
                f",aformat=channel_layouts={self._track.layout}"  # a broadcast may change it on the way
            )
        wanted = ["-af", filters, "-ac", str(self._n_channels), "-ar", str(SAMPLE_RATE_HZ)]
        begin = ["-ss", f"{seek:.6f}"] if seek else []
        return [*begin, *self._input, *wanted, "-f", "s16le", "pipe:1"]


def _parts(child: FfmpegChild, n_channels: int) -> Iterator[NDArray[np.int16]]:
    """What ffmpeg writes, as samples of all channels.  # int16 [n_samples, n_channels]"""
    frame_bytes = n_channels * _BYTES_PER_SAMPLE
    part_bytes = round(_READ_S * SAMPLE_RATE_HZ) * frame_bytes
    while raw := child.output.read(part_bytes):
        n_frames = len(raw) // frame_bytes
        yield np.frombuffer(raw, "<i2", count=n_frames * n_channels).reshape(n_frames, n_channels)


def _to_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    converted = samples.astype(np.float32)
    converted /= _FULL_SCALE
    return converted


def _blocks(parts: Iterable[NDArray[np.float32]], n_samples: int) -> Iterator[NDArray[np.float32]]:
    """The same samples in blocks of one length; the last may be shorter."""
    held, n_held = list[NDArray[np.float32]](), 0
    for part in parts:
        while n_held + len(part) >= n_samples:
            cut = n_samples - n_held
            yield np.concatenate([*held, part[:cut]]) if held else part[:cut].copy()
            held, n_held, part = [], 0, part[cut:]
        if len(part):
            held.append(part)
            n_held += len(part)
    if held:
        yield np.concatenate(held)
