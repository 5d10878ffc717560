"""The end-to-end tests, accuracy and speed on CPUs with fewer instructions, in each precision that they have.

    python benchmarks/cpus.py --data ../shared/data/librispeech/test-clean

oneDNN, with which OpenVINO computes, is told to use fewer instructions than the CPU has (ONEDNN_MAX_CPU_ISA).
Of each such CPU the default and every precision that it computes in are tested, and two joined chapters are
heard: their word errors, and how many seconds of them are heard in a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, ROOT, make_parser, run_program, say, write_results

ISAS = ("AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "")  # the last is all that the CPU has
TESTS = (
    "tests/end_to_end/test_real_speech.py",
    "tests/end_to_end/test_outputs.py",
    "tests/end_to_end/test_containers.py",
    "tests/end_to_end/test_python.py",
)
N_CHAPTERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One CPU in one precision: `asked` is None for the default, which came down to `chosen`."""

    isa: str
    asked: str | None
    chosen: str
    tests: str
    n_errors: int
    n_words: int
    rtfx: float


def main() -> int:
    """Test all CPUs and print a table; 1 if a test fails."""
    if len(sys.argv) > 1 and sys.argv[1] == "--hear":
        return hear(sys.argv[2], Path(sys.argv[3]), sys.argv[4] or None)
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--model", default="base", help="name or directory of the OpenVINO graphs")
    parser.add_argument("--isa", action="append", help="one of them; all by default")
    parser.add_argument("--without-tests", action="store_true", help="accuracy and speed alone")
    parser.add_argument("--json", type=Path, default=RESULTS / "cpus.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        environments = {isa: environment_of(isa, cache) for isa in given.isa or ISAS}
        asked = [(isa, one) for isa, env in environments.items() for one in (None, *precisions_of(env))]
        # Speed first, so that no test that somebody runs beside this one disturbs it.
        rows = [hear_row(isa, one, environments[isa], given) for isa, one in asked]
        print(*map(describe, rows), sep="\n", flush=True)
        for place, (isa, one) in enumerate(asked) if not given.without_tests else ():
            rows[place] = replace(rows[place], tests=run_tests(isa, one, environments[isa]))
            print(describe(rows[place]), flush=True)
    content = {**describe_run(PROJECT_PACKAGES), "rows": [asdict(row) for row in rows]}
    write_results(given.json, content)
    return int(any("failed" in row.tests or "error" in row.tests for row in rows))


def environment_of(isa: str, cache: str) -> dict[str, str]:
    """What makes such a CPU of this one, with measurements of its own."""
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa, "XDG_CACHE_HOME": cache}
    if not isa:
        del environment["ONEDNN_MAX_CPU_ISA"]
    return environment


def precisions_of(environment: dict[str, str]) -> list[str]:
    """What such a CPU computes in."""
    code = "from ovsubs.whisper.model.precision import cpu_precisions; print(*cpu_precisions())"
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return said.stdout.split()


def hear_row(isa: str, asked: str | None, environment: dict[str, str], given: argparse.Namespace) -> Row:
    """The chapters, in a process of its own."""
    say(f"{isa or 'all instructions'}, {asked or 'default'}: accuracy and speed")
    heard = subprocess.run(
        [sys.executable, __file__, "--hear", given.model, str(given.data), asked or ""],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    chosen, n_errors, n_words, rtfx = json.loads(heard.stdout)
    return Row(isa or "all", asked, chosen, "not run", n_errors, n_words, rtfx)


def run_tests(isa: str, asked: str | None, environment: dict[str, str]) -> str:
    """The last line of pytest, in a process of its own."""
    say(f"{isa or 'all instructions'}, {asked or 'default'}: tests")
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *TESTS],
        cwd=ROOT,
        env={**environment, "OVSUBS_TESTS_PRECISION": asked} if asked else environment,
        capture_output=True,
        text=True,
    )
    if said.returncode:
        say(said.stdout)
    return said.stdout.strip().splitlines()[-1]


def hear(name: str, data: Path, asked: str | None) -> int:
    """Chapters in one precision; prints what it came down to, word errors, words, and speed."""
    from ovsubs.datasets.joining import joined_chapters
    from ovsubs.evaluation.word_errors import count_word_errors, total
    from ovsubs.export.resolve import resolve_ir
    from ovsubs.pipeline import Model
    from ovsubs.whisper.config import read_config
    from ovsubs.whisper.model import CompileOptions, settle
    from ovsubs.whisper.model.precision import size_of

    directory = resolve_ir(name, offline=True, report=say)
    options = CompileOptions(inference_precision=asked)
    chosen = str(settle(options, size_of(read_config(directory))).precision)
    chapters = list(joined_chapters(data))[:N_CHAPTERS]
    with Model(directory, options) as model:
        model.transcribe(chapters[0].samples[: 60 * 16_000], language="en")  # warm-up
        start = time.perf_counter()
        transcripts = [model.transcribe(chapter.samples, language="en") for chapter in chapters]
        taken = time.perf_counter() - start
    pairs = zip(chapters, transcripts, strict=True)
    errors = total(count_word_errors(chapter.text, transcript.text) for chapter, transcript in pairs)
    rtfx = sum(chapter.duration for chapter in chapters) / taken
    print(json.dumps([chosen, errors.n_errors, errors.n_words, round(rtfx, 1)]))
    return 0


def describe(row: Row) -> str:
    """One line of the table."""
    return (
        f"{row.isa:17} {row.asked or 'default':8} {row.chosen:38} "
        f"{row.n_errors / row.n_words:6.2%}  RTFx {row.rtfx:5.1f}  {row.tests}"
    )


if __name__ == "__main__":
    run_program(main)
