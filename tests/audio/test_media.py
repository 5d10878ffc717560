"""Real files made by the bundled ffmpeg: what is in them, and where in time their sound lies."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rights import AS_A_USER
from systems import names_here, needs_permissions

import ovsubs
from ovsubs.audio import ffmpeg as ffmpeg_room
from ovsubs.audio.damage import ReadReport
from ovsubs.audio.media import probe, stream_audio
from ovsubs.audio.streams import AudioTrack, Contents, Media
from ovsubs.audio.track_language import same_language
from ovsubs.audio.tracks import choose_track
from ovsubs.errors import EmptyFile, MissingFile, NoAudioStream, NoSuchTrack, UnreadableMedia

RATE = 16_000
Make = Callable[..., Path]
Read = Callable[[Path], np.ndarray]

PICTURE = ("-f", "lavfi", "-i", "testsrc=d=4:s=64x64:r=10")
TONE = ("-f", "lavfi", "-i", "sine=f=1000:d=4:r=48000")
# Two seconds of silence but for 0.1 s of sound at 1.0 s.
BEEP = ("-f", "lavfi", "-i", r"aevalsrc=0.5*sin(6000*t)*between(t\,1\,1.1):d=2:s=48000")


def onset(samples: np.ndarray) -> float:
    """Seconds to the first loud sample."""
    return float(np.flatnonzero(np.abs(samples) > 0.1)[0]) / RATE


def video(*extra: str) -> tuple[str, ...]:
    return ("-c:v", "mpeg4", *extra)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", ()),
        ("a.flac", ()),
        ("a.mp3", ("-c:a", "libmp3lame")),
        ("a.m4a", ("-c:a", "aac")),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.opus", ("-c:a", "libopus")),
        ("a.mka", ("-c:a", "flac")),
    ],
)
def test_sound_files_are_probed_and_heard_at_the_right_time(
    name: str, options: tuple[str, ...], ffmpeg: Make
) -> None:
    media = probe(ffmpeg(name, *BEEP, *options))
    assert media.duration == pytest.approx(2.0, abs=0.06)
    assert not media.has_video
    assert [track.index for track in media.tracks] == [0]
    (block,) = stream_audio(media, media.tracks[0])
    assert block.dtype == np.float32
    assert len(block) / RATE == pytest.approx(2.0, abs=0.06)
    assert media.tracks[0].start + onset(block) == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", ("-c:v", "mpeg4", "-c:a", "aac")),
        ("a.mkv", ("-c:v", "mpeg4", "-c:a", "libvorbis")),
        ("a.mkv", ("-c:v", "mpeg4", "-c:a", "aac")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus")),
        ("a.mpg", ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2")),
        ("a.ts", ("-c:v", "mpeg2video", "-r", "25", "-c:a", "aac")),
        ("a.mov", ("-c:v", "mpeg4", "-c:a", "pcm_s16le")),
        ("a.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
    ],
)
def test_videos_are_probed_and_heard_at_the_right_time(
    name: str, options: tuple[str, ...], ffmpeg: Make
) -> None:
    media = probe(ffmpeg(name, *PICTURE, *BEEP, *options))
    assert media.has_video
    assert media.duration == pytest.approx(4.0, abs=0.2)
    (track,) = media.tracks
    assert track.start + onset(np.concatenate(list(stream_audio(media, track)))) == pytest.approx(
        1.0, abs=0.03
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("late.mp4", ("-c:a", "aac")),
        ("late.mkv", ("-c:a", "libvorbis")),
        ("late.mkv", ("-c:a", "aac")),
        ("late.ts", ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2")),
    ],
)
def test_sound_that_starts_late_in_the_file_keeps_its_time(
    name: str, options: tuple[str, ...], ffmpeg: Make
) -> None:
    media = probe(ffmpeg(name, *PICTURE, "-itsoffset", "1.5", *BEEP, *video(*options)))
    (track,) = media.tracks
    assert track.start == pytest.approx(1.5, abs=0.06)
    samples = np.concatenate(list(stream_audio(media, track)))
    assert track.start + onset(samples) == pytest.approx(2.5, abs=0.01)


def test_a_picture_that_starts_late_does_not_move_the_sound(ffmpeg: Make) -> None:
    media = probe(ffmpeg("a.mkv", "-itsoffset", "1.5", *PICTURE, *BEEP, *video("-c:a", "flac")))
    (track,) = media.tracks
    assert track.start == 0.0
    assert onset(np.concatenate(list(stream_audio(media, track)))) == pytest.approx(1.0, abs=0.005)


def test_a_hole_in_the_time_stamps_becomes_silence(ffmpeg: Make) -> None:
    hole = r"aselect=lt(t\,0.2)+gt(t\,0.7)"
    media = probe(ffmpeg("hole.mkv", *BEEP, "-af", hole, "-c:a", "flac"))
    samples = np.concatenate(list(stream_audio(media, media.tracks[0])))
    assert len(samples) / RATE == pytest.approx(2.0, abs=0.05)
    assert onset(samples) == pytest.approx(1.0, abs=0.03)


def two_languages(ffmpeg: Make) -> Media:
    tracks = ("-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=eng")
    titles = ("-metadata:s:a:0", "title=Director's: cut", "-metadata:s:a:1", "language=ger")
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default", "-metadata", "title=The film")
    return probe(ffmpeg("two.mkv", *PICTURE, *TONE, *BEEP, *tracks, *titles, *flags, *video("-c:a", "flac")))


def test_tracks_have_language_title_and_default_flag(ffmpeg: Make) -> None:
    media = two_languages(ffmpeg)
    assert media.tracks == (
        AudioTrack(0, "eng", "Director's: cut", default=False, start=0.0, codec="flac"),
        AudioTrack(1, "ger", None, default=True, start=0.0, codec="flac"),
    )
    beep = np.concatenate(list(stream_audio(media, choose_track(media, "de"))))
    assert onset(beep) == pytest.approx(1.0, abs=0.005)
    tone = np.concatenate(list(stream_audio(media, choose_track(media, 0))))
    assert onset(tone) < 0.01


TRACKS = (
    AudioTrack(0, "eng", "Comments", default=False, start=0.0, codec="aac"),
    AudioTrack(1, "en-US", None, default=False, start=0.0, codec="aac"),
    AudioTrack(2, "ger", None, default=True, start=0.0, codec="aac"),
    AudioTrack(3, None, None, default=False, start=0.0, codec="aac"),
)
FOUR = Media(Contents(Path("four.mkv"), 10.0, (), apple_tags=False), 10.0, TRACKS, has_video=True)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 2),
        (0, 0),
        (3, 3),
        ("1", 1),
        ("en", 0),
        ("English", 0),
        ("eng", 0),
        ("deu", 2),
        ("german", 2),
        ("DE", 2),
    ],
)
def test_a_track_is_chosen_by_number_or_language(wanted: int | str | None, index: int) -> None:
    assert choose_track(FOUR, wanted).index == index


def test_without_a_default_flag_the_first_track_is_taken() -> None:
    assert choose_track(replace(FOUR, tracks=TRACKS[:2]), None).index == 0


@pytest.mark.parametrize("wanted", [4, -1, "9", "fr", "Klingon", ""])
def test_a_track_that_is_not_there_is_refused_with_what_is(wanted: int | str) -> None:
    with pytest.raises(NoSuchTrack, match=r"0 eng 'Comments', 1 en-US, 2 ger \(default\), 3$"):
        choose_track(FOUR, wanted)


@pytest.mark.parametrize(
    ("tag", "wanted", "same"),
    [
        ("eng", "en", True),
        ("fre", "fra", True),
        ("pt-BR", "Portuguese", True),
        ("chi", "Mandarin", True),
        ("haw", "hawaiian", True),
        ("und", "en", False),
        ("nob", "no", False),
    ],
)
def test_codes_and_names_of_a_language_are_the_same(tag: str, wanted: str, same: bool) -> None:
    assert same_language(tag, wanted) is same


def test_stereo_is_mixed_down(ffmpeg: Make, read_samples: Read) -> None:
    sides = ("-f", "lavfi", "-i", r"aevalsrc=0.5*between(t\,0\,1)|0.25*between(t\,1\,2):d=2:s=16000")
    samples = read_samples(ffmpeg("stereo.wav", *sides))
    assert len(samples) == 2 * RATE
    assert samples[RATE // 2] == pytest.approx(0.25, abs=1e-3)
    assert samples[RATE * 3 // 2] == pytest.approx(0.125, abs=1e-3)


def test_samples_at_16_khz_come_through_unchanged(ffmpeg: Make, read_samples: Read) -> None:
    path = ffmpeg(
        "exact.wav", "-f", "lavfi", "-i", "anoisesrc=d=1:r=16000:seed=1", "-c:a", "pcm_s16le", "-bitexact"
    )
    stored = np.frombuffer(path.read_bytes()[44:], "<i2")
    assert np.array_equal(read_samples(path), stored.astype(np.float32) / 32768)


def test_blocks_are_consecutive_and_of_the_length_asked_for(ffmpeg: Make, read_samples: Read) -> None:
    path = ffmpeg("a.flac", *TONE)
    media = probe(path)
    blocks = list(stream_audio(media, media.tracks[0], block_s=1.5))
    assert [len(block) for block in blocks] == [24_000, 24_000, 16_000]
    assert np.array_equal(np.concatenate(blocks), read_samples(path))


@pytest.mark.parametrize("name", ["a.wav", "a.mkv"])
def test_a_part_of_a_late_track_is_read_in_its_own_time(name: str, ffmpeg: Make) -> None:
    offset = () if name == "a.wav" else (*PICTURE, "-itsoffset", "1.5")
    codec = ("-c:a", "pcm_s16le") if name == "a.wav" else video("-c:a", "flac")
    media = probe(ffmpeg(name, *offset, *BEEP, *codec))
    part = np.concatenate(list(stream_audio(media, media.tracks[0], start=0.75, length=0.5)))
    assert len(part) == pytest.approx(RATE // 2, abs=2)
    assert onset(part) == pytest.approx(0.25, abs=0.005)


@pytest.mark.parametrize("name", ["ten.wav", "ten.m4a", "ten.mp3", "ten.mkv"])
def test_ten_milliseconds_are_read(name: str, ffmpeg: Make, read_samples: Read) -> None:
    samples = read_samples(ffmpeg(name, "-f", "lavfi", "-i", "sine=d=0.01"))
    assert 100 <= len(samples) <= 1000


def test_no_samples_give_no_blocks(ffmpeg: Make) -> None:
    media = probe(ffmpeg("zero.wav", *TONE, "-t", "0"))
    assert media.duration == 0.0
    assert list(stream_audio(media, media.tracks[0])) == []


def test_a_file_that_does_not_say_its_duration_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "recorded.webm"
    command = [
        ffmpeg_room.ffmpeg_executable(),
        "-v",
        "error",
        *TONE,
        "-c:a",
        "libopus",
        "-f",
        "webm",
        "pipe:1",
    ]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    assert probe(path).duration == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize(
    "name",
    names_here(
        ['it\'s "one" 100%d.wav', "it's 100%d.wav", "-dash.wav", "a:b|c.wav", "日本語 ü.wav", "http:x.wav"]
    ),
)
def test_odd_names_are_read(name: str, ffmpeg: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ffmpeg(name, *BEEP)
    monkeypatch.chdir(path.parent)
    media = probe(Path(name))
    assert onset(next(stream_audio(media, media.tracks[0]))) == pytest.approx(1.0, abs=0.005)


def test_a_cover_in_a_song_is_no_video(ffmpeg: Make) -> None:
    cover = ffmpeg("cover.png", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=1", "-frames:v", "1")
    song = ffmpeg(
        "song.mp3", *TONE, "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy", "-id3v2_version", "3"
    )
    assert not probe(song).has_video


def test_subtitles_and_chapters_in_a_film_are_passed_over(ffmpeg: Make, tmp_path: Path) -> None:
    (tmp_path / "s.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nStream #0:7: Audio: x\n")
    (tmp_path / "m.txt").write_text(
        ";FFMETADATA1\ntitle=Stream #0:8: Audio: y\\\nsecond line\n"
        "[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=One\n"
    )
    extra = ("-i", str(tmp_path / "s.srt"), "-i", str(tmp_path / "m.txt"), "-map_metadata", "3")
    maps = ("-map", "0", "-map", "1", "-map", "2")
    media = probe(ffmpeg("film.mkv", *PICTURE, *TONE, *extra, *maps, *video("-c:a", "flac")))
    assert media.tracks == (
        AudioTrack(0, None, None, default=media.tracks[0].default, start=0.0, codec="flac"),
    )


def test_what_moviepy_says_of_a_plain_video_is_what_we_say(ffmpeg: Make) -> None:
    reader = pytest.importorskip("moviepy.video.io.ffmpeg_reader")
    language = ("-metadata:s:a:0", "language=fra")
    path = ffmpeg("a.mp4", *PICTURE, *TONE, *language, *video("-c:a", "aac"))
    theirs, ours = reader.ffmpeg_parse_infos(str(path)), probe(path)
    assert ours.duration == theirs["duration"]
    streams = [stream for stream in theirs["inputs"][0]["streams"] if stream["stream_type"] == "audio"]
    assert [(t.language, t.default) for t in ours.tracks] == [(s["language"], s["default"]) for s in streams]


def test_bad_files_are_named_with_the_reason(tmp_path: Path, ffmpeg: Make) -> None:
    with pytest.raises(MissingFile, match=r"gone\.mp4: no such file"):
        probe(tmp_path / "gone.mp4")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(EmptyFile, match=r"empty\.mp4"):
        probe(tmp_path / "empty.mp4")
    with pytest.raises(UnreadableMedia, match="it is a folder"):
        probe(tmp_path)
    (tmp_path / "text.mp4").write_text("This is a text.\n" * 50)
    with pytest.raises(UnreadableMedia, match=r"text\.mp4: not readable .*not what its name says"):
        probe(tmp_path / "text.mp4")
    (tmp_path / "text.wav").write_text("This is a text.\n" * 50)
    with pytest.raises(
        UnreadableMedia, match=r"text\.wav: not readable as audio or video \(Invalid data found"
    ):
        probe(tmp_path / "text.wav")
    with pytest.raises(NoAudioStream, match=r"silent\.mp4"):
        probe(ffmpeg("silent.mp4", *PICTURE, *video()))


@needs_permissions
def test_a_file_without_permission_says_so(ffmpeg: Make) -> None:
    path = ffmpeg("locked.wav", *BEEP)
    path.chmod(0)
    code = (
        "import sys; from pathlib import Path; from ovsubs.audio.media import probe; probe(Path(sys.argv[1]))"
    )
    where = {**os.environ, "PYTHONPATH": str(Path(ovsubs.__file__).parents[1])}
    done = subprocess.run(
        [*AS_A_USER, sys.executable, "-c", code, str(path)],
        env=where,
        check=False,
        capture_output=True,
        text=True,
    )
    assert re.search("UnreadableMedia: .*permission denied", done.stderr)


def cut_in_half(path: Path) -> Path:
    half = path.with_name(f"half-{path.name}")
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return half


def test_an_mp4_cut_off_before_its_index_is_unreadable(ffmpeg: Make) -> None:
    with pytest.raises(UnreadableMedia, match="cut off"):
        probe(cut_in_half(ffmpeg("a.mp4", *PICTURE, *TONE, *video("-c:a", "aac"))))


@pytest.mark.parametrize("name", ["a.mkv", "a.mp3", "a.flac", "index-first.m4a"])
def test_a_track_that_breaks_off_is_delivered_and_reported(name: str, ffmpeg: Make) -> None:
    noise = ("-f", "lavfi", "-i", "anoisesrc=d=6:r=16000:seed=1:a=0.3")
    whole = probe(ffmpeg(name, *noise, *(("-movflags", "+faststart") if name.endswith("m4a") else ())))
    said = list[ReadReport]()
    assert sum(map(len, stream_audio(whole, whole.tracks[0], on_end=said.append))) >= 5.9 * RATE
    half = probe(cut_in_half(whole.path))
    heard = sum(map(len, stream_audio(half, half.tracks[0], on_end=said.append)))
    assert 2 * RATE < heard < 4 * RATE
    well, cut = said
    assert (well.breaks_off, well.damaged) == (None, ())
    assert str(cut.breaks_off).startswith("the audio breaks off after ")
    assert cut.damaged[-1].end == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_reader_that_is_killed_in_the_middle_is_reported(
    is_known: bool, ffmpeg: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a system without memory: it leaves no word, and a video may be longer than its sound."""
    media = probe(ffmpeg("a.mkv", *PICTURE, "-f", "lavfi", "-i", "sine=d=600:r=16000", "-c:a", "flac"))
    if not is_known:
        media = replace(media, duration=0.0)
    children = list[subprocess.Popen[bytes]]()
    start = subprocess.Popen

    def noting(*arguments: Any, **named: Any) -> subprocess.Popen[bytes]:
        children.append(start(*arguments, **named))
        return children[-1]

    monkeypatch.setattr(subprocess, "Popen", noting)
    said = list[ReadReport]()
    blocks = stream_audio(media, media.tracks[0], on_end=said.append)
    next(blocks)
    children[-1].kill()
    list(blocks)
    (read,) = said
    what = "the audio breaks off" if is_known else "ffmpeg stopped"
    assert re.fullmatch(rf"{what} after \d+\.\d .*\(ffmpeg gives no reason\)", str(read.breaks_off))


def test_sound_shorter_than_its_video_is_no_damage(ffmpeg: Make) -> None:
    media = probe(ffmpeg("a.mkv", *PICTURE, *BEEP, *video("-c:a", "flac")))
    said = list[ReadReport]()
    list(stream_audio(media, media.tracks[0], on_end=said.append))
    assert [(read.breaks_off, read.damaged) for read in said] == [(None, ())]


def test_a_file_that_vanishes_after_the_probe_is_unreadable(ffmpeg: Make) -> None:
    media = probe(ffmpeg("a.wav", *BEEP))
    media.path.unlink()
    with pytest.raises(UnreadableMedia, match="No such file"):
        next(stream_audio(media, media.tracks[0]))


def test_a_playlist_cannot_reach_the_network(tmp_path: Path) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:9", "#EXTINF:9,", "http://127.0.0.1:9/a.ts", "#EXT-X-ENDLIST"]
    (tmp_path / "list.mp4").write_text("\n".join(lines))
    with pytest.raises((UnreadableMedia, NoAudioStream)):
        probe(tmp_path / "list.mp4")


def long_file(ffmpeg: Make) -> Media:
    return probe(ffmpeg("long.flac", "-f", "lavfi", "-i", "sine=d=600:r=16000"))


def test_closing_or_dropping_the_stream_ends_ffmpeg(
    ffmpeg: Make, children: list[subprocess.Popen[bytes]]
) -> None:
    media = long_file(ffmpeg)
    children.clear()
    closed = stream_audio(media, media.tracks[0], block_s=1.0)
    next(closed)
    assert children[0].poll() is None
    closed.close()
    dropped = stream_audio(media, media.tracks[0], block_s=1.0)
    next(dropped)
    assert children[1].poll() is None
    del dropped
    gc.collect()
    assert [child.returncode is not None for child in children] == [True, True]


def test_an_interrupt_in_the_loop_ends_ffmpeg(ffmpeg: Make, children: list[subprocess.Popen[bytes]]) -> None:
    media = long_file(ffmpeg)
    children.clear()

    def listen() -> None:
        for _ in stream_audio(media, media.tracks[0], block_s=1.0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        listen()
    gc.collect()
    assert children[0].returncode is not None


def test_real_videos_are_read_whole(data: Path, read_samples: Read) -> None:
    for path in [
        data / "video/friday.mp4",
        data / "video/ai_explained_16s.webm",
        data / "video/grid/sbwe5n.mpg",
    ]:
        media = probe(path)
        assert media.has_video
        assert len(read_samples(path)) / RATE == pytest.approx(media.duration, abs=0.1)
