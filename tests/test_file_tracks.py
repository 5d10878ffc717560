"""What is said of a file with several tracks, of which some are silent and some cannot be read."""

from pathlib import Path

import pytest

from ovsubs.errors import UnreadableMedia
from ovsubs.file_tracks import FileTracks, ReadTrack
from ovsubs.recognition import TrackUpdate, TranscribeOptions
from ovsubs.transcript import Segment

BROKEN = UnreadableMedia(Path("film.mkv"), "the disk is gone")


def read_track(text: str, error: Exception | None = None) -> ReadTrack:
    segment = Segment(0, 0.5, 2.0, text, (), -0.2, 1.0, 0.01)
    reading = ReadTrack(None)
    reading.updates.append(TrackUpdate(0, (segment,), 2.0, 1.0, None, 0, (), True, error))
    reading.has_words = bool(text)
    return reading


@pytest.mark.parametrize(
    ("readings", "error"),
    [
        ([read_track("Hi")], None),
        ([read_track("")], None),
        ([read_track("", BROKEN)], BROKEN),
        ([read_track(""), read_track("")], None),
        ([read_track(""), read_track("Hi")], None),
        ([read_track(""), read_track("", BROKEN)], BROKEN),  # nobody knows whether somebody speaks there
        ([read_track(""), read_track("", BROKEN), read_track("Hi")], None),
        ([read_track(""), read_track("Hi", BROKEN)], BROKEN),
    ],
)
def test_a_track_that_cannot_be_read_is_not_taken_for_silence(
    readings: list[ReadTrack], error: Exception | None
) -> None:
    file = FileTracks("film.mkv", TranscribeOptions(), english_only=False)
    file.readings += readings
    assert file.error is error
