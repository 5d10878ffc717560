"""Tracks -> segments: chunks of one or many files read side by side, in batches of windows."""

from ovsubs.recognition.components import Components, check_options
from ovsubs.recognition.open_tracks import TrackRequest
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.scheduler import Scheduler
from ovsubs.recognition.service import Job, RecognitionService
from ovsubs.recognition.track import TrackUpdate

__all__ = [
    "Components",
    "Job",
    "RecognitionService",
    "Scheduler",
    "TrackRequest",
    "TrackUpdate",
    "TranscribeOptions",
    "check_options",
]
