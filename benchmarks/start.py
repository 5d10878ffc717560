"""How long it takes from the command to the first window, with and without compiled graphs that are kept.

    python benchmarks/start.py

Times `ovsubs subtitle` on ten seconds of silence, by turns: all that comes before the first window, and the
end of the process, but no window.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, make_parser, run_program, write_results

from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.datasets.joining import Recording, write_wav
from ovsubs.evaluation.word_errors import median
from ovsubs.export.resolve import resolve_ir

SILENCE_S = 10
COMMAND = (sys.executable, "-c", "from ovsubs.cli import main; main()")


def main() -> int:
    """Measure, write the JSON, print a line for each."""
    parser = make_parser(__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path, default=RESULTS / "start.json")
    arguments = parser.parse_args()
    model = resolve_ir(arguments.model, offline=True)
    with tempfile.TemporaryDirectory() as folder:
        silence, cache = Path(folder) / "silence.wav", Path(folder) / "compiled"
        write_wav(silence, Recording("silence", np.zeros(SILENCE_S * SAMPLE_RATE_HZ, np.float32), ()))
        plain = [*COMMAND, "subtitle", str(silence), "-m", str(model), "-l", "en", "-o", "-", "--offline"]
        plain += ["--threads", str(arguments.threads)]
        kept = [*plain, "--cache-dir", str(cache)]
        for command in (plain, kept):
            seconds_of(command)  # the first run fills the caches
        rounds = [(seconds_of(plain), seconds_of(kept)) for _ in range(arguments.runs)]
        kept_mb = sum(path.stat().st_size for path in cache.iterdir()) / 1e6
    content = {
        **describe_run(PROJECT_PACKAGES),
        "model": arguments.model,
        "threads": arguments.threads,
        "seconds": [round(one, 3) for one, _ in rounds],
        "seconds_with_cache_dir": [round(one, 3) for _, one in rounds],
        "cache_mb": round(kept_mb, 1),
    }
    write_results(arguments.json, content)
    print(f"without a cache {median([one for one, _ in rounds]):.2f} s")
    print(f"with --cache-dir {median([one for _, one in rounds]):.2f} s ({kept_mb:.0f} MB on disk)")
    return 0


def seconds_of(command: list[str]) -> float:
    """Wall time of a command that succeeds."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    run_program(main)
