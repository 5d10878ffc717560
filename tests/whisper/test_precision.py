"""What a CPU computes in: found by running it, kept for the next run, and never a guess."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import openvino as ov
import pytest

from ovsubs.errors import InvalidOption
from ovsubs.whisper.config import read_config
from ovsubs.whisper.model import compile_options as options_module
from ovsubs.whisper.model import precision as module
from ovsubs.whisper.model.compile_options import CompileOptions, settle
from ovsubs.whisper.model.layer_timing import MeasuredPrecision, ModelSize, Precision, _decoder, _encoder
from ovsubs.whisper.model.precision import (
    ModelPrecision,
    choose_precision,
    cpu_precisions,
    measure,
    measured_precisions,
    size_of,
)

F32, BF16, INT8 = Precision("f32"), Precision("bf16"), Precision("f32", int8=True)
TINY = ModelSize(128, 2, 2, 1000)  # a fraction of a second


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of this test's own."""
    monkeypatch.setattr(module, "user_cache_path", lambda name: tmp_path / name)
    module._measured.cache_clear()
    yield tmp_path / "ovsubs" / "precision.json"
    module._measured.cache_clear()


@pytest.fixture(scope="module")
def measured() -> tuple[MeasuredPrecision, ...]:
    return measure(TINY, 1)


@pytest.mark.parametrize(
    ("times", "chosen"),
    [
        ([(F32, 3.0), (BF16, 2.0), (INT8, 1.0)], INT8),
        ([(F32, 1.0), (BF16, 2.0), (INT8, 1.5)], F32),
        ([(F32, 7.0)], F32),
    ],
)
def test_the_fastest_is_taken(
    times: list[tuple[Precision, float]], chosen: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = tuple(MeasuredPrecision(one, taken, taken) for one, taken in times)
    monkeypatch.setattr(module, "measured_precisions", lambda size, threads: measured)
    assert choose_precision(None, TINY) == ModelPrecision(chosen, chosen)


def test_where_nothing_can_be_measured_it_is_f32_until_the_next_run(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_processes:
        without_processes.setattr(sys, "executable", str(cache.parent / "absent"))
        assert choose_precision(None, TINY) == ModelPrecision(F32, F32)
    assert not cache.exists()


def test_f32_runs_everywhere_and_all_that_is_measured_took_time(
    measured: tuple[MeasuredPrecision, ...],
) -> None:
    precisions = [one.precision for one in measured]
    assert precisions[0] == F32
    assert len(set(precisions)) == len(precisions)
    assert all(one.encoder_ms > 0.0 and one.decoder_ms > 0.0 for one in measured)
    assert {one.precision.floats for one in measured} <= set(cpu_precisions())


@pytest.mark.parametrize("make", [lambda: _encoder(TINY, 2), lambda: _decoder(TINY, 2, "f32")])
def test_each_product_of_the_timed_layers_has_weights_of_its_own(make: Callable[[], ov.Model]) -> None:
    """OpenVINO computes products of the same vectors with the same weights once, though not in 8 bits."""
    weights = [
        node.input_value(1).get_node().get_data().tobytes()
        for node in make().get_ops()
        if node.get_type_name() == "MatMul" and node.input_value(1).get_node().get_type_name() == "Constant"
    ]
    assert len(weights) >= 2 * 6
    assert len(set(weights)) == len(weights)


def test_what_was_measured_is_kept_for_its_cpu_and_size_and_read_the_next_time(cache: Path) -> None:
    first = measured_precisions(TINY, 1)
    module._measured.cache_clear()
    content = json.loads(cache.read_text())
    (key,) = content["measured"]
    content["measured"][key][0]["encoder_ms"] = 12345.0
    cache.write_text(json.dumps(content))

    again = measured_precisions(TINY, 1)
    other = measured_precisions(ModelSize(64, 2, 2, 1000), 1)

    assert first[0].encoder_ms != 12345.0
    assert again[0].encoder_ms == 12345.0
    assert other[0].encoder_ms != 12345.0
    assert len(json.loads(cache.read_text())["measured"]) == 2


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"version": 1, "measured": 3}', '{"version": 0}']
)
def test_a_damaged_cache_is_made_anew(
    cache: Path,
    content: str,
    measured: tuple[MeasuredPrecision, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(content)
    monkeypatch.setattr(module, "measure", lambda size, threads: measured)  # some seconds each time

    assert measured_precisions(TINY, 1) == measured

    assert len(json.loads(cache.read_text())["measured"]) == 1


def test_a_cache_that_cannot_be_written_stops_nobody(cache: Path) -> None:
    cache.parent.write_text("a file in the place of the folder")

    assert measured_precisions(TINY, 1)[0].precision == F32


def test_encoder_and_decoder_are_chosen_apart(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = (
        MeasuredPrecision(F32, 4.0, 4.0),
        MeasuredPrecision(BF16, 2.0, 3.0),
        MeasuredPrecision(INT8, 3.0, 1.0),
    )
    monkeypatch.setattr(module, "measured_precisions", lambda size, threads: times)

    assert choose_precision(None, TINY) == ModelPrecision(BF16, INT8)
    assert choose_precision("int8", TINY) == ModelPrecision(INT8, INT8)
    assert choose_precision("f32", TINY) == ModelPrecision(F32, F32)
    assert choose_precision(None, TINY).name == "bf16+int8"


def test_what_the_cpu_does_not_compute_in_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    times = (MeasuredPrecision(F32, 4.0, 4.0),)
    monkeypatch.setattr(module, "measured_precisions", lambda size, threads: times)
    with pytest.raises(InvalidOption, match="this CPU computes in f32"):
        choose_precision("int8", TINY)


@pytest.mark.parametrize("isa", ["AVX2", "AVX2_VNNI", "AVX512_CORE"])
def test_a_cpu_with_fewer_instructions_chooses_what_it_can(isa: str, tmp_path: Path) -> None:
    """OpenVINO goes on listing bfloat16 there: it fails, or takes a hundred times as long."""
    code = "\n".join(
        [
            "from ovsubs.whisper.model.layer_timing import ModelSize",
            "from ovsubs.whisper.model.precision import choose_precision, cpu_precisions",
            "print(choose_precision(None, ModelSize(128, 2, 2, 1000), 1).encoder.floats, *cpu_precisions())",
        ]
    )
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa, "XDG_CACHE_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(module.__file__).parents[3])
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    chosen, *possible = said.stdout.split()
    assert chosen == "f32"
    assert "bf16" not in possible


def test_the_size_is_that_of_the_config_or_of_base(tmp_path: Path) -> None:
    def size_in(config: str) -> ModelSize:
        (tmp_path / "config.json").write_text(config)
        return size_of(read_config(tmp_path))

    (tmp_path / "generation_config.json").write_text("{}")
    assert size_in("{}") == ModelSize(512, 6, 6, 51865)
    turbo = '{"d_model": 1280, "encoder_layers": 32, "decoder_layers": 4, "vocab_size": 51866}'
    assert size_in(turbo) == ModelSize(1280, 32, 4, 51866)
    assert size_in(turbo.replace("1280", "null")) == ModelSize()


def test_keys_and_cache_follow_what_the_decoder_computes_in() -> None:
    in_f32 = settle(CompileOptions(inference_precision="f32"), TINY)
    assert (in_f32.key_type, in_f32.cache_type, in_f32.precision_name) == ("f32", "f32", "f32")
    for precision in set(cpu_precisions()) - {"f32"}:
        chosen = settle(CompileOptions(inference_precision=precision), TINY)
        assert chosen.precision is not None
        floats = chosen.precision.decoder.floats
        assert chosen.key_type == ("bf16" if floats == "bf16" else "f32")
        assert chosen.cache_type == ("f16" if floats == "f32" else floats)


def test_a_device_with_a_space_before_it_is_the_cpu() -> None:
    assert settle(CompileOptions(device=" cpu"), TINY).can.measured


def test_8_bits_are_refused_where_another_device_may_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with a GPU."""
    monkeypatch.setattr(options_module, "check_device", lambda device: device)
    settings = settle(CompileOptions(device="AUTO:GPU,CPU"), TINY)
    assert (settings.can.measured, settings.key_type, settings.precision_name) == (False, "f32", None)
    assert settings.cache_type == "f16"
    with pytest.raises(InvalidOption, match="only on device CPU"):
        settle(CompileOptions(device="AUTO:GPU,CPU", inference_precision="int8"), TINY)
