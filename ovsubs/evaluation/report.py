"""Figures -> a table to read: rows of text, and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ovsubs.evaluation.figures import ModelFigures, Ratio
from ovsubs.evaluation.intervals import Interval
from ovsubs.evaluation.results import Comparison

_HEAD: tuple[str, ...] = (
    *("model", "WER (95 %)", "CER", "word accuracy", "sub/del/ins"),
    *("RTFx (runs)", "encoder", "decoder", "loads in", "memory", "size"),
)
_BESIDE = ("WER more (95 %)", "speed-up (runs)", "encoder", "decoder", "graphs")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are printed; a row for each model."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def make_table(figures: Sequence[ModelFigures]) -> Table:
    """Accuracy, speed, memory and size; beside them what is more or faster than the first model."""
    head = _HEAD + _BESIDE if len(figures) > 1 else _HEAD
    return Table(head, tuple(_row(one, beside=len(figures) > 1) for one in figures))


def to_markdown(comparison: Comparison, figures: Sequence[ModelFigures]) -> str:
    """The table with the conditions under it."""
    table = make_table(figures)
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{body}\n\n`{comparison.line}`\n"


def _row(one: ModelFigures, *, beside: bool) -> tuple[str, ...]:
    cells = (
        f"{one.label} ({one.precision})",
        f"{one.wer:.2%} ({_interval(one.wer_interval)})",
        f"{one.cer:.2%}",
        f"{one.word_accuracy:.2%}",
        f"{one.substituted}/{one.deleted}/{one.inserted}",
        f"{one.rtfx:.1f}{_spread(one.rtfx_runs)}",
        f"{one.encoder_rtfx:.1f}",
        f"{one.decoder_rtfx:.1f}",
        f"{one.load_s:.1f} s",
        f"{one.peak_memory_mb:.0f} MB",
        f"{one.size_mb:.0f} MB",
    )
    if not beside:
        return cells
    if one.against_first is None:
        return (*cells, "", "", "", "", "")
    against = one.against_first
    return (
        *cells,
        f"{100 * against.wer_more:+.2f} ({_interval(against.wer_more_interval, signed=True)})",
        _ratio(against.speed_up),
        f"{against.encoder_speed_up.median:.2f}x",
        f"{against.decoder_speed_up.median:.2f}x",
        f"{against.size:.0%}",
    )


def _interval(interval: Interval, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{100 * interval.low:{sign}.2f} to {100 * interval.high:{sign}.2f}"


def _ratio(ratio: Ratio) -> str:
    spread = f" ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.high > ratio.low else ""
    return f"{ratio.median:.2f}x{spread}"


def _spread(runs: Sequence[float]) -> str:
    return f" ({min(runs):.1f} to {max(runs):.1f})" if len(runs) > 1 else ""
