"""A file while it is read: its track, and another one instead where nobody speaks in that."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ovsubs.audio.damage import ReadReport
from ovsubs.audio.source import Audio, AudioSource, open_source, open_track
from ovsubs.audio.streams import AudioTrack
from ovsubs.errors import TruncatedMedia
from ovsubs.recognition import TrackUpdate, TranscribeOptions
from ovsubs.transcript import Segment
from ovsubs.whisper.languages import language_code

_IN_BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*")  # [Music], (applause), *sighs*


class ReadTrack:
    """One track of a file, and what has been read of it."""

    def __init__(self, track: AudioTrack | None) -> None:
        """`track` is None until the file has been opened, and for samples."""
        self.track = track
        self.source: AudioSource | None = None
        self.report: ReadReport | None = None
        self.updates = list[TrackUpdate]()
        self.has_words = False

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segment for update in self.updates for segment in update.segments)

    @property
    def breaks_off(self) -> str | None:
        return self.report.breaks_off if self.report else None

    def take_report(self, report: ReadReport) -> None:
        self.report = report


class FileTracks:
    """A file, or samples, and the tracks of it that have been read."""

    def __init__(self, audio: Audio, options: TranscribeOptions, *, english_only: bool):
        """`english_only`: the model knows no other language."""
        self.audio = audio
        self.readings = list[ReadTrack]()
        self.options = options
        self._languages = _languages(options, english_only=english_only)
        self._waiting = list[AudioTrack]()

    def open_next(self) -> AudioSource:
        """Open the track to read, or the next one after `turns_to_another`; called when its turn comes."""
        reading = ReadTrack(self._waiting.pop(0) if self.readings else None)
        self.readings.append(reading)
        if len(self.readings) == 1:
            source = open_source(
                self.audio, self.options.audio_track, reading.take_report, languages=self._languages
            )
            if source.origin:
                reading.track = source.origin.choice.track
                self._waiting = list(source.origin.choice.others)
        else:
            first = self.readings[0].source
            assert first is not None
            assert first.origin is not None
            source = open_track(first.origin.media, first.origin.choice, reading.take_report, reading.track)
        reading.source = source
        return source

    def add(self, update: TrackUpdate) -> None:
        """Keep what a batch has added to the newest track."""
        reading = self.readings[-1]
        reading.updates.append(update)
        reading.has_words = reading.has_words or any(
            has_spoken_words(segment.text) for segment in update.segments
        )

    def turns_to_another(self) -> bool:
        """Whether the newest track, which is at its end, gives way to another one."""
        reading = self.readings[-1]
        if reading.has_words or not self._waiting:
            return False
        first = self.readings[0]
        is_broken = bool(first.breaks_off) and not self.options.keep_damaged
        return first.updates[-1].error is None and not is_broken

    @property
    def error(self) -> Exception | None:
        """What has ended the chosen track, or that it breaks off and is not to be kept.

        Where nobody speaks in any track, it is what has ended one of them.
        """
        chosen = self.chosen
        tried = [chosen] if chosen.has_words else self.readings
        errors = (reading.updates[-1].error for reading in tried)
        error = next((error for error in errors if error is not None), None)
        if error is None and chosen.source and chosen.breaks_off and not self.options.keep_damaged:
            return TruncatedMedia(chosen.source.name, chosen.breaks_off)
        return error

    @property
    def chosen(self) -> ReadTrack:
        """The track that the file is told by: the newest if somebody speaks in it, else the first."""
        return self.readings[-1] if self.readings[-1].has_words else self.readings[0]


def has_spoken_words(text: str) -> bool:
    """Whether somebody says something: not a note, nor what stands in brackets."""
    return any(character.isalnum() for character in _IN_BRACKETS.sub("", text))


def track_notes(file: FileTracks) -> Iterator[str]:
    """Which of several tracks was read and why; of a file without words, which others there are."""
    chosen, first = file.chosen, file.readings[0]
    origin = first.source.origin if first.source else None
    if origin is None or len(origin.media.tracks) == 1:
        return
    tried = [reading.track for reading in file.readings if reading is not chosen and reading.track]
    if file.options.audio_track is None:
        silent = ", ".join(map(str, tried))
        why = origin.choice.why if chosen is first else f"nobody speaks in {silent}"
        yield f"audio track {chosen.track} of {len(origin.media.tracks)}: {why}"
    if chosen.has_words:
        return
    if tried:
        yield f"nobody speaks in the others either: {', '.join(map(str, tried))}"
    unread = [track for track in origin.media.tracks if track != chosen.track and track not in tried]
    if unread:
        yield f"other audio tracks, which were not read: {', '.join(map(str, unread))}"


def _languages(options: TranscribeOptions, *, english_only: bool) -> tuple[str, ...]:
    """Those of the speech, as far as they are known beforehand; codes."""
    if options.language:
        return (language_code(options.language),)
    return ("en",) if english_only else tuple(map(language_code, options.languages))
