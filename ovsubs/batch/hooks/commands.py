"""A message -> a program that is told of it, and ended when its time is over."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO

from ovsubs.audio.lifeline import ends_with_us
from ovsubs.batch.hooks.messages import HookMessage
from ovsubs.batch.hooks.problem import HookProblem

_N_TAIL_BYTES = 4096  # of what a program writes
_N_SHOWN = 120  # characters of its last line
_LOOK_S = 0.1


def run_command(
    command: str, message: HookMessage, limit_s: float, is_over: threading.Event
) -> HookProblem | None:
    """Run a program to its end, or to that of its time, when its children are ended as well."""
    with tempfile.TemporaryFile() as told:  # a pipe would be waited for, of a program that reads nothing
        told.write(message.body)
        told.seek(0)
        try:
            process = subprocess.Popen(
                shlex.split(command),
                bufsize=0,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=os.environ | _variables(message),
                start_new_session=True,
                creationflags=_creation_flags(),
            )
        except OSError as error:
            return HookProblem(f"cannot be started: {error.strerror}")
    tail = bytearray()
    reader = threading.Thread(
        target=_keep_tail, args=(process.stdout, tail), name="hook's output", daemon=True
    )
    reader.start()
    with ends_with_us(process):
        is_ended = _wait(process, limit_s, is_over)
        if not is_ended:
            _kill_tree(process)
            process.wait()
    reader.join(1.0)  # what it has left behind may hold the pipe
    if not is_ended:
        return HookProblem("was ended with the run" if is_over.is_set() else f"was ended after {limit_s:g} s")
    if process.returncode == 0:
        return None
    return HookProblem(f"ended with {process.returncode}", _last_line(bytes(tail)))


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW
    return 0


def _variables(message: HookMessage) -> dict[str, str]:
    return {
        "OVSUBS_EVENT": message.event,
        "OVSUBS_FILE": str(message.file or ""),
        "OVSUBS_SUBTITLES": os.pathsep.join(map(str, message.subtitles)),
        "OVSUBS_LANGUAGE": message.language,
    }


def _keep_tail(pipe: IO[bytes], tail: bytearray) -> None:
    with pipe:
        while part := pipe.read(_N_TAIL_BYTES):
            tail += part
            del tail[:-_N_TAIL_BYTES]


def _last_line(tail: bytes) -> str:
    lines = tail.decode(errors="replace").split("\n")
    line = next((line for line in reversed(lines) if line.strip()), "").strip()
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in line[:_N_SHOWN])
    return f": {shown}" if shown else ""


def _wait(process: subprocess.Popen[bytes], limit_s: float, is_over: threading.Event) -> bool:
    """Whether it has ended by itself."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and not is_over.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
            return True
    return process.poll() is not None


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        subprocess.run(
            ("taskkill", "/F", "/T", "/PID", str(process.pid)),
            capture_output=True,
            creationflags=_creation_flags(),
            check=False,
        )
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
