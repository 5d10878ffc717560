"""What tracks of an MP4 or QuickTime file say of themselves, corrected after ffmpeg has written it.

ffmpeg (libavformat/movenc.c) enables the first subtitle track where none is to be the default, so that
players show what nobody asked for; it does not say of a forced track that its texts are, which is what
Apple's players look for; and in QuickTime it knows the languages of a list of old and drops the others. It
has options for none of these.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_ENABLED = 0x000001  # of the flags of a tkhd box (ISO/IEC 14496-12, 8.3.2)
_ALL_FORCED = 0xC0000000  # displayFlags: some samples, and all samples, are forced (QuickTime File Format)
_HEADER_BYTES, _LARGE_HEADER_BYTES = 8, 16
_NUMBER_BYTES, _LANGUAGE_BYTES = 4, 2
_FULL_BOX_BYTES = 4  # version and flags
_TIMES_BYTES = (8, 16)  # when it was made and changed, by version
_SCALE_AND_DURATION_BYTES = (8, 12)  # the same
_SAMPLE_ENTRY_BYTES = 8  # six reserved, and the data reference
_LETTER_BITS, _BEFORE_A = 5, 0x60  # three letters of five bits make a language (8.4.2)


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What a track is to say of itself: `enabled` is shown without being asked for.

    `forced` is only ever added: of a track that was copied, a flag that ffmpeg does not read may be there.
    `language`: three letters (ISO 639-2/T), None to leave it.
    """

    enabled: bool
    forced: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    """Where the content of a box lies in the file, in bytes."""

    start: int
    end: int


def set_track_headers(path: Path, wanted: Mapping[int, TrackHeader]) -> None:
    """Correct tracks, by their numbers in the file, in place. Tracks that are not named stay as they are.

    Raises:
        OSError: the file cannot be read or written.
    """
    with path.open("r+b") as file:
        for track in _inside(file, _Box(0, file.seek(0, 2)), b"moov", b"trak"):
            for header in _inside(file, track, b"tkhd"):
                number = _number(file, header.start + _FULL_BOX_BYTES + _TIMES_BYTES[_version(file, header)])
                if number in wanted:
                    _set_enabled(file, header, wanted[number].enabled)
                    _set_forced(file, track, wanted[number].forced)
                    _set_language(file, track, wanted[number].language)


def _set_enabled(file: BinaryIO, header: _Box, enabled: bool) -> None:
    before = _number(file, header.start) & ~_ENABLED
    _write(file, header.start, before | (_ENABLED if enabled else 0))


def _set_forced(file: BinaryIO, track: _Box, forced: bool) -> None:
    """Of 3GPP timed text; other kinds of text have no such flag."""
    for table in _inside(file, track, b"mdia", b"minf", b"stbl", b"stsd") if forced else ():
        entries = _Box(table.start + _FULL_BOX_BYTES + _NUMBER_BYTES, table.end)  # behind how many there are
        for entry in _inside(file, entries, b"tx3g"):
            place = entry.start + _SAMPLE_ENTRY_BYTES
            _write(file, place, _number(file, place) | _ALL_FORCED)


def _set_language(file: BinaryIO, track: _Box, language: str | None) -> None:
    for header in _inside(file, track, b"mdia", b"mdhd") if language else ():
        version = _version(file, header)
        behind = _FULL_BOX_BYTES + _TIMES_BYTES[version] + _SCALE_AND_DURATION_BYTES[version]
        packed = 0
        for letter in language or "":
            packed = packed << _LETTER_BITS | ord(letter) - _BEFORE_A
        _write(file, header.start + behind, packed, _LANGUAGE_BYTES)


def _inside(file: BinaryIO, box: _Box, *kinds: bytes) -> Iterator[_Box]:
    """Boxes reached by a path of kinds, in the file's order."""
    if not kinds:
        yield box
        return
    place = box.start
    while place + _HEADER_BYTES <= box.end:
        length, kind = _number(file, place), _bytes(file, place + _NUMBER_BYTES, _NUMBER_BYTES)
        header = _HEADER_BYTES
        if length == 1:  # a length of 64 bits follows
            length = _number(file, place + _HEADER_BYTES, _LARGE_HEADER_BYTES - _HEADER_BYTES)
            header = _LARGE_HEADER_BYTES
        elif length == 0:  # up to the end
            length = box.end - place
        if length < header:
            return
        if kind == kinds[0]:
            yield from _inside(file, _Box(place + header, min(place + length, box.end)), *kinds[1:])
        place += length


def _version(file: BinaryIO, box: _Box) -> int:
    return _number(file, box.start, 1)


def _number(file: BinaryIO, place: int, n_bytes: int = _NUMBER_BYTES) -> int:
    return int.from_bytes(_bytes(file, place, n_bytes), "big")


def _bytes(file: BinaryIO, place: int, n_bytes: int) -> bytes:
    file.seek(place)
    return file.read(n_bytes)


def _write(file: BinaryIO, place: int, value: int, n_bytes: int = _NUMBER_BYTES) -> None:
    file.seek(place)
    file.write(value.to_bytes(n_bytes, "big"))
