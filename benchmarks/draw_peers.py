"""Draw what peers.py wrote: word error rate against speed, a panel for each set of recordings.

python benchmarks/draw_peers.py
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "peers.json"
PICTURE = ROOT / "docs" / "peers.svg"
TITLES = {"long": "chapters, joined", "short": "utterances, a file each"}
# Of the names of engines, the longest first: what comes from one project has one colour.
FAMILIES = (
    ("ovsubs", "#d62728"),
    ("faster-whisper batched", "#17608f"),
    ("faster-whisper", "#6baed6"),
    ("openvino-genai", "#2ca02c"),
    ("optimum-intel", "#9467bd"),
    ("openai-whisper", "#7f7f7f"),
    ("whisper.cpp", "#ff9f1c"),
)
OURS = FAMILIES[0][0]
WORST = 0.07  # word error rate at the lower edge; what is worse stands there with its figure
SPEEDS = (2, 5, 10, 20, 50)


def main() -> None:
    """Write the picture; better is up and to the right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="what peers.py wrote")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="svg, png or pdf")
    given = parser.parse_args()
    # The same results give the same file; letters stay letters, in a font of the reader's.
    matplotlib.rcParams |= {"svg.hashsalt": "peers", "svg.fonttype": "none", "font.family": "sans-serif"}
    draw(json.loads(given.json.read_text(encoding="utf-8"))).savefig(
        given.picture, dpi=150, metadata={"Date": None} if given.picture.suffix == ".svg" else None
    )


def draw(content: dict[str, Any]) -> Figure:
    """A picture of all engines that ended at least one run."""
    picture = Figure(figsize=(9.5, 4.8), layout="constrained")
    panels = picture.subplots(1, len(content["sets"]), sharex=True, sharey=True, squeeze=False)[0]
    for axes, facts in zip(panels, content["sets"], strict=True):
        of_set = [one for one in content["results"] if one["recordings"] == facts["recordings"]]
        for result in of_set:
            if result["runs"]:
                _place(axes, result)
        axes.set_title(f"{facts['n_files']} {TITLES[facts['recordings']]}", fontsize=10)
        axes.set_xlabel("seconds of audio in a second")
        axes.grid(visible=True, alpha=0.3)
    panels[0].set_xscale("log")
    panels[0].set_xlim(right=80)
    panels[0].set_xticks(SPEEDS, minor=False)
    panels[0].xaxis.set_major_formatter(ScalarFormatter())
    panels[0].xaxis.set_minor_formatter("")
    panels[0].set_ylim(100 * WORST + 0.1, panels[0].get_ylim()[0] - 0.15)
    panels[0].set_ylabel("word error rate in %")
    picture.legend(handles=_legend(), loc="outside lower center", ncols=5, fontsize=8.5, frameon=False)
    return picture


def _place(axes: Axes, result: dict[str, Any]) -> None:
    name, wer = result["engine"], min(result["wer"], WORST)
    is_ours = name == OURS
    axes.plot(
        [result["rtfx"]],
        [100 * wer],
        marker=_marker(name),
        markersize=15 if is_ours else 8,
        color=_colour(name),
        markeredgecolor="white",
        linestyle="none",
        zorder=3 if is_ours else 2,
        gid=f"point of {name}",
    )
    label = OURS if is_ours else f"{result['wer']:.1%}" if result["wer"] > WORST else ""
    axes.annotate(
        label,
        (result["rtfx"], 100 * wer),
        xytext=(0, 11),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        fontweight="bold" if is_ours else "normal",
        color=_colour(name),
    )


def _colour(engine: str) -> str:
    return next(colour for family, colour in FAMILIES if engine.startswith(family))


def _marker(engine: str) -> str:
    if engine == OURS:
        return "*"
    return "D" if engine.endswith("beam 5") else "o"


def _legend() -> list[Line2D]:
    colours = [
        Line2D([], [], color=colour, marker="*" if family == OURS else "s", linestyle="none", label=family)
        for family, colour in FAMILIES
    ]
    shapes = [
        Line2D([], [], color="black", marker=marker, linestyle="none", markersize=5, label=label)
        for marker, label in (("o", "greedy"), ("D", "beam search of 5"))
    ]
    return [*colours, *shapes]


if __name__ == "__main__":
    main()
