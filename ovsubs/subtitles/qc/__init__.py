"""Cues -> what is wrong with them, and what may be."""

from ovsubs.subtitles.qc.check import check_cues
from ovsubs.subtitles.qc.findings import Finding, Kind, QcReport, clock, summarize
from ovsubs.subtitles.qc.review import ReviewItem, review_items
from ovsubs.subtitles.qc.speech import SpeechSpan

__all__ = [
    "Finding",
    "Kind",
    "QcReport",
    "ReviewItem",
    "SpeechSpan",
    "check_cues",
    "clock",
    "review_items",
    "summarize",
]
