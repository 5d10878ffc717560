"""New subtitle tracks come behind everything that a video has, and nothing of that changes."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from looking import HELLO, LOUD_ASS, make_media, packet_times, pictures, stream_hashes, told, track_text

from ovsubs.audio.ffmpeg import ask_ffmpeg, input_url
from ovsubs.audio.streams import DEFAULT, FORCED, SUBTITLE, read_contents
from ovsubs.errors import InvalidOption, UnknownLanguage, UnsupportedContainer
from ovsubs.subtitles.cue import Cue
from ovsubs.subtitles.formats.ass import write_ass
from ovsubs.subtitles.formats.read import read_subtitles
from ovsubs.subtitles.formats.srt import write_srt
from ovsubs.subtitles.formats.vtt import write_vtt
from ovsubs.subtitles.parsing.plain_text import WORD_JOINER
from ovsubs.video.embed import EmbedOptions, embed

NEW_CODECS = {".mp4": "mov_text", ".m4v": "mov_text", ".mov": "mov_text", ".mkv": "subrip", ".webm": "webvtt"}
CHAPTERS = """;FFMETADATA1
title=My talk
artist=Me
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=3000
title=Two
"""


def subtitle_tracks(path: Path) -> list[tuple[str, str | None, frozenset[str]]]:
    """Codec, language and flags of each subtitle track."""
    return [(stream.codec, stream.language, stream.flags) for stream in read_contents(path).of_kind(SUBTITLE)]


@pytest.fixture
def film(clips: dict[str, Path], tmp_path: Path) -> Path:
    """A Matroska file with two subtitle tracks, chapters, tags, a font and a poster."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.srt").write_text(HELLO)
    (tmp_path / "chapters.txt").write_text(CHAPTERS)
    (tmp_path / "font.ttf").write_bytes(b"no real font" * 50)
    poster = make_media(tmp_path / "poster.png", "-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1")
    return make_media(
        tmp_path / "film.mkv",
        *("-i", clips[".mp4"], "-i", tmp_path / "one.srt", "-i", tmp_path / "two.srt"),
        *("-i", tmp_path / "chapters.txt", "-map_metadata", "3", "-map", "0", "-map", "1", "-map", "2"),
        *("-c:v", "copy", "-c:a", "copy", "-c:s:0", "subrip", "-c:s:1", "ass"),
        *("-disposition:s:0", "default+hearing_impaired", "-metadata:s:s:0", "language=eng"),
        *(
            "-attach",
            (tmp_path / "font.ttf").as_posix(),
            "-metadata:s:t:0",
            "mimetype=application/x-truetype-font",
        ),
        *("-attach", poster.as_posix(), "-metadata:s:t:1", "mimetype=image/png"),
        *("-metadata:s:t:1", "filename=cover.png"),
    )


@pytest.mark.parametrize("ending", NEW_CODECS)
def test_the_streams_are_copied_bit_for_bit_and_the_text_comes_behind_them(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str
) -> None:
    video = Path(shutil.copy(clips[ending], tmp_path / f"talk{ending}"))
    before = video.read_bytes()

    made = embed(video, [hello])

    assert made == tmp_path / f"talk.subtitled{ending}"
    assert stream_hashes(made, "v", "a") == stream_hashes(video, "v", "a")
    assert packet_times(made) == pytest.approx(packet_times(video), abs=1e-6)
    assert subtitle_tracks(made) == [(NEW_CODECS[ending], "eng", frozenset())]
    assert read_contents(made).streams[-1].kind == SUBTITLE
    assert track_text(made).strip() == HELLO.strip()
    assert video.read_bytes() == before


def test_a_real_film_keeps_its_picture_and_sound_and_gets_its_captions(
    recordings: Callable[[str], Path], tmp_path: Path
) -> None:
    film = recordings("video/friday.mp4")

    made = embed(film, [recordings("video/friday.vtt")], EmbedOptions(tmp_path, ("en",)))

    assert made == tmp_path / "friday.subtitled.mp4"
    assert stream_hashes(made, "v", "a") == stream_hashes(film, "v", "a")
    assert "1\n00:00:00,000 --> 00:00:00,999\nHildy!\n" in track_text(made)
    assert len(track_text(made).strip().split("\n\n")) == 5


def test_chapters_tags_attachments_and_poster_of_a_film_are_kept(film: Path, hello: Path) -> None:
    made = embed(film, [hello])

    assert stream_hashes(made, "v:0", "a", "s:0", "s:1") == stream_hashes(film, "v:0", "a", "s:0", "s:1")
    before, after = read_contents(film), read_contents(made)
    assert [stream.is_cover for stream in after.streams].count(True) == 1
    for kind, name in (("Attachment", "font.ttf"), ("Video", "cover.png")):
        files = [
            [each.filename for each in contents.streams if each.kind == kind] for contents in (before, after)
        ]
        assert files[0] == files[1]
        assert name in files[1]
    for line in (
        "title           : My talk",
        "ARTIST          : Me",
        "Chapter #0:1: start 1.000000, end 3.0",
    ):
        assert line in told(made)
    font = made.with_name("dumped.ttf")
    make_media(font.with_name("nothing"), "-dump_attachment:t:0", font, "-i", made, "-t", "0", "-f", "null")
    assert font.read_bytes() == b"no real font" * 50


def test_a_new_default_takes_the_place_of_the_old_which_keeps_its_other_flags(
    film: Path, hello: Path
) -> None:
    made = embed(film, [hello, film.with_name("one.srt")], EmbedOptions(default=True))

    shown = [DEFAULT in flags for _, _, flags in subtitle_tracks(made)]
    assert shown == [False, False, True, False]
    assert re.search(r"Subtitle: subrip \(srt\).* \(hearing impaired\)$", told(made), re.MULTILINE)


def test_without_default_the_old_default_stays(film: Path, hello: Path) -> None:
    made = embed(film, [hello])

    assert [DEFAULT in flags for _, _, flags in subtitle_tracks(made)] == [True, False, False]


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
def test_a_track_is_shown_unasked_only_where_that_was_asked_for(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str, default: bool
) -> None:
    made = embed(clips[ending], [hello, hello], EmbedOptions(tmp_path, default=default))

    assert [DEFAULT in flags for _, _, flags in subtitle_tracks(made)] == [default, False]


def test_a_second_round_in_mp4_keeps_the_flags_of_the_first(clip: Path, hello: Path) -> None:
    first = embed(clip, [hello, hello], EmbedOptions(languages=("en", "de"), forced=True))

    second = embed(first, [hello], EmbedOptions(languages=("fr",)))

    tracks = [("mov_text", "eng", {FORCED}), ("mov_text", "deu", {FORCED}), ("mov_text", "fra", set())]
    assert subtitle_tracks(second) == [(codec, tag, frozenset(flags)) for codec, tag, flags in tracks]
    assert stream_hashes(second, "s")[:2] == stream_hashes(first, "s")


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".webm"])
def test_forced_is_said_by_the_option_or_by_the_name(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str
) -> None:
    named = Path(shutil.copy(hello, tmp_path / "talk.de.forced.srt"))

    by_name = embed(clips[ending], [hello, named], EmbedOptions(tmp_path / f"a{ending}"))
    by_option = embed(
        clips[ending], [hello], EmbedOptions(tmp_path / f"b{ending}", forced=True, default=True)
    )

    assert [FORCED in flags for _, _, flags in subtitle_tracks(by_name)] == [False, True]
    assert [flags for _, _, flags in subtitle_tracks(by_option)] == [{FORCED, DEFAULT}]


def test_forced_texts_in_mp4_are_marked_for_apples_players_too(clip: Path, hello: Path) -> None:
    plain = embed(clip, [hello], EmbedOptions(clip.with_name("plain.mp4")))
    forced = embed(clip, [hello], EmbedOptions(clip.with_name("forced.mp4"), forced=True))

    marks = []
    for made in (plain, forced):
        content = made.read_bytes()
        place = content.index(b"tx3g") + 4 + 8
        marks.append(content[place : place + 4].hex())
    assert marks == ["00000000", "c0000000"]


def test_forced_is_refused_where_quicktime_has_no_place_for_it(
    clips: dict[str, Path], hello: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedContainer, match="no place for the flag"):
        embed(clips[".mov"], [hello], EmbedOptions(tmp_path / "a.mov", forced=True))

    assert not (tmp_path / "a.mov").exists()


@pytest.mark.parametrize(
    ("ending", "tags"),
    [
        (".mp4", ["deu", "fra", "haw", None]),
        (".mov", ["deu", "fra", "haw", None]),
        (".mkv", ["ger", "fre", "haw", None]),
        (".webm", ["ger", "fre", "haw", None]),
    ],
)
def test_languages_are_told_in_the_codes_of_the_container(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str, tags: list[str | None]
) -> None:
    languages = ("German", "fr", "Hawaiian", "und")

    made = embed(clips[ending], [hello] * 4, EmbedOptions(tmp_path, languages))

    assert [language for _, language, _ in subtitle_tracks(made)] == tags


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (EmbedOptions(languages=("en", "de")), InvalidOption),
        (EmbedOptions(titles=("One", "Two")), InvalidOption),
        (EmbedOptions(languages=("Klingon",)), UnknownLanguage),
    ],
)
def test_options_that_do_not_fit_are_refused(
    clip: Path, hello: Path, options: EmbedOptions, error: type[Exception]
) -> None:
    with pytest.raises(error):
        embed(clip, [hello], options)

    assert sorted(clip.parent.iterdir()) == [hello, clip]


def test_no_subtitles_are_refused(clip: Path) -> None:
    with pytest.raises(InvalidOption, match="at least one"):
        embed(clip, [])


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
def test_titles_are_told_by_the_tracks(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str
) -> None:
    titles = ("Für alle: 'a' = \\b; #c", "")

    made = embed(clips[ending], [hello, hello], EmbedOptions(tmp_path, titles=titles))

    tracks = read_contents(made).of_kind(SUBTITLE)
    assert [track.title for track in tracks] == [titles[0], None]
    if ending in (".mp4", ".mov"):
        assert f"handler_name    : {titles[0]}" in told(made)


def test_styles_of_ass_are_kept_in_matroska_and_the_text_alone_in_mp4(clip: Path, tmp_path: Path) -> None:
    styled = tmp_path / "talk.fr.ass"
    styled.write_text(LOUD_ASS)

    notes: list[str] = []

    mkv = embed(clip, [styled], EmbedOptions(tmp_path / "a.mkv"), on_note=notes.append)
    silent = not notes
    mp4 = embed(clip, [styled], EmbedOptions(tmp_path / "a.mp4"), on_note=notes.append)
    embed(mkv, [styled], EmbedOptions(tmp_path / "b.mp4"), on_note=notes.append)

    assert silent
    lost = "only its text is kept; for its styles choose an output name ending in .mkv"
    assert notes == [f"{styled}: {lost}", f"{mkv}: subtitle track 0: {lost}", f"{styled}: {lost}"]

    assert subtitle_tracks(mkv) == [("ass", "fre", frozenset())]
    out = make_media(tmp_path / "out.ass", "-i", mkv, "-map", "0:s", "-c", "copy")
    assert "Style: Loud,Arial,40," in out.read_text()
    assert subtitle_tracks(mp4) == [("mov_text", "fra", frozenset())]
    assert "Bonjour." in track_text(mp4)


def test_tracks_that_another_container_cannot_hold_become_its_own_kind(clip: Path, hello: Path) -> None:
    mp4 = embed(clip, [hello])
    mkv = embed(mp4, [hello], EmbedOptions(clip.with_name("a.mkv"), languages=("de",)))
    again = embed(mkv, [hello], EmbedOptions(clip.with_name("b.mp4"), languages=("fr",)))

    assert [codec for codec, _, _ in subtitle_tracks(mkv)] == ["subrip", "subrip"]
    assert [codec for codec, _, _ in subtitle_tracks(again)] == ["mov_text"] * 3
    for number in range(3):
        assert track_text(again, number).strip() == HELLO.strip()


def test_a_poster_goes_from_mp4_to_matroska_and_back(film: Path, hello: Path, clips: dict[str, Path]) -> None:
    poster = film.with_name("poster.png")
    with_poster = make_media(
        film.with_name("a.mp4"),
        *("-i", clips[".mp4"], "-i", poster, "-map", "0", "-map", "1", "-c", "copy"),
        *("-disposition:v:1", "attached_pic"),
    )

    mkv = embed(with_poster, [hello], EmbedOptions(film.with_name("b.mkv")))
    mp4 = embed(mkv, [hello], EmbedOptions(film.with_name("c.mp4")))

    for made in (mkv, mp4):
        covers = [stream for stream in read_contents(made).streams if stream.is_cover]
        assert [cover.codec for cover in covers] == ["png"]
        cover = make_media(film.with_name("d.png"), "-i", made, "-map", f"0:{covers[0].index}", "-c", "copy")
        assert cover.read_bytes() == poster.read_bytes()


def test_chapters_and_time_code_of_mp4_are_not_doubled(clips: dict[str, Path], hello: Path) -> None:
    chapters = hello.with_name("chapters.txt")
    chapters.write_text(CHAPTERS)
    video = make_media(
        hello.with_name("a.mp4"),
        *("-i", clips[".mp4"], "-i", chapters, "-map_metadata", "1", "-map", "0"),
        *("-timecode", "01:00:00:00", "-c", "copy"),
    )
    notes: list[str] = []

    made = embed(video, [hello], on_note=notes.append)

    assert sorted(stream.tag for stream in read_contents(video).streams) == ["avc1", "mp4a", "text", "tmcd"]
    assert sorted(stream.tag for stream in read_contents(made).streams) == [
        *("avc1", "mp4a", "text", "tmcd", "tx3g")
    ]
    assert told(made).count("Chapter #") == 2
    assert "timecode        : 01:00:00:0" in told(made)
    assert "title           : My talk" in told(made)
    assert notes == []


def test_tags_of_apples_own_are_kept_in_quicktime(clips: dict[str, Path], hello: Path) -> None:
    camera = ("com.apple.quicktime.make", "Apple")
    video = make_media(
        hello.with_name("a.mov"),
        *("-i", clips[".mp4"], "-c", "copy", "-movflags", "use_metadata_tags", "-metadata", "=".join(camera)),
    )

    made = embed(video, [hello])

    for path in (video, made):
        assert ": ".join(camera) in told(path)
        assert re.search(r"^ +title +: My talk$", told(path), re.MULTILINE)


@pytest.mark.parametrize(("tag", "kept"), [(b"gpmd", True), (b"mebx", False)])
def test_telemetry_is_kept_where_ffmpeg_can_and_told_of_where_not(
    clips: dict[str, Path], hello: Path, tag: bytes, kept: bool
) -> None:
    """GoPro's, and an iPhone's; made of a track of chapters, whose kind is changed."""
    chapters = hello.with_name("chapters.txt")
    chapters.write_text(CHAPTERS)
    video = make_media(
        hello.with_name("a.mp4"), "-i", clips[".mp4"], "-i", chapters, "-map_metadata", "1", "-c", "copy"
    )
    content = video.read_bytes()
    place = content.rindex(b"stsd") + 16
    assert content[place : place + 4] == b"text"
    content = content[:place] + tag + content[place + 4 :]
    video.write_bytes(content.replace(b"chap", b"xxxx").replace(b"text\0\0\0\0", b"meta\0\0\0\0"))
    notes: list[str] = []

    made = embed(video, [hello], on_note=notes.append)

    tags = [stream.tag for stream in read_contents(made).streams]
    assert (tag.decode() in tags) == kept
    expected = [] if kept else [f"{video}: stream 2 (data {tag.decode()}) is left out: ffmpeg cannot copy it"]
    assert notes == expected
    assert stream_hashes(made, "v", "a") == stream_hashes(video, "v", "a")


@pytest.mark.parametrize("name", ["a.avi", "a.mpg", "a.ts", "a.srt", "a", "a.mp4.part"])
def test_other_containers_are_refused_with_what_to_do(clip: Path, hello: Path, name: str) -> None:
    output = clip.with_name(name)

    with pytest.raises(UnsupportedContainer) as refused:
        embed(clip, [hello], EmbedOptions(output))

    assert str(refused.value) == (
        f"{output}: such a file cannot be made (only .mp4, .m4v, .mov, .mkv, .webm are written); "
        "name one that ends in .mkv with `output`"
    )
    assert not output.exists()


def test_an_avi_is_refused_beside_itself_but_goes_into_matroska_as_it_is(
    clips: dict[str, Path], hello: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedContainer, match=r"talk\.subtitled\.avi: "):
        embed(clips[".avi"], [hello])

    made = embed(clips[".avi"], [hello], EmbedOptions(tmp_path / "a.mkv"))

    assert pictures(made) == pictures(clips[".avi"])
    assert track_text(made).strip() == HELLO.strip()


@pytest.mark.parametrize(("source", "ending"), [("film", ".mp4"), ("clip", ".webm")])
def test_streams_that_a_container_cannot_hold_are_told_and_leave_nothing(
    request: pytest.FixtureRequest, hello: Path, source: str, ending: str
) -> None:
    video: Path = request.getfixturevalue(source)  # a font in MP4, H.264 in WebM
    before = sorted(video.parent.iterdir())

    with pytest.raises(UnsupportedContainer, match=r"(?i)not currently supported|only VP8") as refused:
        embed(video, [hello], EmbedOptions(video.with_name(f"out{ending}")))

    assert "name one that ends in .mkv" in str(refused.value)
    assert sorted(video.parent.iterdir()) == before


def test_cues_keep_their_times_in_a_file_that_does_not_start_at_zero(
    clips: dict[str, Path], hello: Path
) -> None:
    stream = make_media(hello.with_name("a.ts"), "-i", clips[".mp4"], "-c", "copy")
    assert re.search(r"Duration: .*, start: 1\.\d", told(stream))

    made = embed(stream, [hello], EmbedOptions(hello.with_name("a.mkv")))

    assert track_text(made).strip() == HELLO.strip()
    assert packet_times(made)[0] == pytest.approx(0.0, abs=0.1)


def test_sound_that_starts_late_stays_late(clips: dict[str, Path], hello: Path) -> None:
    late = make_media(
        hello.with_name("late.mkv"),
        *("-i", clips[".mp4"], "-itsoffset", "1.5", "-i", clips[".mp4"], "-map", "0:v", "-map", "1:a"),
        *("-c", "copy"),
    )

    made = embed(late, [hello])

    starts = [re.search(r"Audio: .*start (\d\.\d+)", told(path)) for path in (late, made)]
    assert [start and float(start[1]) for start in starts] == [1.5, 1.5]
    assert track_text(made).strip() == HELLO.strip()


def test_a_video_without_sound_gets_subtitles_too(clips: dict[str, Path], hello: Path) -> None:
    mute = make_media(hello.with_name("mute.mp4"), "-i", clips[".mp4"], "-an", "-c", "copy")

    made = embed(mute, [hello])

    assert stream_hashes(made, "v") == stream_hashes(mute, "v")
    assert subtitle_tracks(made) == [("mov_text", "eng", frozenset())]


def test_progress_goes_from_the_beginning_to_the_end(clip: Path, hello: Path) -> None:
    places: list[tuple[float, float]] = []

    embed(clip, [hello], on_progress=lambda done, whole: places.append((done, whole)))

    assert {whole for _, whole in places} == {3.0}
    assert places == sorted(places)
    assert places[-1][0] == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize("ending", [".srt", ".vtt", ".ass"])
def test_signs_of_markup_in_a_text_are_shown_in_webm(
    clips: dict[str, Path], tmp_path: Path, ending: str
) -> None:
    """ffmpeg writes them into WebVTT as they are, where they would begin a tag and hide what follows."""
    cue = Cue(200, 1500, ("if a < b, R&D stops, & 3 > 2, <no> &lt;",))
    subtitles = tmp_path / f"talk{ending}"
    subtitles.write_text({".srt": write_srt, ".vtt": write_vtt, ".ass": write_ass}[ending]([cue]))

    made = embed(clips[".webm"], [subtitles], EmbedOptions(tmp_path))

    track = tmp_path / "track.vtt"
    ask_ffmpeg(["-i", input_url(made), "-map", "0:s", "-c", "copy", str(track)])
    (read,) = read_subtitles(track).cues
    assert read.text.replace(WORD_JOINER, "") == cue.text


@pytest.mark.parametrize(
    "language", ["en)", "(en", "en): Video: h264 (", "en\n  Stream #0:9: Video: h264", "日本語", "x" * 500]
)
def test_a_track_is_kept_whatever_its_language_says(language: str, hello: Path, tmp_path: Path) -> None:
    tone, picture = ("-f", "lavfi", "-i", "sine=d=3"), ("-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=3")
    maps = ("-map", "0", "-map", "1", "-map", "1", "-c:v", "mpeg4", "-c:a", "flac")
    tag = ("-metadata:s:a:0", f"language={language}")
    film = make_media(tmp_path / "film.mkv", *picture, *tone, *maps, *tag)

    made = embed(film, [hello])

    assert stream_hashes(made, "v", "a") == stream_hashes(film, "v", "a")
    assert len(stream_hashes(made, "a")) == 2
    assert read_contents(made).streams[1].language == read_contents(film).streams[1].language


def test_the_track_with_a_bracket_in_its_language_is_kept(cases: Path, hello: Path, tmp_path: Path) -> None:
    film = cases / "hostile" / "lang_paren.mkv"

    made = embed(film, [hello], EmbedOptions(output=tmp_path))

    assert len(stream_hashes(made, "a")) == 1
    assert stream_hashes(made, "v", "a") == stream_hashes(film, "v", "a")
