"""What the caller gives, a file or samples -> one track in blocks, with its place in time."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.damage import ReadReport
from ovsubs.audio.media import probe, refresh, stream_audio
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.audio.streams import AudioTrack, Media
from ovsubs.audio.tracks import TrackChoice, rank_tracks
from ovsubs.errors import InvalidOption

# The loudest masters peak at 1.4 (+3 dB) once they are decoded from MP3 or AAC in floating point; resampling
# adds a little. Samples of 8 or 16 bits that nobody has scaled reach tens to thousands.
_MAX_PEAK = 1.5

# A path, what has been probed of one already, or samples: mono 16 kHz in [-1, 1].  # float32 [n_samples]
Audio = str | Path | Media | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MediaTrack:
    """The track of a file that is heard: one of `media.tracks`, as `choice` says."""

    media: Media
    choice: TrackChoice


@dataclass(frozen=True, slots=True)
class AudioSource:
    """One track to transcribe.

    `offset` is where its first sample lies in the file, in seconds; `duration` is the file's.
    `blocks` are consecutive samples, mono 16 kHz, read once; close them to end ffmpeg.  # float32 [n_samples]
    `origin` says which track of which file it is; samples have none.
    """

    name: str
    duration: float
    offset: float
    blocks: Generator[NDArray[np.float32], None, None]
    origin: MediaTrack | None = None


def open_source(
    audio: Audio,
    track: int | str | None,
    on_end: Callable[[ReadReport], None],
    *,
    languages: Sequence[str] = (),
) -> AudioSource:
    """A track of a media file, or samples as they are.

    Args:
        audio: see `Audio`.
        track: which audio track of a file; see `rank_tracks`.
        on_end: called when a file has been read, with what was found to be wrong with it.
        languages: of the speech, as far as they are known; see `rank_tracks`.

    Raises:
        MediaError: the file cannot be read; see `probe` and `rank_tracks`.
        InvalidOption: an array of another shape, type or scale, or a track of an array.
    """
    if isinstance(audio, str | Path | Media):
        media = refresh(audio) if isinstance(audio, Media) else probe(Path(audio))
        return open_track(media, rank_tracks(media, track, languages), on_end)
    samples: Any = np.asarray(audio)
    if samples.ndim != 1 or samples.dtype != np.float32:
        shown = f"{samples.dtype} {list(samples.shape)}"
        raise InvalidOption("audio", shown, "give a path, or float32 samples of one channel at 16 kHz")
    if track is not None:
        raise InvalidOption("audio_track", track, "samples have no tracks")
    peak = max(samples.max(initial=0.0), -samples.min(initial=0.0))
    if not np.isfinite(peak):
        raise InvalidOption("audio", "samples", "they contain NaN or infinity")
    if peak > _MAX_PEAK:
        why = "they lie in [-1, 1]; divide those of 16 bits by 32768, and louder ones by their peak"
        raise InvalidOption("audio", f"samples up to {peak:g}", why)
    return AudioSource("", len(samples) / SAMPLE_RATE_HZ, 0.0, (block for block in [samples]))


def open_track(
    media: Media,
    choice: TrackChoice,
    on_end: Callable[[ReadReport], None],
    instead: AudioTrack | None = None,
) -> AudioSource:
    """The chosen track of a file that has been probed, or another one `instead` of it."""
    track = instead or choice.track
    blocks = stream_audio(media, track, on_end=on_end)
    return AudioSource(str(media.path), media.duration, track.start, blocks, MediaTrack(media, choice))
