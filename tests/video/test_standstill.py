"""An ffmpeg that tells again and again how far it is, and gets no further, is given up."""

import os
import threading
from pathlib import Path

import pytest
from looking import make_media
from systems import needs_posix

from ovsubs.audio.ffmpeg import input_url
from ovsubs.audio.streams import read_contents
from ovsubs.errors import ConversionFailed
from ovsubs.steps import run_to_end
from ovsubs.video import writing
from ovsubs.video.writing import run_ffmpeg


@needs_posix
def test_a_source_that_stops_in_the_middle_ends_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "STALLED_S", 2.0)
    sound = make_media(tmp_path / "talk.wav", "-f", "lavfi", "-i", "sine=d=60")
    source, whole, pipe = read_contents(sound), sound.read_bytes(), tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # nobody says that there will be no more
    threading.Thread(target=lambda: pipe.write_bytes(whole[: len(whole) // 2]), daemon=True).start()
    told = list[float]()
    arguments = ["-f", "wav", "-i", input_url(pipe), "-c", "copy", "-f", "null", "-"]
    running = run_ffmpeg(source, tmp_path / "copy.mkv", arguments, tmp_path)

    with pytest.raises(ConversionFailed, match="it got no further"):
        run_to_end(running, lambda at: told.append(at.position))

    os.close(held)
    assert max(told) > 10.0
