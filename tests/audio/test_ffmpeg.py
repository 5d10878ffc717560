"""The ffmpeg child reads the file it is given and no other, waits for nothing for ever, and ends with us."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from leaving import is_running, kill_and_see, wait_until
from systems import needs_linux, needs_posix

import ovsubs
from ovsubs.audio import ffmpeg as ffmpeg_package
from ovsubs.audio.ffmpeg import ask_ffmpeg, input_url, media_input, running_ffmpeg
from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.packets import duration_by_reading, first_complaint
from ovsubs.audio.standstill import Standstill
from ovsubs.audio.streams import read_contents
from ovsubs.errors import MissingFile, UnreadableMedia

Make = Callable[..., Path]

TONE = ("-f", "lavfi", "-i", "sine=d=3")
SHORT_S = 2.0
HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5.0,\n{}\n"
DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT5S"><Period>
<AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1000"><BaseURL>{}</BaseURL>
</Representation></AdaptationSet></Period></MPD>
"""
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=talk\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
LISTS = {
    "live.m3u8": HLS,
    "talk.mp4": "ffconcat version 1.0\nfile '{}'\n",
    "talk.mkv": HLS,
    "talk.wav": DASH,
    "talk.mpd": DASH,
    "call.sdp": SDP,
    "call.mp4": SDP,
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("target", ["inner.wav", "pipe"])
def test_a_list_of_other_files_opens_none_of_them(
    name: str, target: str, ffmpeg: Make, tmp_path: Path
) -> None:
    ffmpeg("inner.wav", *TONE)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
    given = tmp_path / name
    given.write_text(LISTS[name].format(target))

    with pytest.raises(UnreadableMedia) as refused:
        probe(given)

    assert str(refused.value).startswith(f"{given}: not readable as audio or video (")
    assert len(str(refused.value).splitlines()) == 1


def test_who_looks_at_a_file_again_opens_no_other_either(ffmpeg: Make, tmp_path: Path) -> None:
    """As where a list has taken the place of the file that was probed."""
    media = probe(ffmpeg("talk.wav", *TONE))
    (track,) = media.tracks
    media.path.rename(tmp_path / "inner.wav")
    media.path.write_text(LISTS["talk.mp4"].format("inner.wav"))

    assert duration_by_reading(media.path) == 0.0
    assert first_complaint(media, track) == track.start
    with pytest.raises(UnreadableMedia, match="a list of other files"):
        list(stream_audio(media, track))


def test_a_list_is_told_apart_from_a_damaged_file(tmp_path: Path) -> None:
    for name in ("live.m3u8", "talk.mp4"):
        (tmp_path / name).write_text(LISTS[name].format("inner.ts"))

        with pytest.raises(UnreadableMedia, match="a list of other files, or a picture"):
            probe(tmp_path / name)


def test_a_numbered_name_is_a_name(ffmpeg: Make, tmp_path: Path) -> None:
    ffmpeg("talk 1.wav", *TONE)
    with pytest.raises(MissingFile):
        probe(tmp_path / "talk %d.wav")
    ffmpeg("talk %d.wav", *TONE)
    assert probe(tmp_path / "talk %d.wav").duration == pytest.approx(3.0, abs=0.1)


def test_numbered_pictures_are_no_video(ffmpeg: Make, tmp_path: Path) -> None:
    for name in ("picture1.png", "picture2.png"):
        ffmpeg(name, "-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1")
    (tmp_path / "picture%d.png").write_bytes((tmp_path / "picture1.png").read_bytes())

    with pytest.raises(UnreadableMedia, match="only the file itself is opened"):
        read_contents(tmp_path / "picture%d.png")


@pytest.fixture
def special_files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """What is there, but no file; nobody is at the other end."""
    pipe, door = tmp_path / "pipe.mp4", tmp_path / "socket.mp4"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket is short
        listening.bind(door.name)
        os.chdir(here)
        yield {"a named pipe": pipe, "a socket": door, "a device": Path("/dev/zero")}


@needs_posix
@pytest.mark.parametrize("what", ["a named pipe", "a socket", "a device"])
@pytest.mark.parametrize("is_linked", [False, True])
def test_what_is_no_file_is_refused_by_name(
    special_files: dict[str, Path], what: str, is_linked: bool, tmp_path: Path
) -> None:
    given = special_files[what]
    if is_linked:
        (tmp_path / "link.mp4").symlink_to(given)
        (tmp_path / "talk.mp4").symlink_to(tmp_path / "link.mp4")
        given = tmp_path / "talk.mp4"

    with pytest.raises(UnreadableMedia) as refused:
        probe(given)

    assert f"(it is {what}, not a file)" in str(refused.value)


@needs_posix
def test_links_that_lead_nowhere_are_said(tmp_path: Path) -> None:
    (tmp_path / "lost.mp4").symlink_to(tmp_path / "absent.mp4")
    (tmp_path / "round.mp4").symlink_to(tmp_path / "round.mp4")

    with pytest.raises(MissingFile):
        probe(tmp_path / "lost.mp4")
    with pytest.raises(UnreadableMedia):
        probe(tmp_path / "round.mp4")


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> float:
    """Nobody waits for a minute in a test."""
    monkeypatch.setattr(ffmpeg_package, "STALLED_S", SHORT_S)
    monkeypatch.setattr(ffmpeg_package, "_UNSEEN_FACTOR", 1)
    return SHORT_S


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Path]:
    """A pipe that somebody holds open and writes nothing into: what a share that is gone looks like."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    yield path
    os.close(held)


@needs_posix
def test_a_probe_that_can_read_nothing_ends(short_limit: float, pipe: Path) -> None:
    with pytest.raises(UnreadableMedia, match="for 2 s nothing could be read") as refused:
        ask_ffmpeg(media_input(pipe), source=pipe)
    assert str(pipe) in str(refused.value)


@needs_posix
def test_a_stream_that_stops_in_the_middle_ends(
    short_limit: float, pipe: Path, ffmpeg: Make, children: list[subprocess.Popen[bytes]]
) -> None:
    whole = ffmpeg("talk.wav", *TONE).read_bytes()
    threading.Thread(target=lambda: pipe.write_bytes(whole[: len(whole) // 2]), daemon=True).start()
    arguments = ["-f", "wav", "-i", input_url(pipe), "-f", "s16le", "pipe:1"]

    with (
        pytest.raises(UnreadableMedia, match="nothing could be read"),
        running_ffmpeg(arguments, source=pipe) as child,
    ):
        child.output.read()

    assert [each.returncode for each in children[1:]] == [-signal.SIGKILL]


@needs_posix
def test_a_slow_source_is_waited_for(short_limit: float, ffmpeg: Make, tmp_path: Path) -> None:
    """It takes longer than the limit in all, and less from one piece to the next."""
    whole, pipe = ffmpeg("talk.wav", *TONE).read_bytes(), tmp_path / "pipe"
    os.mkfifo(pipe)

    def trickle() -> None:
        with pipe.open("wb", buffering=0) as file:
            for begin in range(0, len(whole), len(whole) // 8):
                file.write(whole[begin : begin + len(whole) // 8])
                time.sleep(SHORT_S / 4)

    writer = threading.Thread(target=trickle, daemon=True)
    writer.start()
    with running_ffmpeg(["-f", "wav", "-i", input_url(pipe), "-f", "s16le", "pipe:1"], source=pipe) as child:
        assert len(child.output.read()) == 3 * 44_100 * 2
    writer.join()


def test_a_caller_may_take_all_the_time_it_likes(short_limit: float, ffmpeg: Make) -> None:
    """ffmpeg waits as long as nobody reads; that is no standstill."""
    media = probe(ffmpeg("long.wav", "-f", "lavfi", "-i", "sine=d=300:r=16000"))
    blocks = stream_audio(media, media.tracks[0], block_s=1.0)
    n_samples = len(next(blocks))
    time.sleep(2 * SHORT_S)
    n_samples += sum(map(len, blocks))
    assert n_samples == 300 * 16_000


def test_time_in_which_nobody_looks_is_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer that slept for a night."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    standstill = Standstill()
    assert standstill.seconds("a") == 0.0
    now[0] += 1.0
    assert standstill.seconds("a") == 1.0
    now[0] += 8 * 3600.0
    assert standstill.seconds("a") <= 3.0
    assert standstill.seconds("b") == 0.0


STARTS = """
import sys, time
from ovsubs.audio.ffmpeg import running_ffmpeg
with running_ffmpeg(sys.argv[1:]) as one, running_ffmpeg(sys.argv[1:]) as other:
    print(one.process.pid, other.process.pid, flush=True)
    time.sleep(600)
"""
WRITES_FOR_EVER = ("-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-")


@needs_linux
def test_it_ends_when_we_are_killed(pipe: Path) -> None:
    """One that reads from nowhere and one that writes into nothing would never notice."""
    for arguments in (("-f", "wav", "-i", input_url(pipe), "-f", "null", "-"), WRITES_FOR_EVER):
        process = subprocess.Popen(
            [sys.executable, "-c", STARTS, *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(ovsubs.__file__).parents[1])},
        )
        assert process.stdout
        started = [int(pid) for pid in process.stdout.readline().split()]
        assert all(map(is_running, started))

        assert kill_and_see(process) == set()
        assert not any(map(is_running, started))
        process.stdout.close()


@needs_linux
def test_one_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    """Its number may be another's by then."""
    code = """
import os, sys
from ovsubs.audio.ffmpeg import running_ffmpeg
with running_ffmpeg(["-f", "lavfi", "-i", "sine=d=1", "-f", "null", "-"]) as ended:
    ended.output.read()
with running_ffmpeg(["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"]) as running:
    print(running.process.pid, flush=True)
    os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(ovsubs.__file__).parents[1])},
        check=True,
    )
    wait_until(lambda: not is_running(int(done.stdout)), "it is still running")
    assert done.stderr == b""
