"""The tracks of a file -> the one to hear, why, and those to hear instead if nobody speaks in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ovsubs.audio.streams import AudioTrack, Media
from ovsubs.audio.track_language import same_language
from ovsubs.errors import NoSuchTrack

_NO_ONE_LANGUAGE = frozenset({"mul", "mis", "qaa", "zxx"})  # ISO 639-2: several, uncoded, original, none


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """The track to hear, and in a few words why it is that one.

    `others` are heard instead, the first of them first, if nobody speaks in it; there are none where the
    caller has named the track, or where the speech of the others is in another language than asked for.
    """

    track: AudioTrack
    why: str
    others: tuple[AudioTrack, ...] = ()


def choose_track(media: Media, wanted: int | str | None, languages: Sequence[str] = ()) -> AudioTrack:
    """The audio track to transcribe: see `rank_tracks`, whose first it is.

    Raises:
        NoSuchTrack: none fits; the message lists those that are there.
    """
    return rank_tracks(media, wanted, languages).track


def rank_tracks(media: Media, wanted: int | str | None, languages: Sequence[str] = ()) -> TrackChoice:
    """The track that is named; without a name one in a language that is spoken, else the default one.

    A commentary is the last choice. A track without a language may be in any.

    Args:
        media: as probed.
        wanted: an index, or a language as 2- or 3-letter code or English name (`en`, `eng`,
            `English`). Of several tracks in that language the default one is taken, else the first.
        languages: those of the speech, as far as the caller knows them.

    Raises:
        NoSuchTrack: none fits; the message lists those that are there.
    """
    if wanted is not None:
        fitting = _named(media.tracks, wanted)
        if not fitting:
            raise NoSuchTrack(media.path, wanted, ", ".join(map(str, media.tracks)))
        track = next((track for track in fitting if track.default), fitting[0])
        return TrackChoice(track, "it was asked for")
    in_language = [track for track in media.tracks if _speaks(track, languages)]
    spoken = languages if in_language else ()
    best, *rest = sorted(media.tracks, key=lambda track: _rank(track, spoken))
    others = [track for track in rest if _may_be_spoken(track, languages) or track.language == best.language]
    return TrackChoice(best, _why(best, media, spoken), tuple(others))


def _named(tracks: Sequence[AudioTrack], wanted: int | str) -> list[AudioTrack]:
    if isinstance(wanted, str) and wanted.isdecimal():
        wanted = int(wanted)
    if isinstance(wanted, int):
        return [track for track in tracks if track.index == wanted]
    tagged = [track for track in tracks if track.language]
    return [track for track in tagged if same_language(str(track.language), wanted)]


def _speaks(track: AudioTrack, languages: Sequence[str]) -> bool:
    return bool(track.language) and any(same_language(str(track.language), one) for one in languages)


def _may_be_spoken(track: AudioTrack, languages: Sequence[str]) -> bool:
    untold = track.language is None or track.language.lower() in _NO_ONE_LANGUAGE
    return not languages or untold or _speaks(track, languages)


def _rank(track: AudioTrack, languages: Sequence[str]) -> tuple[int, bool, int]:
    """The lower, the better: in the language, then in none that is told, then in another one."""
    if _speaks(track, languages):
        group = 2 if track.commentary else 0
    elif _may_be_spoken(track, languages):
        group = 3 if track.commentary else 1
    else:
        group = 5 if track.commentary else 4
    return group, not track.default, track.index


def _why(track: AudioTrack, media: Media, languages: Sequence[str]) -> str:
    if _speaks(track, languages):
        return "it is in the language asked for"
    if track.default:
        return "it is the default one"
    if any(other.default for other in media.tracks):
        return "the default one is a commentary" if not languages else "the others are in another language"
    return "it is the first one" if track.index == 0 else "the others are commentaries"
