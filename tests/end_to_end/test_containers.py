"""The same speech in every container: the same sentences, at the same time."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest
from command_line import Ended, run_process
from heard import is_sample

from ovsubs.audio.media import probe

pytestmark = pytest.mark.model

LATE_S = 3.0
SAME_TIME_MS = 200  # the VAD works in steps of 32 ms, a codec's delay is up to 50 ms
WITH_PICTURE = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=25")
CONTAINERS = {
    "mp4": (*WITH_PICTURE, "-i", "SAMPLE", "-pix_fmt", "yuv420p", "-shortest"),
    "mkv": (*WITH_PICTURE, "-i", "SAMPLE", "-pix_fmt", "yuv420p", "-shortest"),
    "webm": (*WITH_PICTURE, "-i", "SAMPLE", "-c:v", "libvpx", "-c:a", "libopus", "-shortest"),
    "wav": ("-i", "SAMPLE", "-ar", "44100", "-ac", "2"),
    "mp3": ("-i", "SAMPLE",),
    "m4a": ("-i", "SAMPLE",),
    "late.mkv": (*WITH_PICTURE, "-itsoffset", str(LATE_S), "-i", "SAMPLE", "-t", "13"),
    "late.mp4": (*WITH_PICTURE, "-itsoffset", str(LATE_S), "-i", "SAMPLE", "-pix_fmt", "yuv420p", "-t", "13"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(
    base_model_dir: Path,
    speech_sample: Path,
    ffmpeg: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The sample in all containers, each with its subtitles beside it, from one run over the folder."""
    folder = tmp_path_factory.mktemp("containers")
    for ending, arguments in CONTAINERS.items():
        given = [str(speech_sample) if argument == "SAMPLE" else argument for argument in arguments]
        ffmpeg(folder / f"{ending.replace('.', '-')}.{ending[-4:].strip('.')}", *given)
    ended = run_process("subtitle", folder, "--model", base_model_dir, "-f", "srt,json")
    assert ended.code == 0, ended.err
    assert ended.out.count(".srt, ") == len(CONTAINERS)
    return folder


@pytest.mark.parametrize("container", [name.replace(".", "-") for name in CONTAINERS])
def test_every_container_gives_the_same_sentences_in_order_and_inside_the_file(
    folder: Path, container: str
) -> None:
    cues = pysubs2.load(str(folder / f"{container}.srt"))
    media = next(path for path in folder.glob(f"{container}.*") if path.suffix not in (".srt", ".json"))

    assert is_sample(" ".join(cue.plaintext for cue in cues))
    assert all(cue.start < cue.end for cue in cues)
    assert all(cue.end <= following.start for cue, following in pairwise(cues))
    assert cues[0].start >= 0
    assert cues[-1].end <= probe(media).duration * 1000


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_cues_come_late_where_the_audio_starts_late(folder: Path, container: str) -> None:
    prompt = pysubs2.load(str(folder / f"{container}.srt"))
    late = pysubs2.load(str(folder / f"late-{container}.srt"))

    assert late[0].start - prompt[0].start == pytest.approx(LATE_S * 1000, abs=SAME_TIME_MS)


def test_the_json_is_of_openai_whispers_shape(folder: Path) -> None:
    content = json.loads((folder / "mp4.json").read_text(encoding="utf-8"))

    assert is_sample(content["text"])
    assert content["text"] == "".join(segment["text"] for segment in content["segments"])
    assert content["language"] == "en"
    assert [segment["id"] for segment in content["segments"]] == list(range(len(content["segments"])))
    for segment in content["segments"]:
        assert 0.0 <= segment["start"] < segment["end"] <= content["duration"]
        assert all(isinstance(token, int) for token in segment["tokens"])
        assert -2.0 < segment["avg_logprob"] < 0.0
        assert 0.5 < segment["compression_ratio"] < 2.4
        assert 0.0 <= segment["no_speech_prob"] <= 1.0
        assert 0.0 <= segment["temperature"] <= 1.0


def test_a_track_is_chosen_by_its_language_or_number(
    base_model_dir: Path,
    speech_sample: Path,
    ffmpeg: Callable[..., Path],
    ovsubs: Callable[..., Ended],
    tmp_path: Path,
) -> None:
    film = ffmpeg(
        tmp_path / "film.mkv",
        *("-f", "lavfi", "-i", "sine=frequency=330:duration=10", "-i", speech_sample),
        *("-map", "0:a", "-map", "1:a"),
        *("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng"),
        *("-disposition:a:0", "default", "-disposition:a:1", "0"),
    )
    model = ("--model", base_model_dir)

    english = ovsubs("subtitle", film, *model, "-o", "-", "-f", "txt", "--audio-track", "eng")
    first = ovsubs("subtitle", film, *model, "-o", "-", "-f", "txt", "--audio-track", "0")
    either = ovsubs("subtitle", film, *model, "-o", "-", "-f", "txt")
    absent = ovsubs("subtitle", film, *model, "--audio-track", "fr")

    assert is_sample(english.out)
    assert first.out == ""  # a tone, which says nothing
    assert first.complaints[-1] == f"{film}: other audio tracks, which were not read: 1 eng"
    assert is_sample(either.out)
    assert either.complaints == [f"{film}: audio track 1 eng of 2: nobody speaks in 0 ger (default)"]
    assert absent.code == 1
    assert absent.complaints == [f"{film}: no audio track 'fr'; this file has: 0 ger (default), 1 eng"]
    assert list(tmp_path.iterdir()) == [film]
