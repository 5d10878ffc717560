"""Anybody's subtitle file -> cues."""

from ovsubs.subtitles.parsing.files import SubtitleFile, read_subtitles, read_text

__all__ = ["SubtitleFile", "read_subtitles", "read_text"]
