"""`ovsubs embed` and `ovsubs burn` as a person uses them."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import COMMAND, Ended, environment, run_process
from fonts import only_dejavu
from leaving import is_running, wait_until
from patience import PATIENCE_S
from rights import AS_A_USER
from systems import needs_linux, needs_permissions, needs_posix

from ovsubs.audio.streams import DEFAULT, FORCED, SUBTITLE, read_contents

CUES = "1\n00:00:00,120 --> 00:00:04,477\nEver tried. Ever failed. No matter.\n"
MAX_FILE_BYTES = 20_000  # a disk that is full after so much
# Put before a command: files cannot grow beyond the limit.
SMALL_DISK = (
    sys.executable,
    "-c",
    f"import resource, os, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({MAX_FILE_BYTES},) * 2); "
    "os.execv(sys.argv[1], sys.argv[1:])",
)
HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # which Windows has not


@pytest.fixture(autouse=True)
def fonts(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One font, also where the machine has none."""
    for name, value in only_dejavu(tmp_path_factory.mktemp("fonts")).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(talk: Path, tmp_path: Path) -> Path:
    """A video and its subtitles, side by side."""
    (tmp_path / "talk.mp4").write_bytes(talk.read_bytes())
    (tmp_path / "talk.en.srt").write_text(CUES)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_subtitles_go_into_a_copy_beside_the_video(folder: Path, ovsubs: Callable[..., Ended]) -> None:
    ended = ovsubs("embed", folder / "talk.mp4", folder / "talk.en.srt")

    made = folder / "talk.subtitled.mp4"
    assert ended == Ended(0, f"{made}\n", "")
    (track,) = read_contents(made).of_kind(SUBTITLE)
    assert (track.codec, track.language, track.flags) == ("mov_text", "eng", frozenset())
    assert names(folder) == ["talk.en.srt", "talk.mp4", "talk.subtitled.mp4"]


def test_the_options_of_embed_are_obeyed(folder: Path, ovsubs: Callable[..., Ended]) -> None:
    files = [folder / "talk.mp4", folder / "talk.en.srt", folder / "talk.en.srt"]
    tags = ["--language", "German", "--language", "fr", "--title", "Deutsch", "--title", "Français"]
    output = folder / "out.mkv"
    output.touch()

    refused = ovsubs("embed", *files, *tags, "-o", output)
    ended = ovsubs("embed", *files, *tags, "-o", output, "--default", "--forced", "-y")

    assert (refused.code, refused.complaints) == (
        1,
        [f"{output}: already there; use --overwrite to replace it"],
    )
    assert ended == Ended(0, f"{output}\n", "")
    tracks = read_contents(output).of_kind(SUBTITLE)
    assert [(track.language, track.title) for track in tracks] == [("ger", "Deutsch"), ("fre", "Français")]
    assert [track.flags for track in tracks] == [{DEFAULT, FORCED}, {FORCED}]


def test_text_goes_into_the_picture_of_a_copy(folder: Path, ovsubs: Callable[..., Ended]) -> None:
    ended = ovsubs(
        "burn", folder / "talk.mp4", folder / "talk.en.srt", "--preset", "ultrafast", "--crf", "28"
    )

    made = folder / "talk.burned.mp4"
    assert ended == Ended(0, f"{made}\n", "")
    assert b"crf=28.0" in made.read_bytes()
    assert read_contents(made).duration == pytest.approx(10.0, abs=0.2)
    assert names(folder) == ["talk.burned.mp4", "talk.en.srt", "talk.mp4"]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (
            ("embed", "talk.mp4", "talk.en.srt", "-o", "talk.avi"),
            2,
            "talk.avi: such a file cannot be made (only .mp4, .m4v, .mov, .mkv, .webm are written); "
            "name one that ends in .mkv with --output",
        ),
        (
            ("embed", "talk.mp4", "talk.en.srt", "-o", "talk.mp4", "-y"),
            2,
            "talk.mp4: it is one of the files to read, which stay as they are;"
            " name another place for the output",
        ),
        (
            ("embed", "talk.mp4", "talk.en.srt", "-l", "en", "-l", "de"),
            2,
            "--language = 'en, de' is not valid: give as many as subtitle files, 1, or none",
        ),
        (
            ("embed", "talk.mp4", "talk.en.srt", "-l", "Klingon"),
            2,
            "unknown language 'Klingon'; give a code such as 'de' or an English name such as 'German'",
        ),
        (("embed", "talk.mp4", "absent.srt"), 1, "absent.srt: no such file; check the path"),
        (("burn", "absent.mp4", "talk.en.srt"), 1, "absent.mp4: no such file; check the path"),
        (
            ("burn", "talk.mp4", "empty.srt"),
            1,
            "empty.srt: not readable as subtitles (there is no cue in it); check that a player shows them",
        ),
        (
            ("burn", "talk.mp4", "talk.en.srt", "--crf", "99"),
            2,
            "--crf = 99 is not valid: give 0 to 51",
        ),
        (
            ("burn", "talk.mp4", "talk.en.srt", "-o", "nowhere/a.mp4"),
            1,
            "nowhere/a.mp4: cannot be written (there is no folder {folder}/nowhere); "
            "choose another place with --output",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path,
    ovsubs: Callable[..., Ended],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    complaint: str,
) -> None:
    (folder / "empty.srt").touch()
    monkeypatch.chdir(folder)

    ended = ovsubs(*arguments)

    assert ended == Ended(code, "", f"ovsubs: {complaint.format(folder=folder.resolve())}\n")
    assert names(folder) == ["empty.srt", "talk.en.srt", "talk.mp4"]


def test_notes_are_told_unless_it_is_to_be_quiet(folder: Path, ovsubs: Callable[..., Ended]) -> None:
    umlauts = folder / "umlauts.srt"
    umlauts.write_bytes(CUES.replace("Ever", "Früher").encode("cp1252"))

    told = ovsubs("embed", folder / "talk.mp4", umlauts)
    quiet = ovsubs("embed", folder / "talk.mp4", umlauts, "-y", "-q")

    assert (told.code, quiet.code) == (0, 0)
    assert told.complaints == [
        f"{umlauts}: read as Windows-1252, since it is not UTF-8; if letters look wrong, save it as UTF-8"
    ]
    assert quiet.err == ""


@needs_permissions
def test_files_and_folders_without_the_rights_for_it_are_told(folder: Path) -> None:
    locked, shut = folder / "locked.srt", folder / "shut"
    locked.write_text(CUES)
    locked.chmod(0)
    shut.mkdir(mode=0o500)

    unreadable = run_process("embed", folder / "talk.mp4", locked, before=AS_A_USER)
    unwritable = run_process(
        "burn", folder / "talk.mp4", folder / "talk.en.srt", "-o", shut, before=AS_A_USER
    )

    assert (unreadable.code, unwritable.code) == (1, 1)
    assert unreadable.complaints == [
        f"{locked}: not readable as subtitles (permission denied); check that a player shows them"
    ]
    assert unwritable.complaints == [
        f"{shut / 'talk.burned.mp4'}: cannot be written (no permission to write in {shut}); "
        "choose another place with --output"
    ]


@needs_linux
@pytest.mark.parametrize("command", ["embed", "burn"])
def test_a_disk_that_gets_full_leaves_nothing(folder: Path, command: str) -> None:
    ended = run_process(command, folder / "talk.mp4", folder / "talk.en.srt", before=SMALL_DISK)

    assert ended.code == 1
    (line,) = ended.complaints
    assert line.startswith(f"{folder / 'talk.'}")
    assert line.endswith(
        ": cannot be written (the system stopped ffmpeg: file size limit exceeded); "
        "choose another place with --output"
    )
    assert names(folder) == ["talk.en.srt", "talk.mp4"]


@pytest.fixture
def burning(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command line as it draws into a long video, slowly; ended after the test whatever happens."""
    before = signal.signal(HANGUP, signal.SIG_DFL)  # the tests themselves may run under `nohup`
    process = subprocess.Popen(
        [*COMMAND, "burn", "talk.mp4", "talk.en.srt", "--preset", "placebo", "--crf", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(TMPDIR=str(folder)),
    )
    signal.signal(HANGUP, before)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@needs_linux
@pytest.mark.parametrize("call", [signal.SIGINT, signal.SIGTERM, HANGUP])
def test_a_call_to_stop_ends_it_and_its_ffmpeg_and_leaves_no_file(
    folder: Path, burning: subprocess.Popen[bytes], call: signal.Signals
) -> None:
    """By Ctrl-C, by `kill`, by closing the terminal."""
    deadline = time.monotonic() + PATIENCE_S
    while (writer := ffmpeg_that_writes_into(folder)) is None:
        assert time.monotonic() < deadline, "ffmpeg never came to write"
        assert burning.poll() is None
        time.sleep(0.02)

    burning.send_signal(call)
    out, err = burning.communicate(timeout=PATIENCE_S)

    assert (burning.returncode, out, err) == (130, b"", b"ovsubs: stopped\n")
    wait_until(lambda: not is_running(writer), "ffmpeg outlives the command")
    assert names(folder) == ["talk.en.srt", "talk.mp4"]


def ffmpeg_that_writes_into(folder: Path) -> int | None:
    """The process whose last argument is a half-written file there; the file is there before the process."""
    half_written = {f"file:{path}".encode() for path in folder.glob(".ovsubs-*.tmp")}
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if half_written & set(line.read_bytes().split(b"\0")):
                return int(line.parent.name)
    return None


@needs_posix
def test_a_terminal_shows_how_far_it_is(folder: Path) -> None:
    from test_progress import run_at_a_terminal

    code, out, shown = run_at_a_terminal("burn", folder / "talk.mp4", folder / "talk.en.srt")
    quiet = run_at_a_terminal("burn", folder / "talk.mp4", folder / "talk.en.srt", "-q", "-y")

    assert (code, out) == (0, f"{folder / 'talk.burned.mp4'}\n")
    assert "talk.mp4" in shown
    assert "0:10 / 0:10 · " in shown
    assert "x · 0:00 left" in shown
    assert quiet == (0, f"{folder / 'talk.burned.mp4'}\n", "")
