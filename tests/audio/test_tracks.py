"""Which of several tracks is heard, why, and which ones instead of it."""

from pathlib import Path

import pytest

from ovsubs.audio.streams import AudioTrack, Contents, Media, media_of, parse_contents
from ovsubs.audio.tracks import choose_track, rank_tracks


def file_of(*tracks: str) -> Media:
    """A file whose tracks are told by words: "eng", "-" (no tag), "default", "commentary"."""
    made = []
    for index, told in enumerate(tracks):
        tag, *flags = told.split()
        language = None if tag == "-" else tag
        made.append(
            AudioTrack(
                index,
                language,
                None,
                "default" in flags,
                0.0,
                "aac",
                "stereo",
                commentary="commentary" in flags,
            )
        )
    return Media(Contents(Path("film.mkv"), 60.0, (), apple_tags=False), 60.0, tuple(made), has_video=True)


@pytest.mark.parametrize(
    ("tracks", "languages", "index"),
    [
        (("jpn default", "eng"), ("en",), 1),
        (("jpn default", "eng"), ("English",), 1),
        (("jpn default", "eng"), (), 0),
        (("jpn default", "eng"), ("ja",), 0),
        (("jpn default", "eng"), ("de",), 0),
        (("- default", "-"), ("en",), 0),
        (("- default", "ger"), ("en",), 0),
        (("- default", "eng"), ("en",), 1),
        (("jpn default", "eng", "eng default"), ("en",), 2),
        (("jpn default", "eng commentary", "eng"), ("en",), 2),
        (("- default", "eng commentary"), ("en",), 0),
        (("jpn default", "eng commentary"), ("en",), 1),
        (("eng commentary default", "eng"), (), 1),
        (("eng commentary default",), ("en",), 0),
        (("jpn default", "ger", "eng"), ("de", "en"), 1),
        (("mul default", "eng"), ("en",), 1),
        (("en-US", "jpn default"), ("en",), 0),
        (("jpn default", "en)"), ("en",), 1),
    ],
)
def test_without_a_name_the_language_decides_then_the_default_and_commentaries_come_last(
    tracks: tuple[str, ...], languages: tuple[str, ...], index: int
) -> None:
    assert choose_track(file_of(*tracks), None, languages).index == index


def test_a_named_track_is_taken_whatever_the_language_and_gives_way_to_none() -> None:
    media = file_of("jpn default", "eng", "eng commentary")
    for wanted, index in ((0, 0), (2, 2), ("ja", 0)):
        choice = rank_tracks(media, wanted, ("en",))
        assert (choice.track.index, choice.others) == (index, ())


@pytest.mark.parametrize(
    ("tracks", "languages", "others"),
    [
        (("- default", "eng", "ger"), (), [1, 2]),
        (("- default", "- commentary", "eng"), (), [2, 1]),
        (("eng default", "ger", "eng", "-"), ("en",), [2, 3]),  # German would be read as English
        (("jpn default", "jpn", "ger"), ("en",), [1]),  # nobody believes these tags
        (("eng default",), ("en",), []),
    ],
)
def test_where_nobody_speaks_others_are_heard_that_may_be_in_the_language(
    tracks: tuple[str, ...], languages: tuple[str, ...], others: list[int]
) -> None:
    assert [track.index for track in rank_tracks(file_of(*tracks), None, languages).others] == others


@pytest.mark.parametrize(
    ("line", "language", "layout", "commentary"),
    [
        ("Stream #0:1(eng): Audio: aac (LC), 48000 Hz, stereo, fltp (default)", "eng", "stereo", False),
        ("Stream #0:1(en)): Audio: aac (LC), 16000 Hz, mono, fltp (default)", "en)", "mono", False),
        ("Stream #0:1(a): b): Audio: aac, 16000 Hz, mono, fltp", "a): b", "mono", False),
        ("Stream #0:1[0x2](und): Audio: ac3, 48000 Hz, 5.1(side), fltp, 448 kb/s", None, "5.1(side)", False),
        ("Stream #0:1: Audio: pcm_s16le, 16000 Hz, 10 channels, s16, 2560 kb/s", None, "10 channels", False),
        ("Stream #0:1: Audio: pcm_s16le, 16000 Hz, 3 channels (FL+FR+LFE2), s16", None, "3 channels", False),
        ("Stream #0:1(eng): Audio: aac, 48000 Hz, stereo, fltp (comment)", "eng", "stereo", True),
        ("Stream #0:1(eng): Audio: aac, 48000 Hz, stereo, fltp (visual impaired)", "eng", "stereo", True),
    ],
)
def test_what_ffmpeg_says_of_a_track_is_read(
    line: str, language: str | None, layout: str, commentary: bool
) -> None:
    said = f"Input #0, matroska,webm, from 'a.mkv':\n  Duration: 00:01:00.00, start: 0.000000\n  {line}\n"
    media = media_of(parse_contents(Path("a.mkv"), "", said))
    (track,) = media.tracks
    assert (media.contents.container, media.duration) == ("matroska,webm", 60.0)
    assert (track.language, track.layout, track.commentary) == (language, layout, commentary)


@pytest.mark.parametrize(
    ("title", "commentary"),
    [
        ("Director's Commentary", True),
        ("Audiokommentar", True),
        ("Audio Description", True),
        ("Director's cut", False),
    ],
)
def test_a_title_may_tell_that_a_track_is_a_commentary(title: str, commentary: bool) -> None:
    said = (
        f"  Stream #0:0: Audio: aac, 48000 Hz, stereo, fltp\n    Metadata:\n      title           : {title}\n"
    )
    (track,) = media_of(parse_contents(Path("a.mkv"), "", said)).tracks
    assert track.commentary is commentary
