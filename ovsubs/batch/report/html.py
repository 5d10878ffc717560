"""A closing report -> one page that a person opens in the morning; it needs no network."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from ovsubs.batch.record import BatchReport, DoubtfulCue, FileRecord, FileState
from ovsubs.clock import clock_time

N_DOUBTFUL = 20  # cues of the whole library
_N_SHOWN = 5  # files that failed for the same reason
_PICTURE = (720, 180)  # pixels of the picture of the night
_LEFT, _BOTTOM = 56, 24  # of it, for the numbers
_STATES = (FileState.DONE, FileState.SKIPPED, FileState.FAILED, FileState.WAITING, FileState.RUNNING)


def to_html(report: BatchReport) -> str:
    """The page: what happened, what failed, what to look at, and all files."""
    parts = [
        f"<h1>{escape(_headline(report))}</h1>",
        f"<p>{escape(_setting(report))}</p>",
        *_failures(report),
        *_doubtful(report),
        *_night(report),
        *_table(report),
    ]
    style, script = _asset("report.css"), _asset("report.js")
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>ovsubs: report</title>\n"
        f"<style>\n{style}</style>\n" + "\n".join(parts) + f"\n<script>\n{script}</script>\n</html>\n"
    )


def _asset(name: str) -> str:
    return files("ovsubs.batch.report").joinpath(f"assets/{name}").read_text(encoding="utf-8")


def _headline(report: BatchReport) -> str:
    counts = [f"{n} {state}" for state in _STATES if (n := len(report.in_state(state)))]
    return ", ".join(counts) or "No files"


def _setting(report: BatchReport) -> str:
    media_s = sum(record.duration for record in report.records if record.finished >= report.began)
    seconds = max(0.0, report.ended - report.began)
    roots = ", ".join(map(_shown, report.roots))
    speed = f": {media_s / seconds:.1f} times as fast as it plays" if media_s and seconds else ""
    when = f"{_day(report.began)} to {_day(report.ended)}"
    heard = f"{clock_time(media_s)} of media in {clock_time(seconds)}{speed}. " if media_s else ""
    machine = f" on {report.machine}" if report.machine else ""
    return f"{roots}: {heard}{when}, with {report.model}{machine}."


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"


def _failures(report: BatchReport) -> Iterator[str]:
    """What failed, by reasons, the most frequent first."""
    by_reason = defaultdict[str, list[FileRecord]](list)
    for record in report.in_state(FileState.FAILED):
        by_reason[record.why.removeprefix(f"{record.path}: ")].append(record)
    if not by_reason:
        return
    yield "<section><h2>Failed</h2><ul>"
    for why, records in sorted(by_reason.items(), key=lambda one: -len(one[1])):
        names = [f"<li>{_file_link(record.path)}" for record in records]
        shown = "".join(names[:_N_SHOWN])
        rest = names[_N_SHOWN:]
        more = (
            f"<details><summary>{len(rest)} more</summary><ul>{''.join(rest)}</ul></details>" if rest else ""
        )
        yield f"<li>{escape(_shown(why))}<ul>{shown}</ul>{more}"
    yield "</ul></section>"


def _doubtful(report: BatchReport) -> Iterator[str]:
    """The cues of the library that are most likely wrong."""
    places = [(record, cue) for record in report.records for cue in record.doubtful]
    places.sort(key=lambda place: -place[1].weight)
    if not places:
        return
    yield "<section><h2>Worth a look</h2><table>"
    yield "<caption>The places that are most likely wrong; a time opens the recording there</caption>"
    yield "<thead><tr><th>time<th>text<th>why<th>file<th>subtitles</thead><tbody>"
    for record, cue in places[:N_DOUBTFUL]:
        subtitles = " ".join(_file_link(path, path.suffix.removeprefix(".")) for path in record.outputs)
        yield (
            f"<tr><td>{_time_link(record.path, cue)}<td>{escape(_shown(cue.text))}"
            f"<td>{escape(_shown('; '.join(cue.reasons)))}<td>{_file_link(record.path)}<td>{subtitles}"
        )
    yield "</tbody></table></section>"


def _night(report: BatchReport) -> Iterator[str]:
    """A picture of the run: hours of media that were done, over the time of day."""
    ended = sorted((record.finished, record.duration) for record in report.in_state(FileState.DONE))
    ended = [(at, duration) for at, duration in ended if report.began <= at <= report.ended]
    whole_s, seconds = sum(duration for _, duration in ended), report.ended - report.began
    if len(ended) < 2 or not whole_s or seconds <= 0.0:
        return
    width, height = _PICTURE
    points, done_s = [(0.0, 0.0)], 0.0
    for at, duration in ended:
        before, done_s = done_s, done_s + duration
        points += [
            ((at - report.began) / seconds, before / whole_s),
            ((at - report.began) / seconds, done_s / whole_s),
        ]
    points.append((1.0, 1.0))
    line = " ".join(
        f"{_LEFT + x * (width - _LEFT - 8):.1f},{8 + (1 - y) * (height - _BOTTOM - 8):.1f}"
        for x, y in _thinned(points)
    )
    base, right = height - _BOTTOM, width - 8
    yield "<section><h2>The run</h2>"
    yield f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Media that was done, over time">'
    yield f'<path class="axis" d="M{_LEFT} 8V{base}H{right}"/><polyline class="done" points="{line}"/>'
    yield f'<text x="{_LEFT - 6}" y="16" text-anchor="end">{clock_time(whole_s)}</text>'
    yield f'<text x="{_LEFT - 6}" y="{base}" text-anchor="end">0</text>'
    yield f'<text x="{_LEFT}" y="{height - 6}">{datetime.fromtimestamp(report.began):%H:%M}</text>'
    end = f"{datetime.fromtimestamp(report.ended):%H:%M}"
    yield f'<text x="{right}" y="{height - 6}" text-anchor="end">{end}</text>'
    yield "</svg><p>Media that was done, in hours and minutes, over the time of day.</p></section>"


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """As many points as a picture can show."""
    step = max(1, len(points) // (2 * _PICTURE[0]))
    return [*points[::step], points[-1]]


def _table(report: BatchReport) -> Iterator[str]:
    yield "<section><h2>All files</h2>"
    options = "".join(f"<option>{state}" for state in _STATES if report.in_state(state))
    yield (
        '<p class="filter"><label>Show <select id="state"><option value="">all'
        f'{options}</select></label> <label>with <input id="words" type="search"></label> '
        '<output id="count"></output></p>'
    )
    yield "<table id=files><caption>Click a heading to sort by it</caption><thead><tr>"
    for name in ("file", "result", "language", "duration", "speed", "cues", "against rules", "note"):
        yield f'<th scope="col" aria-sort="none"><button type="button">{name}</button>'
    yield "</thead><tbody>"
    for record in report.records:
        yield _row(record, report.roots)
    yield "</tbody></table></section>"


def _row(record: FileRecord, roots: Sequence[Path]) -> str:
    heard = bool(record.language)
    language = f"{record.language} {record.language_probability:.0%}" if heard else ""
    verdict = (
        "" if record.state is not FileState.DONE else "fine" if not record.n_errors else str(record.n_errors)
    )
    why = record.why.removeprefix(f"{record.path}: ")
    return (
        f'<tr class="{record.state}"><td>{_file_link(record.path, _below(record.path, roots))}'
        f"<td>{record.state}<td>{escape(language)}"
        f"<td data-n={record.duration:.1f}>{clock_time(record.duration) if record.duration else ''}"
        f"<td data-n={record.rtfx:.2f}>{f'{record.rtfx:.1f}x' if record.rtfx else ''}"
        f"<td data-n={record.n_cues}>{record.n_cues if heard else ''}"
        f"<td data-n={record.n_errors}>{verdict}<td>{escape(_shown(why))}"
    )


def _below(path: Path, roots: Sequence[Path]) -> str:
    root = next((root for root in roots if path.is_relative_to(root)), None)
    return _shown(path.relative_to(root) if root is not None and path != root else path)


def _file_link(path: Path, name: str | None = None) -> str:
    return f'<a href="{_url(path)}">{escape(_shown(path.name) if name is None else name)}</a>'


def _time_link(path: Path, cue: DoubtfulCue) -> str:
    at_s = cue.start_ms / 1000
    return f'<a href="{_url(path)}#t={at_s:.1f}">{clock_time(at_s)}</a>'


def _url(path: Path) -> str:
    """Where a browser finds a file. `Path.as_uri` refuses names that are no UTF-8."""
    absolute = path.absolute()
    if os.name == "nt":
        return escape(absolute.as_uri())
    return escape("file://" + quote(os.fsencode(absolute)))


def _shown(text: object) -> str:
    """A text as a page can hold it: bytes that are no UTF-8 are shown as such."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")
