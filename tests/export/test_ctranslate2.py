import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_model import (
    LANGUAGES,
    N_TEXT,
    N_VOCAB,
    WIDTH,
    SmallModel,
    make_small_model,
    model_bytes,
    write_ctranslate2,
)

from ovsubs.errors import UnreadableCheckpoint
from ovsubs.export.ctranslate2 import convert_ctranslate2
from ovsubs.export.ctranslate2_file import ModelFile

SELF_ATTENTION = "encoder/layer_0/self_attention/linear_0"


def converted(tmp_path: Path, model: SmallModel) -> dict[str, NDArray[Any]]:
    safetensors = pytest.importorskip("safetensors.numpy", reason="needs the export extra")
    output = tmp_path / "output"
    output.mkdir()
    convert_ctranslate2(write_ctranslate2(tmp_path / "source", model), output)
    tensors: dict[str, NDArray[Any]] = safetensors.load_file(output / "model.safetensors")
    return tensors


def refusal(tmp_path: Path, model: SmallModel) -> str:
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(UnreadableCheckpoint) as caught:
        convert_ctranslate2(write_ctranslate2(tmp_path / "source", model), output)
    assert not (output / "config.json").exists()
    return str(caught.value)


def test_every_tensor_lands_under_its_hugging_face_name(tmp_path: Path, small_model: SmallModel) -> None:
    tensors = converted(tmp_path, small_model)
    stacked = small_model.variables[f"{SELF_ATTENTION}/weight"]
    for number, name in enumerate(("q_proj", "k_proj", "v_proj")):
        rows = stacked[number * WIDTH : (number + 1) * WIDTH]
        np.testing.assert_array_equal(tensors[f"model.encoder.layers.0.self_attn.{name}.weight"], rows)
    cross = small_model.variables["decoder/layer_0/attention/linear_1/bias"]
    np.testing.assert_array_equal(tensors["model.decoder.layers.0.encoder_attn.v_proj.bias"], cross[WIDTH:])
    same = {
        "model.decoder.embed_tokens.weight": "decoder/embeddings/weight",
        "model.encoder.conv1.weight": "encoder/conv1/weight",
        "model.encoder.layer_norm.bias": "encoder/layer_norm/beta",
        "model.encoder.layers.0.final_layer_norm.weight": "encoder/layer_0/ffn/layer_norm/gamma",
        "model.decoder.layers.0.fc2.weight": "decoder/layer_0/ffn/linear_1/weight",
        "model.decoder.layers.0.encoder_attn.out_proj.weight": "decoder/layer_0/attention/linear_2/weight",
        "model.encoder.embed_positions.weight": "encoder/position_encodings/encodings",
    }
    for theirs, ours in same.items():
        np.testing.assert_array_equal(tensors[theirs], small_model.variables[ours])


def test_k_gets_no_bias_and_nothing_else_is_lost(tmp_path: Path, small_model: SmallModel) -> None:
    tensors = converted(tmp_path, small_model)
    assert not any(name.endswith("k_proj.bias") for name in tensors)
    n_weights = sum(values.size for values in small_model.variables.values() if values.ndim)
    assert sum(values.size for values in tensors.values()) == n_weights - 3 * WIDTH  # the three biases of k


def test_float16_stays_float16(tmp_path: Path, small_model: SmallModel) -> None:
    assert {values.dtype.name for values in converted(tmp_path, small_model).values()} == {"float16"}


def test_int8_weights_are_divided_by_the_scale_of_their_row(tmp_path: Path, small_model: SmallModel) -> None:
    name = f"{SELF_ATTENTION}/weight"
    exact = small_model.variables[name].astype(np.float32)
    scale = (127 / np.abs(exact).max(axis=1)).astype(np.float32)
    small_model.variables[name] = np.rint(exact * scale[:, None]).astype(np.int8)
    small_model.variables[f"{name}_scale"] = scale
    stored = converted(tmp_path, small_model)["model.encoder.layers.0.self_attn.v_proj.weight"]
    assert stored.dtype == np.float32
    np.testing.assert_allclose(stored, exact[2 * WIDTH :], atol=float(np.abs(exact).max()) / 127 / 2 + 1e-6)


def test_int8_convolutions_have_one_scale_for_each_output(tmp_path: Path, small_model: SmallModel) -> None:
    name = "encoder/conv2/weight"
    small_model.variables[name] = np.full((WIDTH, WIDTH, 3), 10, np.int8)
    small_model.variables[f"{name}_scale"] = np.arange(1, WIDTH + 1, dtype=np.float32)
    stored = converted(tmp_path, small_model)["model.encoder.conv2.weight"]
    np.testing.assert_allclose(stored[4], 2.0)


def test_int16_weights_are_divided_by_their_one_scale(tmp_path: Path, small_model: SmallModel) -> None:
    name = "decoder/layer_0/ffn/linear_0/weight"
    small_model.variables[name] = np.full_like(small_model.variables[name], 512, dtype=np.int16)
    small_model.variables[f"{name}_scale"] = np.array(1024, np.float32)
    np.testing.assert_allclose(converted(tmp_path, small_model)["model.decoder.layers.0.fc1.weight"], 0.5)


def test_bfloat16_is_widened(tmp_path: Path, small_model: SmallModel) -> None:
    name = "encoder/layer_norm/gamma"
    small_model.variables[name] = np.full(WIDTH, 0x3FC0, np.uint16)  # 1.5
    stored = converted(tmp_path, small_model)["model.encoder.layer_norm.weight"]
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored, 1.5)


def test_a_missing_tensor_is_named(tmp_path: Path, small_model: SmallModel) -> None:
    del small_model.variables["decoder/layer_0/attention/linear_2/weight"]
    assert "'decoder/layer_0/attention/linear_2/weight' is missing" in refusal(tmp_path, small_model)


def test_a_quantized_weight_without_its_scale_is_named(tmp_path: Path, small_model: SmallModel) -> None:
    name = f"{SELF_ATTENTION}/weight"
    small_model.variables[name] = small_model.variables[name].astype(np.int8)
    with pytest.raises(UnreadableCheckpoint, match="weight_scale' is missing"):
        converted(tmp_path, small_model)


def test_a_tensor_that_whisper_does_not_have_is_named(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables["decoder/layer_0/adapter/weight"] = np.zeros((2, 2), np.float32)
    assert "'decoder/layer_0/adapter/weight' is not one of Whisper's" in refusal(tmp_path, small_model)


def test_a_tensor_of_another_shape_is_refused(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables[f"{SELF_ATTENTION}/weight"] = np.zeros((WIDTH, WIDTH), np.float16)
    assert "has the shape" in refusal(tmp_path, small_model)


def test_another_activation_is_refused(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables["decoder/activation"] = np.array(0, np.int8)  # ReLU
    assert "decoder/activation is 0, Whisper has 3" in refusal(tmp_path, small_model)


def test_an_output_projection_of_its_own_is_refused(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables["decoder/projection/weight"] = np.zeros((N_VOCAB, WIDTH), np.float16)
    untied = replace(small_model, aliases={})
    assert "output projection is not its embedding" in refusal(tmp_path, untied)


def test_a_bias_for_k_is_refused(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables[f"{SELF_ATTENTION}/bias"][WIDTH] = 1
    with pytest.raises(UnreadableCheckpoint, match="bias for k"):
        converted(tmp_path, small_model)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"\x06", "ends early"),
        (model_bytes({}, {}, version=5), "binary version 5"),
        (model_bytes({}, {}, spec="TransformerSpec"), "'TransformerSpec'"),
        (model_bytes({}, {"a": "b"}), "'b', which is missing"),
        (model_bytes({}, {}), "'encoder/conv1/weight' is missing"),
    ],
)
def test_other_files_are_refused(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(UnreadableCheckpoint, match=why):
        convert_ctranslate2(tmp_path, tmp_path)


def test_a_missing_model_bin_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCheckpoint, match=r"model\.bin"):
        convert_ctranslate2(tmp_path, tmp_path)


SMALL_BYTES = model_bytes(make_small_model().variables, make_small_model().aliases)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n_bytes=st.integers(0, len(SMALL_BYTES) - 1))
def test_a_file_cut_anywhere_is_refused(n_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(SMALL_BYTES[:n_bytes])
    with pytest.raises(UnreadableCheckpoint):
        ModelFile(path)


def written_json(tmp_path: Path, model: SmallModel, name: str) -> dict[str, Any]:
    converted(tmp_path, model)
    content: dict[str, Any] = json.loads((tmp_path / "output" / name).read_text(encoding="utf-8"))
    return content


def test_sizes_are_read_off_the_tensors(tmp_path: Path, small_model: SmallModel) -> None:
    config = written_json(tmp_path, small_model, "config.json")
    assert config["d_model"] == WIDTH
    assert config["decoder_attention_heads"] == 1
    assert config["encoder_ffn_dim"] == 96
    assert config["num_mel_bins"] == 80
    assert config["vocab_size"] == N_VOCAB
    assert config["max_source_positions"] == 1500


def test_128_mels_make_a_feature_extractor_of_128(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables["encoder/conv1/weight"] = np.zeros((WIDTH, 128, 3), np.float16)
    assert written_json(tmp_path, small_model, "preprocessor_config.json")["feature_size"] == 128


def test_the_tokenizer_gets_its_timestamps_and_its_first_merge(
    tmp_path: Path, small_model: SmallModel
) -> None:
    tokenizer = written_json(tmp_path, small_model, "tokenizer.json")
    added = tokenizer["added_tokens"]
    assert (added[-1501]["content"], added[-1]["content"]) == ("<|0.00|>", "<|30.00|>")
    assert [token["id"] for token in added] == list(range(N_TEXT, N_VOCAB))
    assert tokenizer["model"]["merges"] == ["Ġ t", "Ġ a", "Ġt h"]


def test_a_tokenizer_of_another_vocabulary_is_refused(tmp_path: Path, small_model: SmallModel) -> None:
    small_model.variables["decoder/embeddings/weight"] = np.zeros((N_VOCAB + 1, WIDTH), np.float16)
    assert "special tokens are not those" in refusal(tmp_path, small_model)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_or_broken_json_file_is_named(name: str, tmp_path: Path, small_model: SmallModel) -> None:
    source = write_ctranslate2(tmp_path, small_model)
    (source / name).write_text("{")
    with pytest.raises(UnreadableCheckpoint, match=f"{name}: .*not JSON"):
        convert_ctranslate2(source, tmp_path)
    (source / name).unlink()
    with pytest.raises(UnreadableCheckpoint, match=f"{name}: .*No such file"):
        convert_ctranslate2(source, tmp_path)


def test_an_english_model_has_no_language_tokens(tmp_path: Path, small_model: SmallModel) -> None:
    generation = written_json(tmp_path, small_model, "generation_config.json")
    assert generation["is_multilingual"] is False
    assert "lang_to_id" not in generation
    assert generation["no_timestamps_token_id"] == N_TEXT + 2 + len(LANGUAGES) + 5


@pytest.mark.model
def test_the_generation_config_of_base_is_openais(base_hugging_face: Path) -> None:
    """Values of huggingface.co/openai/whisper-base, generation_config.json."""
    generation = json.loads((base_hugging_face / "generation_config.json").read_text())
    languages = generation.pop("lang_to_id")
    suppressed = generation.pop("suppress_tokens")
    assert generation == {
        "alignment_heads": [[3, 1], [4, 2], [4, 3], [4, 7], [5, 1], [5, 2], [5, 4], [5, 6]],
        "begin_suppress_tokens": [220, 50257],
        "bos_token_id": 50257,
        "decoder_start_token_id": 50258,
        "eos_token_id": 50257,
        "is_multilingual": True,
        "max_initial_timestamp_index": 50,
        "max_length": 448,
        "no_timestamps_token_id": 50363,
        "pad_token_id": 50257,
        "prev_sot_token_id": 50361,
        "return_timestamps": False,
        "task_to_id": {"transcribe": 50359, "translate": 50358},
    }
    assert len(languages) == 99
    assert (languages["<|en|>"], languages["<|de|>"], languages["<|su|>"]) == (50259, 50261, 50357)
    assert (len(suppressed), suppressed[:3], suppressed[-3:]) == (88, [1, 2, 7], [50360, 50361, 50362])


@pytest.mark.model
@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_transformers_processor_decodes_timestamps(base_hugging_face: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the export extra")
    processor = transformers.AutoProcessor.from_pretrained(base_hugging_face)
    tokenizer = processor.tokenizer
    prompt = ["<|startoftranscript|>", "<|de|>", "<|transcribe|>"]
    tokens = tokenizer.convert_tokens_to_ids([*prompt, "<|0.00|>", "Ġyes", "<|29.98|>", "<|endoftext|>"])
    assert tokens == [50258, 50261, 50359, 50364, 2086, 51863, 50257]
    assert tokenizer.decode(tokens, skip_special_tokens=True) == " yes"
    shown = tokenizer.decode(tokens, decode_with_timestamps=True, skip_special_tokens=True)
    assert shown == "<|0.00|> yes<|29.98|>"
    assert tokenizer(" the test", add_special_tokens=False).input_ids == [264, 1500]
