"""Word errors and speed of two commits beside each other, on chapters and on short files.

    python benchmarks/two_commits.py --data LibriSpeech/test-clean LibriSpeech/test-other --before main~5

For changes that a user may notice. The commit before is checked out into a temporary folder. Both read each
split by turns, round after round, in the default options: its chapters, then its utterances as files of
their own. The difference of word errors comes with the bounds between which chance would move it.
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peer_engines.commits import Way, checked_out, run
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, ROOT, make_parser, run_program, write_results
from peer_engines.recordings import FileSet, make_sets

from ovsubs.errors import UnreadableMedia
from ovsubs.evaluation.figures import ratio_by_round
from ovsubs.evaluation.intervals import errors_of_files, wer_difference_interval
from ovsubs.evaluation.word_errors import median, total

LANGUAGE = "en"  # of LibriSpeech


@dataclass(frozen=True, slots=True)
class SetResult:
    """One set of a split, before and after: word errors; `rtfx` and `ratio`, medians of the rounds.

    `low` and `high`: bounds of the difference of word error rates, after less before.
    """

    name: str
    n_words: int
    errors: dict[str, int]
    low: float
    high: float
    rtfx: dict[str, float]
    ratio: float


def main() -> int:
    """Compare, write the JSON, print a table."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="splits of LibriSpeech")
    parser.add_argument("--before", required=True, help="the commit that this tree is compared with")
    parser.add_argument("--rounds", type=int, default=3, help="of each, by turns")
    parser.add_argument("--json", type=Path, default=RESULTS / "two-commits.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, checked_out(given.before, Path(name) / "before") as old:
        sets = dict[str, FileSet]()
        for split in given.data:
            folder = Path(name) / split.name
            folder.mkdir()
            for kind, files in make_sets([split.resolve()], folder).items():
                sets[f"{split.name}, {kind}"] = files
        ways = [
            Way(of_set, tuple(str(file.path) for file in files.files), {"language": LANGUAGE})
            for of_set, files in sets.items()
        ]
        trees = {"before": old, "after": ROOT}
        rounds = [
            {commit: run(commit, tree, ways, Path(name)) for commit, tree in trees.items()}
            for _ in range(given.rounds)
        ]
    results = [compare(of_set, files, rounds) for of_set, files in sets.items()]
    content = {
        **describe_run(PROJECT_PACKAGES),
        "before": given.before,
        "rounds": given.rounds,
        "sets": [asdict(one) for one in results],
    }
    write_results(given.json, content)
    print(*map(describe, results), sep="\n")
    return 0


def compare(name: str, files: FileSet, rounds: list[dict[str, Any]]) -> SetResult:
    """One set: the texts of the first round, the speed of all of them.

    Raises:
        UnreadableMedia: one commit could not read a file, all of whose words would count as deleted.
    """
    errors = {}
    for commit, found in rounds[0].items():
        heard = [found["transcripts"][name][str(file.path)] for file in files.files]
        for file, content in zip(files.files, heard, strict=True):
            if "error" in content:
                raise UnreadableMedia(file.path, f"{commit}: {content['error']}")
        errors[commit] = errors_of_files(files.files, [content["text"] for content in heard])
    bounds = wer_difference_interval(errors["after"], errors["before"])
    rtfx = {commit: [one[commit]["figures"][name]["rtfx"] for one in rounds] for commit in errors}
    sums = {commit: total(of_commit) for commit, of_commit in errors.items()}
    return SetResult(
        name,
        sums["after"].n_words,
        {commit: one.n_errors for commit, one in sums.items()},
        bounds.low,
        bounds.high,
        {commit: round(median(speeds), 1) for commit, speeds in rtfx.items()},
        round(ratio_by_round(rtfx["after"], rtfx["before"]).median, 3),
    )


def describe(one: SetResult) -> str:
    """One line of the table."""
    errors, rtfx = one.errors, one.rtfx
    return (
        f"{one.name:24} errors {errors['before']:4} -> {errors['after']:4} of {one.n_words:5} "
        f"(difference {one.low:+.2%} to {one.high:+.2%})  "
        f"RTFx {rtfx['before']:5.1f} -> {rtfx['after']:5.1f}, {one.ratio:.3f} times"
    )


if __name__ == "__main__":
    run_program(main)
