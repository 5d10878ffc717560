"""How an unattended run grows: with many files, with a long one, and with ten thousand that are done already.

    python benchmarks/library_scale.py --data LibriSpeech/test-clean

Files of a minute, each with other speech, and one of hours are done by `ovsubs batch`, beside one long file
alone. Then a ledger is filled, and a run over files that are done is timed from its start to its end.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, make_parser, run_program, say, write_results
from peer_engines.recordings import LONG, make_sets
from peer_engines.run import peak_memory_mb
from scale import BYTES_PER_SECOND, read_wav, write_repeated

from ovsubs.batch.ledger.digests import output_digest, recognition_digest
from ovsubs.batch.ledger.identity import identify, stamp_of
from ovsubs.batch.ledger.ledger import Ledger, OutputStamp
from ovsubs.batch.record import FileRecord, FileState
from ovsubs.evaluation.processes import programs_of
from ovsubs.export.resolve import resolve_ir
from ovsubs.library.plan import SubtitleOptions
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Transcript

COMMAND = (sys.executable, "-c", "from ovsubs.cli import main; main()", "batch")
MINUTE_S, HOUR_S = 60, 3600
WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run: files, hours, seconds of media in a second, and the most memory with ffmpeg's (10^6 bytes)."""

    name: str
    files: int
    hours: float
    seconds: float
    rtfx: float
    peak_memory_mb: float


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What a ledger costs: milliseconds for each file, and seconds for a run over files that are done."""

    files: int
    ms_per_file: float
    resumed_s: float
    size_mb: float


def main() -> int:
    """Measure, write the JSON, print it."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--model", default="base")
    parser.add_argument("--files", type=int, default=1000, help="of a minute")
    parser.add_argument("--hours", type=int, default=8, help="of the long file")
    parser.add_argument("--finished", type=int, default=10_000, help="files that are done already")
    parser.add_argument("--json", type=Path, default=RESULTS / "library-scale.json")
    given = parser.parse_args()
    model = resolve_ir(given.model, offline=True, report=lambda line: None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chapters = [file.path for file in make_sets([given.data], folder)[LONG].files]
        runs = measure_runs(folder, chapters, model, given.files, given.hours)
        ledger = measure_ledger(folder / "finished", model, given.finished)
    content = {
        **describe_run(PROJECT_PACKAGES),
        "runs": [asdict(one) for one in runs],
        "ledger": asdict(ledger),
    }
    write_results(given.json, content)
    print(*runs, ledger, sep="\n")
    return 0


def measure_runs(
    folder: Path, chapters: Sequence[Path], model: Path, n_files: int, n_hours: int
) -> list[RunFigures]:
    """One hour alone; then many minutes with a file of hours among them."""
    alone = folder / "alone"
    alone.mkdir()
    write_repeated(list(chapters), HOUR_S, alone / "long.wav")
    single = run_batch("one file of an hour", alone, model, HOUR_S)
    say(str(single))
    library = folder / "library"
    library.mkdir()
    write_minutes(chapters, library, n_files)
    media_s = n_files * MINUTE_S
    minutes = run_batch(f"{n_files} files of a minute", library, model, media_s)
    say(str(minutes))
    for path in library.glob("*.srt"):
        path.unlink()
    write_repeated(list(chapters), n_hours * HOUR_S, library / "minute 0000 long.wav")
    (folder / "library.sqlite").unlink()
    both = run_batch(f"and one of {n_hours} h among them", library, model, media_s + n_hours * HOUR_S)
    return [single, minutes, both]


def write_minutes(chapters: Sequence[Path], library: Path, n_files: int) -> None:
    """Minutes of joined chapters that begin at other places, so that no two are the same."""
    sound, draw = b"".join(map(read_wav, chapters)), random.Random(0)
    n_bytes = MINUTE_S * BYTES_PER_SECOND
    for number in range(n_files):
        start = draw.randrange(0, len(sound) - n_bytes) // 2 * 2
        with wave.open(str(library / f"minute {number:04}.wav"), "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(16_000)
            written.writeframes(sound[start : start + n_bytes])


def run_batch(name: str, library: Path, model: Path, media_s: float) -> RunFigures:
    """Do a library and watch it."""
    report = library.with_suffix(".json")
    options = ("--offline", "-l", "en", "-q", "--report", str(report))
    ledger = library.with_suffix(".sqlite")
    began, peak_mb = time.monotonic(), 0.0
    with subprocess.Popen(
        [*COMMAND, str(library), "--model", str(model), *options, "--ledger", str(ledger)]
    ) as process:
        while process.poll() is None:
            programs = [peak_memory_mb(program.pid) for program in programs_of(process.pid)]
            peak_mb = max(peak_mb, peak_memory_mb(process.pid) + sum(programs))
            time.sleep(WATCH_S)
    seconds = time.monotonic() - began
    records = json.loads(report.read_text(encoding="utf-8"))["records"]
    assert process.returncode == 0
    assert all(record["state"] == "done" for record in records)
    return RunFigures(name, len(records), media_s / HOUR_S, seconds, media_s / seconds, peak_mb)


def measure_ledger(root: Path, model: Path, n_files: int) -> LedgerFigures:
    """Fill a ledger as runs do, file by file; then run over it."""
    root.mkdir()
    options = SubtitleOptions(transcribe=TranscribeOptions(language="en", word_timestamps=True))
    digests = (recognition_digest(options.transcribe, model), output_digest(options))
    paths = [root / f"film {number:05}.mkv" for number in range(n_files)]
    for number, path in enumerate(paths):
        path.write_bytes(f"film {number}".encode())
        path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n", encoding="utf-8")
    transcript = Transcript((), "en", 1.0, 60.0, 50.0)
    place = root.with_suffix(".sqlite")
    with Ledger(place, root) as ledger:
        ledger.runs.begin("base")
        identities = [identify(path) for path in paths]
        began = time.monotonic()
        for path, identity in zip(paths, identities, strict=True):
            claim = ledger.claim(path, identity, *digests, 60.0)
            assert claim is not None
            outputs = (path.with_suffix(".srt"),)
            record = FileRecord(path, FileState.DONE, duration=60.0, outputs=outputs, finished=time.time())
            stamps = [OutputStamp(output, stamp_of(output)) for output in outputs]
            ledger.finish(claim, record, stamps, transcript)
        ms_per_file = (time.monotonic() - began) * 1000 / n_files
        ledger.runs.end("done")
    report = root.with_suffix(".html")
    call = [*COMMAND, str(root), "--model", str(model), "--offline", "-l", "en", "--ledger", str(place)]
    began = time.monotonic()
    ended = subprocess.run([*call, "--report", str(report)], capture_output=True, text=True, check=True)
    resumed_s = time.monotonic() - began
    assert f"{n_files} are done already" in ended.stderr, ended.stderr
    return LedgerFigures(n_files, ms_per_file, resumed_s, place.stat().st_size / 1e6)


if __name__ == "__main__":
    run_program(main)
