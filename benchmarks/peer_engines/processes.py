"""A job -> the process that does it, watched from outside."""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from peer_engines import run

from ovsubs.evaluation.processes import programs_of

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
                of_programs = [run.peak_memory_mb(program.pid) for program in programs_of(engine.pid)]
                children_mb = max(children_mb, sum(of_programs))
                time.sleep(WATCH_S)
        except BaseException:
            engine.kill()  # nothing runs on when this program is interrupted
            engine.wait()  # on a busy machine longer than the quarter of a second that Popen waits
            raise
        log.seek(0)
        said = [line.strip() for line in log if line.strip()]
    if engine.returncode == 0:
        return children_mb, None
    if engine.returncode < 0:
        return children_mb, f"ended by {signal.Signals(-engine.returncode).name}"
    return children_mb, said[-1] if said else f"exit code {engine.returncode}"
