"""A run that goes on -> a machine that does not go to sleep meanwhile."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_ANSWER_S = 5.0  # for the system to say whether it stays awake
_REAPED_S = 5.0
_INHIBIT = (
    "systemd-inhibit",
    "--what=sleep:idle",
    "--mode=block",
    "--who=ovsubs",
    "--why=Subtitles are made",
)
_NO_HARDWARE = ("CI", "KUBERNETES_SERVICE_HOST", "container")  # variables that tell of a machine of others
_IN_CONTAINER = (".dockerenv", "run/.containerenv")
_BOOTED = "run/systemd/system"  # sd_booted(3)


def could_sleep(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Whether this may be a machine that goes to sleep by itself: no container, no runner of a CI.

    On Linux it is systemd that lets machines sleep.

    Args:
        environ: variables of the process.
        root: of the file system.
    """
    if any(environ.get(name) for name in _NO_HARDWARE):
        return False
    if sys.platform != "linux":
        return True
    return (root / _BOOTED).is_dir() and not any((root / name).exists() for name in _IN_CONTAINER)


@contextmanager
def kept_awake(say: Callable[[str], None], root: Path = Path("/")) -> Iterator[None]:
    """Keep the machine from sleeping within this. Where that cannot be had, `say` is told, and it goes on.

    Use it in the thread that stays: on Windows it is a thread that keeps the machine awake.

    Args:
        say: is told in one line; of a machine that does not sleep anyway, nothing.
        root: of the file system.
    """
    if not could_sleep(os.environ, root):
        yield
        return
    with _held(say):
        yield


def _cannot(why: object) -> str:
    return f"the machine may go to sleep during this run: {why}"


if sys.platform == "win32":
    import ctypes

    # SetThreadExecutionState: ES_CONTINUOUS, ES_SYSTEM_REQUIRED
    _CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x1

    @contextmanager
    def _held(say: Callable[[str], None]) -> Iterator[None]:
        set_state = ctypes.WinDLL("kernel32").SetThreadExecutionState
        set_state.argtypes, set_state.restype = (ctypes.c_uint32,), ctypes.c_uint32
        if not set_state(_CONTINUOUS | _SYSTEM_REQUIRED):
            say(_cannot("Windows refuses to stay awake"))
        try:
            yield
        finally:
            set_state(_CONTINUOUS)

else:

    @contextmanager
    def _held(say: Callable[[str], None]) -> Iterator[None]:
        holder = _start(say)
        try:
            yield
        finally:
            if holder is not None:
                _end(holder)

    def _start(say: Callable[[str], None]) -> subprocess.Popen[bytes] | None:
        is_mac = sys.platform == "darwin"
        # caffeinate ends when we do; `cat` with the pipe that only we hold open, and what has started it too.
        command = ("caffeinate", "-i", "-w", str(os.getpid())) if is_mac else (*_INHIBIT, "cat")
        try:
            holder = _open(command)
        except OSError as error:
            if is_mac or shutil.which(command[0]):
                say(_cannot(f"{command[0]}: {error.strerror}"))
            return None
        if not is_mac and not _is_answered(holder):
            say(_cannot(f"{command[0]} does not keep it awake"))
        return holder

    def _open(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )

    def _is_answered(holder: subprocess.Popen[bytes]) -> bool:
        """Whether `cat` runs, which it does as soon as the machine is held awake: it gives a line back."""
        assert holder.stdin is not None
        assert holder.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            holder.stdin.write(b"\n")
        with selectors.DefaultSelector() as selector:
            selector.register(holder.stdout, selectors.EVENT_READ)
            return bool(selector.select(_ANSWER_S) and holder.stdout.read(1))

    def _end(holder: subprocess.Popen[bytes]) -> None:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.close()
        holder.stdout.close()
        if sys.platform == "darwin":
            holder.terminate()
        try:
            holder.wait(_REAPED_S)
        except subprocess.TimeoutExpired:
            holder.kill()
            holder.wait()
