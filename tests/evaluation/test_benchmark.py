"""Models and a dataset by their names, measured, written, and compared with an earlier run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ovsubs.errors import InvalidOption, NotComparable, OutputIsInput
from ovsubs.evaluation.benchmark import Baseline, BenchmarkCallbacks, BenchmarkRequest, benchmark_models
from ovsubs.evaluation.compare import BenchmarkOptions, Position
from ovsubs.evaluation.figures import ModelFigures
from ovsubs.evaluation.outputs import BenchmarkOutputs
from ovsubs.evaluation.regression import Limits
from ovsubs.evaluation.results import Comparison, read_comparison
from ovsubs.whisper.model import CompileOptions

WORDS = "ever tried ever failed no matter try again fail again fail better"
OPTIONS = BenchmarkOptions(n_runs=1, compile=CompileOptions(threads=2, inference_precision="f32"))


@pytest.fixture
def spoken(tmp_path: Path, speech_sample: Path) -> Path:
    folder = tmp_path / "spoken"
    folder.mkdir()
    (folder / "beckett.wav").write_bytes(speech_sample.read_bytes())
    (folder / "beckett.txt").write_text(WORDS, encoding="utf-8")
    return folder


@pytest.mark.model
def test_a_run_is_shown_before_it_is_written_and_compared_with_an_earlier_one(
    tiny_en_model_dir: Path, spoken: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results.json"
    request = BenchmarkRequest(
        [str(tiny_en_model_dir)], str(spoken), options=OPTIONS, outputs=BenchmarkOutputs(results)
    )
    positions, written_before = list[Position](), list[bool]()

    def on_measured(comparison: Comparison, figures: Sequence[ModelFigures]) -> None:
        assert [one.label for one in figures] == [one.label for one in comparison.models]
        written_before.append(results.exists())

    told = BenchmarkCallbacks(on_progress=positions.append, on_measured=on_measured)
    first = benchmark_models(request, told)

    assert written_before == [False]
    assert {one.n_run for one in positions} == {1}
    assert (first.checks, first.passed) == ((), True)
    assert read_comparison(results) == first.comparison

    again = replace(request, outputs=BenchmarkOutputs(), baseline=Baseline(results, Limits(100.0)))
    assert [one.figure for one in benchmark_models(again).checks] == ["WER"]
    (spoken / "beckett.txt").write_text(f"{WORDS} and again", encoding="utf-8")
    with pytest.raises(NotComparable):
        benchmark_models(again, BenchmarkCallbacks(on_progress=lambda position: pytest.fail("measured")))


def test_speed_of_a_single_model_has_no_limit(tmp_path: Path) -> None:
    request = BenchmarkRequest(
        ["base"], str(tmp_path), baseline=Baseline(tmp_path / "b.json", Limits(max_slowdown=0.1))
    )
    with pytest.raises(InvalidOption, match="at least two models"):
        benchmark_models(request)


def test_a_result_is_not_written_over_the_baseline(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text("{}", encoding="utf-8")
    request = BenchmarkRequest(
        ["base"], str(tmp_path), outputs=BenchmarkOutputs(path), baseline=Baseline(path, Limits())
    )
    with pytest.raises(OutputIsInput):
        benchmark_models(request)
    assert path.read_text(encoding="utf-8") == "{}"


@pytest.mark.model
def test_a_result_is_not_written_over_a_recording(
    tiny_en_model_dir: Path, spoken: Path, speech_sample: Path
) -> None:
    request = BenchmarkRequest(
        [str(tiny_en_model_dir)],
        str(spoken),
        outputs=BenchmarkOutputs(markdown=spoken / "beckett.wav"),
    )
    with pytest.raises(OutputIsInput):
        benchmark_models(request)
    assert (spoken / "beckett.wav").read_bytes() == speech_sample.read_bytes()


def test_two_results_in_one_file_are_refused(tmp_path: Path) -> None:
    outputs = BenchmarkOutputs(tmp_path / "a.json", tmp_path / "b" / ".." / "a.json")
    with pytest.raises(InvalidOption, match="another output is the same file"):
        outputs.check()


@pytest.mark.model
def test_a_model_under_two_names_is_refused(tiny_en_model_dir: Path, spoken: Path) -> None:
    twice = [str(tiny_en_model_dir), str(tiny_en_model_dir.parent / "." / tiny_en_model_dir.name)]
    with pytest.raises(InvalidOption, match="it is there twice"):
        benchmark_models(BenchmarkRequest(twice, str(spoken), options=OPTIONS))
