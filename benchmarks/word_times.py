"""When words are said to be spoken, by ovsubs and by faster-whisper, beside a forced alignment.

    python benchmarks/word_times.py --data LibriSpeech/test-clean --peers-python .venv-peers/bin/python

The chapters of a split are joined and heard. Words that were heard as they were spoken are compared with the
alignment that pocketsphinx makes of the transcript, utterance by utterance: by a model that has nothing to do
with Whisper. What times cost is measured by turns: ovsubs with them and without.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from peer_engines.hear_words import Job
from peer_engines.hearing import hear
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, add_model_arguments, make_parser, run_program, say, write_results
from peer_engines.weights import Weights, find_weights

from ovsubs.datasets.joining import joined_chapters, write_wav
from ovsubs.evaluation.figures import ratio_by_round
from ovsubs.evaluation.word_time_errors import TimeErrors, measure_word_times
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.sources import short_name
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Word
from ovsubs.whisper.model import CompileOptions


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

        spoken = [
            (str(path), [(one.start, one.end, one.text) for one in chapter.utterances])
            for path, chapter in zip(paths, chapters, strict=True)
        ]

        def ask(tool: str) -> list[list[Word]]:
            say(tool)
            job = Job(tool, str(weights), given.threads, spoken, str(Path(name) / "words.json"))
            return hear(job, given.peers_python, Path(name))

        reference = ask("pocketsphinx")
        theirs = ask("faster-whisper")
        ours, slower = hear_ours(ir, paths, given)
    heard = {"ovsubs": ours, "faster-whisper": theirs}
    results = {tool: measure_word_times(reference, words) for tool, words in heard.items()}
    content = {
        **describe_run(PROJECT_PACKAGES),
        "model": source,
        "n_words": sum(map(len, reference)),
        "with_times_slower_by": slower,
        "results": [{"tool": tool, **asdict(one)} for tool, one in results.items()],
    }
    write_results(given.json, content)
    for tool, one in results.items():
        print(f"{tool}: starts {describe(one.starts)}; ends {describe(one.ends)}")
    print(f"with times ovsubs takes {slower:+.1%} (median of {given.runs} pairs)")
    return 0


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    parser.add_argument("--peers-python", required=True, help="of the environment of the other tools")
    add_model_arguments(parser)
    parser.add_argument("--runs", type=int, default=3, help="of ovsubs with times and without, by turns")
    parser.add_argument("--json", type=Path, default=RESULTS / "word-times.json")
    return parser.parse_args()


def hear_ours(ir: Path, paths: Sequence[Path], given: argparse.Namespace) -> tuple[list[list[Word]], float]:
    """The words that ovsubs finds in each file, and by which part it takes longer than without times."""
    took: dict[bool, list[float]] = {True: [], False: []}
    found = list[list[Word]]()
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
                found = [[word for one in of_file.segments for word in one.words] for of_file in transcripts]
    return found, ratio_by_round(took[True], took[False]).median - 1.0


def describe(errors: TimeErrors) -> str:
    """In one line."""
    return (
        f"{errors.median * 1000:.0f} ms off (median of {errors.n_words}, mean {errors.mean * 1000:+.0f}), "
        f"{errors.within_100_ms:.1%} within 100 ms, {errors.within_200_ms:.1%} within 200 ms"
    )


if __name__ == "__main__":
    run_program(main)
