"""Where packets cannot be decoded, and where time stamps leap: what is told of it, and its times."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ovsubs.audio.damage import ReadReport, damage_notes
from ovsubs.audio.media import probe, stream_audio
from ovsubs.spans import Span

Make = Callable[..., Path]
RATE = 16_000
NOISE = ("-f", "lavfi", "-i", "anoisesrc=d=30:r=48000:seed=3:a=0.3")
LEAP = r"asetpts=PTS+gt(T\,10)*10800/TB"  # three hours after ten seconds


def read(path: Path) -> tuple[np.ndarray, ReadReport]:
    media, said = probe(path), list[ReadReport]()
    samples = np.concatenate(list(stream_audio(media, media.tracks[0], on_end=said.append)))
    return samples, said[0]


def garble(path: Path, start: float, end: float) -> Path:
    """Overwrite a part, 0 to 1, with noise."""
    content = bytearray(path.read_bytes())
    first, last = int(start * len(content)), int(end * len(content))
    content[first:last] = random.Random(7).randbytes(last - first)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.m4a", ("-c:a", "aac")),
        ("alac.m4a", ("-c:a", "alac")),
        ("a.mka", ("-c:a", "aac")),
        ("flac.mka", ("-c:a", "flac")),
        ("a.webm", ("-c:a", "libopus")),
        ("a.ts", ("-c:a", "aac")),
        ("a.flac", ("-c:a", "flac")),
        ("a.wma", ("-c:a", "wmav2")),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.opus", ("-c:a", "libopus")),
    ],
)
def test_what_cannot_be_decoded_is_told_with_its_times(
    name: str, codec: tuple[str, ...], ffmpeg: Make
) -> None:
    path = ffmpeg(name, *NOISE, *codec)
    samples, well = read(path)
    assert (well.breaks_off, well.damaged, damage_notes(well)) == (None, (), [])
    heard, told = read(garble(path, 0.4, 0.6))
    assert told.breaks_off is None
    assert len(heard) == pytest.approx(len(samples), abs=RATE // 2)
    assert told.damaged[0].start == pytest.approx(12.0, abs=2.5)
    assert 17.0 < told.damaged[-1].end < 25.0  # Matroska finds its way again at the next cluster
    assert sum(span.end - span.start for span in told.damaged) > 4.5
    (note,) = damage_notes(told)
    assert note.startswith("the file is damaged: its sound could not be decoded from 0:1")


@pytest.mark.parametrize("with_zeros", [False, True])
def test_of_a_stream_without_time_stamps_it_is_told_how_much_is_missing(
    with_zeros: bool, ffmpeg: Make
) -> None:
    path = garble(ffmpeg("a.mp3", *NOISE, "-b:a", "128k"), 0.4, 0.6)
    if with_zeros:  # as a download leaves it that was broken off and went on elsewhere
        content = path.read_bytes()
        first, last = int(0.4 * len(content)), int(0.6 * len(content))
        path.write_bytes(content[:first] + bytes(last - first) + content[last:])
    samples, told = read(path)
    assert told.breaks_off is None
    assert told.damaged[0].start == pytest.approx(12.0, abs=1.0)
    assert told.missing_s == pytest.approx(30.0 - len(samples) / RATE, abs=0.1)
    assert told.damaged[0].end == pytest.approx(18.0, abs=1.0)
    assert "what follows comes too early" in damage_notes(told)[0]


def test_many_stretches_are_not_all_named_in_words() -> None:
    spans = tuple(Span(10.0 * n, 10.0 * n + 1.5) for n in range(400))
    (note,) = damage_notes(ReadReport(4000.0, damaged=spans))
    assert note.endswith(
        "from 0:00.0 to 0:01.5, 0:10.0 to 0:11.5, 0:20.0 to 0:21.5, 0:30.0 to 0:31.5, "
        "0:40.0 to 0:41.5 and 395 more stretches"
    )
    assert "1:00:00.0 to 1:00:01.5" in damage_notes(ReadReport(4000.0, damaged=spans[360:]))[0]


def test_the_case_of_seven_seconds_of_aac(cases: Path) -> None:
    _, told = read(cases / "damaged_aac_7s.mp4")
    (span,) = told.damaged
    assert (span.start, span.end) == pytest.approx((20.0, 27.0), abs=0.1)
    assert damage_notes(told) == ["the file is damaged: its sound could not be decoded from 0:20.0 to 0:27.0"]


@pytest.mark.parametrize("name", ["leap.mkv", "leap.m4a", "leap.mka"])
def test_hours_without_packets_are_silence_and_no_part_of_the_duration(name: str, ffmpeg: Make) -> None:
    path = ffmpeg(name, "-t", "20", *NOISE, "-af", LEAP, "-c:a", "aac")
    media, said = probe(path), list[ReadReport]()
    place, loud = 0.0, list[float]()
    for block in stream_audio(media, media.tracks[0], block_s=1.0, on_end=said.append):
        assert len(block) <= RATE
        loud += [place] if np.abs(block).max() > 0.1 else []
        place += len(block) / RATE
    assert place == pytest.approx(10_820.0, abs=0.2)
    assert loud[:10] == pytest.approx(range(10))
    assert loud[-1] == pytest.approx(10_819.0, abs=1.0)
    assert 20 <= len(loud) <= 23
    (told,) = said
    assert told.duration == pytest.approx(20.0, abs=0.2)
    assert told.holes == pytest.approx(10_800.0, abs=0.2)
    assert (told.breaks_off, told.damaged) == (None, ())


def test_a_hole_in_the_sound_of_a_video_that_goes_on_is_part_of_it(ffmpeg: Make) -> None:
    hole = r"asetpts=PTS+gt(T\,10)*60/TB"
    picture = ("-f", "lavfi", "-i", "testsrc=d=90:s=64x64:r=5")
    path = ffmpeg("a.mkv", *picture, *NOISE, "-af", hole, "-c:v", "mpeg4", "-c:a", "flac")
    samples, told = read(path)
    assert len(samples) / RATE == pytest.approx(90.0, abs=0.2)
    assert (told.duration, told.holes) == pytest.approx((90.0, 0.0), abs=0.3)


@pytest.mark.parametrize(
    "shift_s", [10_800, 95_000]
)  # below and beyond the 26.5 h after which the clock wraps
@pytest.mark.parametrize("with_picture", [False, True])
def test_a_transport_stream_whose_clock_is_set_anew_lasts_as_long_as_its_sound(
    shift_s: int, with_picture: bool, ffmpeg: Make
) -> None:
    leap = rf"PTS+gt(T\,10)*{shift_s}/TB"
    sound = ("-t", "20", *NOISE, "-af", f"asetpts={leap}", "-c:a", "mp2")
    picture = ("-f", "lavfi", "-t", "20", "-i", "testsrc=s=64x64:r=25")
    coded = ("-vf", f"setpts={leap}", "-fps_mode", "passthrough", "-c:v", "mpeg2video")
    path = ffmpeg("a.ts", *picture, *sound, *coded) if with_picture else ffmpeg("a.ts", *sound)
    samples, told = read(path)
    assert len(samples) / RATE == pytest.approx(20.0, abs=0.2)
    assert told.duration == pytest.approx(20.0, abs=0.2)
    assert told.breaks_off is None


def test_long_digital_silence_is_as_long_as_it_is(ffmpeg: Make) -> None:
    quiet = r"volume=0:enable='between(t\,5\,65)'"
    path = ffmpeg("a.mkv", "-f", "lavfi", "-i", "sine=d=70:r=16000", "-af", quiet, "-c:a", "flac")
    samples, told = read(path)
    assert len(samples) == 70 * RATE
    assert (told.duration, told.holes) == (pytest.approx(70.0, abs=0.1), 0.0)
