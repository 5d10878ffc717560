"""A track -> where frames or packets are missing, by reading its timestamps once more. Few files need it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ovsubs.audio.ffmpeg import ask_ffmpeg, media_input, running_ffmpeg
from ovsubs.audio.streams import AudioTrack, Media, last_time
from ovsubs.spans import Span

LONG_HOLE_S = 20.0  # longer than any pause of a recording that goes on
_LEAST_GAP_S = 0.05  # between two frames; containers that count milliseconds have smaller ones
_LEAST_SPAN_S = 0.1  # a syllable; less is not worth a word
_PACKET_S = 10.0  # no packet is longer; MP4 counts a hole after a packet as part of it
_NEAR_S = 1.0  # what is decoded between two gaps that are nearer is no use
# Decoders conceal what they can. Here they are not to: where something is wrong the frame is left out.
_LOST = re.compile("reinitializing filters|configure output pad|Error while filtering")
_READER_LOST = "Error during demuxing"  # the exit code is 0 then
_STRICT = ("-fflags", "+discardcorrupt", "-err_detect", "crccheck+bitstream+buffer+explode")


@dataclass(frozen=True, slots=True)
class Holes:
    """The long holes in the time stamps of a track, and how many seconds of the file have nothing at all."""

    of_track: tuple[Span, ...] = ()
    of_file_s: float = 0.0


def undecodable(media: Media, track: AudioTrack) -> tuple[Span, ...]:
    """Stretches of a track that cannot be decoded, in seconds of the file and in order.

    What is close together is one stretch. What follows the last frame is not looked at.
    """
    strict, end = _gaps(media, track, _STRICT)
    if sum(gap.end - gap.start for gap in strict) > end / 2:  # not damaged, but written by a careless program
        strict, _ = _gaps(media, track, ())
    return tuple(_joined(strict))


def long_holes(media: Media, track: AudioTrack) -> Holes:
    """Holes of more than `LONG_HOLE_S`; the file's packets are read, none is decoded."""
    picked = (*media_input(media.path), "-map", f"0:a:{track.index}", "-map", "0:V?", "-c", "copy")
    of_track, of_file_s = list[Span](), 0.0
    last_s = media.duration + LONG_HOLE_S
    usual_s = dict[int, float]()  # what the last packet of a stream has lasted
    track_end = file_end = track.start
    for stream, start, end in _times(media.path, picked):
        if start > last_s:
            continue  # no packet of this file: its time stamp is damaged
        if start - file_end > LONG_HOLE_S:
            of_file_s += start - file_end
        if end - start > _PACKET_S:
            end = start + usual_s.get(stream, 0.0)
        usual_s[stream] = end - start
        file_end = max(file_end, end)
        if stream == 0:
            if start - track_end > LONG_HOLE_S:
                of_track.append(Span(track_end - track.start, start - track.start))
            track_end = end
    return Holes(tuple(of_track), of_file_s)


def duration_by_reading(path: Path) -> float:
    """Seconds of a file that does not say them, or not reliably: its packets are read, none is decoded."""
    mapped = ("-map", "0:a", "-map", "0:V?")
    arguments = [*media_input(path), *mapped, "-c", "copy", "-f", "null", "-"]
    return last_time(ask_ffmpeg(arguments, source=path))


def has_lost_its_way(code: int, stderr: str) -> bool:
    """Whether ffmpeg gave up in the middle of a track, where a garbled packet claims 36 channels, say.

    Its decoder believes that from then on. A new one, which begins behind it, does not. In Ogg the reader
    itself gives up, and finds its way further on.
    """
    return (code != 0 and _LOST.search(stderr) is not None) or _READER_LOST in stderr


def first_complaint(media: Media, track: AudioTrack) -> float:
    """Where in the track ffmpeg first complains, in seconds of the file, or hardly before."""
    end = track.start
    for _, _, after in _times(media.path, ("-xerror", *_decoded(media, track)), must_arrive=False):
        end = max(end, after)
    return end


def restarts() -> Iterator[float]:
    """How much further on the next try begins where ffmpeg has lost its way, in seconds; minutes in all."""
    return (min(0.1 * 1.5**n, 10.0) for n in range(40))


def _decoded(media: Media, track: AudioTrack) -> tuple[str, ...]:
    return (*media_input(media.path), "-map", f"0:a:{track.index}", "-c:a", "pcm_s16le")


def _gaps(media: Media, track: AudioTrack, options: Sequence[str]) -> tuple[list[Span], float]:
    """The gaps between frames, in seconds of the file, and where the last one ends."""
    picked = _decoded(media, track)
    gaps, end = list[Span](), track.start
    seek, begun = tuple[str, ...](), 0.0
    for further_s in restarts():
        try:
            for _, begin, after in _times(media.path, (*options, *seek, *picked)):
                if begun + begin - end > _LEAST_GAP_S:
                    gaps.append(Span(end, begun + begin))
                end = max(end, begun + after)
            break
        except _LostItsWay:
            begun = max(end, begun) + further_s
            seek = ("-ss", f"{begun:.6f}")
    return gaps, end


class _LostItsWay(Exception):
    """See `has_lost_its_way`."""


def _joined(gaps: Iterable[Span]) -> Iterator[Span]:
    held: Span | None = None
    for gap in gaps:
        if held is not None and gap.start - held.end < _NEAR_S:
            held = Span(held.start, gap.end)
            continue
        if held is not None and held.end - held.start >= _LEAST_SPAN_S:
            yield held
        held = gap
    if held is not None and held.end - held.start >= _LEAST_SPAN_S:
        yield held


def _times(
    path: Path, picked: Sequence[str], *, must_arrive: bool = True
) -> Iterator[tuple[int, float, float]]:
    """Stream, start and end in seconds of each packet that ffmpeg writes, as its `framecrc` prints them."""
    seconds_of = dict[int, float]()  # of a tick, by stream
    with running_ffmpeg([*picked, "-f", "framecrc", "pipe:1"], source=path) as child:
        for raw in child.output:
            line = raw.decode("ascii", errors="replace")
            if line.startswith("#tb "):  # "#tb 0: 1/48000"
                stream, _, tick = line.removeprefix("#tb ").partition(":")
                above, _, below = tick.strip().partition("/")
                seconds_of[int(stream)] = int(above) / int(below)
            elif not line.startswith("#"):  # stream, dts, pts, duration, size, checksum
                numbers = [int(number) for number in line.split(",")[:4]]
                tick_s = seconds_of[numbers[0]]
                yield numbers[0], numbers[1] * tick_s, (numbers[1] + numbers[3]) * tick_s
        if has_lost_its_way(*child.finish()) and must_arrive:
            raise _LostItsWay
