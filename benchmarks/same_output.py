"""Whether two commits give the same tokens, times and cues, and how long they take for it.

    python benchmarks/same_output.py --data ../shared/data --before main~5

For changes of structure, of which a user is to notice nothing. The commit before is checked out into a
temporary folder. Each reads the same recordings in the same ways: one file and several, batches of 1 and of
10 windows, each task, each option that changes how windows are decoded. Then both are timed by turns.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peer_engines.commits import Way, checked_out, run
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, ROOT, make_parser, run_program, write_results
from peer_engines.recordings import make_sets

from ovsubs.audio.media import MEDIA_SUFFIXES
from ovsubs.evaluation.figures import ratio_by_round
from ovsubs.evaluation.word_errors import median

SPEED = "speed"  # the way that is timed


def main() -> int:
    """Compare, write the JSON; 1 if anything differs."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of recordings")
    parser.add_argument("--before", required=True, help="the commit that this tree is compared with")
    parser.add_argument("--rounds", type=int, default=5, help="timings of each, by turns")
    parser.add_argument("--short", action="store_true", help="the first of all files of each way alone")
    parser.add_argument("--json", type=Path, default=RESULTS / "same-output.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, checked_out(given.before, Path(folder) / "before") as old:
        ways = plan_ways(given.data.resolve(), Path(folder), first_only=given.short)
        trees = {"before": old, "after": ROOT}
        found = {name: run(name, tree, ways, Path(folder)) for name, tree in trees.items()}
        differing = list(differences(found["before"], found["after"]))
        timed = [way for way in ways if way.name == SPEED]
        rounds = [
            {name: run(name, tree, timed, Path(folder))["figures"][SPEED] for name, tree in trees.items()}
            for _ in range(given.rounds)
        ]
    n_transcripts = sum(len(of_way) for of_way in found["after"]["transcripts"].values())
    content = {
        **describe_run(PROJECT_PACKAGES),
        "before": given.before,
        "ways": {way.name: {"files": len(way.files), "options": way.options} for way in ways},
        "transcripts": n_transcripts,
        "differences": differing,
        "rounds": rounds,
    }
    write_results(given.json, content)
    print(f"{n_transcripts} transcripts, {len(differing)} differ", *differing[:20], sep="\n")
    for figure in ("rtfx", "peak_mb", "start_s") if rounds else ():
        before, after = ([one[name][figure] for one in rounds] for name in trees)
        ratio = ratio_by_round(after, before).median
        print(f"{figure:8} before {median(before):8.2f}  after {median(after):8.2f}  ratio {ratio:.3f}")
    return int(bool(differing))


def plan_ways(data: Path, folder: Path, *, first_only: bool) -> list[Way]:
    """What is transcribed, and how."""
    sets = make_sets([data / "librispeech" / "test-clean"], folder)
    chapters = tuple(str(file.path) for file in sets["long"].files)
    short = tuple(str(file.path) for file in sets["short"].files)[::8]
    foreign = recordings_in(data / "fleurs")
    kinds = ("speeches", "video", "nonspeech", "mfa")
    mixed = tuple(file for kind in kinds for file in recordings_in(data / kind))
    if first_only:
        chapters, short, foreign, mixed = chapters[:1], short[:3], foreign[:2], mixed[:2]
    some = (*chapters[:1], *short[:3], *foreign[:2], *mixed[:4])
    long, words = chapters[0], {"word_timestamps": True}
    return [
        Way(SPEED, chapters, {"language": "en"}),
        Way("chapters", chapters, words),
        Way("short files together", short, words),
        Way("short files one by one", short[:10], words, together=False),
        Way("languages", foreign, words),
        Way("films, speeches, sounds", mixed, words),
        Way("batches of 1", (long, *mixed[:2], *foreign[:3]), {"batch_size": 1}, together=False),
        Way("batches of 10", (long, *mixed[:2], *foreign[:3]), {"batch_size": 10}, together=False),
        Way("translate", foreign[::2], {"task": "translate"}),
        Way("greedy", some, {"beam_size": 1}),
        Way("beams of 5", some, {"beam_size": 5, "patience": 2.0, "length_penalty": 0.6}),
        Way("sampled", some, {"temperature": 0.4, "best_of": 3}),
        Way("prompted", some, {"initial_prompt": "A wizard, a king.", "hotwords": "Hildy", **words}),
        Way("one after the other", (long, *some[1:3]), {"condition_on_previous_text": True}),
        Way("multilingual", some, {"multilingual": True, **words}),
        Way("of two languages", some, {"multilingual": True, "languages": ("en", "de")}),
        Way("without VAD", some, {"vad": None, **words}),
        Way("English alone", some, words, model="tiny.en"),
    ]


def recordings_in(folder: Path) -> tuple[str, ...]:
    """The recordings below a folder, in order."""
    return tuple(str(path) for path in sorted(folder.rglob("*")) if path.suffix in MEDIA_SUFFIXES)


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """A line for each transcript that is not the same, with the first thing in it that differs."""
    for way, files in before["transcripts"].items():
        for file, old in files.items():
            new = after["transcripts"][way].get(file)
            if new != old:
                yield f"{way}: {Path(file).name}: {first_difference(old, new)}"


def first_difference(old: Any, new: Any, place: str = "") -> str:
    """The first place in which two pieces of JSON differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        key = next(key for key in old if old[key] != new[key])
        return first_difference(old[key], new[key], f"{place}.{key}")
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        n = next(n for n in range(len(old)) if old[n] != new[n])
        return first_difference(old[n], new[n], f"{place}[{n}]")
    return f"{place.removeprefix('.')}: {str(old)[:80]!r} became {str(new)[:80]!r}"


if __name__ == "__main__":
    run_program(main)
