"""Small real videos, and fonts that are the same on every machine."""

from pathlib import Path

import pytest
from fonts import no_font, only_dejavu
from looking import HELLO, make_media

PICTURE = ("-f", "lavfi", "-i", "smptebars=s=320x180:r=10:d=3")
SOUND = ("-f", "lavfi", "-i", "sine=f=330:d=3")


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """DejaVu Sans is the only font."""
    for name, value in only_dejavu(tmp_path_factory.mktemp("fonts")).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def no_fonts(fonts: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """There is no font."""
    for name, value in no_font(tmp_path_factory.mktemp("no-fonts")).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three seconds of a picture that stands still, with a tone, by the ending of the file."""
    folder = tmp_path_factory.mktemp("clips")
    first = make_media(
        folder / "talk.mp4",
        *PICTURE,
        *SOUND,
        "-pix_fmt",
        "yuv420p",
        "-metadata",
        "title=My talk",
        "-shortest",
    )
    made = {".mp4": first}
    for ending in (".m4v", ".mov", ".mkv"):
        made[ending] = make_media(folder / f"talk{ending}", "-i", first, "-c", "copy", "-f", _MUXERS[ending])
    webm = ("-c:v", "libvpx", "-c:a", "libopus", "-shortest")
    made[".webm"] = make_media(folder / "talk.webm", *PICTURE, *SOUND, *webm)
    avi = ("-c:v", "mpeg4", "-bf", "2", "-c:a", "pcm_s16le", "-shortest")
    made[".avi"] = make_media(folder / "talk.avi", *PICTURE, *SOUND, *avi)
    return made


_MUXERS = {".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


@pytest.fixture
def clip(clips: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the mp4 in an own folder, to write beside it."""
    path = tmp_path / "talk.mp4"
    path.write_bytes(clips[".mp4"].read_bytes())
    return path


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """Two cues in English, at 0.5 to 1.0 s and 1.5 to 2.5 s."""
    path = tmp_path / "talk.en.srt"
    path.write_text(HELLO)
    return path
