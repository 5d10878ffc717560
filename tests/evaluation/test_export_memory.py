"""Memory of exports: of a checkpoint of random weights, which says its sentence."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from systems import needs_linux

from ovsubs.models.manifest import read_manifest

pytestmark = [pytest.mark.model, needs_linux]  # the tokenizer is that of base; memory is read in /proc


@pytest.fixture
def export_memory(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("optimum.intel", reason="needs the export extra")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import export_memory

    return export_memory


@pytest.fixture
def small_checkpoint(export_memory: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of large-v3's vocabulary and mel bands, and little else."""
    import random_checkpoint

    from ovsubs.export.hugging_face import WhisperSizes

    small = WhisperSizes(512, 8, 128, 1, 1, 512, 51866, 1500, 448)
    random_checkpoint.write_checkpoint(small, tmp_path / "small")
    return tmp_path / "small"


@pytest.mark.filterwarnings("ignore")
def test_an_export_is_measured_step_by_step(
    export_memory: ModuleType, small_checkpoint: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = export_memory.command_of("ovsubs", small_checkpoint, output, "fp16")
    measured = export_memory.measure(command, "small", "ovsubs", "fp16")
    manifest = read_manifest(output)
    assert manifest is not None
    assert manifest.self_test is not None
    assert manifest.self_test.text == "We will go to the market and buy some bread."
    assert 0.3 < measured.peak_resident_gb < 3.0
    assert 0.2 < measured.peak_anonymous_gb < measured.peak_resident_gb
    # Linux counts for a process what the one that has started it had then, which is pytest here.
    assert measured.peak_process_gb > 0.7 * measured.peak_resident_gb
    lines = [step.line for step in measured.steps]
    assert lines[0] == "start"
    assert lines[-1] == "model in out"
    peaks = {step.line: step.peak_resident_gb for step in measured.steps}
    assert peaks["loading torch and optimum-intel"] < peaks["exporting the encoder and the decoder"]
    export_memory.write_json([measured], tmp_path / "memory.json")
    written = json.loads((tmp_path / "memory.json").read_text(encoding="utf-8"))
    assert written["measurements"][0]["peak_resident_gb"] == measured.peak_resident_gb


@pytest.mark.filterwarnings("ignore")
def test_a_failing_export_ends_the_measurement(
    export_memory: ModuleType, small_checkpoint: Path, tmp_path: Path
) -> None:
    (small_checkpoint / "config.json").write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    command = export_memory.command_of("ovsubs", small_checkpoint, tmp_path / "out", "fp16")
    with pytest.raises(SystemExit, match=r"ovsubs, small: .*'bert', not 'whisper'"):
        export_memory.measure(command, "small", "ovsubs", "fp16")


def test_the_ratio_is_told_where_both_have_been_measured(export_memory: ModuleType) -> None:
    def one(program: str, gigabytes: float) -> object:
        return export_memory.Measurement("turbo", program, "fp16", gigabytes, gigabytes / 2, gigabytes, ())

    assert export_memory.describe([one("ovsubs", 4.0)]) == "turbo, ovsubs: 4.0 GB (2.0 anonymous)"
    both = export_memory.describe([one("ovsubs", 4.0), one("optimum", 5.0)])
    assert both == "turbo, optimum: 5.0 GB (2.5 anonymous); ours takes 0.80 times as much"
