"""From samples to numbered segments: order, batches, language, silence, and nothing left running."""

import gc
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.audio.ffmpeg import ffmpeg_executable
from ovsubs.audio.regions import SpeechRegion
from ovsubs.audio.sections import Section, Span
from ovsubs.audio.source import open_source
from ovsubs.audio.windows import Window
from ovsubs.errors import InvalidOption, UnknownLanguage, UnsupportedTask
from ovsubs.pipeline import Model, Progress
from ovsubs.recognize import Round, TranscribeOptions, _SectionQueue, recognize
from ovsubs.timing import Stopwatch
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.model import CompileOptions

RATE = 16_000
HELLO, WORLD = 18435, 995  # " Hello", " world" in tiny.en
Read = Callable[[Path], NDArray[np.float32]]

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[Model]:
    with Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


def rounds(model: Model, samples: NDArray[np.float32], options: TranscribeOptions) -> list[Round]:
    source = open_source(samples, None, lambda damage: None)
    return list(recognize(model._engine, source, options, Stopwatch()))


# The queue of sections, fed by hand


def section(start: float, end: float) -> Section:
    samples = np.zeros(round((end - start) * RATE), np.float32)
    return Section(Span(start, end), samples, (SpeechRegion(start + 0.2, end - 0.2),))


class Desk:
    """A queue of sections, and what a decoder could have said about their windows."""

    def __init__(self, model: Model, *sections: Section) -> None:
        self.engine, self.options = model._engine, TranscribeOptions()
        self.begin = self.engine.reader.special.timestamp_begin
        self.queue = _SectionQueue(iter(sections), self.options.vad)

    def time(self, seconds: float) -> int:
        return self.begin + round(seconds / 0.02)

    def decoded(self, *tokens: int, finished: bool = True) -> DecodedWindow:
        return DecodedWindow(tokens, -0.3, 0.1, finished)

    def said(self, word: int, start: float, end: float) -> DecodedWindow:
        return self.decoded(self.time(start), word, self.time(end))


def test_segments_come_in_file_order_though_later_sections_finish_first(tiny_model: Model) -> None:
    desk = Desk(tiny_model, section(0, 29), section(30, 59), section(60, 89))
    first, second, third = desk.queue.places(3)
    third.advance(desk.said(WORLD, 0.2, 28.8), False, desk.engine, desk.options)
    assert third.is_done
    assert desk.queue.take_segments() == []
    first.advance(desk.said(HELLO, 0.2, 10.0), False, desk.engine, desk.options)  # the rest is read again
    assert [segment.start for segment in desk.queue.take_segments()] == [0.2]
    second.advance(desk.said(HELLO, 0.2, 28.8), False, desk.engine, desk.options)
    assert desk.queue.take_segments() == []
    assert desk.queue.places(3) == [first]
    assert first.window.window.start == 10.0
    first.advance(desk.said(WORLD, 0.0, 18.8), False, desk.engine, desk.options)
    assert [segment.start for segment in desk.queue.take_segments()] == [10.0, 30.2, 60.2]
    assert desk.queue.places(3) == []
    assert desk.queue.position == 89.0


def test_sections_come_in_as_places_become_free(tiny_model: Model) -> None:
    desk = Desk(tiny_model, *(section(start, start + 20) for start in range(0, 100, 20)))
    assert [place.window.window.start for place in desk.queue.places(2)] == [0, 20]
    assert [place.window.window.start for place in desk.queue.places(4)] == [0, 20, 40, 60]
    desk.queue.places(4)[1].advance(desk.said(HELLO, 0.2, 19.8), False, desk.engine, desk.options)
    assert [place.window.window.start for place in desk.queue.places(2)] == [0, 40]
    assert desk.queue.position == 20.0


def test_a_silent_window_gives_nothing_and_is_passed(tiny_model: Model) -> None:
    desk = Desk(tiny_model, section(0, 50))
    (place,) = desk.queue.places(1)
    place.advance(desk.said(HELLO, 0.2, 5.0), True, desk.engine, desk.options)
    assert place.window.window == Window(30.0, 50.0)
    assert place.n_left_out == 0
    assert desk.queue.take_segments() == []


def test_a_window_that_repeats_itself_is_read_again_in_halves_and_given_up_at_last(tiny_model: Model) -> None:
    desk = Desk(tiny_model, section(0, 60))
    (place,) = desk.queue.places(1)
    loop = desk.decoded(desk.time(0.0), *[HELLO, WORLD] * 100, finished=False)
    seen = []
    while place.window.window.start < 1.0:
        seen.append(place.window.window)
        place.advance(loop, False, desk.engine, desk.options)
    assert seen == [Window(0.0, 30.0), Window(0.0, 15.0), Window(0.0, 7.5)]
    assert place.window.window == Window(7.5, 37.5)
    assert place.n_left_out == 1
    assert desk.queue.take_segments() == []


def test_a_half_that_makes_sense_is_kept(tiny_model: Model) -> None:
    desk = Desk(tiny_model, section(0, 60))
    (place,) = desk.queue.places(1)
    place.advance(desk.decoded(desk.time(0.0), *[HELLO] * 200), False, desk.engine, desk.options)
    place.advance(desk.said(HELLO, 0.2, 14.9), False, desk.engine, desk.options)
    assert place.window.window == Window(15.0, 45.0)
    assert [segment.text for segment in desk.queue.take_segments()] == [" Hello"]


def test_no_sections_no_places(tiny_model: Model) -> None:
    desk = Desk(tiny_model)
    assert desk.queue.places(4) == []
    assert desk.queue.take_segments() == []
    assert desk.queue.position == 0.0


# Real speech


@pytest.fixture(scope="module")
def heard(base_model: Model, joined_speech: NDArray[np.float32]) -> list[Round]:
    return rounds(base_model, joined_speech, TranscribeOptions(language="en"))


def test_segments_are_numbered_in_file_order_and_cover_the_speech(
    heard: list[Round], joined_speech: NDArray[np.float32]
) -> None:
    segments = [segment for done in heard for segment in done.segments]
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert all(segment.start < segment.end for segment in segments)
    assert all(before.start <= after.start for before, after in pairwise(segments))
    assert all(before.end <= after.start + 0.5 for before, after in pairwise(segments))
    duration = len(joined_speech) / RATE
    assert segments[-1].end <= duration
    positions = [done.position for done in heard]
    assert positions == sorted(positions)
    assert positions[-1] == pytest.approx(duration, abs=1.0)
    covered = sum(segment.end - segment.start for segment in segments)
    assert 0.95 * sum(done.speech_duration for done in heard) < covered < duration


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_batch_size_does_not_change_the_text(
    base_model: Model, joined_speech: NDArray[np.float32], heard: list[Round], batch_size: int
) -> None:
    """The rounds in `heard` are of 8 windows, as many as are decoded together by default."""
    other = rounds(base_model, joined_speech, TranscribeOptions(language="en", batch_size=batch_size))
    expected = [(segment.start, segment.end, segment.text) for done in heard for segment in done.segments]
    assert [
        (segment.start, segment.end, segment.text) for done in other for segment in done.segments
    ] == expected


def test_the_batch_size_does_not_change_the_language(
    base_model: Model, shared_data: Path, read_samples: Read
) -> None:
    """An English clip first: one window must not decide. A vote of three in batches of 1 and 8."""
    files = [f"fleurs/{name}.ogg" for name in ("en/fleurs-en-000", "fr/fleurs-fr-000", "fr/fleurs-fr-001")]
    samples = np.concatenate([_filled_up(read_samples(shared_data / file)) for file in files])
    votes = []
    for batch_size in (1, 8):
        options = TranscribeOptions(batch_size=batch_size, language_detection_segments=3)
        source = open_source(samples, None, lambda damage: None)
        stream = recognize(base_model._engine, source, options, Stopwatch())
        votes.append(next(stream).spoken)
        stream.close()  # type: ignore[attr-defined]
    assert {decision.language for decision in votes} == {"fr"}
    assert np.ptp([decision.probability for decision in votes]) < 1e-3
    assert 0.4 < votes[0].probability < 0.9


def _filled_up(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """With silence to 29 s, so that each clip is a section of its own."""
    return np.concatenate([samples, np.zeros(29 * RATE - len(samples), np.float32)])


# Nobody speaks


@pytest.mark.parametrize(
    ("language", "found", "probability"), [(None, "und", 0.0), ("de", "de", 1.0), ("German", "de", 1.0)]
)
def test_without_speech_there_is_no_round_and_the_transcript_says_so(
    base_model: Model, language: str | None, found: str, probability: float
) -> None:
    silence = np.zeros(5 * RATE, np.float32)
    assert rounds(base_model, silence, TranscribeOptions(language=language)) == []
    transcript = base_model.transcribe(silence, language=language)
    assert (transcript.segments, transcript.text) == ((), "")
    assert (transcript.language, transcript.language_probability) == (found, probability)
    assert transcript.notes == ("no speech was found",)
    assert (transcript.duration, transcript.speech_duration) == (5.0, 0.0)


@pytest.mark.parametrize("n_samples", [0, 1, 160])
@pytest.mark.parametrize("vad", [True, False])
def test_audio_of_no_length_is_no_speech(tiny_model: Model, n_samples: int, vad: bool) -> None:
    options = TranscribeOptions() if vad else TranscribeOptions(vad=None)
    transcript = tiny_model.transcribe(np.zeros(n_samples, np.float32), options=options)
    assert transcript.segments == ()
    assert transcript.notes == ("no speech was found",)


# Files


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every child process that is started, kept to look at."""
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    return started


@pytest.fixture(scope="module")
def long_file(speech_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample over and over for eleven and a half minutes: more than one block of samples."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    looped = ["-stream_loop", "68", "-i", str(speech_sample), "-ac", "1", "-ar", "16000", str(path)]
    subprocess.run([ffmpeg_executable(), "-nostdin", "-v", "error", *looped], check=True)
    return path


def test_closing_the_stream_of_segments_ends_ffmpeg(
    tiny_model: Model, long_file: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    stream = tiny_model.stream(long_file, options=TranscribeOptions(batch_size=1))
    first = next(stream)
    assert "Ever tried" in first.text
    assert children[-1].poll() is None  # ffmpeg waits with the next block
    stream.close()  # type: ignore[attr-defined]
    assert children[-1].returncode is not None


def test_an_interrupt_while_progress_is_shown_ends_ffmpeg(
    tiny_model: Model, long_file: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    def interrupt(progress: Progress) -> None:
        assert children[-1].poll() is None
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiny_model.transcribe(long_file, options=TranscribeOptions(batch_size=1), on_progress=interrupt)
    gc.collect()
    assert children[-1].returncode is not None


def test_the_start_of_the_track_moves_every_segment(
    tiny_model: Model, speech_sample: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.mkv"
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=5:d=15"]
    muxed = ["-itsoffset", "4.5", "-i", str(speech_sample), "-map", "0", "-map", "1", str(late)]
    subprocess.run([ffmpeg_executable(), "-nostdin", "-v", "error", *picture, *muxed], check=True)
    shown = list[Progress]()
    moved = tiny_model.transcribe(late, on_progress=shown.append)
    plain = tiny_model.transcribe(speech_sample)
    assert moved.text == plain.text
    for segment, original in zip(moved.segments, plain.segments, strict=True):
        assert segment.start == pytest.approx(original.start + 4.5, abs=0.1)
        assert segment.end == pytest.approx(original.end + 4.5, abs=0.1)
    assert shown[-1].position <= shown[-1].duration


def test_stream_and_transcribe_give_the_same_segments(tiny_model: Model, speech_sample: Path) -> None:
    assert tuple(tiny_model.stream(speech_sample)) == tiny_model.transcribe(speech_sample).segments


# What is asked


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"batch_size": 0}, InvalidOption),
        ({"language_detection_segments": 0}, InvalidOption),
        ({"task": "summarize"}, InvalidOption),
        ({"language": "klingon"}, UnknownLanguage),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused(
    options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        TranscribeOptions(**options)  # type: ignore[arg-type]


def test_what_the_model_cannot_do_is_refused_before_anything_is_read(tiny_model: Model) -> None:
    with pytest.raises(UnsupportedTask):
        tiny_model.transcribe(np.zeros(RATE, np.float32), task="translate")
    with pytest.raises(UnsupportedTask):
        list(tiny_model.stream(np.zeros(RATE, np.float32), language="de"))
