"""`ovsubs batch` as a person uses it: left alone, looked at, stopped, killed, begun again."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import COMMAND, Ended, environment, run_process
from leaving import descendants, is_running, wait_until
from patience import PATIENCE_S
from systems import needs_linux

from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.place import ledger_path
from ovsubs.batch.status import LibraryStatus, status_of
from ovsubs.errors import UnusableLedger

pytestmark = pytest.mark.model
N_SHORT = 4
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ledgers of tests are not those of the person."""
    cache = tmp_path / "cache"
    precision = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ovsubs" / "precision.json"
    (cache / "ovsubs").mkdir(parents=True)
    if precision.is_file():  # else each process measures the machine
        shutil.copy(precision, cache / "ovsubs" / "precision.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


@pytest.fixture(scope="module")
def made(speech_sample: Path, ffmpeg: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short recordings, one of two and a half minutes, and a broken one."""
    folder = tmp_path_factory.mktemp("made")
    root = folder / "library"
    (root / "short").mkdir(parents=True)
    for number in range(N_SHORT):
        tag = ("-metadata", f"comment={number}")
        ffmpeg(root / "short" / f"talk {number:02}.flac", "-i", speech_sample, *tag)
    once = ffmpeg(folder / "once.mp3", "-i", speech_sample, "-b:a", "24k")
    ffmpeg(root / "long.mp3", "-stream_loop", "14", "-i", once, "-c", "copy")
    (root / "broken.mp4").write_bytes(b"no video" * 1000)
    return root


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "library")


@pytest.fixture(scope="module")
def options(tiny_en_model_dir: Path) -> tuple[str, ...]:
    return ("-m", str(tiny_en_model_dir), "--offline", "--inference-precision", "f32", "--batch-size", "3")


@pytest.fixture
def start(options: tuple[str, ...]) -> Iterator[Start]:
    """Starts a run; it is gone after the test, whatever happens."""
    started = list[subprocess.Popen[bytes]]()

    def run(root: Path, *more: str) -> subprocess.Popen[bytes]:
        command = [*COMMAND, "batch", str(root), *options, *more]
        process = subprocess.Popen(
            command,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def written(root: Path) -> dict[str, bytes]:
    """What runs have written, and left behind."""
    own = (".flac", ".mp3", ".mp4")
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in own]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def status(root: Path) -> dict[str, Any]:
    ended = run_process("status", root, "--json")
    told: dict[str, Any] = json.loads(ended.out) if ended.code == 0 else {"state": "", "in_work": []}
    return told


def is_hearing(root: Path) -> bool:
    """Whether windows of the long file are in the ledger."""
    with suppress(UnusableLedger):  # it is being made
        return any(file.position > 0.0 for file in looked_at(root).in_work)
    return False


def looked_at(root: Path) -> LibraryStatus:
    """What `ovsubs status` tells, without its start."""
    with Ledger.copy_of(ledger_path(root), root) as ledger:
        return status_of(ledger)


@pytest.fixture(scope="module")
def undisturbed(
    made: Path, options: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What is written of the library where nothing happens to the run."""
    folder = tmp_path_factory.mktemp("undisturbed")
    copy = shutil.copytree(made, folder / "library")
    ended = run_process("batch", copy, *options, "--ledger", folder / "ledger.sqlite")
    assert ended.code == 1, ended.err  # one file is broken
    assert "broken.mp4: not readable" in ended.err
    found = written(copy)
    assert len(found) == N_SHORT + 1
    return found


@needs_linux
def test_a_run_that_is_killed_again_and_again_loses_nothing(
    library: Path, start: Start, undisturbed: dict[str, bytes]
) -> None:
    draw = random.Random(1)
    for _ in range(2):
        run = start(library)
        time.sleep(draw.uniform(1.0, 4.0))
        children = descendants(run.pid)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        whole = {name: content for name, content in written(library).items() if ".ovsubs-" not in name}
        assert whole.items() <= undisturbed.items()
        wait_until(lambda: not any(map(is_running, children)), "a child of a killed run goes on")  # noqa: B023
    last = start(library)
    _, said = last.communicate(timeout=PATIENCE_S)
    assert last.returncode == 1, said.decode()
    assert written(library) == undisturbed


@needs_linux
def test_a_killed_run_goes_on_within_a_file(
    library: Path, start: Start, undisturbed: dict[str, bytes]
) -> None:
    shutil.rmtree(library / "short")
    run = start(library)
    wait_until(lambda: is_hearing(library), "nothing was heard")
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    told = status(library)
    assert told["state"] == "cut off"
    (in_work,) = told["in_work"]
    before = in_work["position"]
    again = start(library, "--log-json")
    out, _ = again.communicate(timeout=PATIENCE_S)
    events = [json.loads(line) for line in out.splitlines()]
    positions = [event["position"] for event in events if event["event"] == "file_progress"]
    assert positions[0] >= before  # what was heard comes back with the first windows that were not
    assert written(library) == {"long.srt": undisturbed["long.srt"]}


@needs_linux
def test_a_run_can_be_looked_at_paused_and_stopped_from_another_shell(library: Path, start: Start) -> None:
    run = start(library)
    wait_until(lambda: is_hearing(library), "nothing was heard")
    told = run_process("status", library)
    assert re.search(r"library: running\n.* left\n", told.out), told.out
    assert run_process("pause", library).code == 0
    wait_until(lambda: looked_at(library).state == "paused", "it was not paused")
    paused = looked_at(library).in_work
    time.sleep(1.5)
    assert looked_at(library).in_work == paused
    assert run_process("resume", library).code == 0
    wait_until(lambda: looked_at(library).in_work != paused, "it did not go on")
    assert run_process("stop", library).code == 0
    run.communicate(timeout=PATIENCE_S)
    told_after = status(library)
    assert told_after["state"] == "stopped"
    assert told_after["in_work"] == []
    assert run_process("stop", library).code == 1  # no run goes on


@needs_linux
def test_the_first_ctrl_c_ends_cleanly_and_says_how_to_go_on(library: Path, start: Start) -> None:
    run = start(library)
    wait_until(lambda: is_hearing(library), "nothing was heard")
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130
    assert b"the same command goes on where it was" in said
    assert status(library)["state"] == "stopped"
    assert not [name for name in written(library) if ".ovsubs-" in name]


@needs_linux
def test_the_second_ctrl_c_ends_at_once(library: Path, start: Start) -> None:
    run = start(library)
    wait_until(lambda: is_hearing(library), "nothing was heard")
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130


def test_a_plan_is_shown_and_nothing_is_done(library: Path, options: tuple[str, ...]) -> None:
    (library / "long.mp3").unlink()
    (library / "short" / "talk 00.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nTheirs.\n")
    ended = run_process("batch", library, *options, "--dry-run", "-l", "en")
    assert ended.code == 0, ended.err
    assert f"{N_SHORT - 1} to hear, 1 cannot be done, 1 skipped" in ended.out
    assert re.search(r"\d:\d\d to hear, about 0:\d\d at \d+x; \d\.\d MB of disk", ended.out)
    assert set(written(library)) == {"short/talk 00.en.srt"}
    told = json.loads(run_process("batch", library, *options, "--dry-run", "--json", "-l", "en").out)
    actions = {Path(file["file"]).name: file["action"] for file in told["files"]}
    assert (actions["talk 01.flac"], actions["broken.mp4"]) == ("to hear", "cannot be done")
    assert told["seconds_of_media"] == pytest.approx(10.0 * (N_SHORT - 1), abs=3.0)


def test_a_report_is_written_beside_the_ledger_and_can_be_merged(
    library: Path, options: tuple[str, ...], cache: Path, tmp_path: Path
) -> None:
    (library / "long.mp3").unlink()
    run_process("batch", library, *options)
    (page,) = (cache / "ovsubs" / "ledgers").glob("*.html")
    assert "talk 03.flac" in page.read_text()
    (ledger,) = (cache / "ovsubs" / "ledgers").glob("*.sqlite")
    merged = run_process("report", ledger, page.with_suffix(".json"), "-o", tmp_path / "all.json")
    assert merged.code == 0, merged.err
    content = json.loads((tmp_path / "all.json").read_text())
    assert len(content["records"]) == N_SHORT + 1


@needs_linux
def test_a_hook_hears_of_each_file(library: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    (library / "long.mp3").unlink()
    told = tmp_path / "told"
    told.mkdir()
    hook = f'sh -c \'cat > "{told}/$(basename "$OVSUBS_FILE").json"\''
    ended = run_process("batch", library, *options, "--on-done", hook)
    assert ended.code == 1, ended.err
    events = [json.loads(path.read_text()) for path in told.iterdir()]
    assert len(events) == N_SHORT
    assert all(event["event"] == "file_done" and event["subtitles"] for event in events)


@needs_linux
def test_new_files_are_taken_while_it_watches(
    library: Path, start: Start, speech_sample: Path, ffmpeg: Callable[..., Path]
) -> None:
    (library / "long.mp3").unlink()
    run = start(library, "--watch")
    wait_until(lambda: len(written(library)) == N_SHORT, "the files that were there are not done")
    ffmpeg(library / "new.flac", "-i", speech_sample, "-metadata", "comment=new")
    wait_until(lambda: "new.srt" in written(library), "the new file is not done")
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 130


@needs_linux
def test_shards_do_each_file_once(library: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    (library / "long.mp3").unlink()
    (library / "broken.mp4").unlink()
    told = [
        run_process("batch", library, *options, "--shard", f"{n}/2", "--ledger", tmp_path / f"{n}.sqlite")
        for n in range(2)
    ]
    assert [ended.code for ended in told] == [0, 0]
    done = [re.search(r"(\d+) done", ended.err) for ended in told]
    assert all(done)
    assert sum(int(found[1]) for found in done if found) == N_SHORT
    assert len(written(library)) == N_SHORT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shard", "4/4"), "--shard"),
        (("--between", "25:00-7"), "--between"),
        (("--nice", "20"), "--nice"),
        (("--webhook", "nonsense"), "--webhook"),
        (("--report", "report.pdf"), "--report"),
        (("--max-attempts", "0"), "--max-attempts"),
        (("--json",), "--json"),
        (("--dry-run", "--watch"), "--watch"),
        (("-o", "-"), "--output-dir"),
        (("--on-done", "no-such-program-at-all"), "--on-done"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(
    library: Path,
    ovsubs: Callable[..., Ended],
    options: tuple[str, ...],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    ended = ovsubs("batch", library, *options, *arguments)
    assert ended.code == 2, ended.err
    assert said in ended.err
    assert written(library) == {}


def test_a_folder_of_which_nothing_is_known_is_told(tmp_path: Path, ovsubs: Callable[..., Ended]) -> None:
    ended = ovsubs("status", tmp_path)
    assert (ended.code, ended.complaints) == (
        1,
        [f"{tmp_path}: nothing is known of this folder; begin with `ovsubs batch`"],
    )


def test_a_ledger_that_is_none_is_left_alone(
    library: Path, options: tuple[str, ...], ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("my notes\n" * 500)
    ended = ovsubs("batch", library, *options, "--ledger", notes)
    assert ended.code == 1
    assert notes.read_text() == "my notes\n" * 500
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(notes).execute("select * from file")


@needs_linux
def test_subtitle_goes_on_where_it_was_cut_off_if_that_is_asked_for(
    library: Path, options: tuple[str, ...], undisturbed: dict[str, bytes]
) -> None:
    command = [*COMMAND, "subtitle", str(library), *options, "--resume"]
    run = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: is_hearing(library), "nothing was heard")
    run.kill()
    run.wait()
    ended = run_process(*command[len(COMMAND) :])
    assert ended.code == 1, ended.err
    assert "broken.mp4" in ended.err
    assert written(library) == undisturbed


def test_quiet_is_quiet_and_what_cannot_be_done_is_told_all_the_same(
    library: Path, ovsubs: Callable[..., Ended], options: tuple[str, ...], tmp_path: Path
) -> None:
    shutil.rmtree(library / "short")
    (library / "long.mp3").unlink()
    (tmp_path / "empty").mkdir()
    ended = ovsubs("batch", tmp_path / "empty", *options, "-q")
    assert (ended.code, len(ended.complaints)) == (1, 1)
    assert "no audio or video file" in ended.err
    broken = ovsubs("batch", library, *options, "-q")
    assert (broken.code, len(broken.complaints)) == (1, 1)
