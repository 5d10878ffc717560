"""When words are said to be spoken, by ovsubs and by faster-whisper, beside a forced alignment.

    python benchmarks/word_times.py --data LibriSpeech/test-clean --peers-python .venv-peers/bin/python

The chapters of a split are joined and heard. Words that were heard as they were spoken are compared with the
alignment that pocketsphinx makes of the transcript, utterance by utterance: by a model that has nothing to do
with Whisper. What times cost is measured by turns: ovsubs with them and without.
"""

import argparse
import json
import math
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import jiwer
import numpy as np
from numpy.typing import NDArray
from peer_engines import hear_words
from peer_engines.hear_words import Job, TimedWord
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import add_model_arguments, run_program, say
from peer_engines.weights import Weights, find_weights

from ovsubs.datasets.joining import Recording, joined_chapters, write_wav
from ovsubs.evaluation.metrics import median
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.sources import short_name
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.whisper.model import CompileOptions

ROOT = Path(__file__).parents[1]
NEAR_S, FAR_S = 0.1, 0.2  # of a word's start; what is further off is seen on the screen
_NO_LETTER = re.compile(r"[^\w']")


@dataclass(frozen=True, slots=True)
class Timing:
    """How far times are off those of the reference, in seconds: half of them no further than `median`."""

    n_words: int
    median: float
    mean: float  # with its sign: above 0 is late
    within_100_ms: float
    within_200_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """One tool."""

    tool: str
    starts: Timing
    ends: Timing


def main() -> int:
    """Hear, align, compare, write the JSON, print a table."""
    given = read_arguments()
    ir = resolve_ir(given.model, offline=True, report=say)
    source = given.checkpoint or short_name(given.model)
    weights = find_weights(Weights(source, ir, given.weights, say), "ctranslate2")
    chapters = list(joined_chapters(given.data))
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{number}.wav" for number in range(len(chapters))]
        for path, chapter in zip(paths, chapters, strict=True):
            write_wav(path, chapter)

        def ask(tool: str) -> list[list[TimedWord]]:
            say(tool)
            return hear(tool, str(weights), given, list(zip(paths, chapters, strict=True)), Path(name))

        reference = ask("pocketsphinx")
        theirs = ask("faster-whisper")
        ours, slower = hear_ours(ir, paths, given)
    heard = {"ovsubs": ours, "faster-whisper": theirs}
    results = [Result(tool, *compare(reference, words)) for tool, words in heard.items()]
    content = {
        **describe_run(ROOT, PROJECT_PACKAGES),
        "model": source,
        "n_words": sum(map(len, reference)),
        "with_times_slower_by": slower,
        "results": [asdict(one) for one in results],
    }
    given.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for one in results:
        print(f"{one.tool}: starts {describe(one.starts)}; ends {describe(one.ends)}")
    print(f"with times ovsubs takes {slower:+.1%} (median of {given.runs} pairs)")
    return 0


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--peers-python", required=True, help="of the environment of the other tools")
    add_model_arguments(parser)
    parser.add_argument("--runs", type=int, default=3, help="of ovsubs with times and without, by turns")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "word-times.json")
    return parser.parse_args()


def hear(
    tool: str,
    model: str,
    given: argparse.Namespace,
    files: Sequence[tuple[Path, Recording]],
    folder: Path,
) -> list[list[TimedWord]]:
    """The words that a tool of the peers' environment finds in each file."""
    spoken = [
        (str(path), [(one.start, one.end, one.text) for one in chapter.utterances]) for path, chapter in files
    ]
    job, output = folder / "job.json", folder / "words.json"
    job.write_text(json.dumps(asdict(Job(tool, model, given.threads, spoken, str(output)))), encoding="utf-8")
    subprocess.run([given.peers_python, "-P", hear_words.__file__, str(job)], check=True)
    return [
        [(word, start, end) for word, start, end in of_file]
        for of_file in json.loads(output.read_text(encoding="utf-8"))
    ]


def hear_ours(
    ir: Path, paths: Sequence[Path], given: argparse.Namespace
) -> tuple[list[list[TimedWord]], float]:
    """The words that ovsubs finds in each file, and by which part it takes longer than without times."""
    took: dict[bool, list[float]] = {True: [], False: []}
    found = list[list[TimedWord]]()
    with Model(ir, CompileOptions(threads=given.threads)) as model:
        model.transcribe(paths[0], language="en")  # warm-up
        for number in range(2 * given.runs):
            timed = number % 2 == number // 2 % 2  # one first, then the other
            say(f"ovsubs {'with' if timed else 'without'} times")
            options = TranscribeOptions(language="en", word_timestamps=timed)
            began = time.perf_counter()
            transcripts = [model.transcribe(path, options=options) for path in paths]
            took[timed].append(time.perf_counter() - began)
            if timed:
                found = [
                    [(word.word, word.start, word.end) for one in of_file.segments for word in one.words]
                    for of_file in transcripts
                ]
    pairs = zip(took[True], took[False], strict=True)
    return found, median([with_times / without - 1.0 for with_times, without in pairs])


def compare(
    reference: Sequence[Sequence[TimedWord]], heard: Sequence[Sequence[TimedWord]]
) -> tuple[Timing, Timing]:
    """Starts and ends of the words that are the same in both, by the alignment of the texts."""
    pairs = [pair for of_file, words in zip(reference, heard, strict=True) for pair in _same(of_file, words)]
    differences = np.array([(mine[1] - true[1], mine[2] - true[2]) for true, mine in pairs])  # [n_words, 2]
    return _timing(differences[:, 0]), _timing(differences[:, 1])


def _same(reference: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[tuple[TimedWord, TimedWord]]:
    named = [(bare, word) for word in heard if (bare := _NO_LETTER.sub("", word[0].lower()))]
    texts = " ".join(word for word, _, _ in reference), " ".join(bare for bare, _ in named)
    found = list[tuple[TimedWord, TimedWord]]()
    for piece in jiwer.process_words(*texts).alignments[0]:
        if piece.type == "equal":
            true = reference[piece.ref_start_idx : piece.ref_end_idx]
            mine = named[piece.hyp_start_idx : piece.hyp_end_idx]
            found += [
                (one, word) for one, (_, word) in zip(true, mine, strict=True) if not math.isnan(one[1])
            ]
    return found


def _timing(differences: NDArray[np.float64]) -> Timing:
    off = np.abs(differences)
    return Timing(
        n_words=len(off),
        median=round(float(np.median(off)), 4),
        mean=round(float(differences.mean()), 4),
        within_100_ms=round(float((off <= NEAR_S).mean()), 4),
        within_200_ms=round(float((off <= FAR_S).mean()), 4),
    )


def describe(timing: Timing) -> str:
    """In one line."""
    return (
        f"{timing.median * 1000:.0f} ms off (median of {timing.n_words}, mean {timing.mean * 1000:+.0f}), "
        f"{timing.within_100_ms:.1%} within 100 ms, {timing.within_200_ms:.1%} within 200 ms"
    )


if __name__ == "__main__":
    run_program(main)
