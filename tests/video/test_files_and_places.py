"""Whatever is wrong with a file or a place, both ways of making a video say so and leave nothing behind."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from looking import HELLO, frame_at, make_media, stream_hashes, track_text
from systems import needs_links, needs_posix

from ovsubs.errors import (
    ConversionFailed,
    EmptyFile,
    MissingFile,
    OutputExists,
    OutputIsInput,
    UnreadableMedia,
    UnreadableSubtitles,
    UnwritableVideo,
)
from ovsubs.video.burn import BurnOptions, burn
from ovsubs.video.embed import EmbedOptions, embed

Make = Callable[..., Path]
POSIX = sys.platform != "win32"

pytestmark = pytest.mark.usefixtures("fonts")


def embed_one(video: Path, subtitles: Path, output: Path | None = None, *, overwrite: bool = False) -> Path:
    return embed(video, [subtitles], EmbedOptions(output, overwrite=overwrite))


def burn_one(video: Path, subtitles: Path, output: Path | None = None, *, overwrite: bool = False) -> Path:
    return burn(video, subtitles, BurnOptions(output, preset="ultrafast", overwrite=overwrite))


@pytest.fixture(params=[embed_one, burn_one], ids=["embed", "burn"])
def make(request: pytest.FixtureRequest) -> Make:
    """`make(video, subtitles, output)`, in both ways."""
    found: Make = request.param
    return found


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_original_is_never_the_output_under_whatever_name(clip: Path, hello: Path, make: Make) -> None:
    (clip.parent / "below").mkdir()
    names = [clip, clip.parent / "below" / ".." / clip.name]
    if POSIX:
        (clip.parent / "soft.mp4").symlink_to(clip)
        (clip.parent / "hard.mp4").hardlink_to(clip)
        names += [clip.parent / "soft.mp4", clip.parent / "hard.mp4"]
    before = files_in(clip.parent)

    for name in names:
        with pytest.raises(OutputIsInput):
            make(clip, hello, name, overwrite=True)

    assert files_in(clip.parent) == before


def test_the_subtitles_are_never_the_output(clip: Path, hello: Path, make: Make) -> None:
    """Not even under the name of a video."""
    subtitles = hello.with_name("subtitles.srt")
    subtitles.write_text(HELLO)
    (hello.with_name("a.mkv")).hardlink_to(subtitles)

    with pytest.raises(OutputIsInput):
        make(clip, subtitles, hello.with_name("a.mkv"), overwrite=True)

    assert subtitles.read_text() == HELLO


def test_an_output_that_is_there_stays_until_told_otherwise(clip: Path, hello: Path, make: Make) -> None:
    there = clip.with_name("made.mp4")
    there.write_bytes(b"of before")

    with pytest.raises(OutputExists):
        make(clip, hello, there)
    untouched = there.read_bytes()
    made = make(clip, hello, there, overwrite=True)

    assert untouched == b"of before"
    assert made == there
    assert stream_hashes(there, "a") == stream_hashes(clip, "a")
    assert sorted(clip.parent.iterdir()) == sorted([there, hello, clip])


@needs_links
def test_a_link_is_followed(clip: Path, hello: Path, make: Make) -> None:
    elsewhere = clip.parent / "elsewhere"
    elsewhere.mkdir()
    link = clip.with_name("made.mp4")
    link.symlink_to(elsewhere / "real.mp4")

    make(clip, hello, link)

    assert link.is_symlink()
    assert stream_hashes(elsewhere / "real.mp4", "a") == stream_hashes(clip, "a")


def test_a_folder_takes_the_video_under_its_usual_name(clip: Path, hello: Path, make: Make) -> None:
    folder = clip.parent / "out"
    folder.mkdir()

    made = make(clip, hello, folder)

    assert made.parent == folder
    assert made.name in ("talk.subtitled.mp4", "talk.burned.mp4")
    assert list(folder.iterdir()) == [made]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("nowhere/made.mp4", "there is no folder"),
        ("notes.txt/made.mp4", "there is no folder"),
        pytest.param(
            f"{'x' * 300}.mp4",
            "File name too long",
            marks=needs_posix,
        ),
    ],
)
def test_places_that_cannot_be_are_refused(clip: Path, hello: Path, make: Make, place: str, why: str) -> None:
    clip.with_name("notes.txt").write_text("x")
    before = files_in(clip.parent)

    with pytest.raises(UnwritableVideo, match=why):
        make(clip, hello, clip.parent / place)

    assert files_in(clip.parent) == before


def test_a_folder_in_the_place_of_the_video_is_refused(clip: Path, hello: Path, make: Make) -> None:
    for name in ("talk.subtitled.mp4", "talk.burned.mp4"):
        (clip.parent / name).mkdir()

    with pytest.raises(UnwritableVideo, match="a folder or device has this name"):
        make(clip, hello, overwrite=True)


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        (None, MissingFile, "no such file"),
        (b"", UnreadableSubtitles, "there is no cue in it"),
        (b"WEBVTT\n\n", UnreadableSubtitles, "there is no cue in it"),
        (b"these are the minutes of the meeting\n" * 9, UnreadableSubtitles, "there is no cue in it"),
        (bytes(range(256)) * 9, UnreadableSubtitles, "it is not text"),
    ],
    ids=["missing", "empty", "no cues", "another text", "no text"],
)
@pytest.mark.parametrize("ending", ["srt", "vtt", "ass"])
def test_bad_subtitles_are_refused_in_a_line_that_names_them(
    clip: Path,
    make: Make,
    content: bytes | None,
    error: type[Exception],
    why: str,
    ending: str,
) -> None:
    bad = clip.with_name(f"bad.{ending}")
    if content is not None:
        bad.write_bytes(content)
    before = files_in(clip.parent)

    with pytest.raises(error, match=why) as refused:
        make(clip, bad)

    assert str(refused.value).startswith(f"{bad}: ")
    assert files_in(clip.parent) == before


def test_a_name_that_is_too_long_is_refused_as_a_file_to_read(clip: Path, hello: Path, make: Make) -> None:
    too_long = clip.with_name("x" * 300 + ".srt")

    with pytest.raises(UnreadableSubtitles, match="File name too long"):
        make(clip, too_long)
    with pytest.raises(UnreadableMedia, match="File name too long"):
        make(too_long.with_suffix(".mp4"), hello)


def test_a_folder_or_another_kind_of_file_is_no_subtitles(clip: Path, make: Make) -> None:
    folder = clip.with_name("folder.srt")
    folder.mkdir()

    with pytest.raises(UnreadableSubtitles, match="it is a folder"):
        make(clip, folder)
    with pytest.raises(UnreadableSubtitles, match=r"its name ends in none of \.srt, \.vtt, \.ass, \.ssa"):
        make(clip, clip)


def test_bad_videos_are_refused(clip: Path, hello: Path, make: Make) -> None:
    empty, text, folder = (clip.with_name(f"{name}.mp4") for name in ("empty", "text", "folder"))
    empty.touch()
    text.write_text("These are the minutes of the meeting.\n" * 100)
    folder.mkdir()
    bad = {clip.with_name("absent.mp4"): MissingFile, empty: EmptyFile}
    before = files_in(clip.parent)

    for video, error in (bad | dict.fromkeys((text, folder), UnreadableMedia)).items():
        with pytest.raises(error):
            make(video, hello)

    assert files_in(clip.parent) == before


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_video_that_breaks_off_is_told_of_and_nothing_is_made(hello: Path, make: Make, ending: str) -> None:
    source = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=12", "-pix_fmt", "yuv420p")
    flags = ("-movflags", "+faststart") if ending == ".mp4" else ()
    whole = make_media(hello.with_name(f"whole{ending}"), *source, *flags)
    cut = hello.with_name(f"cut{ending}")
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    whole.unlink()

    with pytest.raises(ConversionFailed, match=r"\d\.\d of 12\.0 s could be read: "):
        make(cut, hello)

    assert sorted(cut.parent.iterdir()) == sorted([cut, hello])


@pytest.mark.parametrize(
    ("encoding", "n_notes"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("cp1252", 1)]
)
def test_umlauts_come_through_in_every_encoding(clip: Path, encoding: str, n_notes: int) -> None:
    hello = clip.with_name("talk.de.srt")
    hello.write_bytes(HELLO.replace("Hello", "Grüße – ß").replace("\n", "\r\n").encode(encoding))
    notes: list[str] = []

    made = embed(clip, [hello], on_note=notes.append)

    assert "Grüße – ß there." in track_text(made)
    assert len(notes) == n_notes
    assert all(note.startswith(f"{hello}: ") for note in notes)


def test_what_a_file_holds_counts_and_not_its_ending(clip: Path) -> None:
    """Many a `.srt` is WebVTT."""
    named_wrong = clip.with_name("talk.srt")
    named_wrong.write_text("WEBVTT\n\nNOTE not spoken\n\n00:00.500 --> 00:01.000\nHello &amp; there.\n")

    made = embed(clip, [named_wrong])

    assert track_text(made).strip() == "1\n00:00:00,500 --> 00:00:01,000\nHello & there."


ODD_NAMES = [
    "with space",
    "it's",
    "a:b,c;d[0]=x",
    "back\\slash",
    "100%d %03d",
    "-leading-dash",
    "öäü 日本 🙂",
    '"quoted" $HOME `ls` *?',
    "new\nline",
    "concat:one|two",
    "x" * 200,
]


@needs_posix
@pytest.mark.parametrize("name", ODD_NAMES)
def test_no_name_of_a_file_or_folder_stumbles(
    clips: dict[str, Path], tmp_path: Path, make: Make, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    video = Path(shutil.copy(clips[".mp4"], folder / f"{name}.mp4"))
    subtitles = folder / f"{name}.srt"
    subtitles.write_text(HELLO)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.chdir(folder)

    made = make(Path(video.name), Path(subtitles.name), Path(f"made {name}.mp4"))

    assert stream_hashes(folder / made, "a") == stream_hashes(video, "a")
    assert sorted(folder.iterdir()) == sorted([folder / made, video, subtitles])


@needs_posix
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=40))
def test_any_name_of_subtitles_can_be_drawn(clip: Path, name: str) -> None:
    subtitles = clip.parent / f"{name}.srt"
    subtitles.write_text(HELLO)

    made = burn_one(clip, subtitles, clip.with_name("made.mp4"), overwrite=True)

    assert abs(frame_at(made, 2.0) - frame_at(clip, 2.0)).max() > 60
    subtitles.unlink()


@pytest.mark.parametrize("way", ["embed", "burn"])
def test_an_interrupt_ends_ffmpeg_and_leaves_nothing(
    clip: Path, hello: Path, children: list[subprocess.Popen[bytes]], way: str
) -> None:
    def interrupt(done: float, whole: float) -> None:
        raise KeyboardInterrupt

    before = files_in(clip.parent)
    ways = {
        "embed": lambda: embed(clip, [hello], on_progress=interrupt),
        "burn": lambda: burn(clip, hello, BurnOptions(preset="placebo"), on_progress=interrupt),
    }
    with pytest.raises(KeyboardInterrupt):
        ways[way]()

    assert len(children) > 1
    assert all(child.returncode is not None for child in children)  # ended, and waited for
    assert files_in(clip.parent) == before


@needs_posix
def test_the_new_video_has_the_rights_that_the_umask_asks_for(clip: Path, hello: Path, make: Make) -> None:
    before = os.umask(0o027)
    try:
        made = make(clip, hello)
    finally:
        os.umask(before)

    assert made.stat().st_mode & 0o777 == 0o640
