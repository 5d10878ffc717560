import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from growth import assert_linear

from ovsubs.errors import BrokenModel
from ovsubs.models.listing import list_models
from ovsubs.models.manifest import (
    REQUIRED_FILES,
    FileSum,
    Manifest,
    PackageVersion,
    Quantization,
    SelfTestVerdict,
    check_ir_directory,
    check_sums,
    describe_word_times,
    read_manifest,
    write_manifest,
)

MakeIr = Callable[[str], Path]
MANIFEST = Manifest(
    name="base",
    source="openai/whisper-base",
    source_sha256="0" * 64,
    encoder_precision="fp16",
    decoder_precision="int8",
    quantization=Quantization("nncf.compress_weights", "INT8_ASYM", ("decoder",)),
    versions=(PackageVersion("openvino", "2026.4.1"),),
    created="2026-01-01T00:00:00+00:00",
    files=(FileSum("openvino_encoder_model.bin", 12, "1" * 64),),
    self_test=SelfTestVerdict(True, "We will go to the market…", True),
    word_times="8 alignment heads of the checkpoint",
)


@pytest.mark.parametrize("manifest", [MANIFEST, replace(MANIFEST, quantization=None, self_test=None)])
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest, tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest


def test_a_manifest_that_is_older_says_nothing_of_word_times(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    path = tmp_path / "ovsubs.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["word_times"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_manifest(tmp_path) == replace(MANIFEST, word_times=None)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"alignment_heads": [[3, 1], [4, 2]]}, "2 alignment heads of the checkpoint"),
        ({"alignment_heads": [[3, 1], [6, 0]]}, "all heads of the upper half"),
        ({"alignment_heads": [[3, 8]]}, "all heads of the upper half"),
        ({"alignment_heads": None}, "all heads of the upper half"),
        ({}, "all heads of the upper half"),
    ],
)
def test_where_the_times_of_words_come_from_is_told(settings: object, told: str, tmp_path: Path) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    sizes = {"decoder_layers": 6, "decoder_attention_heads": 8}
    (tmp_path / "config.json").write_text(json.dumps(sizes), encoding="utf-8")
    assert describe_word_times(tmp_path) == told


def test_a_directory_without_a_manifest_has_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}'])
def test_a_broken_manifest_is_said_to_be_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "ovsubs.json").write_text(text)
    with pytest.raises(BrokenModel, match=r"ovsubs\.json is not readable"):
        read_manifest(tmp_path)


def test_a_newer_manifest_is_not_guessed_at(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    content = json.loads((tmp_path / "ovsubs.json").read_text()) | {"format": 2}
    (tmp_path / "ovsubs.json").write_text(json.dumps(content))
    with pytest.raises(BrokenModel, match="format 2"):
        read_manifest(tmp_path)


def test_precision_is_one_word_where_both_parts_agree() -> None:
    assert MANIFEST.precision == "fp16 encoder, int8 decoder"
    assert replace(MANIFEST, encoder_precision="int8").precision == "int8"


def test_a_complete_directory_passes(make_ir: MakeIr) -> None:
    check_ir_directory(make_ir("base"))


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_each_missing_or_empty_file_is_named(name: str, make_ir: MakeIr) -> None:
    directory = make_ir("base")
    (directory / name).write_bytes(b"")
    with pytest.raises(BrokenModel, match=f"{name} is empty"):
        check_ir_directory(directory)
    (directory / name).unlink()
    with pytest.raises(BrokenModel, match=f"{name} is missing"):
        check_ir_directory(directory)


def test_no_directory_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel, match="no such directory"):
        check_ir_directory(tmp_path / "nothing")


def test_no_models_give_an_empty_list(tmp_path: Path) -> None:
    assert list_models(tmp_path / "models", tmp_path / "cache") == []


def test_models_are_listed_by_name_with_what_the_manifest_says(tmp_path: Path, make_ir: MakeIr) -> None:
    path = make_ir("models/base")
    write_manifest(path, MANIFEST)
    make_ir("models/aa")
    (first, second) = list_models(tmp_path / "models", tmp_path / "cache")
    assert (first.name, first.source) == ("aa", "unknown")
    assert (second.name, second.path, second.source) == ("base", path, "openai/whisper-base")
    assert second.precision == "fp16 encoder, int8 decoder"
    assert second.size_bytes == sum(file.stat().st_size for file in path.iterdir())


def test_the_models_directory_hides_the_cache(tmp_path: Path, make_ir: MakeIr) -> None:
    path = make_ir("models/base")
    make_ir("cache/base")
    assert [model.path for model in list_models(tmp_path / "models", tmp_path / "cache")] == [path]


def test_what_is_no_model_or_not_finished_is_not_listed(tmp_path: Path, make_ir: MakeIr) -> None:
    make_ir("models/.base.partial-1-x")
    (tmp_path / "models" / "notes").mkdir()
    (tmp_path / "models" / ".gitkeep").touch()
    assert list_models(tmp_path / "models", tmp_path / "cache") == []


def test_a_broken_manifest_does_not_hide_the_others(tmp_path: Path, make_ir: MakeIr) -> None:
    (make_ir("models/a") / "ovsubs.json").write_text("{")
    make_ir("models/b")
    names = [(model.name, model.source) for model in list_models(tmp_path / "models", tmp_path / "cache")]
    assert names == [("a", "unreadable ovsubs.json"), ("b", "unknown")]


def test_without_a_manifest_the_graph_tells_the_precision(tmp_path: Path, make_ir: MakeIr) -> None:
    path = make_ir("models/base")
    layer = '<data element_type="{}" shape="1" offset="0" size="{}" />'
    encoder = layer.format("f32", 4) + layer.format("f16", 1000) + layer.format("i64", 8)
    (path / "openvino_encoder_model.xml").write_text(encoder)
    (path / "openvino_decoder_model.xml").write_text(layer.format("f16", 10) + layer.format("u8", 1000))
    (model,) = list_models(tmp_path / "models", tmp_path / "cache")
    assert model.precision == "fp16 encoder, int8 decoder"


def test_a_name_that_is_no_utf_8_does_not_stop_it(tmp_path: Path) -> None:
    write_manifest(tmp_path, replace(MANIFEST, source="models/\udce9"))  # as Python reads a Latin-1 name
    read = read_manifest(tmp_path)
    assert read is not None
    assert read.source == "models/?"


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "[]",
        "null",
        '{"format": 1}',
        '{"format": 1, "name": 5, "source": 5, "source_sha256": null, "encoder_precision": 16, '
        '"decoder_precision": 16, "quantization": null, "versions": [], "created": "", "files": [], '
        '"self_test": null}',
        '{"format": 1, "quantization": {"components": 5}, "self_test": [], "versions": 5}',
    ],
    ids=lambda content: content[:14],
)
def test_whatever_a_manifest_holds_the_others_are_listed(
    tmp_path: Path, make_ir: MakeIr, content: str
) -> None:
    (make_ir("models/a") / "ovsubs.json").write_text(content)
    make_ir("models/b")
    (tmp_path / "models" / "c").symlink_to("away")
    names = [(model.name, model.source) for model in list_models(tmp_path / "models", tmp_path / "cache")]
    assert names == [("a", "unreadable ovsubs.json"), ("b", "unknown")]


@pytest.mark.parametrize("unit", ['<data element_type="f32"', "<data ", "9"])
def test_a_graph_is_looked_through_in_linear_time(tmp_path: Path, make_ir: MakeIr, unit: str) -> None:
    path = make_ir("models/base")

    def run(n: int) -> None:
        (path / "openvino_encoder_model.xml").write_text(unit * n)
        list_models(tmp_path / "models", tmp_path / "cache")

    assert_linear(run, 5000)


@pytest.fixture
def summed(tmp_path: Path) -> Path:
    """A directory with two files and a manifest that has their sums."""
    contents = {"openvino_encoder_model.bin": b"weights" * 1000, "openvino_encoder_model.xml": b"<net/>"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    sums = [FileSum(name, len(file), hashlib.sha256(file).hexdigest()) for name, file in contents.items()]
    write_manifest(tmp_path, replace(MANIFEST, files=tuple(sums)))
    return tmp_path


def test_files_that_are_as_they_were_pass(summed: Path) -> None:
    check_sums(summed)


def test_without_a_manifest_nothing_is_compared(summed: Path) -> None:
    (summed / "ovsubs.json").unlink()
    (summed / "openvino_encoder_model.bin").write_bytes(b"")
    check_sums(summed)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda content: content[:-1], "has 6999 bytes, and had 7000 when it was exported"),
        (lambda content: content + b"x", "has 7001 bytes"),
        (lambda content: bytes(len(content)), "has changed since it was exported"),
        (lambda content: content[:5000] + bytes([content[5000] ^ 1]) + content[5001:], "has changed since"),
    ],
)
def test_a_file_that_has_changed_is_named(summed: Path, damage: Callable[[bytes], bytes], what: str) -> None:
    weights = summed / "openvino_encoder_model.bin"
    weights.write_bytes(damage(weights.read_bytes()))

    with pytest.raises(BrokenModel, match=f"openvino_encoder_model.bin {what}"):
        check_sums(summed)


def test_a_file_that_is_gone_is_named(summed: Path) -> None:
    (summed / "openvino_encoder_model.xml").unlink()
    with pytest.raises(BrokenModel, match=r"openvino_encoder_model\.xml is missing"):
        check_sums(summed)
