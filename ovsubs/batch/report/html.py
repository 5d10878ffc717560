"""A closing report -> one page that a person opens in the morning; it needs no network."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import nlargest
from html import escape
from importlib.resources import files
from pathlib import Path

from ovsubs.batch.record import BatchReport, ErrorKind, FileRecord, FileState
from ovsubs.batch.report.links import file_link, shown, shown_path, shown_text, time_link
from ovsubs.batch.report.picture import draw_run
from ovsubs.clock import clock_time

N_DOUBTFUL = 20  # cues of the whole library
_N_SHOWN = 5  # files that failed for the same reason
_N_HOURS = 10  # from here on nobody wants minutes
_STATES = (FileState.DONE, FileState.SKIPPED, FileState.FAILED, FileState.WAITING, FileState.RUNNING)
_OUTLOOKS = {
    ErrorKind.LASTING: "not tried again until the file changes",
    ErrorKind.PASSING: "tried again in the next run",
    ErrorKind.OUTSIDE: "not the file's fault; tried again in the next run",
}
_COLUMNS = ("file", "result", "language", "duration", "RTFx", "cues", "rules", "note")


def to_html(report: BatchReport) -> str:
    """The page: what happened, what failed, what to look at, how the run went, and all files."""
    style, script = _asset("report.css"), _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode("ascii")
    # Nothing is loaded from anywhere, and no other script runs, whatever a name may hold.
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>ovsubs: {_counted(report)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
        f"<h1>{_counted(report)}</h1>",
        *_setting(report),
        *_failures(report),
        *_doubtful(report),
        *_course(report),
        *_table(report),
        f"</main>\n<script>\n{script}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _asset(name: str) -> str:
    return files("ovsubs.batch.report").joinpath(f"assets/{name}").read_text(encoding="utf-8")


def _counted(report: BatchReport) -> str:
    counts = [f"{n} {state}" for state in _STATES if (n := len(report.in_state(state)))]
    return ", ".join(counts) or "No files"


def _setting(report: BatchReport) -> Iterator[str]:
    """How much in how long, and then when, with what, and where."""
    ended = [record for record in report.in_state(FileState.DONE) if record.finished >= report.began]
    media_s, seconds = sum(record.duration for record in ended), max(0.0, report.ended - report.began)
    if media_s and seconds and report.began:
        speed = media_s / seconds
        times = f"{speed:.0f}" if speed >= 10 else f"{speed:.1f}"
        yield (
            f'<p class="lead">{_length(media_s)} of media in {_length(seconds)}: '
            f"{times} times as fast as it plays.</p>"
        )
    when = f"{_day(report.began)} to {_day(report.ended)}" if report.began else ""
    told = (when, shown(report.model), shown(report.machine), ", ".join(map(shown_path, report.roots)))
    yield f'<p class="setting">{" · ".join(filter(None, told))}</p>'


def _length(seconds: float) -> str:
    """ "312 hours", or "7:40:12" where somebody may want to know it exactly."""
    hours = round(seconds / 3600)
    return f"{hours:,} hours" if hours >= _N_HOURS else clock_time(seconds)


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"


def _reason(record: FileRecord) -> str:
    """Why, without the name of the file, so that it is the same of all files that it is true of."""
    return record.why.removeprefix(f"{record.path}: ").replace(str(record.path), "the file")


def _failures(report: BatchReport) -> Iterator[str]:
    """What failed, by reasons, the most frequent first."""
    by_reason = defaultdict[tuple[str, str], list[FileRecord]](list)
    for record in report.in_state(FileState.FAILED):
        outlook = _OUTLOOKS[record.error_kind] if record.error_kind else ""
        by_reason[_reason(record), outlook].append(record)
    if not by_reason:
        return
    yield '<section id="failed"><h2>Failed</h2>'
    for (why, outlook), records in sorted(by_reason.items(), key=lambda one: -len(one[1])):
        names = [f"<li>{file_link(record.path, shown_path(record.path, report.roots))}" for record in records]
        counted = f"{len(records)} files" if len(records) > 1 else "1 file"
        yield f'<div class="reason"><h3 dir="auto">{shown(why) or "for no known reason"}</h3>'
        yield f"<p>{', '.join(filter(None, (counted, outlook)))}</p><ul>{''.join(names[:_N_SHOWN])}</ul>"
        if rest := names[_N_SHOWN:]:
            yield f"<details><summary>{len(rest)} more</summary><ul>{''.join(rest)}</ul></details>"
        yield "</div>"
    yield "</section>"


def _doubtful(report: BatchReport) -> Iterator[str]:
    """The cues of the library that are most likely wrong."""
    places = ((record, cue) for record in report.records for cue in record.doubtful)
    worst = nlargest(N_DOUBTFUL, places, key=lambda place: place[1].weight)
    if not worst:
        return
    yield '<section id="doubtful"><h2>Worth a look</h2><div class="wide"><table>'
    yield "<caption>Most likely wrong. A time opens the recording there, if the browser plays it.</caption>"
    yield f"<thead><tr>{_heads(('time', 'text', 'why', 'file', 'subtitles'))}</thead><tbody>"
    for record, cue in worst:
        subtitles = " ".join(file_link(path, shown(path.suffix[1:] or path.name)) for path in record.outputs)
        language = f' lang="{escape(record.language)}"' if record.language else ""
        text = shown_text(cue.text) or "<em>no text</em>"
        yield (
            f"<tr><td class=n>{time_link(record.path, cue.start_ms, clock_time(cue.start_ms / 1000))}"
            f'<td class="text" dir="auto"{language}>{text}<td>{shown("; ".join(cue.reasons))}'
            f"<td>{file_link(record.path, shown_path(record.path, report.roots))}<td>{subtitles}"
        )
    yield "</tbody></table></div></section>"


def _heads(names: Sequence[str]) -> str:
    return "".join(f'<th scope="col">{name}' for name in names)


def _course(report: BatchReport) -> Iterator[str]:
    if drawn := list(draw_run(report)):
        yield '<section id="run"><h2>The run</h2>'
        yield from drawn
        yield "</section>"


def _table(report: BatchReport) -> Iterator[str]:
    """All files. What needs the script is shown by it: without one all rows are there, in order."""
    if not report.records:
        return
    options = "".join(f"<option>{state}" for state in _STATES if report.in_state(state))
    buttons = (f'<th scope="col" aria-sort="none"><button type="button">{name}</button>' for name in _COLUMNS)
    yield '<section><h2>All files</h2><form class="filter" hidden>'
    yield f'<label>Show <select id="state"><option value="">all{options}</select></label>'
    yield '<label>with <input id="words" type="search" placeholder="any word"></label>'
    yield '<output id="count"></output></form><div class="wide"><table id="files">'
    yield (
        "<caption>RTFx: seconds of media in a second of work. Rules: how often those of the style are broken."
        "</caption>"
    )
    yield f"<thead><tr>{''.join(buttons)}</thead><tbody>"
    for record in report.records:
        yield _row(record, report.roots)
    yield '</tbody></table></div><p><button type="button" id="more" hidden></button></p></section>'


def _row(record: FileRecord, roots: Sequence[Path]) -> str:
    is_done, heard = record.state is FileState.DONE, bool(record.language)
    language = f"{shown(record.language)} {record.language_probability:.0%}" if heard else ""
    errors = "1 error" if record.n_errors == 1 else f"{record.n_errors} errors"
    verdict = "" if not is_done or not record.n_cues else errors if record.n_errors else "fine"
    rank = record.n_errors if verdict else -1
    return (
        f'<tr class={record.state}><th scope="row">{file_link(record.path, shown_path(record.path, roots))}'
        f"<td>{record.state}<td>{language}"
        f"<td class=n data-n={record.duration:.1f}>{clock_time(record.duration) if record.duration else ''}"
        f"<td class=n data-n={record.rtfx:.2f}>{f'{record.rtfx:.1f}' if record.rtfx else ''}"
        f"<td class=n data-n={record.n_cues}>{record.n_cues if heard else ''}"
        f'<td class="n{" bad" if rank > 0 else ""}" data-n={rank}>{verdict}'
        f"<td dir=auto>{shown(_reason(record))}"
    )
