"""WAV and AVI files that are cut off, and those whose header does not say how long they are."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ovsubs.audio.damage import ReadReport
from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.riff import read_announced

Make = Callable[..., Path]
TONE = ("-f", "lavfi", "-i", "sine=d=5:r=16000")
PICTURE = ("-f", "lavfi", "-i", "testsrc=d=5:s=64x64:r=10")
AVI = (*PICTURE, *TONE, "-c:v", "mpeg4", "-c:a")
RF64 = ("-rf64", "always")


def read(path: Path) -> ReadReport:
    media, said = probe(path), list[ReadReport]()
    list(stream_audio(media, media.tracks[0], on_end=said.append))
    return said[0]


def cut(path: Path, share: float = 0.5) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", TONE),
        ("stereo24.wav", (*TONE, "-ac", "2", "-c:a", "pcm_s24le")),
        ("rf64.wav", (*TONE, *RF64)),
        ("a.w64", TONE),
        ("adpcm.wav", (*TONE, "-c:a", "adpcm_ms")),
        ("pcm.avi", (*AVI, "pcm_s16le")),
        ("mp3.avi", (*AVI, "libmp3lame")),
    ],
)
def test_a_file_cut_in_half_breaks_off_by_its_header(
    name: str, options: tuple[str, ...], ffmpeg: Make
) -> None:
    path = ffmpeg(name, *options)
    whole = read(path)
    half = read(cut(path))
    assert (whole.breaks_off, whole.damaged) == (None, ())
    words = str(half.breaks_off).split()
    assert words[:4] == ["the", "audio", "breaks", "off"]
    assert float(words[5]) == pytest.approx(2.5, abs=0.4)
    assert float(words[7]) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x7FFFF024, 0x80000000, 0xFFFFFFFF, 0xFFFFFFDB])
def test_a_wav_that_was_written_into_a_pipe_is_whole(size: int, ffmpeg: Make) -> None:
    path = ffmpeg("a.wav", *TONE)
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = content[4:8] = struct.pack("<I", size)
    path.write_bytes(content)
    assert read_announced(path) is None
    assert read(path).breaks_off is None


def test_a_missing_pad_byte_and_chunks_after_the_sound_are_no_damage(ffmpeg: Make) -> None:
    path = ffmpeg("a.wav", "-f", "lavfi", "-i", "sine=d=5:r=8000", "-c:a", "pcm_u8", "-t", "4.999875")
    content = path.read_bytes()
    path.write_bytes(content[:-1] if len(content) % 2 == 0 else content)
    assert read(path).breaks_off is None
    path.write_bytes(content + b"LIST\x04\x00\x00\x00abcd" + b"junk")
    assert read(path).breaks_off is None


def test_other_files_announce_nothing(ffmpeg: Make, tmp_path: Path) -> None:
    assert read_announced(ffmpeg("a.flac", *TONE)) is None
    for content in (b"", b"RIFF", b"RIFF\xff\xff\x00\x00WAVE", b"riff" + bytes(60)):
        (tmp_path / "odd").write_bytes(content)
        assert read_announced(tmp_path / "odd") is None


def test_the_case_of_a_wav_cut_in_half(cases: Path) -> None:
    assert read(cases / "hostile/half.wav").breaks_off == "the audio breaks off after 2.5 of 5.0 s"
