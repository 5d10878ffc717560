"""Windows that wait -> the next batch: the one that has waited longest, and those nearest to it in length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ovsubs.audio.features import N_FRAMES

MAX_BATCHES_WAITED = 4  # then a window is decoded in a batch of any size


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much fits into a batch.

    That is up to `max_windows` windows, with no more frames than `max_full_windows` windows of 30 s have.
    Every window takes as many frames as the longest of the batch.
    """

    max_windows: int
    max_full_windows: int

    def fits(self, n_windows: int, longest: int) -> bool:
        """Whether `n_windows` windows of up to `longest` frames fit."""
        return n_windows <= self.max_windows and n_windows * longest <= self.max_full_windows * N_FRAMES

    def fill(self, frames: Iterable[int]) -> float:
        """How full windows of these frames make a batch: 1.0 is full, more is more than one batch."""
        counted = list(frames)
        return max(len(counted) / self.max_windows, sum(counted) / (self.max_full_windows * N_FRAMES))


class BatchFill:
    """How full batches are; windows of tracks with other limits go into others."""

    def __init__(self) -> None:
        self._frames = dict[BatchLimits, list[int]]()

    def add(self, limits: BatchLimits, frames: Sequence[int]) -> bool:
        """Add windows of these lengths; return whether those with these limits fill a batch now."""
        counted = self._frames.setdefault(limits, [])
        counted += frames
        return limits.fill(counted) >= 1.0


@dataclass(frozen=True, slots=True)
class WaitingWindow:
    """A window that could be in the next batch.

    `key`: windows with the same key can be decoded together, within the same `limits`. `n_frames`: what the
    encoder sees of it. `batches_waited`: batches that were decoded while it waited.
    """

    key: object
    limits: BatchLimits
    n_frames: int
    batches_waited: int


def choose_batch(waiting: Sequence[WaitingWindow]) -> list[int]:
    """Which windows are decoded next; their places in `waiting`, in its order.

    Those of the key that fills a batch best: windows that need another attempt wait for a full batch, but not
    for long, since what follows them in their files waits for them. Of these the earliest comes first, and
    beside it those nearest to it in length, which take as much time and no more memory than they need.

    Args:
        waiting: the earliest first.
    """
    groups = dict[tuple[object, BatchLimits], list[int]]()
    for place, window in enumerate(waiting):
        groups.setdefault((window.key, window.limits), []).append(place)
    if not groups:
        return []

    def urgency(group: Sequence[int]) -> tuple[int, float]:
        share = waiting[group[0]].limits.fill(waiting[place].n_frames for place in group)
        return max(_overdue(waiting[place]) for place in group), min(share, 1.0)

    group = max(groups.values(), key=urgency)
    first = max(group, key=lambda place: _overdue(waiting[place]))
    others = [place for place in group if place != first]
    others.sort(key=lambda place: abs(waiting[place].n_frames - waiting[first].n_frames))
    chosen, longest = [first], waiting[first].n_frames
    for place in others:
        if waiting[first].limits.fits(len(chosen) + 1, with_it := max(longest, waiting[place].n_frames)):
            chosen.append(place)
            longest = with_it
    return sorted(chosen)


def _overdue(window: WaitingWindow) -> int:
    """For how many batches it has waited, if that is too long; else 0."""
    return window.batches_waited if window.batches_waited >= MAX_BATCHES_WAITED else 0
