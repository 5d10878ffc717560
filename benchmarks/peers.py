"""ovsubs beside other engines: same recordings, same weights, same threads, on one machine.

    python benchmarks/peers.py --data LibriSpeech/test-clean --peers-python .venv-peers/bin/python

Each engine runs in a process of its own, engine after engine, round after round. Two sets: the chapters of
the splits joined into long files, and their utterances as short files of their own. An engine that fails is
reported by one line, and the others go on. docs/peers.md tells what is compared.
"""

import argparse
import json
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from make_readme_table import make_tables
from peer_engines.configurations import CONFIGURATIONS, OURS, Configuration
from peer_engines.machine import (
    PEER_PACKAGES,
    PROJECT_PACKAGES,
    commit_of,
    package_versions,
)
from peer_engines.processes import run_job
from peer_engines.program import RESULTS, ROOT, add_model_arguments, make_parser, run_program, say
from peer_engines.recordings import LONG, SHORT, FileSet, make_sets
from peer_engines.results import Comparison, Conditions, Result, Run, read_comparison, write_comparison
from peer_engines.run import Job
from peer_engines.weights import Weights, find_weights

import ovsubs
from ovsubs.errors import OvsubsError
from ovsubs.evaluation.intervals import errors_of_files
from ovsubs.evaluation.machine import describe_machine
from ovsubs.evaluation.word_errors import normalizer_name, total
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.sources import short_name

LANGUAGE = "en"  # of LibriSpeech
TOO_SLOW = 4.0  # times the fastest engine's first run: one run is enough to know


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all engines of this call; `folder` gets jobs, logs, and what each engine heard."""

    weights: Weights
    peers_python: str
    threads: int
    warm_up: Path
    folder: Path


def main() -> int:
    """Measure, write the JSON after each run, print the tables; 1 if an engine failed."""
    given = read_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: end the engine, too
    chosen = [one for one in CONFIGURATIONS if one.name in given.engines]
    weights = Weights(
        source=given.checkpoint or short_name(given.model),
        ir=resolve_ir(given.model, offline=True, report=say),
        folder=given.weights,
        report=say,
    )
    with tempfile.TemporaryDirectory() as folder:
        sets = make_sets(given.data, Path(folder))
        setting = Setting(
            weights=weights,
            peers_python=given.peers_python,
            threads=given.threads,
            warm_up=sets[SHORT].files[0].path,
            folder=given.texts or Path(folder),
        )
        setting.folder.mkdir(parents=True, exist_ok=True)
        wanted = [sets[name] for name in (LONG, SHORT) if given.set in (name, "both")]
        comparison = begin(given, weights, wanted)
        for files in wanted:
            comparison = compare(comparison, files, chosen, given, setting)
    print(make_tables(json.loads(given.json.read_text(encoding="utf-8"))))
    return int(any(result.failure for result in comparison.results))


def read_arguments() -> argparse.Namespace:
    """The call; wrong names and what does not go together end the program with code 2."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="LibriSpeech splits")
    parser.add_argument("--peers-python", help="the Python of the peers' environment")
    add_model_arguments(parser)
    parser.add_argument("--runs", type=int, default=3, help="runs of each engine")
    parser.add_argument("--all-runs", action="store_true", help="of those, too, that are four times slower")
    parser.add_argument("--set", choices=(LONG, SHORT, "both"), default="both")
    parser.add_argument("--engines", help="names with commas; all if left out")
    parser.add_argument("--json", type=Path, default=RESULTS / "peers.json")
    parser.add_argument("--resume", action="store_true", help="add to the JSON what it lacks")
    parser.add_argument("--again", help="with --resume: engines to measure anew, names with commas")
    parser.add_argument("--texts", type=Path, help="keep what each engine heard in this folder")
    given = parser.parse_args()
    known = [one.name for one in CONFIGURATIONS]
    given.engines = split_names(given.engines) or known
    given.again = split_names(given.again)
    if unknown := [name for name in (*given.engines, *given.again) if name not in known]:
        parser.error(f"unknown engine {unknown[0]!r}; the engines are: {', '.join(known)}")
    if given.peers_python is None and given.engines != [OURS]:
        parser.error("engines other than ovsubs need --peers-python; docs/peers.md tells how to make it")
    if given.peers_python:  # not resolved: an environment is known by the path of its link
        given.peers_python = str(Path(given.peers_python).absolute())
        if not Path(given.peers_python).is_file():
            parser.error(f"{given.peers_python}: no such program; docs/peers.md tells how to make it")
    if min(given.threads, given.runs) < 1:
        parser.error("--threads and --runs are at least 1")
    if given.again and not given.resume:
        parser.error("--again goes with --resume; without it everything is measured anew")
    return given


def split_names(names: str | None) -> list[str]:
    """Names of engines, written with commas between them; none if not given."""
    return [name.strip() for name in names.split(",")] if names else []


def begin(given: argparse.Namespace, weights: Weights, wanted: Sequence[FileSet]) -> Comparison:
    """A comparison without results, or with --resume the one that is there, without its failures.

    And without the results of --again on the sets of this call.
    """
    versions = {
        "project": {"ovsubs": ovsubs.__version__, **package_versions(sys.executable, PROJECT_PACKAGES)}
    }
    if given.peers_python:
        versions["peers"] = package_versions(given.peers_python, PEER_PACKAGES)
    fresh = Comparison(
        command=shlex.join(["python", *sys.argv]),
        date=now(),
        conditions=Conditions(
            machine=describe_machine(),
            threads=given.threads,
            language=LANGUAGE,
            model=weights.source,
            normalizer=normalizer_name(LANGUAGE),
            versions=versions,
        ),
        sets=tuple(files.facts for files in wanted),
        results=(),
    )
    if not given.resume or not given.json.is_file():
        return fresh
    before = read_comparison(given.json)
    names = [files.name for files in wanted]
    other_sets = [one for one in before.sets if one.recordings not in names]
    same_sets = all(one in (*fresh.sets, *other_sets) for one in before.sets)
    if before.conditions != fresh.conditions or not same_sets:
        sys.exit(
            f"{given.json}: other machine, versions, threads or recordings; leave --resume out to begin anew"
        )
    kept = tuple(
        replace(result, failure=None)
        for result in before.results
        if result.runs and not (result.engine in given.again and result.recordings in names)
    )
    both = sorted((*other_sets, *fresh.sets), key=lambda one: one.recordings)
    return replace(before, sets=tuple(both), results=kept)


def compare(
    comparison: Comparison,
    files: FileSet,
    chosen: Sequence[Configuration],
    given: argparse.Namespace,
    setting: Setting,
) -> Comparison:
    """Run the engines on one set, round after round; what they did is in the JSON after each run."""
    for number in range(given.runs):
        for configuration in chosen:
            result = find_result(comparison, files.name, configuration)
            if result.failure or len(result.runs) > number:
                continue
            if number and not given.all_runs and is_too_slow(comparison, result):
                continue
            result = measure_once(result, configuration, files, setting)
            comparison = replace(comparison, results=put(comparison.results, result))
            write_comparison(given.json, comparison)
            say(f"{files.name}, run {number + 1}: {configuration.name}: {describe(result, files)}")
    return comparison


def measure_once(result: Result, configuration: Configuration, files: FileSet, setting: Setting) -> Result:
    """The result with one run more, or with the line that the engine failed with."""
    name = f"{files.name}-{configuration.name.replace(' ', '-')}-{len(result.runs) + 1}"
    output = setting.folder / f"{name}.json"
    try:
        job = Job(
            adaptor=configuration.adaptor,
            settings=configuration.settings,
            model=str(find_weights(setting.weights, configuration.form)),
            language=LANGUAGE,
            threads=setting.threads,
            warm_up=str(setting.warm_up),
            files=[str(file.path) for file in files.files],
            output=str(output),
        )
    except (OvsubsError, ImportError) as error:
        return replace(result, failure=str(error))
    python = sys.executable if configuration.name == OURS else setting.peers_python
    date, commit = now(), commit_of(ROOT)
    children_mb, failure = run_job(job, python, setting.folder / f"{name}.job")
    if failure:
        return replace(result, failure=failure)
    measured = json.loads(output.read_text(encoding="utf-8"))
    errors = errors_of_files(files.files, [file["text"] for file in measured["files"]])
    one = Run(
        date=date,
        commit=commit,
        load_s=measured["load_s"],
        seconds=sum(file["seconds"] for file in measured["files"]),
        peak_memory_mb=measured["peak_memory_mb"] + children_mb,
        n_segments=sum(file["n_segments"] for file in measured["files"]),
        wer=total(errors).wer,
    )
    return replace(result, runs=(*result.runs, one), errors=result.errors or errors)


def find_result(comparison: Comparison, recordings: str, configuration: Configuration) -> Result:
    """What is known of an engine on a set; without runs if nothing is."""
    for result in comparison.results:
        if (result.recordings, result.engine) == (recordings, configuration.name):
            return result
    return Result(recordings, configuration.name, configuration.settings)


def put(results: tuple[Result, ...], result: Result) -> tuple[Result, ...]:
    """The results with one put in its place: sets, then engines in the order of the configurations."""
    order = {one.name: number for number, one in enumerate(CONFIGURATIONS)}
    name = (result.recordings, result.engine)
    others = [one for one in results if (one.recordings, one.engine) != name]
    return tuple(sorted([*others, result], key=lambda one: (one.recordings, order[one.engine])))


def is_too_slow(comparison: Comparison, result: Result) -> bool:
    """Whether its first run took more than `TOO_SLOW` times as long as the fastest first run on the set."""
    first = [
        one.runs[0].seconds for one in comparison.results if one.recordings == result.recordings and one.runs
    ]
    return bool(result.runs) and result.runs[0].seconds > TOO_SLOW * min(first)


def describe(result: Result, files: FileSet) -> str:
    """One line on its last run."""
    if result.failure:
        return f"failed: {result.failure}"
    last = result.runs[-1]
    return f"RTFx {files.audio_s / last.seconds:.1f}, WER {last.wer:.2%}, {last.peak_memory_mb:.0f} MB"


def now() -> str:
    """UTC in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    run_program(main)
