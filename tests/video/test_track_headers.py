"""Boxes of an MP4 are found wherever they lie, and nothing but the wanted bits changes."""

from pathlib import Path

import pytest

from ovsubs.video.track_headers import TrackHeader, set_track_headers

GERMAN = 0b00100_00101_10101  # d, e and u, counted from 1


def box(kind: bytes, content: bytes, form: str = "short") -> bytes:
    if form == "large":
        return (1).to_bytes(4, "big") + kind + (16 + len(content)).to_bytes(8, "big") + content
    length = 0 if form == "to the end" else 8 + len(content)
    return length.to_bytes(4, "big") + kind + content


def track(number: int, version: int, flags: int) -> bytes:
    """A track of timed text with the header boxes of a version; 0xAB stands for what is not to change."""
    times, scale_and_duration = b"\xab" * (8, 16)[version], b"\xab" * (8, 12)[version]
    first = bytes([version]) + flags.to_bytes(3, "big")
    tkhd = box(b"tkhd", first + times + number.to_bytes(4, "big") + b"\xab" * 60)
    mdhd = box(b"mdhd", bytes([version, 0, 0, 0]) + times + scale_and_duration + b"\x55\xc4\xab\xab")
    entry = box(b"tx3g", b"\0" * 6 + b"\0\1" + b"\x20\0\0\0" + b"\xab" * 10)
    stsd = box(b"stsd", bytes(4) + (1).to_bytes(4, "big") + entry)
    return box(b"trak", tkhd + box(b"mdia", mdhd + box(b"minf", box(b"stbl", stsd))))


def movie(number: int, version: int, flags: int, form: str) -> bytes:
    return (
        box(b"ftyp", b"isom")
        + box(b"mdat", b"moovtrak" * 5, "large")
        + box(b"moov", track(9, 0, 7) + track(number, version, flags), form)
    )


@pytest.mark.parametrize("form", ["short", "large", "to the end"])
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("enabled", [False, True])
def test_only_the_track_that_is_named_changes_and_of_it_only_what_is_told(
    tmp_path: Path, form: str, version: int, enabled: bool
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(movie(3, version, flags=7 - enabled, form=form))

    set_track_headers(path, {3: TrackHeader(enabled, forced=True, language="deu")})

    expected = movie(3, version, flags=6 + enabled, form=form)
    end = expected.rindex(b"tx3g") + 12
    expected = expected[:end] + b"\xe0\0\0\0" + expected[end + 4 :]
    place = expected.rindex(b"\x55\xc4")
    expected = expected[:place] + GERMAN.to_bytes(2, "big") + expected[place + 2 :]
    assert path.read_bytes() == expected


def test_a_header_that_is_right_already_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(movie(3, 0, 7, "short"))

    set_track_headers(path, {3: TrackHeader(enabled=True, forced=False), 4: TrackHeader(False, True, "deu")})

    assert path.read_bytes() == movie(3, 0, 7, "short")


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0", b"\0\0\0\4moov", box(b"moov", b"\0\0\0\2trak"), b"\xff" * 40]
)
def test_what_is_no_mp4_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)

    set_track_headers(path, {3: TrackHeader(enabled=True, forced=True)})

    assert path.read_bytes() == content
