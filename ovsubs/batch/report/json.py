"""A closing report <-> its JSON, and several of them -> one: of the parts of a library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ovsubs.batch.record import BatchReport, ErrorKind, FileRecord, FileState
from ovsubs.json_fields import JsonObject
from ovsubs.subtitles.qc.review import ReviewItem

_LAST_INSTANT = (
    32_503_680_000.0  # the year 3000, at which Windows' localtime ends (learn.microsoft.com, localtime_s)
)


def to_json(report: BatchReport) -> str:
    """The report; bytes of names that are no UTF-8 are written as escapes."""
    content = asdict(report)
    content["roots"] = list(map(str, report.roots))
    for record in content["records"]:
        record["path"] = str(record["path"])
        record["outputs"] = list(map(str, record["outputs"]))
    return json.dumps(content, indent=1) + "\n"


def from_json(text: str) -> BatchReport:
    """Read what `to_json` wrote; keys that are missing get their defaults, others are passed over.

    Raises:
        ValueError: it is no JSON, or a value is of another kind; the message names the place.
    """
    content = JsonObject.parse(text)
    return BatchReport(
        roots=tuple(map(Path, content.texts("roots"))),
        began=_instant(content, "began"),
        ended=_instant(content, "ended"),
        model=content.text("model", ""),
        machine=content.text("machine", ""),
        records=tuple(map(_record, content.objects("records"))),
    )


def merge_reports(reports: Sequence[BatchReport]) -> BatchReport:
    """One report of several: of a file that is in more than one, the newest record counts.

    Args:
        reports: at least one.
    """
    newest = dict[Path, FileRecord]()
    for report in reports:
        for record in report.records:
            if record.path not in newest or record.finished >= newest[record.path].finished:
                newest[record.path] = record
    return BatchReport(
        roots=tuple(dict.fromkeys(root for report in reports for root in report.roots)),
        began=min(report.began for report in reports),
        ended=max(report.ended for report in reports),
        model=", ".join(dict.fromkeys(report.model for report in reports if report.model)),
        machine=", ".join(dict.fromkeys(report.machine for report in reports if report.machine)),
        records=tuple(newest[path] for path in sorted(newest)),
    )


def _record(content: JsonObject) -> FileRecord:
    kind = content.text_or_null("error_kind")
    try:
        state, error_kind = FileState(content.text("state")), ErrorKind(kind) if kind else None
    except ValueError as error:
        raise ValueError(f"{content.place}: {error}") from error
    return FileRecord(
        path=Path(content.text("path")),
        state=state,
        why=content.text("why", ""),
        error_code=content.text("error_code", ""),
        error_kind=error_kind,
        attempt=round(content.number("attempt", 0.0)),
        duration=content.number("duration", 0.0, least=0.0),
        work_s=content.number("work_s", 0.0, least=0.0),
        language=content.text("language", ""),
        language_probability=content.number("language_probability", 0.0, least=0.0),
        n_cues=round(content.number("n_cues", 0.0)),
        n_errors=round(content.number("n_errors", 0.0)),
        median_cps=content.number("median_cps", 0.0, least=0.0),
        outputs=tuple(map(Path, content.texts("outputs"))),
        doubtful=tuple(map(_doubtful, content.objects("doubtful", ()))),
        finished=_instant(content, "finished"),
    )


def _instant(content: JsonObject, key: str) -> float:
    """Seconds since 1970, which are more than anything else is counted in."""
    value = content.content.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= _LAST_INSTANT:
        raise ValueError(f"{content.place or 'it'}: {key} is {value!r}")
    return float(value)


def _doubtful(content: JsonObject) -> ReviewItem:
    return ReviewItem(
        start_ms=content.whole("start_ms"),
        end_ms=content.whole("end_ms"),
        text=content.text("text", ""),
        reasons=content.texts("reasons"),
        weight=content.number("weight", 0.0),
    )
