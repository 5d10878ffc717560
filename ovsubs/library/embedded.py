"""A video -> the subtitles that are in it already, in a language."""

from __future__ import annotations

from ovsubs.audio.streams import FORCED, SUBTITLE, Contents, Stream
from ovsubs.audio.track_language import same_language


def embedded_subtitles(contents: Contents, language: str | None) -> Stream | None:
    """A subtitle track in a language, for the whole of what is said; None if there is none.

    Forced tracks, which have what is said in another language than the rest, do not count.

    Args:
        contents: of the file.
        language: a code; None, where it is not known, fits no track.
    """
    if language is None:
        return None
    tracks = (stream for stream in contents.of_kind(SUBTITLE) if FORCED not in stream.flags)
    return next((one for one in tracks if one.language and same_language(one.language, language)), None)
