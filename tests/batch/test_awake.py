"""A machine is kept awake while a run goes on, and not a moment longer, however it ends."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from leaving import descendants, is_running, kill_and_see, wait_until
from systems import needs_linux, needs_posix

from ovsubs.batch.machine.awake import could_sleep, kept_awake

GRANTED = 'shift $(($# - 1))\n"$@"'  # as systemd-inhibit does: what it was asked to run, as a child
REFUSED = "echo 'Failed to inhibit: Access denied' >&2\nexit 1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a machine that systemd has booted, without programs yet."""
    for name in ("CI", "KUBERNETES_SERVICE_HOST", "container"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    return tmp_path


def put_program(desk: Path, name: str, body: str) -> Path:
    """A stand-in for a program of the system, and the file where its arguments are recorded."""
    calls, program = desk / "calls", desk / "bin" / name
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{calls}"\n{body}\n', encoding="utf-8")
    program.chmod(0o755)
    return calls


@needs_linux
def test_the_machine_is_held_awake_until_the_end(desk: Path) -> None:
    said = list[str]()
    calls = put_program(desk, "systemd-inhibit", GRANTED)
    before = descendants(os.getpid())
    with kept_awake(said.append, desk):
        assert calls.read_text(encoding="utf-8").split("\n")[:3] == [
            "--what=sleep:idle",
            "--mode=block",
            "--who=ovsubs",
        ]
        holders = descendants(os.getpid()) - before
        assert len(holders) == 2
    assert not {pid for pid in holders if is_running(pid)}
    assert said == []


@needs_linux
def test_the_hold_ends_when_a_run_fails(desk: Path) -> None:
    put_program(desk, "systemd-inhibit", GRANTED)
    before = descendants(os.getpid())
    with pytest.raises(KeyError, match="x"), kept_awake(print, desk):
        raise KeyError("x")
    assert not descendants(os.getpid()) - before


@needs_linux
def test_a_refusal_is_said_once_and_the_run_goes_on(desk: Path) -> None:
    said = list[str]()
    put_program(desk, "systemd-inhibit", REFUSED)
    with kept_awake(said.append, desk):
        assert said == ["the machine may go to sleep during this run: systemd-inhibit does not keep it awake"]
    assert len(said) == 1


@needs_linux
def test_a_program_that_cannot_be_started_is_said(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setenv("PATH", str(desk / "bin"))
    program = put_program(desk, "systemd-inhibit", "").parent / "bin/systemd-inhibit"
    program.write_text("#!/no/such/shell\n", encoding="utf-8")
    with kept_awake(said.append, desk):
        pass
    assert said == ["the machine may go to sleep during this run: systemd-inhibit: No such file or directory"]


@needs_linux
def test_without_the_program_nothing_is_said(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(desk / "bin"))
    with kept_awake(pytest.fail, desk):
        pass


@needs_linux
def test_in_a_container_nothing_is_tried(desk: Path) -> None:
    calls = put_program(desk, "systemd-inhibit", GRANTED)
    (desk / ".dockerenv").touch()
    with kept_awake(pytest.fail, desk):
        assert not calls.exists()


@needs_linux
def test_only_a_machine_that_systemd_has_booted_could_sleep(desk: Path) -> None:
    assert could_sleep({}, desk)
    assert not could_sleep({"CI": "true"}, desk)
    assert not could_sleep({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, desk)
    (desk / "run/.containerenv").touch()
    assert not could_sleep({}, desk)
    assert not could_sleep({}, desk / "bin")


@needs_linux
def test_a_run_that_is_killed_leaves_nothing_that_holds_it_awake(desk: Path) -> None:
    put_program(desk, "systemd-inhibit", GRANTED)
    code = (
        "import pathlib, time\nfrom ovsubs.batch.machine.awake import kept_awake\n"
        f"with kept_awake(print, pathlib.Path({str(desk)!r})):\n"
        "    print('held', flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert len(descendants(process.pid)) == 2
        assert kill_and_see(process) == set()


@needs_linux
def test_when_the_holder_is_killed_nothing_is_left_behind_the_run(desk: Path) -> None:
    put_program(desk, "systemd-inhibit", GRANTED)
    before = descendants(os.getpid())
    with kept_awake(pytest.fail, desk):
        started = descendants(os.getpid()) - before
        holder = next(pid for pid in started if descendants(pid))
        os.kill(holder, 9)
    wait_until(lambda: not any(map(is_running, started)), "its child is left")


@needs_linux
def test_a_holder_that_does_not_end_is_ended(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ovsubs.batch.machine.awake._REAPED_S", 0.2)
    put_program(desk, "systemd-inhibit", "echo; exec sleep 600")
    before, began = descendants(os.getpid()), time.monotonic()
    with kept_awake(pytest.fail, desk):
        pass
    assert time.monotonic() - began < 60
    assert not descendants(os.getpid()) - before


@needs_posix
def test_on_macos_caffeinate_watches_this_process(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = put_program(desk, "caffeinate", "exec sleep 600")
    monkeypatch.setattr(sys, "platform", "darwin")
    with kept_awake(pytest.fail):
        wait_until(calls.exists, "caffeinate was not started")
        wait_until(lambda: calls.read_text(encoding="utf-8").count("\n") == 3, "caffeinate has no arguments")
        assert calls.read_text(encoding="utf-8").split() == ["-i", "-w", str(os.getpid())]


@needs_posix
def test_on_macos_a_missing_caffeinate_is_said(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr(sys, "platform", "darwin")
    with kept_awake(said.append):
        pass
    assert said == ["the machine may go to sleep during this run: caffeinate: No such file or directory"]
