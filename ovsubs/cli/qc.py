"""`ovsubs qc`: check subtitles, and what is shown and written of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ovsubs.atomic import write_atomically
from ovsubs.cli.printing import say, say_traceback, show, text_cell
from ovsubs.cli.wording import why_it_ended
from ovsubs.clock import clock_time
from ovsubs.errors import OvsubsError, UnwritableFile, UnwritableOutput
from ovsubs.library.check import CheckedFile, CheckOptions, check_files
from ovsubs.library.file_result import one_line
from ovsubs.library.subtitle_names import find_subtitles
from ovsubs.subtitles.columns import columns
from ovsubs.subtitles.formats.inputs import Inputs
from ovsubs.subtitles.qc.findings import Finding, Kind, QcReport, summarize
from ovsubs.subtitles.qc.review import ReviewItem

FOUND = 1  # exit code
N_WORST = 10  # findings named one by one; --json has all


@dataclass(frozen=True, slots=True)
class QcVerbosity:
    """How much is said: `quiet` errors only, `debug` tracebacks too; `json` is a file for everything."""

    quiet: bool = False
    debug: bool = False
    json: Path | None = None


def run_qc(inputs: Sequence[Path], options: CheckOptions, verbosity: QcVerbosity) -> int:
    """Check subtitles and print a table for each file; 1 if one is against the rules or cannot be read.

    Raises:
        OvsubsError: the call is wrong, the recording it names cannot be read, or the JSON not be written.
    """
    if verbosity.json:
        read = [path for given in inputs for path in (given, *_found_in(given))]
        Inputs([*read, *([options.media] if options.media else [])]).refuse(verbosity.json)
    checked = list[CheckedFile]()
    for file in check_files(inputs, options):
        checked.append(file)
        _show(file, verbosity, is_first=len(checked) == 1)
    if verbosity.json:
        Inputs(file.media for file in checked if file.media).refuse(verbosity.json)
        content = {"style": options.layout.style, "files": [_as_json(file) for file in checked]}
        text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        try:
            write_atomically(verbosity.json, text.encode("utf-8", errors="replace"))
        except UnwritableOutput as error:
            raise UnwritableFile(*error.args) from error
    return 0 if all(file.is_well for file in checked) else FOUND


def _found_in(given: Path) -> list[Path]:
    try:
        return find_subtitles(given)
    except (OvsubsError, OSError):
        return []  # why, is told where it is checked


def _show(file: CheckedFile, verbosity: QcVerbosity, *, is_first: bool) -> None:
    if file.error is not None:
        if verbosity.debug:
            say_traceback(file.error)
        say(f"ovsubs: {why_it_ended(one_line(file.path, file.error), file.error)}")
    if file.report is None or verbosity.quiet:
        return
    for note in file.notes:
        say(f"ovsubs: {file.path}: {note}")
    if not is_first:
        show()
    show(f"{file.path}: {summarize(file.report)}")
    if file.report.findings:
        show()
        _print_table(["", "finding", "count", "worst", "limit"], _kind_rows(file.report))
        show()
        _print_table(["time", "cue", "finding", "value", "text"], _finding_rows(file.report.worst(N_WORST)))
    if file.to_review:
        show()
        _print_table(["review", "why", "text"], _review_rows(file.to_review))


def _kind_rows(report: QcReport) -> Iterator[list[str]]:
    """A row for each kind that was found, errors first."""
    for kind in sorted(Kind, key=lambda kind: not _is_error(report.of(kind))):
        found = report.of(kind)
        if found:
            worst = max(found, key=lambda finding: (finding.excess, finding.value))
            level = "error" if worst.is_error else "warning"
            yield [level, kind.value, str(len(found)), _value(worst.value, worst), _value(worst.limit, worst)]


def _is_error(findings: Sequence[Finding]) -> bool:
    return any(finding.is_error for finding in findings)


def _finding_rows(findings: Iterable[Finding]) -> Iterator[list[str]]:
    for finding in findings:
        cue = "" if finding.cue is None else str(finding.cue)
        value = _value(finding.value, finding)
        yield [_time(finding.start_ms), cue, finding.kind.value, value, text_cell(finding.text)]


def _review_rows(to_review: Iterable[ReviewItem]) -> Iterator[list[str]]:
    for item in to_review:
        yield [_time(item.start_ms), "; ".join(item.reasons), text_cell(item.text)]


def _value(value: float, finding: Finding) -> str:
    number = f"{value:.1f}" if finding.kind in (Kind.TOO_FAST, Kind.SPEECH_TOO_FAST) else f"{value:.0f}"
    unit = finding.unit.removesuffix("s") if number == "1" and finding.unit != "ms" else finding.unit
    return f"{number} {unit}"


def _time(ms: int) -> str:
    return clock_time(ms / 1000, 3)


def _print_table(head: list[str], rows: Iterable[list[str]]) -> None:
    table = [head, *rows]
    widths = [max(columns(row[place]) for row in table) for place in range(len(head))]
    for row in table:
        cells = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        show("  ".join(cells).rstrip())


def _as_json(file: CheckedFile) -> dict[str, Any]:
    """All that is known of a file. Kinds have the names of `Kind`; no limit is null."""
    content: dict[str, Any] = {"path": str(file.path), "is_well": file.is_well}
    if file.error is not None:
        return {**content, "error": why_it_ended(one_line(file.path, file.error), file.error)}
    assert file.report is not None
    rules = asdict(file.report.rules)
    return {
        **content,
        "language": file.language,
        "media": None if file.media is None else str(file.media),
        "notes": list(file.notes),
        "summary": summarize(file.report),
        "figures": asdict(file.report.figures),
        "rules": {name: _finite(value) for name, value in rules.items()},
        "findings": [_finding_as_json(finding) for finding in file.report.findings],
        "review": [asdict(item) for item in file.to_review],
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        **asdict(finding),
        "kind": finding.kind.name.lower(),
        "unit": finding.unit,
        "level": "error" if finding.is_error else "warning",
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and math.isinf(value) else value
