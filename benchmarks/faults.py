"""Whether an unattended run loses, breaks or leaves behind anything, whatever happens to it.

    python benchmarks/faults.py --data ../shared/data

A library of real speech in many containers, with odd names and broken files among them, is done once without
trouble. Then copies of it are done while the run is killed at random instants (`kill -9`), while its disk is
taken away and comes back, and while the disk for subtitles fills up. What is written has to be the same, byte
for byte. Taking disks away needs the rights to mount (`--no-mounts` leaves that out).
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from library.make_library import MadeFile, copy_library, make_library, written_in
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, make_parser, run_program, say, write_results

from ovsubs.export.resolve import resolve_ir

COMMAND = (sys.executable, "-c", "from ovsubs.cli import main; main()", "batch")
PATIENCE_S = 3600.0
KILL_AFTER_S = (0.5, 20.0)  # from the start of a run


@dataclass(frozen=True, slots=True)
class Setting:
    """What all runs have in common."""

    model: Path
    source: Path
    made: Sequence[MadeFile]
    folder: Path

    def call(self, root: Path, name: str, *more: str) -> list[str]:
        """The command for a run over a copy of the library, with a ledger of its own."""
        ledger = str(self.folder / f"{name}.sqlite")
        report = str(self.folder / f"{name}.json")
        fixed = ("--model", str(self.model), "--offline", "-l", "en", "-q", "--ledger", ledger)
        return [*COMMAND, str(root), *fixed, "--report", report, *more]


def main() -> int:
    """Do all cases, write the JSON, print a table; 1 if anything is lost, broken or left behind."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of recordings")
    parser.add_argument("--model", default="base")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-mounts", action="store_true", help="no case that takes a disk away")
    parser.add_argument("--json", type=Path, default=RESULTS / "faults.json")
    given = parser.parse_args()
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = sorted((given.data / "librispeech" / "test-clean").rglob("*.flac"))
        made = make_library(folder / "library", recordings, given.files, given.seed)
        say(f"{len(made)} files, {sum(file.is_good for file in made)} of them good")
        model = resolve_ir(given.model, offline=True, report=lambda line: None)
        setting = Setting(model, folder / "library", made, folder)
        expected, undisturbed = run_undisturbed(setting)
        cases = [undisturbed, run_killed(setting, expected, given.kills, draw)]
        if not given.no_mounts:
            cases += [run_without_disk(setting, expected), run_on_full_disk(setting, expected)]
    content = {**describe_run(PROJECT_PACKAGES), "files": len(made), "cases": cases}
    write_results(given.json, content)
    for case in cases:
        print(json.dumps({name: value for name, value in case.items() if name != "reasons"}))
    return int(any(case["different"] or case["missing"] or case["left_behind"] for case in cases))


def run_undisturbed(setting: Setting) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The run that the others are compared with: what it wrote, and how it ended."""
    root = setting.folder / "undisturbed"
    copy_library(setting.source, root)
    began = time.monotonic()
    ended = subprocess.run(setting.call(root, "undisturbed"), timeout=PATIENCE_S, check=False)
    written = dict(written_in(root, setting.made, setting.source))
    case = judge("undisturbed", setting, root, written, "undisturbed")
    good = [file for file in setting.made if file.is_good]
    lacking = [str(file.path.name) for file in good if not _has_subtitles(file, setting.source, written)]
    shutil.rmtree(root)
    return written, case | {"code": ended.returncode, "seconds": time.monotonic() - began, "missing": lacking}


def _has_subtitles(file: MadeFile, source: Path, written: dict[str, bytes]) -> bool:
    return str(file.path.relative_to(source).with_suffix(".srt")) in written


def run_killed(
    setting: Setting, expected: dict[str, bytes], n_kills: int, draw: random.Random
) -> dict[str, Any]:
    """Kill the run again and again, begin it again each time, and let the last one come to its end."""
    root = setting.folder / "killed"
    copy_library(setting.source, root)
    broken = list[str]()
    for _ in range(n_kills):
        process = subprocess.Popen(setting.call(root, "killed"), stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(*KILL_AFTER_S))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = dict(written_in(root, setting.made, setting.source))
        broken += [name for name, content in now.items() if not _is_whole(name, content, expected)]
        say(f"killed with {len(now)} files written")
    subprocess.run(setting.call(root, "killed"), timeout=PATIENCE_S, check=False)
    written = dict(written_in(root, setting.made, setting.source))
    case = judge(f"killed {n_kills} times", setting, root, expected, "killed", written)
    shutil.rmtree(root)
    return case | {"broken_at_a_kill": sorted(set(broken))}


def _is_whole(name: str, content: bytes, expected: dict[str, bytes]) -> bool:
    """Whether a file that a killed run has left is as it should be, or one that is swept away later."""
    return Path(name).name.startswith(".ovsubs-") or expected.get(name) == content


def run_without_disk(setting: Setting, expected: dict[str, bytes]) -> dict[str, Any]:
    """Take the disk of the library away in the middle of a run, and bring it back."""
    root = setting.folder / "mounted"
    with mounted(root, "size=2g"):
        copy_library(setting.source, root / "films")
        kept = setting.folder / "kept"
        process = subprocess.Popen(setting.call(root / "films", "mounted"), stderr=subprocess.DEVNULL)
        time.sleep(8.0)
        kept.mkdir()
        subprocess.run(["mount", "--bind", str(root), str(kept)], check=True)
        subprocess.run(["umount", "--lazy", str(root)], check=True)
        say("the disk is gone")
        time.sleep(20.0)
        was_running = process.poll() is None
        subprocess.run(["mount", "--bind", str(kept), str(root)], check=True)
        subprocess.run(["umount", "--lazy", str(kept)], check=True)
        say("the disk is back")
        code = process.wait(PATIENCE_S)
        written = dict(written_in(root / "films", setting.made, setting.source))
        case = judge("disk taken away", setting, root / "films", expected, "mounted", written)
    return case | {"code": code, "ran_on": was_running}


def run_on_full_disk(setting: Setting, expected: dict[str, bytes]) -> dict[str, Any]:
    """Let the disk for subtitles fill up in the middle of a run, and make room later."""
    root, output = setting.folder / "full", setting.folder / "subtitles"
    copy_library(setting.source, root)
    with mounted(output, "size=64m"):
        ballast = output / "ballast"
        ballast.write_bytes(bytes(40 << 20))
        process = subprocess.Popen(setting.call(root, "full", "-o", str(output)), stderr=subprocess.DEVNULL)
        time.sleep(8.0)
        fill(ballast)
        say("the disk is full")
        time.sleep(20.0)
        was_running = process.poll() is None
        ballast.unlink()
        say("there is room")
        code = process.wait(PATIENCE_S)
        written = dict(written_in(output, (), output))
        case = judge("disk full", setting, output, expected, "full", written)
    shutil.rmtree(root)
    return case | {"code": code, "ran_on": was_running}


def fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """A disk in memory."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def judge(
    name: str,
    setting: Setting,
    root: Path,
    expected: dict[str, bytes],
    ledger: str,
    written: dict[str, bytes] | None = None,
) -> dict[str, Any]:
    """What is missing, different or left behind, and why each bad file was not done."""
    found = expected if written is None else written
    report = json.loads((setting.folder / f"{ledger}.json").read_text(encoding="utf-8"))
    failed = [record for record in report["records"] if record["state"] in ("failed", "skipped")]
    return {
        "case": name,
        "written": len(found),
        "missing": sorted(set(expected) - set(found)),
        "different": sorted(one for one in found if one in expected and found[one] != expected[one]),
        "left_behind": sorted(set(found) - set(expected)),
        "reasons": {Path(record["path"]).name: record["why"] for record in failed},
    }


if __name__ == "__main__":
    run_program(main)
