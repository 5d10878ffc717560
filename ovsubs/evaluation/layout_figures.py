"""Transcripts, and the cues that were written of them -> how the cues keep to the rules of a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ovsubs.subtitles.cue import Cue, CueWord, to_ms
from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.findings import Kind, QcReport
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript

_LATE_FRAMES = 2  # what starts further from every word is seen to


@dataclass(frozen=True, slots=True)
class LayoutFigures:
    """Of all files of one writer. Shares are of cues, 0 to 1; `late_starts` begin over two frames off."""

    writer: str
    n_cues: int
    overlaps: int
    wide_lines: int
    more_lines: int
    too_short: int
    too_long: int
    small_gaps: int
    too_fast: float
    too_fast_as_spoken: float
    late_starts: int
    words_whole_and_in_order: bool


def measure_layout(
    writer: str, transcripts: Sequence[Transcript], files: Sequence[Sequence[Cue]], style: str
) -> LayoutFigures:
    """Count what is against the rules of a style.

    Args:
        writer: what to call the program that wrote the cues.
        transcripts: with the times of their words.
        files: of each transcript its cues, read from a file; at least one in all.
        style: a name in `STYLES`.

    Raises:
        ValueError: there is no cue.
    """
    reports, late, gaps, whole = list[QcReport](), 0, 0, True
    for transcript, cues in zip(transcripts, files, strict=True):
        rules = LayoutOptions(style=style).rules(transcript.text_language)
        reports.append(check_cues(_with_words(cues), rules, duration_ms=to_ms(transcript.duration)))
        spoken = [word for segment in transcript.segments for word in segment.text.split()]
        whole = whole and [word for cue in cues for word in cue.text.split()] == spoken
        gaps += sum(0 <= after.start_ms - cue.end_ms < rules.min_gap_ms for cue, after in pairwise(cues))
        starts_ms = [to_ms(word.start) for segment in transcript.segments for word in segment.words]
        late += sum(_is_late(cue, starts_ms, _LATE_FRAMES * rules.frame_ms) for cue in cues)
    n_cues = sum(report.figures.n_cues for report in reports)
    if not n_cues:
        raise ValueError(f"the layout of {writer} cannot be measured: there is no cue")

    def count(*kinds: Kind) -> int:
        return sum(len(report.of(*kinds)) for report in reports)

    return LayoutFigures(
        writer=writer,
        n_cues=n_cues,
        overlaps=count(Kind.OVERLAP, Kind.OUT_OF_ORDER),
        wide_lines=count(Kind.LINE_TOO_WIDE),
        more_lines=count(Kind.TOO_MANY_LINES),
        too_short=count(Kind.TOO_SHORT, Kind.NO_TIME),
        too_long=count(Kind.TOO_LONG),
        small_gaps=gaps,
        too_fast=round(count(Kind.TOO_FAST) / n_cues, 4),
        too_fast_as_spoken=round(count(Kind.SPEECH_TOO_FAST) / n_cues, 4),
        late_starts=late,
        words_whole_and_in_order=whole,
    )


def _with_words(cues: Sequence[Cue]) -> list[Cue]:
    """Cues of a file as if their words were known: each begins with one, so that none can wait."""
    return [
        replace(cue, words=tuple((CueWord(line, cue.start_ms, cue.end_ms),) for line in cue.lines))
        for cue in cues
    ]


def _is_late(cue: Cue, starts_ms: Sequence[int], max_ms: float) -> bool:
    """Whether no word begins within `max_ms` of the cue's start."""
    return all(abs(start_ms - cue.start_ms) > max_ms for start_ms in starts_ms)
