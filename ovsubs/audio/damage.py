"""A track that was read to its end -> what is wrong with it, and where."""

import re
from dataclasses import dataclass, field, replace

from ovsubs.audio.ffmpeg import why_it_failed
from ovsubs.audio.packets import Holes, duration_by_reading, first_complaint, undecodable
from ovsubs.audio.riff import read_announced
from ovsubs.audio.streams import AudioTrack, Media
from ovsubs.clock import clock_time
from ovsubs.spans import Span

_ENDS_EARLY_S = 1.0  # a track this much shorter than its file says has lost something
_ENDS_EARLY_SHARE = 0.01  # ... and so much, since some containers give rough durations
# Formats without time stamps: what is lost leaves no gap, and all that follows is heard earlier.
_WITHOUT_TIMES = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "truehd", "amr"})
# Formats whose clock may be set anew in the middle. ffmpeg evens that out, but not in the duration it tells.
_CLOCK_IS_SET = frozenset({"mpegts", "mpeg"})
_END_IS_MISSING = re.compile(
    r"partial file|truncat|premature|end of file|EOF|ends prematurely", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ReadReport:
    """How the reading of a whole track went.

    `duration` is the file's, in seconds, without the `holes` that its time stamps leap over. `breaks_off` is
    a sentence if the end is missing. `damaged`: sound that could not be decoded, in seconds of the file.
    `missing_s` of it, at the end of the last span, have left no gap: what follows is heard so much too early.
    """

    duration: float
    breaks_off: str | None = None
    damaged: tuple[Span, ...] = ()
    missing_s: float = 0.0
    holes: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What a reading left: seconds that were heard, silence in holes among them; ffmpeg's code and stderr."""

    heard_s: float
    code: int
    stderr: str
    holes: Holes = field(default_factory=Holes)

    @property
    def complains(self) -> bool:
        """Whether ffmpeg had something to say of it."""
        return bool(self.stderr.strip())


def report(media: Media, track: AudioTrack, ended: Ended) -> ReadReport:
    """Find out what is wrong with a track. Only where something seems to be, the file is looked at again."""
    media_s, holes_s = _duration(media, track, ended), ended.holes.of_file_s
    well = ReadReport(max(0.0, media_s - holes_s), holes=holes_s)
    if ended.code and not media_s:
        why = why_it_failed(ended.stderr)
        return replace(well, breaks_off=f"ffmpeg stopped after {ended.heard_s:.1f} s ({why})")
    damaged = _within(media_s, undecodable(media, track)) if ended.complains else ()
    announced_s = _announced_s(media, ended.heard_s)
    expected_s = max(media_s - track.start, announced_s)
    missing_s = expected_s - ended.heard_s
    if missing_s < max(_ENDS_EARLY_S, _ENDS_EARLY_SHARE * expected_s):
        return replace(well, damaged=damaged)
    if ended.complains and not ended.code and media.contents.container in _WITHOUT_TIMES:
        begins = damaged[-1].start if damaged else first_complaint(media, track)
        if begins < track.start + ended.heard_s - _ENDS_EARLY_S:
            whole = Span(begins, max(begins, damaged[-1].end if damaged else 0.0) + missing_s)
            return replace(well, damaged=(*damaged[:-1], whole), missing_s=missing_s)
    if not announced_s and not _must_be_damage(media, ended, damaged):
        return replace(well, damaged=damaged)
    why = f" ({why_it_failed(ended.stderr)})" if ended.code or ended.complains else ""
    sentence = f"the audio breaks off after {ended.heard_s:.1f} of {expected_s:.1f} s{why}"
    tail = Span(track.start + ended.heard_s, track.start + expected_s)
    return replace(well, breaks_off=sentence, damaged=(*damaged, tail))


def damage_notes(read: ReadReport) -> list[str]:
    """Sentences for the person on what could not be decoded; none of what breaks off.

    At most five stretches are named in words: the transcript has them all.
    """
    spans = read.damaged[:-1] if read.breaks_off else read.damaged
    if not spans:
        return []
    named = ", ".join(f"{clock_time(span.start, 1)} to {clock_time(span.end, 1)}" for span in spans[:5])
    n_more = len(spans) - 5
    more = f" and {n_more} more stretch{'' if n_more == 1 else 'es'}" if n_more > 0 else ""
    note = f"the file is damaged: its sound could not be decoded from {named}{more}"
    if read.missing_s:
        note += f"; {read.missing_s:.1f} s of it are missing, so that what follows comes too early"
    return [note]


def _within(media_s: float, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """What lies in the file: of packets with damaged times some seem to lie hours behind its end."""
    if not media_s:
        return spans
    return tuple(Span(span.start, min(span.end, media_s)) for span in spans if span.start < media_s)


def _must_be_damage(media: Media, ended: Ended, damaged: tuple[Span, ...]) -> bool:
    """Whether a track that ends early has lost its end: in a video, sound may merely end first."""
    if ended.code or (not media.has_video and len(media.tracks) == 1):
        return True
    return ended.complains and (not damaged or _END_IS_MISSING.search(ended.stderr) is not None)


def _duration(media: Media, track: AudioTrack, ended: Ended) -> float:
    short_s = media.duration - track.start - ended.heard_s
    if media.contents.container not in _CLOCK_IS_SET or short_s < max(_ENDS_EARLY_S, 0.01 * media.duration):
        return media.duration
    return min(media.duration, duration_by_reading(media.path)) or media.duration


def _announced_s(media: Media, heard_s: float) -> float:
    """How long the track would be, had the file all the bytes that its header announces; 0 if it has."""
    announced = read_announced(media.path)
    if announced is None or announced.share == 1.0 or announced.there <= 0:
        return 0.0
    by_size_s = heard_s / announced.share
    # A long AVI tells its first part alone, and pictures and index take their share of the size.
    is_likely = 0.7 * by_size_s < announced.duration < 1.4 * by_size_s
    return announced.duration if is_likely else by_size_s
