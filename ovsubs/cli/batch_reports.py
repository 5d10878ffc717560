"""A closing report -> its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ovsubs.atomic import write_atomically
from ovsubs.batch.ledger.database import root_in
from ovsubs.batch.ledger.ledger import Ledger
from ovsubs.batch.ledger.place import ledger_path
from ovsubs.batch.record import BatchReport, FileState
from ovsubs.batch.report.html import to_html
from ovsubs.batch.report.json import from_json, merge_reports, to_json
from ovsubs.cli.printing import show
from ovsubs.errors import InvalidOption, NoLedger, UnreadableReport

_WRITERS = {".html": to_html, ".json": to_json}


def check_reports(paths: Sequence[Path]) -> None:
    """Refuse names of which nobody knows what to write.

    Raises:
        InvalidOption: an ending is neither .html nor .json, or the folder is not there.
    """
    for path in paths:
        if path.suffix.lower() not in _WRITERS:
            raise InvalidOption("report", str(path), "name a file that ends in .html or .json")
        if not path.parent.is_dir():
            raise InvalidOption("report", str(path), f"there is no folder {path.parent}")


def default_reports(ledger: Path) -> tuple[Path, ...]:
    """Beside the ledger, under names that neither it nor a recording's transcript has."""
    page = ledger.with_name(f"{ledger.stem}-report.html")
    return page, page.with_suffix(".json")


def write_report(report: BatchReport, paths: Sequence[Path]) -> list[Path]:
    """Write the report in the form that each name says; returns where it is.

    Raises:
        UnwritableOutput: it cannot be written.
    """
    for path in paths:
        write_atomically(path, _WRITERS[path.suffix.lower()](report).encode("utf-8", "surrogateescape"))
    return list(paths)


def merge(inputs: Sequence[Path], outputs: Sequence[Path]) -> int:
    """Write one report of several; returns the exit code."""
    check_reports(outputs)
    for path in write_report(merge_reports([_read(path) for path in inputs]), outputs):
        show(str(path))
    return 0


def _read(path: Path) -> BatchReport:
    if path.is_dir():
        root, path = path, ledger_path(path)
        if not path.exists():
            raise NoLedger(root)
    if path.suffix.lower() != ".json":
        with Ledger(path, root_in(path)) as ledger:
            return _of_ledger(ledger)
    try:
        return from_json(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError as error:
        raise UnreadableReport(path, error.strerror or error) from error
    except ValueError as error:
        raise UnreadableReport(path, error) from error


def _of_ledger(ledger: Ledger) -> BatchReport:
    """All that a ledger knows of files that have ended."""
    runs = ledger.runs.all()
    ended = (FileState.DONE, FileState.FAILED, FileState.SKIPPED)
    records = tuple(record for record in ledger.records() if record.state in ended)
    began = runs[0].began if runs else 0.0
    return BatchReport(
        roots=(ledger.root,),
        began=began,
        ended=max((record.finished for record in records), default=began),
        model=runs[-1].model if runs else "",
        machine=runs[-1].host if runs else "",
        records=records,
    )
