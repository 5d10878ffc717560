"""When cues are spoken -> when they stand on the screen.

A cue begins with its first word, or up to two frames away from it, where that gives its neighbour or itself
the shortest duration. It ends with its last word, or later: to be seen, to be read, or because the gap to the
next cue would only flicker. Where speech leaves cues no time at all, their beginnings are pushed apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ovsubs.subtitles.styles import GAP_FRAMES, LayoutRules


@dataclass(frozen=True, slots=True)
class Spoken:
    """A cue to be: the times of its first and last word, and its characters."""

    start_ms: int
    end_ms: int
    n_characters: int


def times_of_cues(cues: Sequence[Spoken], rules: LayoutRules, media_end_ms: int) -> list[tuple[int, int]]:
    """Start and end of each cue: rising, not overlapping, none without length, none behind the media's end.

    Args:
        cues: in order; times never fall.
        rules: of the layout.
        media_end_ms: where the media ends; one too short for its cues is taken to last a millisecond each.
    """
    if not cues:
        return []
    media_end_ms = max(media_end_ms, len(cues))
    starts = _apart([cue.start_ms for cue in cues], rules, media_end_ms)
    starts = _moved_a_little(cues, starts, rules, media_end_ms)
    times = [
        (start_ms, _end_ms(cue, start_ms, next_ms, rules))
        for cue, start_ms, next_ms in zip(cues, starts, [*starts[1:], None], strict=True)
    ]
    times[-1] = (starts[-1], max(starts[-1] + 1, min(times[-1][1], media_end_ms)))
    return _on_frames(times, rules) if rules.frame_rate else times


def _apart(starts: list[int], rules: LayoutRules, media_end_ms: int) -> list[int]:
    """Beginnings with time between them for a cue and a gap; with less where the media is too short."""
    step_ms = min(rules.min_gap_ms + math.ceil(GAP_FRAMES * rules.frame_ms), media_end_ms // len(starts))
    apart, earliest_ms = list[int](), 0
    for start_ms in starts:
        apart.append(max(start_ms, earliest_ms))
        earliest_ms = apart[-1] + step_ms
    latest_ms = media_end_ms - step_ms
    for place in range(len(apart) - 1, -1, -1):
        apart[place] = min(apart[place], latest_ms)
        latest_ms = apart[place] - step_ms
    return apart


def _moved_a_little(
    cues: Sequence[Spoken], starts: Sequence[int], rules: LayoutRules, media_end_ms: int
) -> list[int]:
    """Beginnings moved by up to two frames where that gives a cue the shortest duration."""
    most_ms = math.floor(GAP_FRAMES * rules.frame_ms)
    needed_ms = rules.min_duration_ms + rules.min_gap_ms
    moved, limits = list(starts), [*starts[1:], media_end_ms + rules.min_gap_ms]
    for place in range(len(moved)):
        lacking_ms = needed_ms - (limits[place] - moved[place])
        if lacking_ms <= 0:
            continue
        before_ms = moved[place] - (moved[place - 1] + needed_ms if place else 0)
        earlier_ms = max(0, min(lacking_ms, before_ms, most_ms - (starts[place] - moved[place])))
        if place and cues[place - 1].end_ms > moved[place] - earlier_ms - rules.min_gap_ms:
            earlier_ms = 0  # what is still being said stays on the screen
        moved[place] -= earlier_ms
        if place + 1 == len(moved):
            continue
        after_ms = min(limits[place + 1] - needed_ms, media_end_ms - 1) - moved[place + 1]
        moved[place + 1] += max(0, min(lacking_ms - earlier_ms, after_ms, most_ms))
        limits[place] = moved[place + 1]
    return moved


def _end_ms(cue: Spoken, start_ms: int, next_ms: int | None, rules: LayoutRules) -> int:
    """When a cue ends, `next_ms` being the beginning of the next one."""
    wanted_ms = max(cue.end_ms, start_ms + max(rules.min_duration_ms, 1))
    if math.isfinite(rules.max_cps):
        wanted_ms = max(wanted_ms, start_ms + math.ceil(1000 * cue.n_characters / rules.max_cps))
    longest_ms = start_ms + rules.max_duration_ms
    wanted_ms = min(wanted_ms, longest_ms)
    if next_ms is None:
        return wanted_ms
    latest_ms = max(next_ms - rules.min_gap_ms, start_ms + 1)
    if next_ms - wanted_ms < rules.chain_gap_ms:
        wanted_ms = latest_ms
    return min(wanted_ms, latest_ms, longest_ms, next_ms)


def _on_frames(times: Sequence[tuple[int, int]], rules: LayoutRules) -> list[tuple[int, int]]:
    """The same on frames: beginnings on the nearest, ends on the one behind, as far as there is room."""
    frame_ms = rules.frame_ms
    gap = round(rules.min_gap_ms / frame_ms)
    starts = [round(start_ms / frame_ms) for start_ms, _ in times]
    for place in range(1, len(starts)):
        starts[place] = max(starts[place], starts[place - 1] + 1)
    on_frames = list[tuple[int, int]]()
    for place, (start, (_, end_ms)) in enumerate(zip(starts, times, strict=True)):
        longest = math.floor(rules.max_duration_ms / frame_ms)
        end = min(math.ceil(end_ms / frame_ms - 1e-6), start + longest)
        if place + 1 < len(starts):
            end = min(end, starts[place + 1] - gap)
        end = max(end, start + 1)
        if place + 1 < len(starts):
            end = min(end, starts[place + 1])
        on_frames.append((round(start * frame_ms), round(end * frame_ms)))
    return on_frames
