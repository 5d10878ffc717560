"""Cues -> what is wrong with them by the rules of a style, whoever made them.

Limits are those of `LayoutRules` (Netflix, BBC, SubtitleEdit; see `styles`) and of the checks beside speech
(`speech`) and for loops (`repetition`). A value that is just the limit is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ovsubs.subtitles.columns import columns, n_characters
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.qc.findings import Finding, Kind, QcReport, cps, figures_of, summarize
from ovsubs.subtitles.qc.repetition import LOOP_REPEATS, times_repeated, words_of
from ovsubs.subtitles.qc.speech import SpeechSpan, check_speech
from ovsubs.subtitles.styles import LayoutRules

__all__ = ["Finding", "Kind", "QcReport", "SpeechSpan", "check_cues", "summarize"]


def check_cues(
    cues: Sequence[Cue],
    rules: LayoutRules,
    speech: Iterable[SpeechSpan] | None = None,
    duration_ms: int | None = None,
    step_ms: int = 1,
) -> QcReport:
    """Check the cues of one file, in the order of the file.

    Args:
        cues: may overlap, have no text, or be out of order.
        rules: what they are held to.
        speech: where somebody speaks; None where it is not known.
        duration_ms: of the media; None where it is not known.
        step_ms: what times are counted in, 10 in ASS. What was meant may be almost a step longer or shorter
            than what is written: what may be within a limit is not told.
    """
    findings = list[Finding]()
    for number, cue in enumerate(cues, start=1):
        after = cues[number] if number < len(cues) else None
        findings += _check_text(number, cue, rules)
        findings += _check_times(number, cue, rules, duration_ms, step_ms)
        if cue.duration_ms > 0 and (fast := _check_speed(number, cue, after, rules, duration_ms, step_ms)):
            findings.append(fast)
    findings += _check_sequence(cues, rules, step_ms)
    findings += _check_repetition(cues)
    if speech is not None:
        findings += check_speech(cues, speech, rules)
    findings.sort(key=lambda finding: (finding.start_ms, finding.cue or 0))
    return QcReport(rules, figures_of(cues, rules), tuple(findings))


def _check_text(number: int, cue: Cue, rules: LayoutRules) -> Iterator[Finding]:
    def found(kind: Kind, value: int, limit: int) -> Finding:
        return Finding(kind, number, cue.start_ms, value, limit, cue.text)

    if not cue.lines:
        yield found(Kind.EMPTY, 0, 1)
        return
    width = max(map(columns, cue.lines))
    if width > rules.max_line_width:
        yield found(Kind.LINE_TOO_WIDE, width, rules.max_line_width)
    if len(cue.lines) > rules.max_line_count:
        yield found(Kind.TOO_MANY_LINES, len(cue.lines), rules.max_line_count)
    n_words = max(len(line.split()) for line in cue.lines)
    if rules.max_words_per_line is not None and n_words > rules.max_words_per_line:
        yield found(Kind.TOO_MANY_WORDS, n_words, rules.max_words_per_line)
    times = times_repeated(cue.text)
    if times > 1:
        yield found(Kind.LOOP, times, LOOP_REPEATS - 1)


def _check_times(
    number: int, cue: Cue, rules: LayoutRules, duration_ms: int | None, step_ms: int
) -> Iterator[Finding]:
    def found(kind: Kind, value: int, limit: int) -> Finding:
        return Finding(kind, number, cue.start_ms, value, limit, cue.text)

    if cue.duration_ms <= 0:
        yield found(Kind.NO_TIME, cue.duration_ms, 1)
    elif cue.duration_ms + step_ms <= rules.min_duration_ms:
        yield found(Kind.TOO_SHORT, cue.duration_ms, rules.min_duration_ms)
    elif cue.duration_ms - step_ms >= rules.max_duration_ms:
        yield found(Kind.TOO_LONG, cue.duration_ms, rules.max_duration_ms)
    frame_ms = round(rules.frame_ms)
    if duration_ms is not None and cue.end_ms > duration_ms + frame_ms:  # what a media lasts is known so well
        yield found(Kind.BEYOND_END, cue.end_ms - duration_ms, frame_ms)
    if rules.frame_rate is not None:
        off_ms = max(_off_frame(cue.start_ms, rules.frame_ms), _off_frame(cue.end_ms, rules.frame_ms))
        if off_ms > step_ms:
            yield found(Kind.OFF_FRAME, off_ms, step_ms)


def _off_frame(ms: int, frame_ms: float) -> int:
    return round(abs(ms - round(ms / frame_ms) * frame_ms))


def _check_speed(
    number: int, cue: Cue, after: Cue | None, rules: LayoutRules, duration_ms: int | None, step_ms: int
) -> Finding | None:
    """A cue that is read too fast: an error, or a warning where it is spoken so and cannot stand longer."""
    needed_ms = 1000 * n_characters(cue.text) / rules.max_cps
    if needed_ms < cue.duration_ms + step_ms:
        return None
    ends = [cue.start_ms + rules.max_duration_ms]
    if duration_ms is not None:
        ends.append(duration_ms)
    if after is not None and after.start_ms >= cue.start_ms:
        ends.append(after.start_ms - rules.min_gap_ms)
    # On frames it may have to end up to a frame earlier.
    frame_ms = rules.frame_ms if rules.frame_rate is not None else 0.0
    longest_ms = max(cue.duration_ms, min(ends) - cue.start_ms - frame_ms)
    as_spoken = bool(cue.words) and needed_ms >= longest_ms + step_ms
    kind = Kind.SPEECH_TOO_FAST if as_spoken else Kind.TOO_FAST
    return Finding(kind, number, cue.start_ms, round(cps(cue), 2), rules.max_cps, cue.text)


def _check_sequence(cues: Sequence[Cue], rules: LayoutRules, step_ms: int) -> Iterator[Finding]:
    """Order, overlaps and gaps; a gap is that before a cue."""
    latest_ms = cues[0].end_ms if cues else 0
    for number, (before, cue) in enumerate(pairwise(cues), start=2):
        gap_ms = cue.start_ms - latest_ms
        latest_ms = max(latest_ms, cue.end_ms)
        kind, value, limit = Kind.OUT_OF_ORDER, before.start_ms - cue.start_ms, 0
        if value <= 0:
            if gap_ms < 0:
                kind, value, limit = Kind.OVERLAP, -gap_ms, 0
            elif 0 < gap_ms <= rules.min_gap_ms - step_ms:
                kind, value, limit = Kind.GAP_TOO_SMALL, gap_ms, rules.min_gap_ms
            elif rules.min_gap_ms + step_ms < gap_ms <= rules.chain_gap_ms - step_ms:
                kind, value, limit = Kind.GAP_FLICKERS, gap_ms, rules.chain_gap_ms
            else:
                continue
        yield Finding(kind, number, cue.start_ms, value, limit, cue.text)


def _check_repetition(cues: Sequence[Cue]) -> Iterator[Finding]:
    times = 1
    for number, (before, cue) in enumerate(pairwise(cues), start=2):
        words = words_of(cue.text)
        times = times + 1 if words and words == words_of(before.text) else 1
        if times > 1:
            yield Finding(Kind.SAME_TEXT, number, cue.start_ms, times, 1, cue.text)
