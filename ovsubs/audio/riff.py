"""WAV and AVI -> how much of what their header announces is there, of which ffmpeg says nothing."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Sizes that a program writes if it cannot go back and correct them: 0, or the largest number, or nearly
# (`arecord`, sox, ffmpeg into a pipe).
_UNKNOWN = ((0, 0), (0x7FFF_0000, 0x8000_FFFF), (0xFFFF_0000, 0xFFFF_FFFF))
_LONG = 0xFFFF_FFFF  # RF64: the size is in the chunk `ds64` (EBU Tech 3306)


@dataclass(frozen=True, slots=True)
class Announced:
    """What a header announces and what follows it, in bytes; `duration` in seconds, 0 if it does not say."""

    announced: int
    there: int
    duration: float = 0.0

    @property
    def share(self) -> float:
        """The part that is there, up to 1."""
        return min(1.0, self.there / self.announced)


def read_announced(path: Path) -> Announced | None:
    """What a WAV (RIFF, RF64, W64) or AVI file announces; None for other files, and where it does not say."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(40)
        if head[:4] == b"riff" and head[24:28] == b"wave":
            return _sony_wave(file, size)
        kind = head[:4], head[8:12]
        if kind in ((b"RIFF", b"WAVE"), (b"RF64", b"WAVE"), (b"BW64", b"WAVE")):
            return _wave(file, size)
        if kind == (b"RIFF", b"AVI "):
            return _avi(file, size)
    return None


def _wave(file: IO[bytes], size: int) -> Announced | None:
    place, long_size = 12, 0
    while len(head := _at(file, place, 8)) == 8:
        name, length = struct.unpack("<4sI", head)
        if name == b"ds64":
            long_size = int(struct.unpack("<Q", _at(file, place + 16, 8).ljust(8, b"\0"))[0])
        if name == b"data":
            if length == _LONG and long_size:
                return Announced(long_size, size - place - 8) if long_size < 1 << 62 else None
            return _known(length, size - place - 8)
        place += 8 + length + length % 2
    return None


def _sony_wave(file: IO[bytes], size: int) -> Announced | None:
    """Sony Wave64: chunks have names of 16 bytes and sizes of 8, which count their own head."""
    place = 40
    while len(head := _at(file, place, 24)) == 24:
        name, length = struct.unpack("<4s12xQ", head)
        if name == b"data":
            return Announced(length - 24, size - place - 24) if 24 < length < 1 << 62 else None
        if length < 24:
            return None
        place += (length + 7) // 8 * 8
    return None


def _avi(file: IO[bytes], size: int) -> Announced | None:
    """A long AVI has several RIFF chunks (OpenDML); each must be there whole."""
    place = 0
    while len(head := _at(file, place, 12)) == 12 and head[:4] == b"RIFF":
        length = struct.unpack("<I", head[4:8])[0]
        part = _known(length, size - place - 8)
        if part is None:
            return None
        place += 8 + length + length % 2
    head = _at(file, 24, 32)  # the first chunk: "avih", its size, microseconds of a frame, ..., frames
    if len(head) < 32 or head[:4] != b"avih":
        return Announced(place, size)
    frame_us, n_frames = struct.unpack("<8xI12xI4x", head)
    return Announced(place, size, frame_us * n_frames / 1e6)


def _known(length: int, there: int) -> Announced | None:
    if any(low <= length <= high for low, high in _UNKNOWN):
        return None
    return Announced(length, there)


def _at(file: IO[bytes], place: int, n_bytes: int) -> bytes:
    file.seek(place)
    return file.read(n_bytes)
