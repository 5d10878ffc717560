"""Write the tables of benchmarks/results/ into README.md, between the lines that mark their places.

python benchmarks/make_readme_table.py
python benchmarks/make_readme_table.py --check      # exit code 1 if they are not up to date
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MAX_FAILURE_CHARACTERS = 100  # in a cell; the JSON has the whole line
HEAD = (
    "| engine | word error rate (95 %) | WER above ovsubs (95 %) | sub. / del. / ins. "
    "| RTFx (runs) | loads in | peak memory | measured |\n"
    "|---|---|---|---|---|---|---|---|"
)
LAYOUT_HEAD = (
    "| writer | cues | overlaps | lines too wide | too many lines | too short | too long | gaps too small "
    "| too fast | too fast, as spoken | every word, in order |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)
SCALE_HEAD = (
    "| length of the file | windows in a batch | threads | RTFx | peak memory |\n|---|---|---|---|---|"
)
INT8_HEAD = (
    "| model | word error rate (95 %) | more than FP32 (95 %) | RTFx | as fast as FP32 (runs) "
    "| encoder | decoder | size of both | peak memory |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Rewrite the README, or tell whether it is up to date."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=RESULTS / "peers.json", help="what peers.py wrote")
    parser.add_argument("--int8", type=Path, default=RESULTS / "int8.json", help="what int8.py wrote")
    parser.add_argument("--layout", type=Path, default=RESULTS / "layout.json", help="what layout.py wrote")
    parser.add_argument("--scale", type=Path, default=RESULTS / "scale.json", help="what scale.py wrote")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if it would change")
    given = parser.parse_args()
    before = after = given.readme.read_text(encoding="utf-8")
    kinds = {"peers": (given.json, make_tables), "int8": (given.int8, make_int8_tables)}
    for kind, (path, make) in list(kinds.items()):  # and those of other machines, such as peers-avx2.json
        kinds |= {other.stem: (other, make) for other in sorted(path.parent.glob(f"{kind}-*.json"))}
    kinds |= {"layout": (given.layout, make_layout_table), "scale": (given.scale, make_scale_table)}
    places = [kind for kind in kinds if f"<!-- {kind}:begin -->" in before]
    if not places:
        print(f"{given.readme}: the tables have no place: no line <!-- peers:begin -->", file=sys.stderr)
        return 1
    try:
        for kind in places:
            source, make = kinds[kind]
            after = replace_tables(after, kind, make(json.loads(source.read_text(encoding="utf-8"))))
    except ValueError as error:
        print(f"{given.readme}: {error}", file=sys.stderr)
        return 1
    if given.check and after != before:
        print(f"{given.readme}: not what the results say; run make_readme_table.py", file=sys.stderr)
        return 1
    if not given.check and after != before:
        given.readme.write_text(after, encoding="utf-8")
    return 0


def replace_tables(text: str, kind: str, tables: str) -> str:
    """The text with the tables between the two marks of their kind.

    Raises:
        ValueError: the marks are not there, or not in this order.
    """
    first, last = f"<!-- {kind}:begin -->", f"<!-- {kind}:end -->"
    head, begin, rest = text.partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"the tables have no place: the lines {first} and {last} are missing")
    return f"{head}{first}\n{tables}\n{last}{tail}"


def make_tables(content: dict[str, Any]) -> str:
    """What `peers.py` wrote, as Markdown: the conditions, and one table for each set of recordings."""
    return "\n\n".join([_conditions(content), *(_table(content, one) for one in content["sets"])])


def _conditions(content: dict[str, Any]) -> str:
    conditions = content["conditions"]
    machine = conditions["machine"]
    flags = f" ({', '.join(machine['cpu_flags'])})" if machine["cpu_flags"] else ""
    days = {_day(result) for result in content["results"] if result["runs"]}
    several = (
        " A machine has faster days and slower ones: compare the speeds of one day." if len(days) > 1 else ""
    )
    return (
        f"Whisper {conditions['model']}, {machine['cpu']}{flags}, {conditions['threads']} threads for each "
        f"engine, language given. RTFx: seconds of audio in a second, median of the runs.{several}"
    )


def _day(result: dict[str, Any]) -> str:
    """When the last run of an engine was: 2026-01-31."""
    return max(str(run["date"]) for run in result["runs"])[:10]


def _table(content: dict[str, Any], facts: dict[str, Any]) -> str:
    kind = {"long": "chapters, joined", "short": "utterances, a file each"}[facts["recordings"]]
    title = f"**{facts['n_files']} {kind}** ({facts['audio_s'] / 60.0:.1f} min)"
    rows = [_row(one) for one in content["results"] if one["recordings"] == facts["recordings"]]
    return "\n".join([f"{title}:\n", HEAD, *rows])


def _row(result: dict[str, Any]) -> str:
    if not result["runs"]:
        why = str(result["failure"]).replace("|", "/")[:MAX_FAILURE_CHARACTERS]
        return f"| {result['engine']} | failed: {why} | | | | | | |"
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
        _day(result),
    ]
    return f"| {' | '.join(cells)} |"


def make_int8_tables(content: dict[str, Any]) -> str:
    """What `int8.py` wrote, as Markdown: the conditions, and a row for each model."""
    rows, conditions = list[str](), ""
    for measured in content["models"].values():
        conditions = _int8_conditions(content, measured)
        rows += [_int8_row(one) for one in measured["figures"]]
    return "\n".join([f"{conditions}\n", INT8_HEAD, *rows])


def _int8_conditions(content: dict[str, Any], measured: dict[str, Any]) -> str:
    signature = measured["signature"]
    n_cpus = content["machine"]["logical_cpus"]
    return (
        f"{signature['device_name']} ({', '.join(signature['cpu_flags'])}), {n_cpus} CPUs, "
        f"computing in {signature['inference_precision']}, {signature['n_files']} recordings of "
        f"{Path(signature['dataset']).name} ({signature['audio_s'] / 60.0:.1f} min), calibrated on "
        f"{measured['calibration']}, {content['date'][:10]}. RTFx: median of the runs."
    )


def _int8_row(figures: dict[str, Any]) -> str:
    low, high = (figures["wer_interval"][end] * 100 for end in ("low", "high"))
    more, *faster = _beside_fp32(figures["against_first"]) if figures["against_first"] else [""] * 5
    cells = [
        figures["label"],
        f"{figures['wer'] * 100:.2f} % ({low:.2f} to {high:.2f})",
        more,
        f"{figures['rtfx']:.1f}",
        *faster,
        f"{figures['peak_memory_mb'] / 1000.0:.2f} GB",
    ]
    return f"| {' | '.join(cells)} |"


def _beside_fp32(against: dict[str, Any]) -> list[str]:
    low, high = (against["wer_more_interval"][end] * 100 for end in ("low", "high"))
    speed = against["speed_up"]
    return [
        f"{against['wer_more'] * 100:+.2f} ({low:+.2f} to {high:+.2f})",
        f"{speed['median']:.2f} times ({speed['low']:.2f} to {speed['high']:.2f})",
        *(f"{against[f'{one}_speed_up']['median']:.2f}" for one in ("encoder", "decoder")),
        f"{against['size'] * 100:.0f} %",
    ]


def make_layout_table(content: dict[str, Any]) -> str:
    """What `layout.py` wrote, as Markdown: a row for each writer."""
    rows = [_layout_row(one) for one in content["results"]]
    length = f"{content['audio_s'] / 60.0:.1f} min, style {content['style']}, {content['date'][:10]}."
    return "\n".join([f"{length}\n", LAYOUT_HEAD, *rows])


def _layout_row(figures: dict[str, Any]) -> str:
    counts = ("overlaps", "wide_lines", "more_lines", "too_short", "too_long", "small_gaps")
    cells = [
        figures["writer"],
        str(figures["n_cues"]),
        *(str(figures[name]) for name in counts),
        f"{figures['too_fast']:.1%}",
        f"{figures['too_fast_as_spoken']:.1%}",
        "yes" if figures["words_whole_and_in_order"] else "no",
    ]
    return f"| {' | '.join(cells)} |"


def make_scale_table(content: dict[str, Any]) -> str:
    """What `scale.py` wrote, as Markdown: a row for each case."""
    machine = content["machine"]
    conditions = f"{machine['cpu']} ({', '.join(machine['cpu_flags'])}), {content['date'][:10]}."
    return "\n".join([f"{conditions}\n", SCALE_HEAD, *(_scale_row(one) for one in content["measurements"])])


def _scale_row(measured: dict[str, Any]) -> str:
    case = measured["case"]
    minutes = case["length_s"] / 60.0
    cells = [
        f"{minutes:.0f} min" if minutes < 60.0 else f"{minutes / 60.0:.0f} h",
        "default" if case["batch_size"] is None else str(case["batch_size"]),
        str(case["threads"]),
        f"{measured['rtfx']:.1f}",
        f"{measured['peak_memory_mb'] / 1000.0:.2f} GB",
    ]
    return f"| {' | '.join(cells)} |"


def _difference(difference: dict[str, Any] | None) -> str:
    if difference is None:
        return ""
    low, high = difference["interval"]
    return f"{difference['difference'] * 100:+.2f} ({low * 100:+.2f} to {high * 100:+.2f})"


if __name__ == "__main__":
    sys.exit(main())
