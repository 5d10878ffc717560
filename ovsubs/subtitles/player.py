"""Transcript -> HTML as a notebook shows it: a player with captions, and a table of the cues to review."""

from __future__ import annotations

import os
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePath
from types import MappingProxyType
from urllib.parse import quote

from ovsubs.clock import clock_time
from ovsubs.subtitles.cue import Cue, to_ms
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.layout.cues import lay_out
from ovsubs.subtitles.qc.check import Finding, Kind, QcReport, check_cues, summarize
from ovsubs.subtitles.qc.findings import clock, cps
from ovsubs.subtitles.qc.review import ReviewItem, review_items
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript

# A notebook keeps what it shows. base64 makes 27 MB of it; with more, notebooks are slow to open and to save.
EMBEDDED_BYTES = 20_000_000
# What browsers play. QuickTime and Matroska go by the names of MP4 and WebM, their kin: under its own name
# Chromium refuses QuickTime. Nothing else is read: a transcript from elsewhere may name any file.
MEDIA_TYPES = MappingProxyType(
    {
        ".mp4": "video/mp4",
        ".m4v": "video/mp4",
        ".mov": "video/mp4",
        ".webm": "video/webm",
        ".mkv": "video/webm",
        ".mp3": "audio/mpeg",
        ".m4a": "audio/mp4",
        ".aac": "audio/aac",
        ".wav": "audio/wav",
        ".flac": "audio/flac",
        ".ogg": "audio/ogg",
        ".oga": "audio/ogg",
        ".opus": "audio/ogg",
    }
)
_TOLD_IN_REVIEW = frozenset({Kind.LOOP, Kind.SAME_TEXT})  # `to_review` says the same of the same cues
# Both stand within their elements, and not in a script of its own: so they work wherever the HTML is put, and
# however often. Browsers draw captions only in a picture; those of sound alone are written below the player.
_SEEK = (
    'const row = event.target.closest("tr"); '
    'if (row) this.closest(".ovsubs").querySelector("video, audio").currentTime = row.dataset.start'
)
_CAPTION = (
    'if (!this.parentNode.videoWidth) this.closest(".ovsubs").querySelector(".caption").textContent = '
    '[...this.track.activeCues ?? []].map(cue => cue.getCueAsHTML().textContent).join("\\n")'
)
_STYLE = """<style>
.ovsubs video { display: block; width: 40em; max-width: 100%; max-height: 24em; background: black }
.ovsubs audio { display: block; width: 40em; max-width: 100% }
.ovsubs .caption { white-space: pre-line; margin: 0.5em }
.ovsubs audio + .caption { min-height: 3em }
.ovsubs .cues { max-height: 24em; overflow: auto; margin-top: 0.5em }
.ovsubs table { border-collapse: collapse; margin: 0 }
.ovsubs th, .ovsubs td { padding: 0.2em 0.6em; text-align: left; vertical-align: top }
.ovsubs td { font-variant-numeric: tabular-nums; white-space: nowrap }
.ovsubs th { position: sticky; top: 0; background: var(--jp-layout-color0, Canvas) }
.ovsubs td.text { white-space: normal; min-width: 20em; text-align: start }
.ovsubs tr.marked { background: rgba(255, 170, 0, 0.25) }
.ovsubs tbody[onclick] { cursor: pointer }
</style>"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A cue and what there is to say against it; one without text or number is speech that has none."""

    number: int | None
    cue: Cue
    reasons: tuple[str, ...]


def to_html(transcript: Transcript, options: LayoutOptions | None = None) -> str:
    """Show a transcript as it is laid out: its media with captions, and its cues with what may be wrong.

    The media is that of `transcript.source`, seen from the working directory. It is put into the page, or
    linked if it is larger than `EMBEDDED_BYTES`. Where it is not there, or nothing that browsers play, the
    cues stand alone. The page loads nothing from elsewhere, and can be read where scripts are blocked.

    Raises:
        InvalidOption: a time that is not a finite number.
    """
    options = options or LayoutOptions()
    cues = lay_out(transcript, options)
    rules = options.rules(transcript.text_language)
    report = check_cues(cues, rules, duration_ms=to_ms(transcript.end))
    n_places = len(cues) + len(transcript.uncovered)
    to_review = review_items(transcript, cues, n_places, report.findings)
    player = _player(transcript, cues)
    parts = [
        _STYLE,
        _head(transcript, report),
        *(f"<p>{escape(note)}</p>" for note in transcript.notes),
        *([] if cues else ["<p>There are no cues, since the transcript has no text.</p>"]),
        player,
        _table(_rows(cues, report.findings, to_review), transcript.text_language, can_seek=bool(player)),
    ]
    page = "\n".join(['<div class="ovsubs">', *filter(None, parts), "</div>"])
    return page.encode("utf-8", errors="replace").decode("utf-8")  # a lone surrogate cannot be sent


def _head(transcript: Transcript, report: QcReport) -> str:
    length = clock(to_ms(transcript.duration))
    name = PurePath(transcript.source).name
    told = [transcript.text_language, length, summarize(report)]
    return f"<p>{' · '.join([*([f'<b>{escape(name)}</b>'] if name else []), *map(escape, told)])}</p>"


def _player(transcript: Transcript, cues: Sequence[Cue]) -> str:
    """The player and room for a caption below it; empty where there is nothing to play."""
    media = Path(transcript.source)
    kind = MEDIA_TYPES.get(media.suffix.lower())
    address = _address(media, kind) if kind else None
    if kind is None or address is None:
        return ""
    element, _, _ = kind.partition("/")
    language = escape(transcript.text_language)
    captions = _embedded("text/vtt", write_vtt(cues).encode("utf-8", errors="replace"))
    track = f'<track default kind="captions" srclang="{language}" label="{language}" src="{captions}" '
    return "\n".join(
        [
            f'<{element} controls preload="metadata" src="{escape(address)}">',
            f'{track}oncuechange="{escape(_CAPTION)}">',
            f'</{element}><div class="caption"></div>',
        ]
    )


def _address(media: Path, kind: str) -> str | None:
    """Where a browser finds a file: within the page, or from the working directory; None if it cannot."""
    try:
        if not media.is_file():
            return None
        if media.stat().st_size <= EMBEDDED_BYTES:
            return _embedded(kind, media.read_bytes())
        path = Path(os.path.relpath(media)).as_posix()
    except (OSError, ValueError):
        return None  # not to be read, or on another drive of Windows, to which no relative path leads
    return quote(os.fsencode(path))


def _embedded(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"


def _rows(cues: Sequence[Cue], findings: Iterable[Finding], to_review: Iterable[ReviewItem]) -> list[_Row]:
    """All cues, and speech without text between them, by time."""
    rows = list[_Row]()
    reasons = [list[str]() for _ in cues]
    for finding in findings:
        if finding.cue is not None and finding.kind not in _TOLD_IN_REVIEW:
            reasons[finding.cue - 1].append(_said(finding))
    starts = [cue.start_ms for cue in cues]
    for item in to_review:
        if not item.text:
            rows.append(_Row(None, Cue(item.start_ms, item.end_ms, ()), item.reasons))
            continue
        for place in range(bisect_left(starts, item.start_ms), bisect_left(starts, item.end_ms)):
            reasons[place] += item.reasons
    rows += [_Row(place + 1, cue, tuple(reasons[place])) for place, cue in enumerate(cues)]
    return sorted(rows, key=lambda row: row.cue.start_ms)


def _said(finding: Finding) -> str:
    """ "too fast: 24.5 a second, limit 20"."""
    value, limit = (f"{number:.1f}".removesuffix(".0") for number in (finding.value, finding.limit))
    return f"{finding.kind.value}: {value} {finding.unit}, limit {limit}"


def _table(rows: Sequence[_Row], language: str, *, can_seek: bool) -> str:
    if not rows:
        return ""
    names = ("", "start", "end", "text", "characters a second")
    head = f"<thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead>"
    seek = f' title="Click to go there" onclick="{escape(_SEEK)}"' if can_seek else ""
    body = "\n".join(_written_rows(rows, language))
    return f'<div class="cues"><table>\n{head}\n<tbody{seek}>\n{body}\n</tbody>\n</table></div>'


def _written_rows(rows: Iterable[_Row], language: str) -> Iterator[str]:
    for row in rows:
        cue = row.cue
        number = "" if row.number is None else str(row.number)
        text = "<br>".join(map(escape, cue.lines)) or f"<em>{Kind.NO_TEXT.value}</em>"
        marked = f' class="marked" title="{escape("; ".join(row.reasons))}"' if row.reasons else ""
        cells = [
            f"<td>{f'{number} ⚠'.strip() if row.reasons else number}</td>",
            f"<td>{_time(cue.start_ms)}</td><td>{_time(cue.end_ms)}</td>",
            f'<td class="text" dir="auto" lang="{escape(language)}">{text}</td>',
            f"<td>{f'{cps(cue):.1f}' if cue.lines else ''}</td>",
        ]
        yield f'<tr data-start="{cue.start_ms / 1000}"{marked}>{"".join(cells)}</tr>'


def _time(ms: int) -> str:
    """ "1:02:03.456"."""
    return clock_time(ms / 1000, 3)
