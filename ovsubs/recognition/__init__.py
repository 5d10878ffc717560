"""Tracks -> segments: chunks of one or many files read side by side, in batches of windows."""

from ovsubs.recognition.engine import Engine
from ovsubs.recognition.options import TranscribeOptions
from ovsubs.recognition.rounds import check_options, detect_language, recognize
from ovsubs.recognition.tracks import Round

__all__ = ["Engine", "Round", "TranscribeOptions", "check_options", "detect_language", "recognize"]
