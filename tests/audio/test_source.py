"""What a caller may give: a path or samples."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ovsubs.audio.damage import ReadReport
from ovsubs.audio.source import open_source
from ovsubs.errors import InvalidOption, MissingFile, NoSuchTrack

Make = Callable[..., Path]


def ignore(read: ReadReport) -> None:
    assert not read.breaks_off
    assert not read.damaged


def test_a_file_is_its_chosen_track_with_its_place_in_time(ffmpeg: Make) -> None:
    tone = ("-f", "lavfi", "-i", "sine=d=2:r=16000")
    path = ffmpeg("late.mkv", *tone, "-itsoffset", "3", *tone, "-map", "0", "-map", "1", "-c", "pcm_s16le")
    first, second = open_source(path, None, ignore), open_source(str(path), 1, ignore)
    assert first.name == second.name == str(path)
    assert first.offset == pytest.approx(0.0, abs=0.01)
    assert second.offset == pytest.approx(3.0, abs=0.01)
    assert sum(len(block) for block in second.blocks) == 32_000
    first.blocks.close()


def test_samples_are_one_block_without_a_name() -> None:
    samples = np.linspace(-1, 1, 8000, dtype=np.float32)
    source = open_source(samples, None, ignore)
    assert (source.name, source.duration, source.offset) == ("", 0.5, 0.0)
    (block,) = source.blocks
    np.testing.assert_array_equal(block, samples)


def test_no_samples_are_a_track_of_no_length() -> None:
    source = open_source(np.zeros(0, np.float32), None, ignore)
    assert source.duration == 0.0
    assert sum(len(block) for block in source.blocks) == 0


def test_samples_that_cannot_be_written_to_are_taken() -> None:
    samples = np.zeros(8000, np.float32)
    samples.flags.writeable = False
    assert open_source(samples, None, ignore).duration == 0.5


@pytest.mark.parametrize(
    ("audio", "shown"),
    [
        (np.zeros((2, 8000), np.float32), "float32 [2, 8000]"),
        (np.zeros(8000, np.float64), "float64 [8000]"),
        (np.zeros(8000, np.int16), "int16 [8000]"),
        ([0.0, 0.1], "float64 [2]"),
        (None, "object []"),
    ],
)
def test_other_samples_are_refused_by_what_they_are(audio: object, shown: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        open_source(audio, None, ignore)
    message = f"audio = {shown!r} is not valid: give a path, or float32 samples of one channel at 16 kHz"
    assert str(caught.value) == message


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused(bad: float) -> None:
    samples = np.zeros(8000, np.float32)
    samples[4000] = bad
    with pytest.raises(InvalidOption, match="NaN or infinity"):
        open_source(samples, None, ignore)


def test_samples_have_no_tracks(ffmpeg: Make) -> None:
    with pytest.raises(InvalidOption, match="samples have no tracks"):
        open_source(np.zeros(8000, np.float32), 0, ignore)
    path = ffmpeg("tone.wav", "-f", "lavfi", "-i", "sine=d=1")
    with pytest.raises(NoSuchTrack):
        open_source(path, 1, ignore)


def test_a_missing_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        open_source(tmp_path / "nowhere.mp4", None, ignore)


@pytest.mark.parametrize("scale", [2.0, 128.0, 32_768.0, -32_768.0, 2.0**31])
def test_samples_of_another_scale_are_refused_with_the_remedy(scale: float) -> None:
    """Whole numbers that were turned into float32 and not divided: they would be heard as noise."""
    samples = (np.sin(np.arange(8000)) * scale).astype(np.float32)
    with pytest.raises(InvalidOption, match=r"lie in \[-1, 1\]; divide those of 16 bits by 32768"):
        open_source(samples, None, ignore)


@pytest.mark.parametrize("peak", [1.0, 1.0001, 1.41])
def test_what_a_decoder_or_resampler_overshoots_is_taken(peak: float) -> None:
    samples = np.array([0.0, peak, -peak], np.float32)
    (block,) = open_source(samples, None, ignore).blocks
    np.testing.assert_array_equal(block, samples)
