"""Figures -> a picture: word error rate against speed, a point for each model with its intervals."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from ovsubs.errors import InvalidOption, MissingExtra
from ovsubs.evaluation.figures import ModelFigures
from ovsubs.evaluation.results import Comparison, check_output, write_file

SUFFIXES = (".png", ".svg", ".pdf")
_COLUMNS = 100  # of a signature line under the picture


def check_picture(path: Path) -> None:
    """Refuse a picture that could not be drawn, before anything is measured.

    Raises:
        InvalidOption: another ending than `SUFFIXES`.
        MissingExtra: matplotlib is not installed.
        UnwritableOutput: the place cannot be written.
    """
    check_output(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidOption("plot", str(path), f"its name ends in {', '.join(SUFFIXES)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtra("a picture", "benchmark", "matplotlib") from error


def draw(path: Path, comparison: Comparison, figures: Sequence[ModelFigures]) -> None:
    """Write the picture; better is up (fewer errors) and to the right (faster).

    Raises:
        UnwritableOutput: the place cannot be written.
    """
    from matplotlib.figure import Figure

    picture = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes = picture.subplots()
    for number, one in enumerate(figures):
        wer, low, high = (100.0 * rate for rate in (one.wer, one.wer_interval.low, one.wer_interval.high))
        axes.errorbar(
            [one.rtfx],
            [wer],
            xerr=[[one.rtfx - min(one.rtfx_runs)], [max(one.rtfx_runs) - one.rtfx]],
            yerr=[[max(0.0, wer - low)], [max(0.0, high - wer)]],
            fmt="o",
            color=f"C{number % 10}",
            capsize=3,
        )
        axes.annotate(one.label, (one.rtfx, wer), xytext=(7, 5), textcoords="offset points")
    axes.invert_yaxis()
    axes.margins(0.15)
    axes.set_xlabel("seconds of audio in a second (RTFx; bars: slowest and fastest run)")
    axes.set_ylabel("word error rate in % (bars: 95 %)")
    axes.grid(visible=True, alpha=0.3)
    line = comparison.line
    wrapped = "\n".join(line[first : first + _COLUMNS] for first in range(0, len(line), _COLUMNS))
    picture.supxlabel(wrapped, fontsize=5.5, color="gray", parse_math=False)
    content = io.BytesIO()
    picture.savefig(content, dpi=150, format=path.suffix.lower().removeprefix("."))
    write_file(path, content.getvalue())
