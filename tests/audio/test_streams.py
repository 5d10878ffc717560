"""Every stream of a file is seen for what it is, whatever the file's tags say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ovsubs.audio.media import probe
from ovsubs.audio.streams import ATTACHMENT, AUDIO, SUBTITLE, VIDEO, read_contents

Make = Callable[..., Path]

PICTURE = ("-f", "lavfi", "-i", "testsrc=d=2:s=64x64:r=10")
TONE = ("-f", "lavfi", "-i", "sine=d=2")
SPOOFS = [
    "en)",
    "(en",
    "en): Video: h264 (",
    "e): Audio: aac, 48000 Hz (default) (",
    "[0x1](en)",
    "en): Audio: flac, 8000 Hz, 7.1, s16\n",
    "en[",
    "'en'",
    '"en"',
    "en\n  Stream #0:9(x): Audio: aac, 48000 Hz",
    "en\n  Stream #0:0: Audio: aac, 48000 Hz",
    "en\nOutput #0, framecrc, to 'pipe:1':\n",
    "Stream #0:0: Audio: aac",
    "x" * 2000,
    "日本語",
    "\u202e\u0085é",
    "-",
]


def spoof(ffmpeg: Make, name: str, key: str, value: str) -> Path:
    """A picture, three tracks of sound, the middle one with the tag."""
    maps = ("-map", "0", "-map", "1", "-map", "1", "-map", "1")
    tag = ("-metadata:s:a:1", f"{key}={value}")
    return ffmpeg(name, *PICTURE, *TONE, *maps, "-c:v", "mpeg4", "-c:a", "flac", *tag)


def seen(path: Path) -> list[tuple[str, str]]:
    return [(stream.kind, stream.codec) for stream in read_contents(path).streams]


WHAT_IS_THERE = [(VIDEO, "mpeg4"), (AUDIO, "flac"), (AUDIO, "flac"), (AUDIO, "flac")]


@pytest.mark.parametrize("value", SPOOFS)
@pytest.mark.parametrize("key", ["language", "title", "comment"])
def test_a_tag_hides_no_stream_and_makes_none(key: str, value: str, ffmpeg: Make) -> None:
    path = spoof(ffmpeg, "talk.mkv", key, value)

    assert seen(path) == WHAT_IS_THERE
    tracks = probe(path).tracks
    assert [track.index for track in tracks] == [0, 1, 2]
    assert {track.language for track in (tracks[0], tracks[2])} == {None}
    assert {track.layout for track in tracks} == {"mono"}
    assert all("\n" not in str(track) for track in tracks)


@pytest.mark.parametrize("value", ["en)", "(en", "en): Video: h264 (", "'en'", "日本語"])
def test_a_language_is_read_as_it_is(value: str, ffmpeg: Make) -> None:
    assert probe(spoof(ffmpeg, "talk.mkv", "language", value)).tracks[1].language == value


def test_an_empty_language_is_none(ffmpeg: Make) -> None:
    path = ffmpeg("talk.mkv", *TONE, "-metadata:s:a:0", "language=LANGUAGE")
    content = path.read_bytes()
    at = content.index(b"LANGUAGE", content.index(b"\x22\xb5\x9c"))
    path.write_bytes(content[:at] + bytes(8) + content[at + 8 :])

    (track,) = probe(path).tracks
    assert track.language is None


@pytest.mark.parametrize("name", ["talk.ogg", "talk.mov", "talk.mka", "talk.flac", "talk.mp3"])
@pytest.mark.parametrize("value", ["en)", "a\n  Stream #0:1: Audio: aac", "Stream #0:5: Video: h264"])
def test_tags_of_other_containers_do_no_harm(name: str, value: str, ffmpeg: Make) -> None:
    tags = (
        "-metadata",
        f"title={value}",
        "-metadata:s:a:0",
        f"title={value}",
        "-metadata",
        f"artist={value}",
    )
    media = probe(ffmpeg(name, *TONE, *tags))

    assert len(media.tracks) == 1
    assert not media.has_video


def test_attachments_and_subtitles_are_seen(ffmpeg: Make, tmp_path: Path) -> None:
    (tmp_path / "cues.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello.\n")
    (tmp_path / "font.ttf").write_bytes(b"no font")
    path = ffmpeg(
        "talk.mkv",
        *(*PICTURE, *TONE, "-i", str(tmp_path / "cues.srt"), "-map", "0", "-map", "1", "-map", "2"),
        *("-attach", str(tmp_path / "font.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font"),
        *("-c:v", "mpeg4", "-c:a", "flac", "-c:s", "srt"),
    )

    assert seen(path) == [(VIDEO, "mpeg4"), (AUDIO, "flac"), (SUBTITLE, "subrip"), (ATTACHMENT, "ttf")]
    assert read_contents(path).streams[3].filename == "font.ttf"


def test_a_stream_of_which_little_is_known_is_seen(ffmpeg: Make) -> None:
    """No packet of it comes in what ffmpeg looks at: it cannot even make a table of packets."""
    late = ("-itsoffset", "100", *TONE)
    picture = ("-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=120")
    path = ffmpeg("late.ts", *picture, *late, "-map", "0", "-map", "1", "-c:v", "mpeg2video", "-b:v", "1M")

    assert [kind for kind, _ in seen(path)] == [VIDEO, AUDIO]


@pytest.mark.parametrize("late_s", [0, 500])
def test_a_file_is_not_read_to_its_end(late_s: int, ffmpeg: Make, tmp_path: Path) -> None:
    """A track that begins late, as forced subtitles do, is not waited for."""
    (tmp_path / "cues.srt").write_text(f"1\n00:0{late_s // 60}:00,000 --> 00:09:00,000\nHello.\n")
    picture = ("-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=600")
    both = ("-map", "0", "-map", "1", "-c:v", "mpeg4", "-q:v", "2", "-c:s", "srt")
    path = ffmpeg("film.mkv", *picture, "-i", str(tmp_path / "cues.srt"), *both)
    content = path.read_bytes()
    assert len(content) > 3_000_000
    path.write_bytes(content[:1_000_000])  # had it been read on, ffmpeg would say so

    assert [kind for kind, _ in seen(path)] == [VIDEO, SUBTITLE]


def test_the_case(cases: Path) -> None:
    """Its sound has the language `en)`: once there was none."""
    (track,) = probe(cases / "hostile" / "lang_paren.mkv").tracks
    assert (track.language, track.default, track.codec) == ("en)", True, "aac")
