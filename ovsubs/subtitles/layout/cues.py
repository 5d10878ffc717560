"""Transcript -> cues: what stands on the screen, and from when to when.

All words of the transcript are one text, whatever segments they came in. No word is ever lost, repeated or
moved.
"""

from __future__ import annotations

from collections.abc import Sequence

from ovsubs.subtitles.cue import Cue, CueWord, to_ms
from ovsubs.subtitles.layout.break_costs import break_costs
from ovsubs.subtitles.layout.cue_times import Spoken, times_of_cues
from ovsubs.subtitles.layout.division import divide_cues
from ovsubs.subtitles.layout.lines import LineDivider
from ovsubs.subtitles.layout.pieces import Piece, pieces_of
from ovsubs.subtitles.layout.sdh import without_sdh
from ovsubs.subtitles.styles import LayoutOptions
from ovsubs.transcript import Transcript
from ovsubs.word_times import apart

LEAST_WORD_MS = 20  # Whisper's own step; two hundredths of a second, so that no word is lost in LRC or ASS


def lay_out(transcript: Transcript, options: LayoutOptions | None = None) -> list[Cue]:
    """Lay out a transcript as cues: in order, not overlapping, each with `end_ms > start_ms`.

    A cue begins within two frames of its first word, as far as there is time for it. A media too short for
    its text is taken to last one millisecond a cue. Segments without text give no cue.

    Raises:
        InvalidOption: a time that is not a finite number.
    """
    options = options or LayoutOptions()
    rules = options.rules(transcript.text_language)
    segments = transcript.segments
    if options.strip_sdh:
        segments = tuple(without_sdh(segment) for segment in segments)
    media_end_ms = to_ms(transcript.end)
    pieces = pieces_of(segments, rules.max_line_width, max(0, media_end_ms))
    costs = break_costs(pieces, transcript.text_language)
    bounds = divide_cues(pieces, costs, rules, media_end_ms)
    times = times_of_cues([_spoken(pieces[first:end]) for first, end in bounds], rules, media_end_ms)
    divider = LineDivider(pieces, costs, rules)
    cues = list[Cue]()
    for (first, end), (start_ms, end_ms) in zip(bounds, times, strict=True):
        said = pieces[first:end]
        _, lines = divider.divide(first, end)
        cues.append(_cue([said[start:stop] for start, stop in lines], start_ms, end_ms))
    return cues


def _spoken(pieces: Sequence[Piece]) -> Spoken:
    """When a cue is spoken, and how much there is to read in it."""
    n_characters = sum(piece.n_characters + len(piece.glue) for piece in pieces) - len(pieces[0].glue)
    return Spoken(pieces[0].start_ms, pieces[-1].end_ms, n_characters)


def _cue(lines: Sequence[Sequence[Piece]], start_ms: int, end_ms: int) -> Cue:
    times = iter(_word_times([piece for line in lines for piece in line], start_ms, end_ms))
    words = tuple(
        tuple(
            CueWord(piece.glue + piece.text if place else piece.text, *next(times))
            for place, piece in enumerate(line)
        )
        for line in lines
    )
    return Cue(start_ms, end_ms, tuple("".join(word.text for word in line) for line in words), words)


def _word_times(pieces: Sequence[Piece], start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Start and end of each word of a cue: within the cue's, and none without length if that can be."""
    times = list[tuple[int, int]]()
    for piece in pieces:
        begin_ms = min(max(piece.start_ms, start_ms), end_ms)
        times.append((begin_ms, min(max(piece.end_ms, begin_ms), end_ms)))
    return apart(times, start_ms, end_ms, min(LEAST_WORD_MS, (end_ms - start_ms) // len(pieces)))
