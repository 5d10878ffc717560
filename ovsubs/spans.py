"""A stretch of time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One contiguous stretch, `[start, end)` in seconds of what its owner says: a file, a track, a window."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start
