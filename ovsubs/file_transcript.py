"""A file that has been read -> its transcript, with what a person should know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ovsubs.audio.damage import damage_notes
from ovsubs.clock import clock_time
from ovsubs.file_tracks import FileTracks, ReadTrack, track_notes
from ovsubs.recognition import TranscribeOptions
from ovsubs.spans import Span
from ovsubs.timing import add_up
from ovsubs.transcript import Transcript
from ovsubs.whisper.language_vote import LanguageVote

MIN_NOTED_S = 3.0  # of speech without text, in one piece: a sentence
NO_LANGUAGE = LanguageVote("und", 0.0)  # ISO 639-2, undetermined: nobody speaks


def make_transcript(file: FileTracks, options: TranscribeOptions, model_name: str) -> Transcript:
    """What was said in the track that a file is told by, when all that was to be read has been read."""
    reading = file.chosen
    assert reading.source is not None
    updates, report = reading.updates, reading.report
    vote = updates[-1].language_vote or NO_LANGUAGE
    return Transcript(
        segments=reading.segments,
        language=vote.language,
        language_probability=vote.probability,
        duration=report.duration if report else reading.source.duration,
        speech_duration=sum(update.speech_duration for update in updates),
        task=options.task,
        source=reading.source.name,
        model=model_name,
        timings=add_up(
            timing for one in file.readings for update in one.updates for timing in update.timings
        ),
        uncovered=tuple(span for update in updates for span in update.uncovered),
        notes=(*_notes(reading), *track_notes(file)),
        damaged=report.damaged if report else (),
        holes=report.holes if report else 0.0,
    )


def _uncovered_note(uncovered: Sequence[Span]) -> Iterator[str]:
    """Tell of speech without text where it is longer than a breath or a blip of the detector."""
    long = [span for span in uncovered if span.end - span.start >= MIN_NOTED_S]
    if long:
        first = max(long, key=lambda span: span.end - span.start)
        where = f"from {clock_time(first.start)} to {clock_time(first.end)}"
        n_others = len(long) - 1
        others = f", and in {n_others} more place{'' if n_others == 1 else 's'}" if n_others else ""
        yield f"there may be speech without text {where}{others}"


def _notes(reading: ReadTrack) -> Iterator[str]:
    if reading.report:
        if reading.report.breaks_off:
            yield reading.report.breaks_off
        yield from damage_notes(reading.report)
    if not any(update.speech_duration > 0.0 for update in reading.updates):
        yield "no speech was found"
    elif not reading.segments:
        yield "speech was heard, but no words could be made out"
    else:
        yield from _uncovered_note([span for update in reading.updates for span in update.uncovered])
    n_left_out = sum(update.n_left_out for update in reading.updates)
    if n_left_out:
        what = "1 stretch was" if n_left_out == 1 else f"{n_left_out} stretches were"
        yield f"{what} left out, where the text repeated itself without end"
