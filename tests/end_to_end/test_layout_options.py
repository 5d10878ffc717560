"""Styles, formats, review, and videos with subtitles in them, from real speech to the file."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pysubs2
import pytest
from command_line import COMMAND, Ended, environment

from ovsubs.audio.ffmpeg import ask_ffmpeg, input_url
from ovsubs.subtitles.formats import FORMATS
from ovsubs.transcript import Segment, Transcript

pytestmark = pytest.mark.model

Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def heard(base_model_dir: Path, talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The transcript of the talk, as `-f json --word-timestamps` keeps it."""
    from ovsubs.pipeline import Model
    from ovsubs.recognition import TranscribeOptions

    with Model(base_model_dir) as model:
        transcript = model.transcribe(talk, options=TranscribeOptions(language="en", word_timestamps=True))
    return transcript.save(tmp_path_factory.mktemp("heard") / "talk.json")


@pytest.fixture
def kept(heard: Path, tmp_path: Path) -> Path:
    """A copy of the transcript in a folder of the test's own."""
    return Path(shutil.copy(heard, tmp_path / "talk.json"))


def texts(path: Path) -> list[str]:
    return [event.plaintext for event in pysubs2.load(str(path))]


def words(path: Path) -> list[str]:
    return " ".join(texts(path)).split()


@pytest.mark.parametrize("style", ["netflix", "bbc", "youtube", "tiktok", "plain"])
def test_every_style_says_every_word_in_order(ovsubs: Run, kept: Path, style: str) -> None:
    ended = ovsubs("render", kept, "--style", style)

    assert (ended.code, ended.out.strip()) == (0, str(kept.with_suffix(".srt")))
    assert words(kept.with_suffix(".srt")) == Transcript.from_json(kept.read_text()).text.split()


def test_values_of_a_style_are_obeyed(ovsubs: Run, kept: Path) -> None:
    ended = ovsubs("render", kept, "--max-line-width", "12", "--max_line_count", "1", "--frame-rate", "25")

    assert ended.code == 0
    events = pysubs2.load(str(kept.with_suffix(".srt")))
    assert all(len(event.plaintext) <= 12 and "\n" not in event.plaintext for event in events)
    assert all(event.start % 40 == event.end % 40 == 0 for event in events)


def test_a_second_look_at_it_finds_nothing_wrong(ovsubs: Run, kept: Path) -> None:
    assert ovsubs("render", kept).code == 0
    ended = ovsubs("qc", kept.with_suffix(".srt"), "--no-media")
    assert (ended.code, ended.err) == (0, "")


def test_a_stdout_that_takes_nothing_is_told_in_one_line(kept: Path) -> None:
    """As of a full disk; and not once more by Python as it ends, with a code of its own."""
    with kept.open("rb") as only_read:
        done = subprocess.run(
            [*COMMAND, "render", kept, "-o", "-"],
            stdout=only_read,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"ovsubs: stdout: Bad file descriptor\n")


@pytest.mark.parametrize("n_segments", [1, 5000])
def test_a_reader_that_has_enough_stops_the_run_without_a_word(tmp_path: Path, n_segments: int) -> None:
    """As `head` does: text that still fits into a buffer, and text that does not."""
    segments = tuple(
        Segment(number, 2.0 * number, 2.0 * number + 1.5, " Fail better.", (), -0.2, 1.0, 0.01)
        for number in range(n_segments)
    )
    told = Transcript(segments, "en", 1.0, duration=2.0 * n_segments, speech_duration=1.5 * n_segments)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "render", told.save(tmp_path / "talk.json"), "-o", "-"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (130, b"")


def test_all_formats_are_all_but_the_transcript_itself(ovsubs: Run, kept: Path) -> None:
    assert ovsubs("render", kept, "-f", "all").code == 0
    assert {path.suffix[1:] for path in kept.parent.iterdir()} == set(FORMATS)


@pytest.mark.parametrize("flag", ["--language-suffix", "--overwrite"])
def test_what_names_files_is_refused_where_text_is_printed(ovsubs: Run, talk: Path, flag: str) -> None:
    ended = ovsubs("subtitle", talk, "-o", "-", flag)
    assert (ended.code, ended.out) == (2, "")
    assert ended.complaints[0].startswith(f"{flag} is not valid: ")


def test_words_are_highlighted_in_the_formats_that_can(ovsubs: Run, kept: Path) -> None:
    ended = ovsubs("render", kept, "-f", "srt,ass,txt", "--highlight-words")

    assert ended.code == 0
    assert "<u>" in kept.with_suffix(".srt").read_text()
    assert r"{\k" in kept.with_suffix(".ass").read_text()
    assert "<u>" not in kept.with_suffix(".txt").read_text()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--style", "hbo"),
            "--style = 'hbo' is not valid: choose from netflix, bbc, youtube, tiktok, plain",
        ),
        (
            ("-f", "json"),
            "--output-format = 'json' is not valid: that is the transcript itself; name another",
        ),
        (("-f", "txt", "--highlight-words"), "--highlight-words is not valid: txt cannot show it"),
        (("-f", "srt", "--vtt-settings", "line:85%"), "--vtt-settings = 'line:85%' is not valid: srt cannot"),
        (("-f", "vtt", "--vtt-settings", "line:big"), "--vtt-settings = 'line:big' is not valid: 'big'"),
        (("--max-cps", "0"), "--max-cps = 0.0 is not valid: give a number above 0"),
        (
            ("--min-duration-ms", "8000"),
            "--min-duration-ms = 8000 is not valid: cues would last at least 8000",
        ),
        (("-o", "-", "-f", "srt,vtt"), "--output-format = 'srt,vtt' is not valid: with --output-dir - it is"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(
    ovsubs: Run, kept: Path, options: tuple[str, ...], line: str
) -> None:
    ended = ovsubs("render", kept, *options)

    assert (ended.code, ended.out) == (2, "")
    assert ended.complaints[0].startswith(line)
    assert list(kept.parent.iterdir()) == [kept]


def test_a_run_with_everything_leaves_everything(
    ovsubs: Run, talk: Path, base_model_dir: Path, tmp_path: Path
) -> None:
    film = shutil.copy(talk, tmp_path / "talk.mp4")
    call = ("subtitle", film, "--model", base_model_dir, "-l", "en", "-f", "srt,json", "--review", "2")

    ended = ovsubs(*call, "--embed", "--burn", "--style", "youtube")

    assert ended.code == 0
    names = {"talk.mp4", "talk.srt", "talk.json", "talk.subtitled.mp4", "talk.burned.mp4"}
    assert {path.name for path in tmp_path.iterdir()} == names
    said = ask_ffmpeg(["-i", input_url(tmp_path / "talk.subtitled.mp4")])
    assert re.search(r"\(eng\): Subtitle: mov_text", said)
    header, row = ended.out.splitlines()[:2]
    assert {"cues", "reading speed", "rule errors"} <= set(re.split(r"  +", header.strip()))
    assert re.search(r"\d ch/s", row)
    segments = json.loads((tmp_path / "talk.json").read_text())["segments"]
    assert all(segment["words"] for segment in segments)


def test_copies_that_were_made_are_not_subtitled_themselves(
    ovsubs: Run, talk: Path, tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    for name in ("talk.mp4", "talk.subtitled.mp4", "talk.burned.mp4"):
        shutil.copy(talk, tmp_path / name)

    ended = ovsubs("subtitle", tmp_path, "--model", tiny_en_model_dir, "-q")

    assert ended.code == 0
    assert [path.name for path in tmp_path.glob("*.srt")] == ["talk.srt"]


def test_videos_need_a_format_that_a_video_takes(ovsubs: Run, talk: Path) -> None:
    ended = ovsubs("subtitle", talk, "-f", "txt", "--burn")

    assert ended.code == 2
    assert ended.complaints == ["--burn is not valid: it needs one of the formats ass, srt, vtt"]


def test_a_video_that_cannot_hold_a_track_still_has_its_subtitles(
    ovsubs: Run, ffmpeg: Callable[..., Path], talk: Path, tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    film = ffmpeg(tmp_path / "talk.avi", "-i", talk)

    ended = ovsubs("subtitle", film, "--model", tiny_en_model_dir, "--embed")

    assert ended.code == 1
    assert "talk.subtitled.avi: such a file cannot be made" in ended.err
    assert (tmp_path / "talk.srt").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"talk.avi", "talk.srt"}


def test_a_copy_shows_what_was_heard_in_this_run(
    ovsubs: Run, talk: Path, tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    """And not older subtitles beside it, in a format that holds more of the layout."""
    film = shutil.copy(talk, tmp_path / "talk.mp4")
    older = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:00.00,0:00:05.00,Etwas anderes\n"
    (tmp_path / "talk.ass").write_text(older)

    ended = ovsubs("subtitle", film, "--model", tiny_en_model_dir, "-f", "ass,srt", "--embed")

    assert ended.code == 0
    ask_ffmpeg(["-i", input_url(tmp_path / "talk.subtitled.mp4"), "-map", "0:s", str(tmp_path / "track.srt")])
    assert "Ever tried" in (tmp_path / "track.srt").read_text()
    assert (tmp_path / "talk.ass").read_text() == older


def write_corrected(path: Path) -> None:
    path.write_text("1\n00:00:01,000 --> 00:00:03,000\nCorrected.\n")


def track_of(video: Path) -> str:
    """What ffmpeg says of a video, and the text of its subtitle track."""
    track = video.with_suffix(".track.srt")
    return ask_ffmpeg(["-i", input_url(video), "-map", "0:s", str(track)]) + track.read_text()


def test_copies_of_subtitles_that_are_there_need_no_model(
    ovsubs: Run, ffmpeg: Callable[..., Path], talk: Path, tmp_path: Path
) -> None:
    """Corrected by hand, or left by a run that was stopped; a video that cannot hold them stops no other."""
    ffmpeg(tmp_path / "a.avi", "-i", talk)
    for name in ("b.mp4", "c.mp4"):
        shutil.copy(talk, tmp_path / name)
    for name in ("a.srt", "b.srt", "c.srt"):
        write_corrected(tmp_path / name)

    ended = ovsubs("subtitle", tmp_path, "-m", tmp_path / "none", "-l", "en", "--embed")
    again = ovsubs("subtitle", tmp_path, "-m", tmp_path / "none", "-l", "en", "--embed")

    assert (ended.code, again.code) == (1, 1)
    assert "a.subtitled.avi: such a file cannot be made" in ended.err
    for name in ("b", "c"):
        copy, srt = tmp_path / f"{name}.subtitled.mp4", tmp_path / f"{name}.srt"
        assert f"{name}.mp4: made of {srt}, which was there" in ended.err
        told = track_of(copy)
        assert re.search(r"\(eng\): Subtitle: mov_text", told)
        assert "Corrected." in told
        assert "Corrected." in srt.read_text()
        assert f"{copy}: already there; without it, it is made anew of {srt}" in again.err


def test_a_copy_shows_what_was_there_beside_formats_that_are_new(
    ovsubs: Run, talk: Path, tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    film = shutil.copy(talk, tmp_path / "talk.mp4")
    write_corrected(tmp_path / "talk.en.srt")
    call = ("subtitle", film, "--model", tiny_en_model_dir, "-f", "srt,txt", "--language-suffix", "--embed")

    ended = ovsubs(*call)

    assert ended.code == 0
    assert "Ever tried" in (tmp_path / "talk.en.txt").read_text()
    told = track_of(tmp_path / "talk.subtitled.mp4")
    assert re.search(r"\(eng\): Subtitle: mov_text", told)
    assert "Corrected." in told


def test_no_copy_is_made_where_the_model_is_not_found(ovsubs: Run, talk: Path, tmp_path: Path) -> None:
    """Before an hour of encoding, and not after it."""
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(talk, tmp_path / name)
    write_corrected(tmp_path / "a.srt")

    ended = ovsubs("subtitle", tmp_path, "-m", tmp_path / "none", "--embed")

    assert ended.code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "a.srt", "b.mp4"}


def test_where_nobody_speaks_there_is_no_copy_and_no_failure(
    ovsubs: Run, ffmpeg: Callable[..., Path], tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    silent = ("-f", "lavfi", "-i", "color=s=64x64:r=10:d=3", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono")
    film = ffmpeg(tmp_path / "quiet.mp4", *silent, "-shortest")
    call = ("subtitle", film, "--model", tiny_en_model_dir, "--embed", "--burn")

    first, second = ovsubs(*call), ovsubs(*call)

    assert (first.code, second.code) == (0, 0)
    assert "no speech was found" in first.err
    assert {path.name for path in tmp_path.iterdir()} == {"quiet.mp4", "quiet.srt"}


@pytest.mark.parametrize("name", ["audio_with_cover_embed.mp3", "talk.avi"])
def test_what_is_advised_for_a_copy_that_cannot_be_made_makes_one(
    ovsubs: Run,
    cases: Path,
    talk: Path,
    ffmpeg: Callable[..., Path],
    tiny_en_model_dir: Path,
    tmp_path: Path,
    name: str,
) -> None:
    media = tmp_path / name
    if name == "talk.avi":
        ffmpeg(media, "-i", talk, "-c:v", "mpeg4", "-c:a", "mp3")
    else:
        shutil.copy(cases / name, media)

    ended = ovsubs("subtitle", media, "--model", tiny_en_model_dir, "--embed")
    advice = re.search(r"`ovsubs ([^`]+)`", ended.err)
    assert advice is not None
    followed = ovsubs(*shlex.split(advice[1]))

    assert (ended.code, followed.code) == (1, 0)
    assert media.with_suffix(".srt").is_file()
    assert re.search(r"\(eng\): Subtitle: subrip", track_of(media.with_suffix(".subtitled.mkv")))
