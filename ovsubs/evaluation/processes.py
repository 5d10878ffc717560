"""A job -> the process that does it, with its progress and its largest memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ovsubs.errors import MeasurementFailed, MissingExtra
from ovsubs.evaluation.worker import Job, Measured

_NUMBER = re.compile(r"\d+\.\d+")
WATCH_S = 0.05  # between looks at the memory of a process


@dataclass(frozen=True, slots=True)
class Watched:
    """What a job measured, and the largest memory of its process and of its ffmpeg, in 10^6 bytes."""

    measured: Measured
    peak_memory_mb: float


def run_job(job: Job, on_progress: Callable[[float], None] = lambda audio_s: None) -> Watched:
    """Run a job to its end; its process ends with this one.

    Args:
        job: what to measure.
        on_progress: called with the seconds of audio that are done.

    Raises:
        MeasurementFailed: the process failed; the error has its last line.
        MissingExtra: psutil is not installed.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        described = Path(folder) / "job.json"
        described.write_text(json.dumps(asdict(replace(job, started=time.time()))), encoding="utf-8")
        command = [sys.executable, "-X", "utf8", "-P", "-m", "ovsubs.evaluation.worker", str(described)]
        with (
            (Path(folder) / "said").open("w+", encoding="utf-8", errors="replace") as said,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=said, encoding="utf-8", errors="replace"
            ) as process,
        ):
            memory = [0]
            try:
                with looking(lambda: memory.append(memory_of(process.pid).resident), WATCH_S):
                    for line in process.stdout or ():
                        if _NUMBER.fullmatch(line.strip()):  # others are a library's
                            on_progress(float(line))
                    process.wait()
            except BaseException:
                process.kill()  # nothing runs on when this program is interrupted
                process.wait()  # on a busy machine longer than the quarter of a second that Popen waits
                raise
            if process.returncode:
                said.seek(0)
                lines = [line.strip() for line in said if line.strip()]
                raise MeasurementFailed(job.model, lines[-1] if lines else f"exit code {process.returncode}")
    content = json.loads(Path(job.output).read_text(encoding="utf-8"))
    return Watched(Measured(**content), max(memory) / 1e6)


def programs_of(process: int) -> list[Any]:
    """The programs that a process has started and that are running, such as ffmpeg, as psutil has them.

    Raises:
        MissingExtra: psutil is not installed.
    """
    psutil = load_psutil()
    found = list[Any]()
    with suppress(psutil.Error):  # it has ended meanwhile
        watched = psutil.Process(process)
        command = watched.cmdline()
        for child in watched.children(recursive=True):
            with suppress(psutil.Error):  # a zombie, most likely
                if child.cmdline() != command:  # else it is a fork still, whose memory is its parent's
                    found.append(child)
    return found


@contextmanager
def looking(look: Callable[[], None], pause_s: float) -> Iterator[None]:
    """Call `look` again and again in a thread, with so many seconds between."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(pause_s):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Memory of a process and the programs that it has started, together, in bytes.

    `resident` counts pages of mapped files, `anonymous` does not.
    """

    resident: int
    anonymous: int


def memory_of(process: int) -> ProcessMemory:
    """Memory at this moment; 0 of what has ended.

    Raises:
        MissingExtra: psutil is not installed.
    """
    psutil = load_psutil()
    resident = anonymous = 0
    with suppress(psutil.Error):  # it has ended meanwhile
        for one in (psutil.Process(process), *programs_of(process)):
            with suppress(psutil.Error):
                memory = one.memory_info()
                resident += memory.rss
                anonymous += memory.rss - getattr(memory, "shared", 0)  # only Linux tells it
    return ProcessMemory(resident, anonymous)


def load_psutil() -> Any:
    """The package psutil.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import psutil
    except ImportError as error:
        raise MissingExtra("measuring memory", "benchmark", "psutil") from error
    return psutil
