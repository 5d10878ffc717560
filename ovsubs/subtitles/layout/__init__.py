"""Transcript -> cues: text cut into pieces, pieces into cues and lines, cues timed."""

from ovsubs.subtitles.layout.cues import lay_out

__all__ = ["lay_out"]
