"""A job -> the process that does it, watched from outside."""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from peer_engines import run

WATCH_S = 0.25  # between looks at the memory of an engine's child processes


def run_job(job: run.Job, python: str, path: Path) -> tuple[float, str | None]:
    """Run an engine: the peak memory of its child processes in 10^6 bytes, and why it failed, if it did."""
    path.write_text(json.dumps(asdict(job)), encoding="utf-8")
    threads = {
        name: str(job.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    }
    environment = {**os.environ, **threads, "HF_HUB_OFFLINE": "1"}
    children_mb = 0.0
    with (
        path.with_suffix(".log").open("w+", encoding="utf-8", errors="replace") as log,
        subprocess.Popen(
            [python, "-P", run.__file__, str(path)], stdout=log, stderr=log, env=environment
        ) as engine,
    ):
        try:
            while engine.poll() is None:
                children_mb = max(children_mb, sum(map(run.peak_memory_mb, children_of(engine.pid))))
                time.sleep(WATCH_S)
        except BaseException:
            engine.kill()  # nothing runs on when this program is interrupted
            raise
        log.seek(0)
        said = [line.strip() for line in log if line.strip()]
    if engine.returncode == 0:
        return children_mb, None
    if engine.returncode < 0:
        return children_mb, f"ended by {signal.Signals(-engine.returncode).name}"
    return children_mb, said[-1] if said else f"exit code {engine.returncode}"


def children_of(process: int) -> list[int]:
    """The programs that a process has started, such as ffmpeg; none where /proc does not tell."""
    found = list[int]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            if parent == process and _command(stat.parent) != _command(Path("/proc") / str(process)):
                found.append(int(stat.parent.name))
        except (OSError, IndexError):  # it has ended meanwhile
            continue
    return found


def _command(process: Path) -> bytes:
    # Until it runs its program, a new process has its parent's command, and its parent's memory.
    return (process / "cmdline").read_bytes()
