"""Cues -> what is wrong with them, and what may be."""

from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.doubts import Doubt, most_doubtful
from ovsubs.subtitles.qc.findings import Finding, Kind, Report, clock, summarize
from ovsubs.subtitles.qc.speech import Stretch

__all__ = [
    "Doubt",
    "Finding",
    "Kind",
    "Report",
    "Stretch",
    "check_cues",
    "clock",
    "most_doubtful",
    "summarize",
]
