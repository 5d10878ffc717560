"""How much memory an export takes, ours and that of `optimum-cli export openvino`.

    python benchmarks/export_memory.py --sizes turbo large-v3 --optimum

Exports checkpoints of random weights in float16, the type of OpenAI's own (`random_checkpoint.py`): the whole
command with its self-test. Memory is that of the command and of the processes that it starts, together.
Resident memory counts pages of mapped files as well, such as those of weights; Linux takes them back where
it has need of them. Anonymous memory does not count them. Linux only.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, make_parser, run_program, write_results
from random_checkpoint import SIZES

from ovsubs.evaluation.processes import looking, memory_of
from ovsubs.export.graphs import ENGINE_PACKAGES
from ovsubs.export.model_directory import PRECISIONS

WATCH_S = 0.02  # between looks at the memory of the processes
OVSUBS, OPTIMUM = "ovsubs", "optimum"
EXPORT = """
import sys
from pathlib import Path
from ovsubs.export.model_directory import ExportOptions, export_model
options = ExportOptions(output=Path(sys.argv[2]), precision=sys.argv[3])
export_model(sys.argv[1], options, lambda line: print(line, file=sys.stderr, flush=True))
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What a command reported, and the largest resident memory until it reported the next, in 10^9 bytes."""

    line: str
    peak_resident_gb: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """The largest memory of one export, in 10^9 bytes.

    `peak_process_gb`: resident, as Linux itself has counted it for the largest of its processes.
    """

    size: str
    program: str
    precision: str
    peak_resident_gb: float
    peak_anonymous_gb: float
    peak_process_gb: float
    steps: tuple[Step, ...]


class _Peaks:
    """The largest memory of a command so far, in bytes, and of each of its steps."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.resident = self.anonymous = 0
        self.steps = [_StepPeak("start")]

    def look(self) -> None:
        memory = memory_of(self._process)
        self.resident = max(self.resident, memory.resident)
        self.anonymous = max(self.anonymous, memory.anonymous)
        step = self.steps[-1]
        step.resident = max(step.resident, memory.resident)


@dataclass(slots=True)
class _StepPeak:
    """A line that a command reported, and the largest memory from then on."""

    line: str
    resident: int = 0


def main() -> int:
    """Measure each size, write the JSON after each, print a line for each."""
    parser = make_parser(__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["turbo", "large-v3"])
    parser.add_argument("--precision", choices=PRECISIONS, default="fp16", help="of our export")
    parser.add_argument("--optimum", action="store_true", help="measure optimum-cli as well")
    parser.add_argument("--folder", type=Path, help="for checkpoints, which are kept; else a temporary one")
    parser.add_argument("--json", type=Path, default=RESULTS / "export-memory.json")
    arguments = parser.parse_args()
    done = list[Measurement]()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        for size in arguments.sizes:
            checkpoint = (arguments.folder or Path(scratch)) / size
            if not checkpoint.exists():
                make_checkpoint(size, checkpoint)
            for program in (OVSUBS, OPTIMUM) if arguments.optimum else (OVSUBS,):
                with tempfile.TemporaryDirectory(dir=scratch) as output:
                    command = command_of(program, checkpoint, Path(output) / "model", arguments.precision)
                    done.append(measure(command, size, program, arguments.precision))
                print(describe(done), flush=True)
                write_json(done, arguments.json)
    return 0


def make_checkpoint(size: str, output: Path) -> None:
    """In a process of its own: Linux counts the memory that a process has had for those that it starts."""
    program = Path(__file__).with_name("random_checkpoint.py")
    subprocess.run([sys.executable, program, size, output], check=True)


def command_of(program: str, checkpoint: Path, output: Path, precision: str) -> list[str]:
    """What makes a model: ours by the library, optimum's by its program with defaults, which are float16."""
    if program == OPTIMUM:
        optimum = str(Path(sys.executable).with_name("optimum-cli"))
        task = "automatic-speech-recognition-with-past"
        return [optimum, "export", "openvino", "--model", str(checkpoint), "--task", task, str(output)]
    return [sys.executable, "-c", EXPORT, str(checkpoint), str(output), precision]


def measure(command: Sequence[str], size: str, program: str, precision: str) -> Measurement:
    """Run one export to its end.

    Raises:
        SystemExit: it failed; says why.
    """
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        said, peaks = list[str](), _Peaks(process.pid)
        try:
            with looking(peaks.look, WATCH_S):
                for line in process.stderr or ():
                    said.append(line.strip())
                    if program == OVSUBS:
                        peaks.steps.append(_StepPeak(said[-1]))
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()  # nothing runs on when this program is interrupted
            process.wait()
            raise
    if process.returncode:
        sys.exit(f"{program}, {size}: {said[-1] if said else process.returncode}")
    return Measurement(
        size=size,
        program=program,
        precision=precision,
        peak_resident_gb=_gigabytes(peaks.resident),
        peak_anonymous_gb=_gigabytes(peaks.anonymous),
        peak_process_gb=_gigabytes(usage.ru_maxrss * 1024),
        steps=tuple(
            Step(_without_folders(step.line), _gigabytes(step.resident))
            for step in peaks.steps
            if program == OVSUBS
        ),
    )


def _without_folders(line: str) -> str:
    """A line with names in the place of paths, which are temporary ones."""
    return " ".join(Path(word).name if os.sep in word else word for word in line.split(" "))


def _gigabytes(n_bytes: int) -> float:
    return round(n_bytes / 1e9, 2)


def describe(done: Sequence[Measurement]) -> str:
    """A line for the last one, with the ratio to the other program's where both have been measured."""
    last = done[-1]
    line = f"{last.size}, {last.program}: {last.peak_resident_gb:.1f} GB"
    line += f" ({last.peak_anonymous_gb:.1f} anonymous)"
    ours = [one for one in done if (one.size, one.program) == (last.size, OVSUBS)]
    if last.program == OPTIMUM and ours:
        line += f"; ours takes {ours[0].peak_resident_gb / last.peak_resident_gb:.2f} times as much"
    return line


def write_json(done: Sequence[Measurement], path: Path) -> None:
    """All that has been measured, and on what."""
    packages = tuple(dict.fromkeys((*PROJECT_PACKAGES, *ENGINE_PACKAGES)))
    write_results(path, {**describe_run(packages), "measurements": [asdict(one) for one in done]})


if __name__ == "__main__":
    run_program(main)
