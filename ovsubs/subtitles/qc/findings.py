"""The nouns of quality control: what is found in cues, their figures, and both in one line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ovsubs.clock import clock_time
from ovsubs.subtitles.columns import columns, n_characters
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.styles import LayoutRules


class Kind(StrEnum):
    """What is wrong with a cue, or may be; the value is for people."""

    LINE_TOO_WIDE = "line too wide"
    TOO_MANY_LINES = "too many lines"
    TOO_MANY_WORDS = "too many words in a line"
    TOO_FAST = "too fast"
    SPEECH_TOO_FAST = "too fast, as it is spoken"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NO_TIME = "ends before it begins"
    GAP_TOO_SMALL = "gap too small"
    GAP_FLICKERS = "gap flickers"
    OFF_FRAME = "not on a frame"
    OVERLAP = "overlap"
    OUT_OF_ORDER = "out of order"
    EMPTY = "no text"
    BEYOND_END = "after the media's end"
    OUTSIDE_SPEECH = "no speech is heard"
    TOO_EARLY = "long before its speech"
    HANGING = "long after its speech"
    WORD_OUTSIDE = "a word where no speech is heard"
    NO_TEXT = "speech without text"
    SAME_TEXT = "same text again"
    LOOP = "text repeats itself"


# What nobody can mend, what a viewer hardly minds, and what is heard by a detector, which errs.
WARNINGS = frozenset(
    {
        Kind.SPEECH_TOO_FAST,
        Kind.GAP_FLICKERS,
        Kind.OUTSIDE_SPEECH,
        Kind.TOO_EARLY,
        Kind.HANGING,
        Kind.WORD_OUTSIDE,
        Kind.NO_TEXT,
        Kind.SAME_TEXT,
        Kind.LOOP,
    }
)
_LESS_IS_WORSE = frozenset(
    {Kind.TOO_SHORT, Kind.NO_TIME, Kind.GAP_TOO_SMALL, Kind.GAP_FLICKERS, Kind.EMPTY, Kind.OUTSIDE_SPEECH}
)
_UNITS = {
    Kind.LINE_TOO_WIDE: "columns",
    Kind.TOO_MANY_LINES: "lines",
    Kind.TOO_MANY_WORDS: "words",
    Kind.TOO_FAST: "a second",
    Kind.SPEECH_TOO_FAST: "a second",
    Kind.EMPTY: "lines",
    Kind.SAME_TEXT: "times",
    Kind.LOOP: "times",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    `cue` is the number of the cue in the file, from 1; None for speech without one. `value` and `limit` are
    in `unit`; a limit is what is still allowed. `text` is that of the cue, with line breaks, or the word.
    """

    kind: Kind
    cue: int | None
    start_ms: int
    value: float
    limit: float
    text: str

    @property
    def is_error(self) -> bool:
        """Whether it is against the rules, and not only suspicious."""
        return self.kind not in WARNINGS

    @property
    def unit(self) -> str:
        """Of `value` and `limit`: milliseconds, where nothing else is counted."""
        return _UNITS.get(self.kind, "ms")

    @property
    def excess(self) -> float:
        """How many times the limit is missed; infinite where nothing is allowed, or nothing is there."""
        less = self.kind in _LESS_IS_WORSE
        above, below = (self.limit, self.value) if less else (self.value, self.limit)
        return above / below if below > 0 else math.inf


@dataclass(frozen=True, slots=True)
class CueFigures:
    """What cues are like. Speeds are in characters a second, widths in columns; all are 0 without cues.

    Speeds are of the cues that have text and time: `median_cps`, `p95_cps` (of twenty cues, the second
    fastest) and `fastest_cps`; `share_too_fast` is the part of them above the limit, 0 to 1.
    """

    n_cues: int = 0
    n_characters: int = 0
    shown_ms: int = 0
    median_cps: float = 0.0
    p95_cps: float = 0.0
    fastest_cps: float = 0.0
    share_too_fast: float = 0.0
    widest_line: int = 0
    most_lines: int = 0
    shortest_ms: int = 0
    longest_ms: int = 0


@dataclass(frozen=True, slots=True)
class QcReport:
    """What was found in the cues of one file, by time, and the rules that they were held to."""

    rules: LayoutRules
    figures: CueFigures
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that are against the rules."""
        return tuple(finding for finding in self.findings if finding.is_error)

    def of(self, *kinds: Kind) -> tuple[Finding, ...]:
        """Findings of some kinds."""
        return tuple(finding for finding in self.findings if finding.kind in kinds)

    def worst(self, n: int) -> tuple[Finding, ...]:
        """The first to look at: errors before warnings, the worst of each kind before the second worst."""
        by_excess = sorted(self.findings, key=lambda one: (-one.excess, -one.value, one.start_ms))
        seen = Counter[Kind]()
        places = list[int]()  # among those of its kind
        for finding in by_excess:
            places.append(seen[finding.kind])
            seen[finding.kind] += 1
        ranked = sorted(zip(places, by_excess, strict=True), key=lambda one: (not one[1].is_error, one[0]))
        return tuple(finding for _, finding in ranked[:n])


def figures_of(cues: Sequence[Cue], rules: LayoutRules) -> CueFigures:
    """The figures of some cues, in any order."""
    if not cues:
        return CueFigures()
    speeds = sorted(cps(cue) for cue in cues if cue.lines and cue.duration_ms > 0)
    durations = [cue.duration_ms for cue in cues]
    return CueFigures(
        n_cues=len(cues),
        n_characters=sum(n_characters(cue.text) for cue in cues),
        shown_ms=sum(max(0, duration_ms) for duration_ms in durations),
        median_cps=_quantile(speeds, 0.5),
        p95_cps=_quantile(speeds, 0.95),
        fastest_cps=_quantile(speeds, 1.0),
        share_too_fast=sum(speed > rules.max_cps for speed in speeds) / max(1, len(speeds)),
        widest_line=max((columns(line) for cue in cues for line in cue.lines), default=0),
        most_lines=max(len(cue.lines) for cue in cues),
        shortest_ms=min(durations),
        longest_ms=max(durations),
    )


def cps(cue: Cue) -> float:
    """Characters a second that its reader has to read; its duration is above 0."""
    return 1000 * n_characters(cue.text) / cue.duration_ms


def _quantile(rising: Sequence[float], part: float) -> float:
    """The least value that so many are not above (nearest rank); 0 of none."""
    return rising[max(0, math.ceil(part * len(rising)) - 1)] if rising else 0.0


def summarize(report: QcReport) -> str:
    """One line: "132 cues, 17.1 characters a second (median), 3 too fast, 0 others"."""
    figures = report.figures
    n_fast = len(report.of(Kind.TOO_FAST, Kind.SPEECH_TOO_FAST))
    n_others = len(report.findings) - n_fast
    counts = f"{n_fast} too fast, {n_others} other{'' if n_others == 1 else 's'}"
    if not figures.n_cues:
        return f"no cues, {counts}" if report.findings else "no cues"
    cues = "1 cue" if figures.n_cues == 1 else f"{figures.n_cues} cues"
    return f"{cues}, {figures.median_cps:.1f} characters a second (median), {counts}"


def clock(ms: int) -> str:
    """ "1:02:03", or "2:03" below an hour; the second that has begun."""
    return clock_time(ms // 1000)
