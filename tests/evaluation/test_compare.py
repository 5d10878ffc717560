"""Models measured for real, each in its own process, by turns."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ovsubs.datasets import Dataset, SpokenFile
from ovsubs.errors import BrokenModel, InvalidOption, MeasurementFailed
from ovsubs.evaluation.compare import BenchmarkedModel, BenchmarkOptions, Position, compare
from ovsubs.evaluation.processes import run_job
from ovsubs.evaluation.word_errors import WordErrors
from ovsubs.evaluation.worker import Job
from ovsubs.whisper.model import CompileOptions

WORDS = "ever tried ever failed no matter try again fail again fail better"
OPTIONS = BenchmarkOptions(n_runs=2, compile=CompileOptions(threads=2, inference_precision="f32"))


@pytest.fixture(scope="module")
def dataset(speech_sample: Path) -> Dataset:
    return Dataset("beckett", (SpokenFile("beckett", speech_sample, (WORDS,)),))


@pytest.mark.model
def test_models_are_measured_by_turns(
    base_model_dir: Path, tiny_en_model_dir: Path, dataset: Dataset
) -> None:
    subjects = [BenchmarkedModel("base", base_model_dir), BenchmarkedModel("tiny.en", tiny_en_model_dir)]
    positions = list[Position]()

    comparison = compare(subjects, dataset, OPTIONS, positions.append)

    begun = [(one.n_run, one.label) for one in positions if one.audio_s == 0.0]
    assert begun == [(1, "base"), (2, "tiny.en"), (3, "base"), (4, "tiny.en")]
    assert max(one.audio_s for one in positions) == pytest.approx(comparison.signature.audio_s, abs=0.1)
    base, tiny = comparison.models
    assert base.words == (WordErrors(12, 0, 0, 0),)
    assert base.characters.n_wrong == 0
    assert base.size_bytes > base.encoder_bytes + base.decoder_bytes > 2 * tiny.encoder_bytes
    for model in comparison.models:
        assert len(model.runs) == 2
        for run in model.runs:
            assert 0.0 < run.encoder_s + run.decoder_s < run.wall_s
            assert run.load_s > 0.1
            assert 100.0 < run.peak_memory_mb < 2000.0
    signature = comparison.signature
    assert (signature.n_files, signature.n_words, signature.inference_precision) == (1, 12, "f32")
    assert signature.audio_s == pytest.approx(9.98, abs=0.2)


def test_a_model_twice_is_refused(base_model_dir: Path, dataset: Dataset) -> None:
    with pytest.raises(InvalidOption, match="twice"):
        compare([BenchmarkedModel("base", base_model_dir)] * 2, dataset, OPTIONS)


def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(BrokenModel, match=rf"{tmp_path}: .*tokenizer"):
        compare([BenchmarkedModel("broken", tmp_path)], dataset, OPTIONS)


@pytest.mark.model
def test_a_recording_that_cannot_be_read_is_named(base_model_dir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    spoken = Dataset("broken", (SpokenFile("broken", broken, ("words",)),))
    with pytest.raises(MeasurementFailed, match=r"broken\.wav"):
        compare([BenchmarkedModel("base", base_model_dir)], spoken, OPTIONS)


@pytest.mark.model
def test_an_interrupted_measurement_leaves_no_process(
    base_model_dir: Path, dataset: Dataset, tmp_path: Path
) -> None:
    import psutil

    job = Job(
        model=str(base_model_dir),
        files=[str(file.path) for file in dataset.files] * 20,
        output=str(tmp_path / "measured.json"),
        language="en",
        beam_size=1,
        batch_size=None,
        device="CPU",
        threads=2,
        inference_precision="f32",
    )

    working = list[int]()

    def stop(audio_s: float) -> None:
        children = psutil.Process().children()  # one other may watch over ffmpeg
        working.extend(child.pid for child in children if "python" in child.name().lower())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job, stop)
    assert len(working) == 1
    assert not psutil.pid_exists(working[0])
    assert not (tmp_path / "measured.json").exists()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: BenchmarkOptions(n_runs=0), id="runs"),
        pytest.param(lambda: BenchmarkOptions(beam_size=0), id="beam size"),
    ],
)
def test_options_have_a_range(make: Callable[[], BenchmarkOptions]) -> None:
    with pytest.raises(InvalidOption):
        make()
