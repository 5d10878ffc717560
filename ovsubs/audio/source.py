"""What the caller gives, a file or samples -> one track in blocks, with its place in time."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.media import SAMPLE_RATE_HZ, choose_track, probe, stream_audio
from ovsubs.errors import InvalidOption

# The loudest masters peak at 1.4 (+3 dB) once they are decoded from MP3 or AAC in floating point; resampling
# adds a little. Samples of 8 or 16 bits that nobody has scaled reach tens to thousands.
_MAX_PEAK = 1.5


@dataclass(frozen=True, slots=True)
class AudioSource:
    """One track to transcribe.

    `offset` is where its first sample lies in the file, in seconds; `duration` is the file's.
    `blocks` are consecutive samples, mono 16 kHz, read once; close them to end ffmpeg.  # float32 [n_samples]
    """

    name: str
    duration: float
    offset: float
    blocks: Generator[NDArray[np.float32], None, None]


def open_source(
    audio: str | Path | NDArray[np.float32], track: int | str | None, on_damage: Callable[[str], None]
) -> AudioSource:
    """A track of a media file, or samples as they are.

    Args:
        audio: a path, or samples, mono 16 kHz in [-1, 1].  # float32 [n_samples]
        track: which audio track of a file; see `choose_track`.
        on_damage: called with a sentence if the file turns out to break off.

    Raises:
        MediaError: the file cannot be read; see `probe` and `choose_track`.
        InvalidOption: an array of another shape, type or scale, or a track of an array.
    """
    if isinstance(audio, (str, Path)):
        media = probe(Path(audio))
        chosen = choose_track(media, track)
        blocks = stream_audio(media, chosen, on_damage=on_damage)
        return AudioSource(str(audio), media.duration, chosen.start, blocks)
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
