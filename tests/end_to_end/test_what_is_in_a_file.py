"""Odd channels, several tracks, damage: the words are there, and a note says what was done or is missing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Ended

import ovsubs
from ovsubs.errors import TruncatedMedia
from ovsubs.whisper.model import CompileOptions

pytestmark = pytest.mark.model
Make = Callable[..., Path]
SILENCE = ("-f", "lavfi", "-t", "10", "-i", "anullsrc=r=16000:cl=mono")
HISS = ("-f", "lavfi", "-t", "10", "-i", "anoisesrc=r=16000:a=0.05")


@pytest.fixture(scope="module")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[ovsubs.Model]:
    with ovsubs.Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


def says_all(text: str) -> bool:
    """Whether it is the sample, as a person would hear it."""
    told = text.lower()
    return all(
        words in told for words in ("ever tried", "no matter", "try again", "fail again", "fail better")
    )


# What ffmpeg makes of the one channel `v` of the sample (and of a hiss `n`).
CHANNELS = {
    "cancel.flac": "[v]asplit[a][b];[b]volume=-1[c];[a][c]amerge",
    "cancel_at_the_end.flac": "[v]asplit[a][b];[b]volume='if(gt(t,5),-1,1)':eval=frame[c];[a][c]amerge",
    "late_and_upside_down.wav": "[v]asplit[a][b];[b]adelay=2S,volume=-1[c];[a][c]amerge=inputs=2",
    "left_beside_hiss.flac": "[v][n]amerge",
    "low.flac": "[v]pan=5.1|LFE=c0",
    "centre.flac": "[v]pan=5.1|FC=c0",
    "sixth_of_eight.wav": "[v]pan=7.1|c5=c0",
}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_voice_is_heard_on_whatever_channel_it_is(
    name: str, tiny_model: ovsubs.Model, speech_sample: Path, ffmpeg: Make, tmp_path: Path
) -> None:
    voice = "[0:a]aformat=channel_layouts=mono:sample_rates=16000[v];"
    hiss = "[1:a]aformat=channel_layouts=mono:sample_rates=16000[n];" if "[n]" in CHANNELS[name] else ""
    path = ffmpeg(
        tmp_path / name, "-i", speech_sample, *HISS, "-filter_complex", voice + hiss + CHANNELS[name]
    )
    assert says_all(tiny_model.transcribe(path).text)


def two_tracks(ffmpeg: Make, path: Path, speech: Path, *tags: str) -> Path:
    """A silent track, and the sample on the second one."""
    return ffmpeg(path, *SILENCE, "-i", speech, "-map", "0", "-map", "1", *tags, "-c:a", "flac")


def test_a_silent_track_gives_way_to_one_that_speaks(
    tiny_model: ovsubs.Model, speech_sample: Path, ffmpeg: Make, tmp_path: Path
) -> None:
    path = two_tracks(ffmpeg, tmp_path / "two.mkv", speech_sample, "-disposition:a:0", "default")
    outcomes = {
        one.number: one.transcript for one in tiny_model.transcribe_files([path, speech_sample, path])
    }
    assert sorted(outcomes) == [0, 1, 2]
    for transcript in outcomes.values():
        assert transcript is not None
        assert says_all(transcript.text)
    assert outcomes[0] is not None
    assert outcomes[0].notes == ("audio track 1 of 2: nobody speaks in 0 (default)",)
    assert tuple(tiny_model.stream(path)) == outcomes[0].segments
    assert [segment.id for segment in outcomes[0].segments] == list(range(len(outcomes[0].segments)))


def test_a_named_track_is_read_though_it_is_silent_and_the_others_are_named(
    tiny_model: ovsubs.Model, speech_sample: Path, ffmpeg: Make, tmp_path: Path
) -> None:
    tags = ("-metadata:s:a:1", "language=eng", "-metadata:s:a:1", "title=Stage")
    path = two_tracks(ffmpeg, tmp_path / "two.mkv", speech_sample, *tags)
    options = ovsubs.TranscribeOptions(audio_track=0)
    transcript = tiny_model.transcribe(path, options=options)
    assert transcript.segments == ()
    assert transcript.notes == (
        "no speech was found",
        "other audio tracks, which were not read: 1 eng 'Stage'",
    )
    assert list(tiny_model.stream(path, options=options)) == []


def test_a_track_in_another_language_is_not_read_instead_but_named(
    tiny_model: ovsubs.Model, speech_sample: Path, ffmpeg: Make, tmp_path: Path
) -> None:
    tags = (
        "-metadata:s:a:0",
        "language=eng",
        "-metadata:s:a:1",
        "language=jpn",
        "-disposition:a:0",
        "default",
    )
    transcript = tiny_model.transcribe(two_tracks(ffmpeg, tmp_path / "two.mkv", speech_sample, *tags))
    assert transcript.segments == ()
    assert transcript.notes[-1] == "other audio tracks, which were not read: 1 jpn"


def test_where_nobody_speaks_in_any_track_all_are_named(
    tiny_model: ovsubs.Model, ffmpeg: Make, tmp_path: Path
) -> None:
    path = ffmpeg(tmp_path / "two.mkv", *SILENCE, *HISS, "-map", "0", "-map", "1", "-c:a", "flac")
    transcript = tiny_model.transcribe(path)
    assert transcript.segments == ()
    assert transcript.notes == (
        "no speech was found",
        "audio track 0 (default) of 2: it is the default one",
        "nobody speaks in the others either: 1",
    )


def test_the_track_in_the_language_asked_for_is_read(
    base_model_dir: Path, cases: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    film = cases / "dub_track_language.mkv"
    ended = ovsubs("subtitle", film, "-l", "en", "-m", base_model_dir, "-o", tmp_path, "-f", "txt")
    assert ended.code == 0
    assert ended.complaints == [f"{film}: audio track 1 eng of 2: it is in the language asked for"]
    assert "landing a man on the moon" in (tmp_path / "dub_track_language.txt").read_text()


@pytest.mark.parametrize("name", ["out_of_phase.flac", "eight_channels_voice_on_4th.flac"])
def test_the_cases_of_odd_channels(name: str, tiny_model: ovsubs.Model, cases: Path) -> None:
    assert "landing a man on the moon" in tiny_model.transcribe(cases / name).text


def test_damage_is_noted_with_its_times_and_ends_no_run(
    tiny_en_model_dir: Path, cases: Path, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    video = cases / "damaged_aac_7s.mp4"
    ended = ovsubs("subtitle", video, "-m", tiny_en_model_dir, "-o", tmp_path, "-f", "json")
    written = json.loads((tmp_path / "damaged_aac_7s.json").read_text())
    assert ended.code == 0
    (line,) = ended.complaints
    assert line == f"{video}: the file is damaged: its sound could not be decoded from 0:20.0 to 0:27.0"
    assert [list(span) for span in written["damaged"]] == [["start", "end"]]
    assert written["damaged"][0]["start"] == pytest.approx(20.0, abs=0.1)
    assert written["damaged"][0]["end"] == pytest.approx(27.0, abs=0.1)


def test_a_wav_that_is_cut_off_fails_or_is_kept(tiny_model: ovsubs.Model, cases: Path) -> None:
    half = cases / "hostile/half.wav"
    with pytest.raises(TruncatedMedia, match=r"breaks off after 2\.5 of 5\.0 s"):
        tiny_model.transcribe(half)
    with pytest.raises(TruncatedMedia, match=r"breaks off after 2\.5 of 5\.0 s"):
        list(tiny_model.stream(half))
    kept = tiny_model.transcribe(half, options=ovsubs.TranscribeOptions(keep_damaged=True))
    assert kept.notes == ("the audio breaks off after 2.5 of 5.0 s",)
    assert kept.damaged[0].end == pytest.approx(5.0, abs=0.01)


def test_time_stamps_that_leap_hours_are_no_duration(
    tiny_en_model_dir: Path, speech_sample: Path, ffmpeg: Make, ovsubs: Callable[..., Ended], tmp_path: Path
) -> None:
    leap = r"asetpts=PTS+gt(T\,5)*3600/TB"
    path = ffmpeg(tmp_path / "leap.mkv", "-i", speech_sample, "-af", leap, "-c:a", "flac")
    ended = ovsubs("subtitle", path, "-m", tiny_en_model_dir, "-f", "srt")
    assert ended.code == 0
    assert " 0:10 " in ended.out
    written = (tmp_path / "leap.srt").read_text().lower()
    assert "ever tried" in written
    assert "01:00:0" in written.split("etter")[0]  # where players have it
