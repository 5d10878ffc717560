"""What is read of a checkpoint's files, and what is said where they are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from ovsubs.errors import BrokenModel
from ovsubs.whisper.config import ModelConfig, SizeName, read_config, read_name


def config_of(directory: Path, config: dict[str, Any], generation: dict[str, Any]) -> ModelConfig:
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (directory / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    return read_config(directory)


def test_settings_have_the_names_of_the_files(tmp_path: Path) -> None:
    config = {
        "_name_or_path": "openai/whisper-large-v3-turbo",
        "num_mel_bins": 128,
        "vocab_size": 51866,
        "d_model": 1280,
        "encoder_layers": 32,
        "decoder_layers": 4,
        "decoder_attention_heads": 20,
    }
    generation = {
        "is_multilingual": True,
        "lang_to_id": {"<|en|>": 50259, "<|yue|>": 50358},
        "suppress_tokens": [1, 2],
        "begin_suppress_tokens": [220, 50257],
        "alignment_heads": [[3, 11], [2, 4]],
    }
    assert config_of(tmp_path, config, generation) == ModelConfig(
        directory=tmp_path,
        name_or_path="openai/whisper-large-v3-turbo",
        num_mel_bins=128,
        vocab_size=51866,
        d_model=1280,
        encoder_layers=32,
        decoder_layers=4,
        decoder_attention_heads=20,
        is_multilingual=True,
        lang_to_id={"en": 50259, "yue": 50358},
        suppress_tokens=(1, 2),
        begin_suppress_tokens=(220, 50257),
        alignment_heads=((2, 4), (3, 11)),
    )


@pytest.mark.model
def test_the_files_of_base(base_model_dir: Path) -> None:
    config = read_config(base_model_dir)
    assert (config.num_mel_bins, config.vocab_size, config.d_model) == (80, 51865, 512)
    assert (config.encoder_layers, config.decoder_layers, config.decoder_attention_heads) == (6, 6, 8)
    assert config.is_multilingual
    assert (len(config.lang_to_id), config.lang_to_id["de"]) == (99, 50261)
    assert config.alignment_heads == ((3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6))


@pytest.mark.parametrize("generation", [{}, {"alignment_heads": None, "lang_to_id": None}])
def test_what_a_file_does_not_have_is_none_or_empty(tmp_path: Path, generation: dict[str, Any]) -> None:
    config = config_of(tmp_path, {}, generation)
    assert (config.name_or_path, config.num_mel_bins, config.is_multilingual) == (None, None, None)
    assert config.lang_to_id == {}
    assert config.suppress_tokens == config.begin_suppress_tokens == config.alignment_heads == ()


@pytest.mark.parametrize("name", ["num_mel_bins", "decoder_attention_heads"])
@pytest.mark.parametrize("value", [None, "many", [80]])
def test_a_size_is_refused_only_where_it_is_required(tmp_path: Path, name: SizeName, value: Any) -> None:
    config = config_of(tmp_path, {name: value, "vocab_size": 51865}, {})
    assert config.required("vocab_size") == 51865
    with pytest.raises(BrokenModel) as caught:
        config.required(name)
    assert str(caught.value).startswith(
        f"{tmp_path}: not a usable Whisper model (config.json has no {name});"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lang_to_id", ["en"]),
        ("lang_to_id", {"<|en|>": "first"}),
        ("suppress_tokens", 1),
        ("begin_suppress_tokens", ["a"]),
        ("alignment_heads", [3, 1]),
        ("alignment_heads", [[3, 1, 2]]),
        ("suppress_tokens", [float("inf")]),
    ],
)
def test_a_setting_of_another_kind_is_named(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(BrokenModel) as caught:
        config_of(tmp_path, {}, {name: value})
    assert f"(generation_config.json: {name} (" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("n_layers", "n_heads", "n_found"), [(6, 8, 2), (5, 8, 0), (6, 3, 0)])
def test_alignment_heads_are_those_that_the_decoder_has_all_of(
    tmp_path: Path, n_layers: int, n_heads: int, n_found: int
) -> None:
    config = config_of(tmp_path, {}, {"alignment_heads": [[5, 1], [3, 3]]})
    assert len(config.alignment_heads_of(n_layers, n_heads)) == n_found


def test_a_manifest_that_is_no_json_is_named_where_the_name_is_asked_for(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"_name_or_path": "openai/whisper-base"}, {})
    assert read_name(config) == "whisper-base"
    (tmp_path / "ovsubs.json").write_text("{")
    with pytest.raises(BrokenModel, match=r"\(ovsubs\.json: "):
        read_name(config)
