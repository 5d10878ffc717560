"""What ffmpeg.exe says otherwise: its lines end with CR and LF, and its addresses have no 0x."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from systems import needs_posix

from ovsubs.audio.ffmpeg import complaint_lines, ffmpeg_executable
from ovsubs.audio.media import Media, probe, stream_audio
from ovsubs.errors import UnreadableMedia

AROUND = """#!{python}
import subprocess, sys
child = subprocess.Popen([{ffmpeg!r}, *sys.argv[1:]], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
for line in child.stderr:
    sys.stderr.buffer.write(line.replace(b"\\n", b"\\r\\n"))
    sys.stderr.buffer.flush()
sys.exit(child.wait())
"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A picture, and two tracks of sound with titles, of which one begins late."""
    path = tmp_path / "film.mkv"
    tone = ("-f", "lavfi", "-i", "sine=d=2")
    command = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=3", *tone, "-itsoffset", "1", *tone]
    named = (
        "-metadata:s:a:0",
        "title=One",
        "-metadata:s:a:1",
        "title=Two",
        "-metadata:s:a:1",
        "language=fra",
    )
    maps = ("-map", "0", "-map", "1", "-map", "2", "-c:a", "flac")
    subprocess.run([ffmpeg_executable(), "-v", "error", *command, *maps, *named, str(path)], check=True)
    return path


@pytest.fixture
def ffmpeg_exe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, ffmpeg is one for Windows."""
    program = tmp_path / "ffmpeg.exe"
    program.write_text(AROUND.format(python=sys.executable, ffmpeg=ffmpeg_executable()))
    program.chmod(0o755)
    return lambda: monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))


pytestmark = needs_posix


def heard(media: Media) -> int:
    return sum(len(block) for track in media.tracks for block in stream_audio(media, track))


def test_a_file_is_described_and_heard_the_same(film: Path, ffmpeg_exe: Callable[[], None]) -> None:
    before = probe(film)
    n_samples = heard(before)
    ffmpeg_exe()
    assert probe(film) == before
    assert heard(before) == n_samples
    assert [(track.title, track.language, round(track.start)) for track in before.tracks] == [
        ("One", None, 0),
        ("Two", "fra", 1),
    ]


def test_what_cannot_be_read_is_one_line(tmp_path: Path, ffmpeg_exe: Callable[[], None]) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is a text.\n" * 50)
    ffmpeg_exe()
    with pytest.raises(UnreadableMedia) as told:
        probe(text)
    assert "\r" not in str(told.value)


def test_parts_of_ffmpeg_are_left_out_as_linux_and_as_windows_name_them() -> None:
    for address in ("0x55e1fc", "0000000001138200", "000001F2A0B4C5D0"):
        said = f"[in#0 @ {address}] [mov,mp4 @ {address}] Error opening input: Invalid data found\r\n"
        assert complaint_lines(said) == ["Error opening input: Invalid data found"]
