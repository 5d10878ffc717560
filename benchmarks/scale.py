"""Speed and memory of ovsubs against the length of a file, the windows in a batch, and the threads.

    python benchmarks/scale.py --data LibriSpeech/test-clean

Files are the chapters of a split, joined and repeated. Each case runs in a process of its own, after a
warm-up.
"""

import json
import os
import signal
import sys
import tempfile
import wave
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.processes import run_job
from peer_engines.program import RESULTS, make_parser, run_program, write_results
from peer_engines.recordings import LONG, SHORT, make_sets
from peer_engines.run import Job

from ovsubs.export.resolve import resolve_ir

LENGTHS_S = (60, 600, 3_600, 28_800)
BATCH_SIZES = (1, 2, 4, 8, 16, 24)
USUAL_LENGTH_S = 600  # of the file for the cases that differ in something else
BYTES_PER_SECOND = 2 * 16_000


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure; `batch_size` None is the default."""

    length_s: int
    batch_size: int | None
    threads: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came out. Memory is that of the process and of ffmpeg, in 10^6 bytes."""

    case: Case
    rtfx: float
    peak_memory_mb: float
    load_s: float


def main() -> int:
    """Measure all cases, write the JSON after each, print a table."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--lengths", help="in seconds, with commas; 1 min, 10 min, 1 h and 8 h if left out")
    parser.add_argument("--only-lengths", action="store_true", help="leave batch sizes and threads alone")
    parser.add_argument("--json", type=Path, default=RESULTS / "scale.json")
    given = parser.parse_args()
    lengths = [int(length) for length in given.lengths.split(",")] if given.lengths else LENGTHS_S
    if given.threads < 1 or min(lengths) < 1:
        parser.error("--threads and --lengths are at least 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: end the engine, too
    cases = [Case(length, None, given.threads) for length in lengths]
    if not given.only_lengths:
        cases += [Case(USUAL_LENGTH_S, size, given.threads) for size in BATCH_SIZES]
        cases += [Case(USUAL_LENGTH_S, None, 1)]
    model = str(resolve_ir(given.model, offline=True, report=lambda line: None))
    done = list[Measurement]()
    with tempfile.TemporaryDirectory() as folder:
        sets = make_sets([given.data], Path(folder))
        chapters = [file.path for file in sets[LONG].files]
        for number, case in enumerate(cases):
            recording = Path(folder) / "long.wav"
            write_repeated(chapters, case.length_s, recording)
            warm_up = sets[SHORT].files[0].path
            done.append(measure(case, recording, model, warm_up, Path(folder) / f"{number}"))
            print(describe(done[-1]), file=sys.stderr, flush=True)
            write_json(done, given.json)
    print("\n".join(make_table(done)))
    return 0


def write_repeated(recordings: list[Path], length_s: int, output: Path) -> None:
    """Wav files of one format one after the other, again and again, up to a length."""
    sounds = [read_wav(path) for path in recordings]
    left = length_s * BYTES_PER_SECOND
    with wave.open(str(output), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        for sound in cycle(sounds):
            written.writeframes(sound[:left])
            left -= len(sound)
            if left <= 0:
                return


def read_wav(path: Path) -> bytes:
    """Samples of a wav file as they are stored."""
    with wave.open(str(path), "rb") as recording:
        return recording.readframes(recording.getnframes())


def measure(case: Case, recording: Path, model: str, warm_up: Path, output: Path) -> Measurement:
    """Run one case.

    Raises:
        SystemExit: it failed; says why.
    """
    job = Job(
        adaptor="ovsubs",
        settings={"batch_size": case.batch_size},
        model=model,
        language="en",
        threads=case.threads,
        warm_up=str(warm_up),
        files=[str(recording)],
        output=str(output.with_suffix(".json")),
    )
    children_mb, failure = run_job(job, sys.executable, output.with_suffix(".job"))
    if failure:
        sys.exit(f"{case}: {failure}")
    measured = json.loads(Path(job.output).read_text(encoding="utf-8"))
    return Measurement(
        case=case,
        rtfx=round(case.length_s / measured["files"][0]["seconds"], 2),
        peak_memory_mb=round(measured["peak_memory_mb"] + children_mb),
        load_s=round(measured["load_s"], 2),
    )


def write_json(done: list[Measurement], path: Path) -> None:
    """All that has been measured, and on what."""
    content = {
        **describe_run(PROJECT_PACKAGES),
        "measurements": [asdict(one) for one in done],
    }
    write_results(path, content)


def describe(one: Measurement) -> str:
    """One line."""
    batch = one.case.batch_size or "default"
    return (
        f"{duration_of(one)}, batch {batch}, {one.case.threads} threads: "
        f"RTFx {one.rtfx:.1f}, {one.peak_memory_mb:.0f} MB"
    )


def duration_of(one: Measurement) -> str:
    """For people."""
    return f"{one.case.length_s} s" if one.case.length_s < 60 else f"{one.case.length_s / 60.0:.0f} min"


def make_table(done: list[Measurement]) -> list[str]:
    """Markdown."""
    rows = [
        f"| {duration_of(one)} | {one.case.batch_size or 'default'} | {one.case.threads} "
        f"| {one.rtfx:.1f} | {one.peak_memory_mb:.0f} MB |"
        for one in done
    ]
    return ["| length | batch | threads | RTFx | peak memory |", "|---|---|---|---|---|", *rows]


if __name__ == "__main__":
    run_program(main)
