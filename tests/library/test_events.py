"""What a run tells as it goes: every file once, in an order that bars, ledgers and servers can stand on."""

import gc
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from ovsubs.audio.ffmpeg import ask_ffmpeg
from ovsubs.errors import UnreadableMedia, UnsupportedTask
from ovsubs.library.events import (
    Activity,
    CopyProgress,
    Event,
    FileFinished,
    FileProgress,
    FileStarted,
    PlanDecided,
)
from ovsubs.library.file_result import Status
from ovsubs.library.plan import SubtitleOptions, make_plan
from ovsubs.library.run import run_plan
from ovsubs.library.videos import VideoOptions
from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.transcript import Segment

ONE_CUE = "1\n00:00:00,000 --> 00:00:01,000\nEver tried.\n"


@pytest.fixture
def folder(speech_sample: Path, tmp_path: Path) -> Path:
    """Three recordings; the second cannot be read."""
    shutil.copy(speech_sample, tmp_path / "a.wav")
    (tmp_path / "b.mp4").write_bytes(b"no video" * 1000)
    shutil.copy(speech_sample, tmp_path / "c.wav")
    return tmp_path


@pytest.fixture
def film(speech_sample: Path, tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    ask_ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=10", "-i", str(speech_sample), str(path)])
    return path


def run(model: Model, folder: Path, options: SubtitleOptions) -> list[Event]:
    return list(run_plan(make_plan([folder], options), options, lambda: nullcontext(model)))


def finished(events: list[Event]) -> dict[str, Status]:
    return {
        event.result.path.name: event.result.status for event in events if isinstance(event, FileFinished)
    }


@contextmanager
def no_model() -> Iterator[Model]:
    raise AssertionError("nothing is to be heard, and a model was opened")
    yield


@pytest.mark.model
def test_each_input_is_started_comes_on_and_is_finished_once(folder: Path, base_model: Model) -> None:
    events = run(base_model, folder, SubtitleOptions())

    assert finished(events) == {"a.wav": Status.DONE, "b.mp4": Status.FAILED, "c.wav": Status.DONE}
    first = events[0]
    assert isinstance(first, FileFinished)
    assert isinstance(first.result.error, UnreadableMedia)  # what the plan has settled comes first
    for name in ("a.wav", "c.wav"):
        own = [
            event
            for event in events
            if (event.result.path if isinstance(event, FileFinished) else event.file.path).name == name
        ]
        started, *progress, end = own
        assert isinstance(started, FileStarted)
        assert started.activity is Activity.TRANSCRIBE
        assert progress
        assert isinstance(end, FileFinished)
        assert end.result.outputs == (folder / name.replace("wav", "srt"),)
        positions, segments = list[float](), list[object]()
        for event in progress:
            assert isinstance(event, FileProgress)
            positions.append(event.position)
            segments += event.segments
        assert positions == sorted(positions)
        assert end.result.transcript is not None
        assert segments == list(end.result.transcript.segments)


@pytest.mark.model
def test_a_file_that_vanishes_after_the_plan_fails_alone(folder: Path, base_model: Model) -> None:
    options = SubtitleOptions()
    plan = make_plan([folder / "a.wav", folder / "c.wav"], options)
    (folder / "a.wav").unlink()

    events = list(run_plan(plan, options, lambda: nullcontext(base_model)))

    assert finished(events) == {"a.wav": Status.FAILED, "c.wav": Status.DONE}


@pytest.mark.model
def test_a_file_is_probed_once_unless_it_changes(
    speech_sample: Path, tmp_path: Path, base_model: Model, children: list[subprocess.Popen[bytes]]
) -> None:
    options = SubtitleOptions(overwrite=True)
    talk = tmp_path / "talk.wav"
    shutil.copy(speech_sample, talk)

    def n_probes() -> int:
        return sum("framecrc" in str(child.args) for child in children)

    plan = make_plan([talk], options)
    assert n_probes() == 1
    list(run_plan(plan, options, lambda: nullcontext(base_model)))
    assert n_probes() == 1

    ask_ffmpeg(["-i", str(speech_sample), "-af", "apad=pad_dur=5", "-y", str(talk)])
    *_, last = run_plan(plan, options, lambda: nullcontext(base_model))

    assert n_probes() == 2
    assert isinstance(last, FileFinished)
    assert last.result.transcript is not None
    assert last.result.transcript.duration == pytest.approx(plan.files[0].duration + 5.0, abs=0.1)


@pytest.mark.model
def test_the_languages_that_decide_are_heard_first(
    speech_sample: Path, tmp_path: Path, base_model: Model
) -> None:
    for name in ("english.wav", "french.wav"):
        shutil.copy(speech_sample, tmp_path / name)
    (tmp_path / "english.en.srt").write_text(ONE_CUE)
    (tmp_path / "french.fr.srt").write_text(ONE_CUE)

    events = run(base_model, tmp_path, SubtitleOptions())

    detected = [
        event.file.path.name
        for event in events
        if isinstance(event, FileStarted) and event.activity is Activity.DETECT_LANGUAGE
    ]
    (decided,) = (event for event in events if isinstance(event, PlanDecided))
    assert detected == ["english.wav", "french.wav"]
    assert [file.path.name for file in decided.plan.files] == ["french.wav"]
    assert not decided.plan.undecided
    assert finished(events) == {"english.wav": Status.SKIPPED, "french.wav": Status.DONE}


@pytest.mark.model
def test_what_the_model_cannot_do_is_said_before_a_file_is_started(
    speech_sample: Path, tmp_path: Path, tiny_en_model_dir: Path
) -> None:
    shutil.copy(speech_sample, tmp_path / "talk.wav")
    options = SubtitleOptions(transcribe=TranscribeOptions(task="translate"))
    with Model(tiny_en_model_dir) as model:
        events = run_plan(make_plan([tmp_path], options), options, lambda: nullcontext(model))

        with pytest.raises(UnsupportedTask):
            next(events)


def test_a_copy_tells_how_far_it_is_and_opens_no_model(film: Path) -> None:
    film.with_suffix(".srt").write_text(ONE_CUE)
    options = SubtitleOptions(videos=VideoOptions(burn=True))

    started, *progress, end = run_plan(make_plan([film], options), options, no_model)

    assert isinstance(started, FileStarted)
    assert started.activity is Activity.COPY
    assert progress
    for event in progress:
        assert isinstance(event, CopyProgress)
        assert 0.0 <= event.position <= event.duration + 0.1
    assert isinstance(end, FileFinished)
    assert end.result.outputs == (film.with_name("film.burned.mp4"),)


def test_a_run_that_is_closed_in_a_copy_leaves_nothing(
    film: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    film.with_suffix(".srt").write_text(ONE_CUE)
    options = SubtitleOptions(videos=VideoOptions(burn=True))
    before = sorted(film.parent.iterdir())
    events = run_plan(make_plan([film], options), options, no_model)
    while not isinstance(next(events), CopyProgress):
        pass

    events.close()

    assert sorted(film.parent.iterdir()) == before
    assert all(child.poll() is not None for child in children)


def test_an_error_of_the_consumer_ends_the_run(film: Path) -> None:
    film.with_suffix(".srt").write_text(ONE_CUE)
    options = SubtitleOptions(videos=VideoOptions(burn=True))
    events = run_plan(make_plan([film], options), options, no_model)
    while not isinstance(next(events), CopyProgress):
        pass

    with pytest.raises(ZeroDivisionError):
        events.throw(ZeroDivisionError())


@pytest.mark.model
def test_what_has_been_told_is_let_go_of(speech_sample: Path, tmp_path: Path, base_model: Model) -> None:
    """Or the words of five hundred videos would be in memory at the end."""
    ask_ffmpeg(["-i", str(speech_sample), "-t", "2.5", str(tmp_path / "0.wav")])
    for n in range(1, 12):
        shutil.copy(tmp_path / "0.wav", tmp_path / f"{n}.wav")
    before, n_finished, alive = _n_segments(), 0, list[int]()
    options = SubtitleOptions(transcribe=TranscribeOptions(language="en", batch_size=2))
    for event in run_plan(make_plan([tmp_path], options), options, lambda: nullcontext(base_model)):
        if isinstance(event, FileFinished):
            n_finished += 1
            del event
            alive.append(_n_segments() - before)

    assert n_finished == 12
    assert max(alive) <= 6  # of the files that are being read


def _n_segments() -> int:
    gc.collect()
    return sum(type(one) is Segment for one in gc.get_objects())  # torch has objects that warn when asked


@pytest.mark.model
def test_a_run_that_is_closed_while_a_file_is_read_leaves_nothing(
    folder: Path, base_model: Model, children: list[subprocess.Popen[bytes]]
) -> None:
    options = SubtitleOptions()
    before = sorted(folder.iterdir())
    events = run_plan(make_plan([folder], options), options, lambda: nullcontext(base_model))
    while not isinstance(next(events), FileProgress):
        pass

    events.close()

    assert sorted(folder.iterdir()) == before
    assert all(child.poll() is not None for child in children)
    assert base_model.transcribe(folder / "a.wav").segments  # the model is as good as new
