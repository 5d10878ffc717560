"""The Python interface: the quick start, samples instead of files, segments as they come."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import psutil
import pysubs2
import pytest
from heard import is_sample, words_of
from systems import needs_links

import ovsubs
from ovsubs.errors import (
    ClosedModel,
    InvalidOption,
    MissingFile,
    OutputExists,
    TruncatedMedia,
    UnknownFormat,
    UnreadableMedia,
    UnsupportedTask,
)
from ovsubs.file_events import FileOutcome
from ovsubs.transcript import Segment
from ovsubs.whisper.model import CompileOptions

pytestmark = pytest.mark.model


@needs_links
def test_the_quick_start_runs_as_it_is_written(
    base_model_dir: Path, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "base").symlink_to(base_model_dir, target_is_directory=True)
    (tmp_path / "talk.mp4").symlink_to(talk)
    monkeypatch.chdir(tmp_path)
    quick_start = [line[4:] for line in str(ovsubs.__doc__).splitlines() if line.startswith("    ")]

    exec("\n".join(quick_start), {})

    assert len(quick_start) == 4
    assert is_sample((tmp_path / "talk.srt").read_text())


@pytest.fixture(scope="module")
def transcript(base_model: ovsubs.Model, talk: Path) -> ovsubs.Transcript:
    return base_model.transcribe(talk)


def test_a_transcript_knows_its_file_its_language_and_its_times(
    transcript: ovsubs.Transcript, talk: Path
) -> None:
    assert (transcript.source, transcript.model, transcript.task) == (str(talk), "base", "transcribe")
    assert transcript.language == "en"
    assert 0.9 < transcript.language_probability <= 1.0
    assert transcript.duration == pytest.approx(10.0, abs=0.1)
    assert 3.0 < transcript.speech_duration < transcript.duration
    stages = {
        "open",
        "extract",
        "vad",
        "mel",
        "encode",
        "language",
        "prefill",
        "logit filters",
        "steps",
        "other",
    }
    assert {timing.stage for timing in transcript.timings} == stages
    assert transcript.rtfx > 0.0
    assert transcript.notes == ()


@pytest.mark.parametrize("ending", ["srt", "vtt", "txt", "tsv", "json"])
def test_a_transcript_is_saved_in_the_format_of_its_name(
    transcript: ovsubs.Transcript, tmp_path: Path, ending: str
) -> None:
    path = transcript.save(tmp_path / f"talk.{ending}")

    assert "better" in words_of(path.read_text(encoding="utf-8"))
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputExists):
        transcript.save(path, overwrite=False)


def test_a_saved_transcript_comes_back(transcript: ovsubs.Transcript, tmp_path: Path) -> None:
    saved = transcript.save(tmp_path / "talk.json").read_text(encoding="utf-8")

    assert ovsubs.Transcript.from_json(saved) == transcript


def test_a_transcript_is_saved_in_no_format_that_is_unknown(
    transcript: ovsubs.Transcript, tmp_path: Path
) -> None:
    with pytest.raises(UnknownFormat):
        transcript.save(tmp_path / "talk.docx")
    assert list(tmp_path.iterdir()) == []


def test_samples_are_heard_as_the_file_is(
    base_model: ovsubs.Model, speech_sample: Path, read_samples: Callable[[Path], np.ndarray]
) -> None:
    samples = read_samples(speech_sample)
    before = samples.copy()

    from_samples = base_model.transcribe(samples)
    from_file = base_model.transcribe(speech_sample)

    assert from_samples.segments == from_file.segments
    assert from_samples.duration == len(samples) / 16_000
    assert np.array_equal(samples, before)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (np.zeros(16_000, np.int16), r"int16 \[16000\]"),
        (np.zeros(16_000, np.float64), r"float64 \[16000\]"),
        (np.zeros((2, 16_000), np.float32), r"float32 \[2, 16000\]"),
        (np.full(16_000, np.nan, np.float32), "NaN"),
        (np.full(16_000, np.inf, np.float32), "infinity"),
    ],
    ids=["int16", "float64", "two-channels", "nan", "infinity"],
)
def test_samples_of_another_kind_are_refused(base_model: ovsubs.Model, samples: np.ndarray, why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        base_model.transcribe(samples)


@pytest.mark.parametrize("n_samples", [0, 160, 16_000])
def test_samples_without_speech_give_an_empty_transcript(base_model: ovsubs.Model, n_samples: int) -> None:
    transcript = base_model.transcribe(np.zeros(n_samples, np.float32))

    assert transcript.segments == ()
    assert transcript.text == ""
    assert transcript.language_probability == 0.0
    assert transcript.notes == ("no speech was found",)


def test_errors_are_raised_as_they_are(base_model: ovsubs.Model, tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        base_model.transcribe(tmp_path / "absent.mp4")
    with pytest.raises(ovsubs.OvsubsError):
        base_model.transcribe(np.zeros(100, np.float32), language="Klingon")
    with pytest.raises(InvalidOption):
        base_model.transcribe(np.zeros(100, np.float32), task="summarize")


def test_an_english_only_model_refuses_other_languages(tiny_en_model_dir: Path) -> None:
    with ovsubs.load_model(tiny_en_model_dir) as model:
        with pytest.raises(UnsupportedTask):
            model.transcribe(np.zeros(100, np.float32), language="fr")
        with pytest.raises(UnsupportedTask):
            next(model.stream(np.zeros(100, np.float32), task="translate"))


@pytest.fixture(scope="module")
def long_talk(
    speech_sample: Path, ffmpeg: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twenty minutes: more than ffmpeg is asked for at once."""
    folder = tmp_path_factory.mktemp("long")
    once = ffmpeg(folder / "once.mp3", "-i", speech_sample, "-b:a", "24k")
    return ffmpeg(folder / "long.mp3", "-stream_loop", "120", "-i", once, "-c", "copy")


def ffmpeg_children() -> list[int]:
    return [child.pid for child in psutil.Process().children() if "pipe:1" in child.cmdline()]


def test_segments_come_before_the_file_is_read_and_closing_ends_ffmpeg(
    base_model: ovsubs.Model, long_talk: Path
) -> None:
    gc.collect()
    assert ffmpeg_children() == []
    options = ovsubs.TranscribeOptions(language="en", beam_size=1, batch_size=2)
    segments = base_model.stream(long_talk, options=options)

    first, second = next(segments), next(segments)
    reading = ffmpeg_children()
    segments.close()

    assert (first.id, second.id) == (0, 1)
    assert {"ever", "tried"} & set(words_of(first.text))
    assert 0.0 <= first.start < first.end <= second.start < 60.0
    assert len(reading) == 1
    assert ffmpeg_children() == []


def test_streamed_segments_are_those_of_the_transcript(
    base_model: ovsubs.Model, transcript: ovsubs.Transcript, talk: Path
) -> None:
    assert tuple(base_model.stream(talk)) == transcript.segments


def test_one_call_writes_all_formats_beside_a_file(
    base_model: ovsubs.Model, talk: Path, tmp_path: Path
) -> None:
    options = ovsubs.SubtitleOptions(
        formats=("srt", "vtt"), output_dir=tmp_path / "deep" / "er", language_suffix=True
    )

    written = ovsubs.subtitle(base_model, talk, options)
    again = ovsubs.subtitle(base_model, talk, options)

    assert written == again == (tmp_path / "deep/er/talk.en.srt", tmp_path / "deep/er/talk.en.vtt")
    assert len(pysubs2.load(str(written[0]))) == len(pysubs2.load(str(written[1]))) >= 2


def test_progress_is_told_round_by_round(base_model: ovsubs.Model, talk: Path) -> None:
    told: list[ovsubs.Progress] = []

    transcript = base_model.transcribe(talk, on_progress=told.append)

    assert tuple(segment for progress in told for segment in progress.segments) == transcript.segments
    assert all(0.0 < progress.position <= progress.duration for progress in told)


def test_one_call_transcribes_one_file(base_model_dir: Path, speech_sample: Path) -> None:
    transcript = ovsubs.transcribe(speech_sample, base_model_dir, language="English")
    assert transcript.language == "en"
    assert is_sample(transcript.text)


# Many files


@pytest.fixture(scope="module")
def tiny_model(tiny_en_model_dir: Path) -> Iterator[ovsubs.Model]:
    """In f32: what is decoded beside a window must not change its text."""
    with ovsubs.Model(tiny_en_model_dir, CompileOptions(threads=2, inference_precision="f32")) as model:
        yield model


@pytest.fixture(scope="module")
def short_files(
    speech_sample: Path, talk: Path, ffmpeg: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path]:
    """A video, a file that is none, and a part of the sample."""
    folder = tmp_path_factory.mktemp("short")
    broken = folder / "broken.mp4"
    broken.write_bytes(b"this is no video" * 100)
    return talk, broken, ffmpeg(folder / "part.flac", "-ss", "4", "-i", speech_sample)


def by_place(outcomes: Iterator[FileOutcome]) -> list[FileOutcome]:
    """In the order of the files; each has exactly one outcome."""
    ended = sorted(outcomes, key=lambda outcome: outcome.number)
    assert [outcome.number for outcome in ended] == list(range(len(ended)))
    assert all((outcome.transcript is None) != (outcome.error is None) for outcome in ended)
    return ended


def up_to_rounding(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Beside a longer window a shorter one is masked, which moves the seventh digit of what was sure."""
    return tuple(
        replace(
            segment,
            avg_logprob=pytest.approx(segment.avg_logprob, abs=1e-4),
            no_speech_prob=pytest.approx(segment.no_speech_prob, abs=1e-4),
        )
        for segment in segments
    )


def test_a_broken_file_stops_no_other_and_neighbours_change_no_text(
    tiny_model: ovsubs.Model, short_files: tuple[Path, Path, Path]
) -> None:
    talk, broken, part = short_files
    alone = {path: tiny_model.transcribe(path) for path in (talk, part)}
    with pytest.raises(UnreadableMedia) as raised:
        tiny_model.transcribe(broken)

    for order in permutations(short_files):
        outcomes = by_place(tiny_model.transcribe_files(order))
        assert len(outcomes) == 3
        for path, outcome in zip(order, outcomes, strict=True):
            if path == broken:
                assert str(outcome.error) == str(raised.value)
                continue
            assert outcome.transcript is not None
            assert outcome.transcript.segments == up_to_rounding(alone[path].segments)
            assert outcome.transcript.source == str(path)
            assert outcome.transcript.duration == alone[path].duration
            assert outcome.transcript.speech_duration == alone[path].speech_duration
            assert outcome.transcript.notes == alone[path].notes == ()


def test_no_files_have_no_outcomes(tiny_model: ovsubs.Model) -> None:
    assert list(tiny_model.transcribe_files([])) == []


def test_the_same_file_twice_has_the_same_text_twice(tiny_model: ovsubs.Model, talk: Path) -> None:
    first, second = by_place(tiny_model.transcribe_files([talk, talk]))
    assert first.transcript is not None
    assert second.transcript is not None
    assert first.transcript.segments == second.transcript.segments


def test_files_samples_and_silence_may_stand_side_by_side(
    tiny_model: ovsubs.Model, speech_sample: Path, read_samples: Callable[[Path], np.ndarray], tmp_path: Path
) -> None:
    silence, twice = np.zeros(16_000, np.float32), np.zeros((2, 16_000), np.float32)
    audios = [silence, speech_sample, twice, read_samples(speech_sample), tmp_path / "absent.mp4"]
    outcomes = by_place(tiny_model.transcribe_files(audios))
    kinds = [type(outcome.error) for outcome in outcomes]
    assert kinds == [type(None), type(None), InvalidOption, type(None), MissingFile]
    spoken = [outcome.transcript.segments for outcome in outcomes if outcome.transcript is not None]
    assert spoken[0] == ()
    assert spoken[1] == spoken[2] != ()


def test_a_file_that_breaks_off_fails_or_keeps_what_is_there(
    tiny_model: ovsubs.Model, talk: Path, ffmpeg: Callable[..., Path], tmp_path: Path
) -> None:
    cut = ffmpeg(tmp_path / "cut.mkv", "-i", talk, "-c", "copy")
    content = cut.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    failed, whole = by_place(tiny_model.transcribe_files([cut, talk]))
    assert isinstance(failed.error, TruncatedMedia)
    assert whole.transcript is not None
    options = ovsubs.TranscribeOptions(keep_damaged=True)
    kept, _ = by_place(tiny_model.transcribe_files([cut, talk], options=options))
    assert kept.transcript is not None
    assert kept.transcript.segments
    assert "breaks off" in kept.transcript.notes[0]


def test_progress_of_many_files_is_told_with_their_places(
    tiny_model: ovsubs.Model, short_files: tuple[Path, Path, Path]
) -> None:
    told: list[tuple[int, ovsubs.Progress]] = []
    outcomes = by_place(
        tiny_model.transcribe_files(short_files, on_progress=lambda *progress: told.append(progress))
    )
    for outcome in outcomes:
        seen = [progress for number, progress in told if number == outcome.number]
        if outcome.transcript is None:
            assert seen == []
            continue
        assert tuple(one for each in seen for one in each.segments) == outcome.transcript.segments
        places = [(each.position, each.duration) for each in seen]
        assert all(0.0 < position <= duration for position, duration in places), places


def test_what_the_model_cannot_do_is_refused_before_any_file(
    tiny_model: ovsubs.Model, short_files: tuple[Path, Path, Path]
) -> None:
    with pytest.raises(UnsupportedTask):
        next(tiny_model.transcribe_files(short_files, options=ovsubs.TranscribeOptions(language="de")))


@pytest.fixture(scope="module")
def spoken_alone(
    base_model: ovsubs.Model, recordings: Callable[[str], Path]
) -> dict[Path, ovsubs.Transcript]:
    """Recordings in four languages, each read by itself."""
    languages = ("de", "en", "fr", "es")
    files = [recordings(f"fleurs/{language}/fleurs-{language}-000.ogg") for language in languages]
    return {
        path: base_model.transcribe(path, options=ovsubs.TranscribeOptions(beam_size=1)) for path in files
    }


@pytest.mark.parametrize(("batch_size", "backwards"), [(1, False), (3, True), (8, False)])
def test_each_file_has_its_own_language_whatever_is_read_beside_it(
    base_model: ovsubs.Model,
    spoken_alone: dict[Path, ovsubs.Transcript],
    batch_size: int,
    backwards: bool,
) -> None:
    options = ovsubs.TranscribeOptions(beam_size=1, batch_size=batch_size)
    files = sorted(spoken_alone, reverse=backwards)
    for path, outcome in zip(
        files, by_place(base_model.transcribe_files(files, options=options)), strict=True
    ):
        alone = spoken_alone[path]
        assert outcome.transcript is not None
        assert outcome.transcript.language == alone.language == path.parent.name
        assert outcome.transcript.language_probability == pytest.approx(alone.language_probability, abs=1e-3)
        assert outcome.transcript.text == alone.text


def test_closing_the_outcomes_ends_ffmpeg(tiny_model: ovsubs.Model, long_talk: Path, talk: Path) -> None:
    gc.collect()
    assert ffmpeg_children() == []
    outcomes = tiny_model.transcribe_files(
        [talk, long_talk, long_talk], options=ovsubs.TranscribeOptions(beam_size=1, batch_size=2)
    )
    assert next(outcomes).number == 0
    assert ffmpeg_children()
    outcomes.close()
    assert ffmpeg_children() == []


def test_a_closed_model_says_so_whatever_it_is_asked(tiny_en_model_dir: Path, speech_sample: Path) -> None:
    model = ovsubs.load_model(tiny_en_model_dir)
    running = model.stream(speech_sample)
    model.close()
    model.close()

    calls: list[Callable[[], object]] = [
        lambda: model.transcribe(speech_sample),
        lambda: model.transcribe(np.zeros(16_000, np.float32)),
        lambda: model.stream(speech_sample),
        lambda: model.transcribe_files([speech_sample]),
        lambda: model.transcribe_files([]),
        lambda: model.check(ovsubs.TranscribeOptions()),
        model.__enter__,
        lambda: next(running),
    ]
    for call in calls:
        with pytest.raises(ClosedModel, match=f"{tiny_en_model_dir}: this model is closed; load it again"):
            call()
    assert model.name == "tiny.en"


def test_a_model_that_is_closed_in_the_middle_of_a_file_says_so(
    tiny_en_model_dir: Path, joined_speech: np.ndarray
) -> None:
    with ovsubs.load_model(tiny_en_model_dir) as model:
        segments = model.stream(np.tile(joined_speech, 10))
        next(segments)
    with pytest.raises(ClosedModel):
        list(segments)
