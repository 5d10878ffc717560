"""Subtitles stand in the picture while their cue lasts, and everything else is as it was."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from looking import HELLO, LOUD_ASS, frame_at, make_media, packet_times, stream_hashes, told
from systems import needs_linux

from ovsubs.audio.streams import AUDIO, SUBTITLE, VIDEO, read_contents
from ovsubs.errors import (
    InvalidOption,
    MediaError,
    NoPicture,
    UndrawableText,
    UnreadableSubtitles,
    UnsupportedContainer,
)
from ovsubs.video.burn import BurnOptions, burn

DURING, BETWEEN = 2.0, 1.2  # seconds: within the second cue of HELLO, and between the two
SEEN = 60.0  # of 255: letters and their outline against bars
ALIKE = 20.0  # what encoding changes of a pixel at most
LINUX = sys.platform.startswith("linux")
FASTEST = "ultrafast"

pytestmark = pytest.mark.usefixtures("fonts")


def rows_that_changed(before: Path, after: Path, second: float) -> np.ndarray:
    """Rows in which something was drawn, as parts of the height from the top.  # float64 [n]"""
    changed = np.abs(frame_at(before, second) - frame_at(after, second))
    return np.flatnonzero((changed > SEEN).any(axis=1)) / changed.shape[0]


@pytest.mark.parametrize("ending", [".mp4", ".m4v", ".mov", ".mkv", ".webm"])
def test_text_is_in_the_lower_part_of_the_picture_and_only_while_its_cue_lasts(
    clips: dict[str, Path], hello: Path, tmp_path: Path, ending: str
) -> None:
    video = clips[ending]
    before = video.read_bytes()

    made = burn(video, hello, BurnOptions(tmp_path))

    assert made == tmp_path / f"talk.burned{ending}"
    rows = rows_that_changed(video, made, DURING)
    assert len(rows) > 5
    assert rows.min() > 0.75
    assert rows.max() < 0.97
    assert np.abs(frame_at(video, BETWEEN) - frame_at(made, BETWEEN)).max() < ALIKE
    assert stream_hashes(made, "a") == stream_hashes(video, "a")
    assert packet_times(made) == pytest.approx(packet_times(video), abs=1e-6)
    assert read_contents(made).duration == pytest.approx(3.0, abs=0.1)
    assert video.read_bytes() == before


def test_a_real_film_gets_its_captions_into_the_picture(
    recordings: Callable[[str], Path], tmp_path: Path
) -> None:
    film = recordings("video/friday.mp4")

    made = burn(film, recordings("video/friday.vtt"), BurnOptions(tmp_path, preset=FASTEST))

    rows = rows_that_changed(film, made, 2.0)
    assert len(rows) > 10
    assert rows.min() > 0.75
    assert stream_hashes(made, "a") == stream_hashes(film, "a")
    assert packet_times(made) == pytest.approx(packet_times(film), abs=1e-3)


def test_a_turned_video_stands_upright_with_its_text_at_the_bottom(
    clips: dict[str, Path], hello: Path, tmp_path: Path
) -> None:
    turned = make_media(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", clips[".mp4"], "-c", "copy")
    (picture,) = read_contents(turned).of_kind(VIDEO)

    made = burn(turned, hello)

    assert (picture.width, picture.height) == (180, 320)
    assert "320x180" in told(turned)
    assert "180x320" in told(made)
    assert "rotation" not in told(made)
    rows = rows_that_changed(turned, made, DURING)  # ffmpeg turns what it decodes
    assert len(rows) > 3
    assert rows.min() > 0.75


@pytest.mark.parametrize("ending", [".mkv", ".webm"])
def test_an_odd_size_loses_a_row_and_a_column_at_most(hello: Path, tmp_path: Path, ending: str) -> None:
    source = ("-f", "lavfi", "-i", "smptebars=s=321x181:r=10:d=3", "-pix_fmt", "yuv444p")
    odd = make_media(tmp_path / "odd.mkv", *source, "-c:v", "libx264", "-preset", FASTEST)

    made = burn(odd, hello, BurnOptions(tmp_path / f"made{ending}"))

    before, after = frame_at(odd, BETWEEN), frame_at(made, BETWEEN)
    assert before.shape == (181, 321)
    assert after.shape == (180, 320)
    assert np.abs(before[:180, :320] - after).mean() < 3.0


@pytest.mark.parametrize("ending", [".mkv", ".mp4", ".webm"])
def test_pictures_of_a_variable_frame_rate_keep_their_times(hello: Path, tmp_path: Path, ending: str) -> None:
    """As phones and screen recorders write them: in milliseconds, on no grid."""
    uneven = make_media(
        tmp_path / "uneven.mkv",
        *("-f", "lavfi", "-i", r"testsrc=s=160x90:r=30:d=3,settb=1/1000,setpts='N*33+mod(N*N*7\,23)'"),
        *("-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-pix_fmt", "yuv420p"),
    )
    assert len({round(step, 3) for step in np.diff(packet_times(uneven))}) > 10

    made = burn(uneven, hello, BurnOptions(tmp_path / f"made{ending}"))

    assert packet_times(made) == pytest.approx(packet_times(uneven), abs=0.0011)


def test_larger_letters_take_more_of_the_height(clip: Path, hello: Path) -> None:
    small = burn(clip, hello, BurnOptions(clip.with_name("a.mp4"), font_size=10))
    usual = burn(clip, hello, BurnOptions(clip.with_name("b.mp4")))
    large = burn(clip, hello, BurnOptions(clip.with_name("c.mp4"), font_size=40))

    heights = [np.ptp(rows_that_changed(clip, made, DURING)) for made in (small, usual, large)]
    assert heights[0] < 0.8 * heights[1]
    assert heights[2] > 2 * heights[1]


def test_a_line_of_42_letters_fits_into_a_video_held_upright(tmp_path: Path) -> None:
    upright = make_media(tmp_path / "a.mp4", "-f", "lavfi", "-i", "color=gray:s=360x640:r=5:d=3")
    lines = tmp_path / "a.srt"
    text = "Forty-two letters are one line of a cue, a"
    assert len(text) == 42
    lines.write_text(f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n")

    made = burn(upright, lines, BurnOptions(preset=FASTEST))

    changed = np.abs(frame_at(upright, 2.0) - frame_at(made, 2.0)) > SEEN
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert np.ptp(rows) < 0.05 * 640  # one line, not two
    assert columns.min() > 0.03 * 360
    assert columns.max() < 0.97 * 360


def test_ass_is_drawn_as_it_says_itself(clip: Path) -> None:
    loud = clip.with_name("talk.ass")
    loud.write_text(LOUD_ASS)

    made = burn(clip, loud)

    rows = rows_that_changed(clip, made, 1.5)
    assert rows.max() < 0.3  # at the top
    assert np.ptp(rows) > 0.08
    assert len(rows_that_changed(clip, made, 2.5)) == 0


def test_sizes_for_ass_are_refused(clip: Path) -> None:
    loud = clip.with_name("talk.ass")
    loud.write_text(LOUD_ASS)

    with pytest.raises(InvalidOption, match="an ASS file has sizes of its own"):
        burn(clip, loud, BurnOptions(font_size=20))

    assert sorted(clip.parent.iterdir()) == [loud, clip]


def test_an_avi_becomes_an_mp4_with_sound_that_mp4_holds(
    clips: dict[str, Path], hello: Path, tmp_path: Path
) -> None:
    notes: list[str] = []

    made = burn(clips[".avi"], hello, BurnOptions(tmp_path), on_note=notes.append)

    assert made == tmp_path / "talk.burned.mp4"
    assert [stream.codec for stream in read_contents(made).of_kind(AUDIO)] == ["aac"]
    assert notes == [f"{clips['.avi']}: audio track 0 (pcm_s16le) is encoded anew for this container"]
    assert len(rows_that_changed(clips[".avi"], made, DURING)) > 5


def test_every_audio_track_is_kept_and_copied_where_it_can_be(clips: dict[str, Path], hello: Path) -> None:
    film = make_media(
        hello.with_name("film.mkv"),
        *("-i", clips[".mp4"], "-i", clips[".avi"], "-i", hello),
        *("-map", "0:v", "-map", "0:a", "-map", "1:a", "-map", "2", "-c", "copy", "-c:s", "srt"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"),
    )

    mkv = burn(film, hello, BurnOptions(preset=FASTEST))
    webm = burn(film, hello, BurnOptions(hello.with_name("film.webm")))

    assert stream_hashes(mkv, "a") == stream_hashes(film, "a")
    for made, codecs in ((mkv, ["aac", "pcm_s16le"]), (webm, ["opus", "opus"])):
        tracks = read_contents(made).of_kind(AUDIO)
        assert [(track.codec, track.language) for track in tracks] == list(
            zip(codecs, ("eng", "ger"), strict=True)
        )
        assert read_contents(made).of_kind(SUBTITLE) == []  # else players would show them twice


def test_chapters_and_tags_are_kept(clips: dict[str, Path], hello: Path) -> None:
    chapters = hello.with_name("chapters.txt")
    chapters.write_text(
        ";FFMETADATA1\ntitle=My talk\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=One\n"
    )
    arguments = ("-i", clips[".mp4"], "-i", chapters, "-map_metadata", "1", "-c", "copy")
    video = make_media(hello.with_name("a.mp4"), *arguments)

    made = burn(video, hello, BurnOptions(preset=FASTEST))

    assert "title           : My talk" in told(made)
    assert "Chapter #0:0: start 0.000000, end 3.000000" in told(made)


def test_quality_and_preset_are_those_that_are_asked_for(clip: Path, hello: Path) -> None:
    usual = burn(clip, hello, BurnOptions(clip.with_name("a.mp4"))).read_bytes()
    asked = burn(clip, hello, BurnOptions(clip.with_name("b.mp4"), crf=35, preset=FASTEST)).read_bytes()

    assert b"crf=20.0" in usual
    assert b"subme=7 " in usual  # x264's settings for medium
    assert b"crf=35.0" in asked
    assert b"subme=0 " in asked


def test_quality_of_webm_is_that_which_is_asked_for(
    clips: dict[str, Path], hello: Path, tmp_path: Path
) -> None:
    good = burn(clips[".webm"], hello, BurnOptions(tmp_path / "a.webm", crf=10))
    poor = burn(clips[".webm"], hello, BurnOptions(tmp_path / "b.webm", crf=60))

    whole = frame_at(clips[".webm"], BETWEEN)
    errors = [np.abs(whole - frame_at(made, BETWEEN)).mean() for made in (good, poor)]
    assert errors[1] > 2 * errors[0]


@pytest.mark.parametrize(
    ("given", "ending", "why"),
    [
        ({"font_size": 0.0}, ".mp4", "give 1 to 100"),
        ({"font_size": float("nan")}, ".mp4", "give 1 to 100"),
        ({"preset": "hasty"}, ".mp4", "choose from ultrafast"),
        ({"crf": -1}, ".mp4", "give 0 to 51"),
        ({"crf": 52}, ".mp4", "give 0 to 51"),
        ({"crf": 64}, ".webm", "give 0 to 63"),
        ({"preset": "fast"}, ".webm", "VP9"),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused(
    clip: Path, hello: Path, given: dict[str, float], ending: str, why: str
) -> None:
    with pytest.raises(InvalidOption, match=why):
        burn(clip, hello, BurnOptions(clip.with_name(f"made{ending}"), **given))

    assert sorted(clip.parent.iterdir()) == [hello, clip]


def test_sound_alone_is_refused_also_where_it_has_a_poster(clip: Path, hello: Path) -> None:
    sound = make_media(clip.with_name("sound.m4a"), "-i", clip, "-vn", "-c", "copy")
    poster = make_media(clip.with_name("a.png"), "-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1")
    arguments = ("-i", sound, "-i", poster, "-map", "0", "-map", "1", "-c", "copy")
    with_poster = make_media(clip.with_name("poster.m4a"), *arguments, "-disposition:v:0", "attached_pic")

    for path in (sound, with_poster):
        with pytest.raises(NoPicture):
            burn(path, hello)

    assert not list(clip.parent.glob("*burned*"))


def test_the_picture_and_not_the_poster_is_drawn_on(clip: Path, hello: Path) -> None:
    poster = make_media(clip.with_name("a.png"), "-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", "1")
    arguments = ("-i", clip, "-i", poster, "-map", "0", "-map", "1", "-c", "copy")
    video = make_media(clip.with_name("a.mp4"), *arguments, "-disposition:v:1", "attached_pic")
    assert sum(stream.is_cover for stream in read_contents(video).streams) == 1

    made = burn(video, hello, BurnOptions(preset=FASTEST))

    assert [(stream.width, stream.height) for stream in read_contents(made).of_kind(VIDEO)] == [(320, 180)]


def test_other_containers_are_refused(clip: Path, hello: Path) -> None:
    with pytest.raises(UnsupportedContainer, match=r"only \.mp4, \.m4v, \.mov, \.mkv, \.webm are written"):
        burn(clip, hello, BurnOptions(clip.with_name("a.avi")))


@needs_linux
def test_a_machine_without_fonts_is_told_of_before_anything_is_encoded(
    clip: Path, hello: Path, no_fonts: None
) -> None:
    with pytest.raises(UndrawableText) as told:
        burn(clip, hello)

    assert str(told.value) == (
        f"{hello}: no font on this machine can draw any of its text; install one that can, such as Noto Sans"
    )
    assert sorted(clip.parent.iterdir()) == [hello, clip]


@needs_linux
def test_letters_that_no_font_has_are_named_before_anything_is_encoded(clip: Path, hello: Path) -> None:
    hello.write_text(HELLO.replace("Hello there.", "日本 Hello 字幕です。"))

    with pytest.raises(UndrawableText, match=r"can draw 'す', 'で', '字', '幕', '日' and 1 others; install"):
        burn(clip, hello)

    assert sorted(clip.parent.iterdir()) == [hello, clip]


@needs_linux
def test_signs_that_no_font_has_are_told_of_and_the_rest_is_drawn(clip: Path, hello: Path) -> None:
    hello.write_text(HELLO.replace("Second", "🧀 Second\N{WORD JOINER}"))
    notes: list[str] = []

    made = burn(clip, hello, on_note=notes.append)

    assert notes == [f"{hello}: no font on this machine has '🧀'; boxes stand for them"]
    assert len(rows_that_changed(clip, made, DURING)) > 5


@pytest.mark.parametrize("colour", ["&H00000000", "&H00FFFFFF", "&H00808080"])
def test_text_of_any_colour_counts_as_drawn(clip: Path, colour: str) -> None:
    plain = clip.with_name("talk.ass")
    plain.write_text(LOUD_ASS.replace("&H00FFFFFF,&H00000000", f"{colour},{colour}"))

    assert burn(clip, plain, BurnOptions(preset=FASTEST)).is_file()


def test_progress_goes_from_the_beginning_to_the_end(clip: Path, hello: Path) -> None:
    places: list[tuple[float, float]] = []

    burn(
        clip, hello, BurnOptions(preset=FASTEST), on_progress=lambda done, whole: places.append((done, whole))
    )

    assert {whole for _, whole in places} == {3.0}
    assert places == sorted(places)
    assert places[-1][0] == pytest.approx(3.0, abs=0.2)


SLOW = r"{\fs9000\bord9000\blur1000\be999}" + "HELLO WORLD" * 20


@pytest.mark.parametrize("number", [1, 2])
def test_a_cue_that_nobody_would_wait_for_is_refused(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """libass takes minutes for a picture of it, and tells nothing meanwhile.

    ffmpeg holds back the picture before it, but not always on a busy machine: it may be the next number.
    """
    monkeypatch.setattr("ovsubs.video.glyphs._DRAWN_WITHIN_S", 3.0)
    monkeypatch.setattr("ovsubs.audio.ffmpeg.STALLED_S", 3.0)
    script, fields = tmp_path / "slow.ass", "Loud,,0,0,0,,"
    cues = ["Hello."] * (number - 1) + [SLOW]
    lines = [f"Dialogue: 0,0:00:0{n}.00,0:00:0{n + 1}.00,{fields}{cue}" for n, cue in enumerate(cues)]
    script.write_text("\n".join([*LOUD_ASS.splitlines()[:-1], *lines]) + "\n")

    with pytest.raises(UnreadableSubtitles, match=rf"cue ({number}|{number + 1}) takes too long to draw"):
        burn(clip, script)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["slow.ass", "talk.mp4"]


def test_a_list_of_files_in_the_disguise_of_a_script_opens_none(clip: Path, tmp_path: Path) -> None:
    """The filter that draws takes whatever it is given for a script."""
    script = tmp_path / "list.ass"
    script.write_text(f"#EXTM3U\n#EXTINF:5.0,\n{clip.name}\n\n{LOUD_ASS}")

    made = burn(clip, script)

    assert (frame_at(made, 1.5) != frame_at(clip, 1.5)).any()


def test_what_is_no_file_is_refused(clip: Path, hello: Path) -> None:
    for video, subtitles in ((Path("/dev/zero"), hello), (clip, Path("/dev/zero"))):
        with pytest.raises(MediaError):
            burn(video, subtitles)
