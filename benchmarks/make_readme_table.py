"""Write the tables of benchmarks/results/peers.json into README.md, between the lines that mark their place.

python benchmarks/make_readme_table.py
python benchmarks/make_readme_table.py --check      # exit code 1 if they are not up to date
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"
MAX_FAILURE_CHARACTERS = 100  # in a cell; the JSON has the whole line
HEAD = (
    "| engine | word error rate (95 %) | more than ovsubs (95 %) | sub. / del. / ins. "
    "| RTFx (runs) | loads in | peak memory |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Rewrite the README, or tell whether it is up to date."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "peers.json")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if it would change")
    given = parser.parse_args()
    before = given.readme.read_text(encoding="utf-8")
    try:
        after = replace_tables(before, make_tables(json.loads(given.json.read_text(encoding="utf-8"))))
    except ValueError as error:
        print(f"{given.readme}: {error}", file=sys.stderr)
        return 1
    if given.check and after != before:
        print(f"{given.readme}: not what {given.json} says; run make_readme_table.py", file=sys.stderr)
        return 1
    if not given.check and after != before:
        given.readme.write_text(after, encoding="utf-8")
    return 0


def replace_tables(text: str, tables: str) -> str:
    """The text with the tables between the two marks.

    Raises:
        ValueError: the marks are not there, or not in this order.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the tables have no place: the lines {BEGIN} and {END} are missing")
    return f"{head}{BEGIN}\n{tables}\n{END}{tail}"


def make_tables(content: dict[str, Any]) -> str:
    """What `peers.py` wrote, as Markdown: the conditions, and one table for each set of recordings."""
    return "\n\n".join([_conditions(content), *(_table(content, one) for one in content["sets"])])


def _conditions(content: dict[str, Any]) -> str:
    conditions = content["conditions"]
    machine = conditions["machine"]
    flags = f" ({', '.join(machine['cpu_flags'])})" if machine["cpu_flags"] else ""
    return (
        f"Whisper {conditions['model']}, {machine['cpu']}{flags}, {conditions['threads']} threads for each "
        f"engine, language given, {content['date'][:10]}. "
        "RTFx: seconds of audio in a second, median of the runs."
    )


def _table(content: dict[str, Any], facts: dict[str, Any]) -> str:
    kind = {"long": "chapters, joined", "short": "utterances, a file each"}[facts["recordings"]]
    title = f"**{facts['n_files']} {kind}** ({facts['audio_s'] / 60.0:.1f} min)"
    rows = [_row(one) for one in content["results"] if one["recordings"] == facts["recordings"]]
    return "\n".join([f"{title}:\n", HEAD, *rows])


def _row(result: dict[str, Any]) -> str:
    if not result["runs"]:
        why = str(result["failure"]).replace("|", "/")[:MAX_FAILURE_CHARACTERS]
        return f"| {result['engine']} | failed: {why} | | | | | |"
    low, high = result["wer_interval"]
    speeds = [run["rtfx"] for run in result["runs"]]
    runs = f"{min(speeds):.1f} to {max(speeds):.1f} in {len(speeds)}" if len(speeds) > 1 else "1 run"
    cells = [
        result["engine"],
        f"{result['wer'] * 100:.2f} % ({low * 100:.2f} to {high * 100:.2f})",
        _difference(result["wer_more_than_ours"]),
        f"{result['substituted']} / {result['deleted']} / {result['inserted']}",
        f"{result['rtfx']:.1f} ({runs})" + (", then failed" if result["failure"] else ""),
        f"{result['load_s']:.1f} s",
        f"{result['peak_memory_mb'] / 1000.0:.2f} GB",
    ]
    return f"| {' | '.join(cells)} |"


def _difference(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return ""
    low, high = difference["interval"]
    return f"{difference['difference'] * 100:+.2f} ({low * 100:+.2f} to {high * 100:+.2f})"


if __name__ == "__main__":
    sys.exit(main())
