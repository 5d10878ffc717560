"""Results as tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ovsubs.cli.printing import cell, say, show, text_cell
from ovsubs.clock import clock_time
from ovsubs.library.file_result import FileResult, Status
from ovsubs.models.listing import ModelListing
from ovsubs.subtitles.qc.findings import Kind
from ovsubs.timing import add_up
from ovsubs.whisper.model import CompileOptions, Device, ModelSize, measured_precisions, settle

if TYPE_CHECKING:  # no other command is to load the benchmark package
    from ovsubs.evaluation import report
    from ovsubs.evaluation.regression import RegressionCheck

_UNBOUND_WIDTH = 1000  # columns; where nobody looks at a screen, lines are not cut


def print_results(results: Sequence[FileResult]) -> None:
    """The closing table: what became of each file."""
    table = make_table(
        "file", "language", "duration", "RTFx", "cues", "reading speed", "rule errors", "result"
    )
    for result in results:
        told = result.transcript
        figures = ("", "", "")
        if told:
            # Beside other files, silence takes no time of its own.
            speed = f"{told.rtfx:.1f}" if told.seconds else "-"
            heard = result.report is None or result.report.figures.n_cues
            language = f"{told.language} {told.language_probability:.0%}" if heard else "-"
            figures = (language, clock_time(told.duration), speed)
        names = ", ".join(output.name for output in result.outputs)
        outcome = names if result.status is Status.DONE else result.status
        add_row(table, str(result.path), *figures, *_layout_figures(result), outcome)
    print_table(table)


def _layout_figures(result: FileResult) -> tuple[str, str, str]:
    """How many cues, how fast the middle one has to be read, and how many break rules of the layout."""
    report = result.report
    if report is None:
        return "", "", ""
    speed = f"{report.figures.median_cps:.0f} ch/s" if report.figures.n_cues else ""
    return str(report.figures.n_cues), speed, str(len(report.errors) + len(report.of(Kind.SPEECH_TOO_FAST)))


def print_review(results: Sequence[FileResult]) -> None:
    """The places of each file that may be wrong, and why."""
    table = make_table("file", "time", "why", "text")
    for result in results:
        for item in result.to_review:
            time, why = clock_time(item.start_ms / 1000), "; ".join(item.reasons)
            add_row(table, str(result.path), time, why, text_cell(item.text))
    print_table(table)


def print_profile(results: Sequence[FileResult], wall_s: float) -> None:
    """Where the time went: each stage of the run, the longest first."""
    stages = add_up(timing for result in results if result.transcript for timing in result.transcript.timings)
    table = make_table("stage", "seconds", "share", "times", "ms each", "rows each")
    for stage in sorted(stages, key=lambda stage: -stage.seconds):
        each = f"{1000 * stage.seconds / stage.count:.1f}" if stage.count else ""
        share = f"{stage.seconds / wall_s:.1%}"
        rows = f"{stage.rows / stage.count:.1f}" if stage.rows else ""
        add_row(table, stage.stage, f"{stage.seconds:.2f}", share, f"{stage.count:.0f}", each, rows)
    rest = wall_s - sum(stage.seconds for stage in stages)
    add_row(table, "rest (plan, load, layout, write)", f"{rest:.2f}", f"{rest / wall_s:.1%}", "", "", "")
    add_row(table, "wall", f"{wall_s:.2f}", "100.0%", "", "", "")
    print_table(table)


def print_models(models: Sequence[ModelListing]) -> None:
    """The models on this machine."""
    table = make_table("name", "size", "precision", "source", "path")
    for model in models:
        size = f"{model.size_bytes / 1e6:.0f} MB"
        add_row(table, model.name, size, model.precision, model.source, str(model.path))
    print_table(table)
    if not models:
        say("no models yet; make one with `ovsubs export base`")


def print_devices(devices: Sequence[Device]) -> None:
    """The devices that OpenVINO sees, what they compute in by default, and why the CPU does."""
    table = make_table("device", "full name", "computes in")
    for device in devices:
        chosen = settle(CompileOptions(device.name)).precision_name
        add_row(table, device.name, device.full_name, chosen or "its own choice")
    print_table(table)
    measured = measured_precisions(ModelSize())
    slowest = next(one for one in measured if str(one.precision) == "f32")
    show()
    show("speed of the CPU with base, compared with f32 (measured once, then kept):")
    table = make_table("precision", "encoder", "decoder")
    for one in measured:
        times = slowest.encoder_ms / one.encoder_ms, slowest.decoder_ms / one.decoder_ms
        add_row(table, str(one.precision), *(f"{factor:.1f}" for factor in times))
    print_table(table)


def print_figures(figures: report.Table, signature: str) -> None:
    """The table of a benchmark, and the line that says under which conditions it was made."""
    table = make_table(*figures.head)
    for row in figures.rows:
        add_row(table, *row)
    print_table(table)
    show(signature)


def print_findings(findings: Sequence[RegressionCheck]) -> None:
    """What moved against a baseline, and whether it may."""
    table = make_table("model", "figure", "baseline", "now", "limit", "")
    for finding in findings:
        form = "{:.2%}" if finding.figure == "WER" else "{:.2f}x"
        values = (form.format(value) for value in (finding.before, finding.now, finding.limit))
        add_row(table, finding.label, finding.figure, *values, "ok" if finding.passed else "WORSE")
    print_table(table)


def make_table(*columns: str) -> Table:
    """A table without lines, whose cells are not cut."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def add_row(table: Table, *texts: str) -> None:
    """A row of texts, of which nothing is taken for a mark."""
    table.add_row(*map(cell, texts))


def print_table(table: Table) -> None:
    """Print a table on stdout; as wide as it is, where nobody looks at a screen."""
    console = Console(
        width=None if sys.stdout.isatty() else _UNBOUND_WIDTH, markup=False, highlight=False, emoji=False
    )
    console.print(table)
