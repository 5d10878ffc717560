"""Checkpoints in float16, bfloat16 and float32 -> graphs with exactly their weights."""

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from as_on_windows import lock_open_files
from numpy.typing import NDArray
from small_model import N_MELS, WIDTH, SmallModel, make_small_model, write_ctranslate2
from systems import needs_linux

from ovsubs.errors import ExportError, UnreadableCheckpoint
from ovsubs.export.checkpoint import is_float16
from ovsubs.export.ctranslate2 import convert_ctranslate2
from ovsubs.export.graphs import export_graphs, save_as_fp16
from ovsubs.models.manifest import DECODER, ENCODER

DTYPES = ("float16", "bfloat16", "float32")
# What one type of 16 bits has and the other lacks, and what only float32 has.
TELLING = {"float16": 1.0 + 2.0**-10, "bfloat16": 2.0**100, "float32": 1.0 + 2.0**-20}
TELLING_TENSOR = "model.decoder.layers.0.fc1.weight"

pytestmark = [pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small model in each type; its `config.json` says float16 in all of them."""
    torch = pytest.importorskip("torch", reason="needs the export extra")
    pytest.importorskip("optimum.intel", reason="needs the export extra")
    from safetensors.torch import load_file, save_file

    source = write_loadable(tmp_path_factory.mktemp("small"), make_small_model())
    made = {}
    for dtype in DTYPES:
        path = made[dtype] = tmp_path_factory.mktemp(dtype)
        convert_ctranslate2(source, path)
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        (path / "config.json").write_text(json.dumps({**config, "dtype": "float16"}), encoding="utf-8")
        weights = {
            name: values.to(getattr(torch, dtype))
            for name, values in load_file(path / "model.safetensors").items()
        }
        weights[TELLING_TENSOR][0, 0] = TELLING[dtype]
        save_file(weights, path / "model.safetensors", {"format": "pt"})
    return made


def write_loadable(directory: Path, model: SmallModel) -> Path:
    """A CTranslate2 directory whose tokenizer the tokenizers library loads: all that it merges is there."""
    write_ctranslate2(directory, model)
    tokenizer = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["merges"] = ["Ġ t"]
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def graphs(checkpoints: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each of them exported, and "wide": that in float16 with weights in float32."""
    exported = {}
    for name in (*DTYPES, "wide"):
        exported[name] = tmp_path_factory.mktemp(f"{name}-ir")
        checkpoint = checkpoints["float16" if name == "wide" else name]
        export_graphs(checkpoint, exported[name], lambda line: None, widen=name == "wide")
    return exported


def weights_of(checkpoint: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors.torch import load_file

    found = load_file(checkpoint / "model.safetensors")
    return {name: values.float().numpy() for name, values in found.items()}


def constants_of(directory: Path) -> Iterator[NDArray[Any]]:
    """All floating-point constants of both graphs."""
    import openvino as ov

    for stem in (ENCODER, DECODER):
        for node in ov.Core().read_model(directory / f"{stem}.xml").get_ops():
            if node.get_type_name() == "Constant" and node.get_element_type().is_real():
                yield np.array(node.data)


def missing_weights(checkpoint: Path, directory: Path) -> list[str]:
    """Tensors of a checkpoint that are not in the graphs, value for value."""
    there = {values.astype(np.float32).tobytes() for values in constants_of(directory)}

    def is_there(name: str, values: NDArray[np.float32]) -> bool:
        # Queries are scaled by 1 / sqrt(head_dim), which OpenVINO multiplies into float32 biases.
        scaled = values / np.float32(8.0) if name.endswith("q_proj.bias") else values
        return values.tobytes() in there or scaled.tobytes() in there

    return [name for name, values in weights_of(checkpoint).items() if not is_there(name, values)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_checkpoint_is_exported_without_rounding(
    dtype: str, checkpoints: dict[str, Path], graphs: dict[str, Path]
) -> None:
    assert weights_of(checkpoints[dtype])[TELLING_TENSOR][0, 0] == np.float32(TELLING[dtype])
    assert missing_weights(checkpoints[dtype], graphs[dtype]) == []


def test_weights_of_another_checkpoint_are_missed(
    checkpoints: dict[str, Path], graphs: dict[str, Path]
) -> None:
    """Or the test above could not fail."""
    assert missing_weights(checkpoints["float32"], graphs["float16"]) == [TELLING_TENSOR]


def test_only_float16_stays_narrow(graphs: dict[str, Path]) -> None:
    def n_bytes(name: str) -> int:
        return sum((graphs[name] / f"{stem}.bin").stat().st_size for stem in (ENCODER, DECODER))

    assert n_bytes("float32") == n_bytes("bfloat16") == n_bytes("wide")
    types = {
        name: {values.dtype for values in constants_of(graphs[name]) if values.size > WIDTH}
        for name in graphs
    }
    assert np.dtype(np.float16) in types["float16"]
    assert types["float32"] == types["bfloat16"] == types["wide"] == {np.dtype(np.float32)}


def test_stored_as_fp16_it_is_the_same_from_either(
    checkpoints: dict[str, Path], graphs: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("float16", "wide"):
        (tmp_path / name).mkdir()
        for stem in (ENCODER, DECODER):
            save_as_fp16(graphs[name] / f"{stem}.xml", tmp_path / name / f"{stem}.xml")
        assert all(values.dtype == np.float16 or values.size == 1 for values in constants_of(tmp_path / name))
        assert missing_weights(checkpoints["float16"], tmp_path / name) == []
    sizes = [(tmp_path / name / f"{DECODER}.bin").stat().st_size for name in ("float16", "wide")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.001)


def test_float16_computes_what_float32_does_for_several_windows(graphs: dict[str, Path]) -> None:
    random = np.random.default_rng(0)
    mels = random.normal(size=(2, N_MELS, 3000)).astype(np.float32)
    tokens = random.integers(0, 200, size=(2, 5))
    narrow, wide = (compute(graphs[name], mels, tokens) for name in ("float16", "wide"))
    assert narrow.shape[0] == 2
    assert np.abs(narrow[0] - narrow[1]).max() > 1.0  # the windows differ
    np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-4 * float(np.abs(wide).max()))
    alone = compute(graphs["float16"], mels[1:], tokens[1:])
    np.testing.assert_allclose(alone[0], narrow[1], rtol=1e-4, atol=1e-4 * float(np.abs(wide).max()))


def compute(directory: Path, mels: NDArray[np.float32], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
    """Logits [windows, tokens, n_vocab] of both graphs, in f32."""
    import openvino as ov

    core, exact = ov.Core(), {"INFERENCE_PRECISION_HINT": "f32"}
    encoder = core.compile_model(directory / f"{ENCODER}.xml", "CPU", exact)
    decoder = core.compile_model(directory / f"{DECODER}.xml", "CPU", exact).create_infer_request()
    hidden = encoder({"input_features": mels})["last_hidden_state"]
    rows = np.arange(len(mels), dtype=np.int32)
    inputs = {"input_ids": tokens, "encoder_hidden_states": hidden, "beam_idx": rows}
    return np.array(decoder.infer(inputs)["logits"])


def test_configs_do_not_tell_of_how_it_was_loaded(graphs: dict[str, Path]) -> None:
    texts = {(graphs[name] / "config.json").read_text(encoding="utf-8") for name in graphs}
    assert len(texts) == 1
    assert json.loads(texts.pop())["dtype"] == "float32"


def test_parts_and_other_weights_beside_them_are_told_apart(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """openai/whisper-large-v3 on the Hub holds the weights in float32 as well, under another name."""
    (tmp_path / "model.fp32.safetensors").write_bytes(b"never read")
    assert not is_float16(tmp_path)  # it has none of its own
    for part, dtype in enumerate(("float16", "bfloat16")):
        content = (checkpoints[dtype] / "model.safetensors").read_bytes()
        (tmp_path / f"model-{part}.safetensors").write_bytes(content)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-0.safetensors", "b": "model-0.safetensors"}}))
    assert is_float16(tmp_path)
    index.write_text(json.dumps({"weight_map": {"a": "model-0.safetensors", "b": "model-1.safetensors"}}))
    assert not is_float16(tmp_path)


def test_a_missing_tensor_is_named(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    checkpoint = shutil.copytree(checkpoints["float16"], tmp_path / "incomplete")
    weights = load_file(checkpoint / "model.safetensors")
    del weights[TELLING_TENSOR]
    save_file(weights, checkpoint / "model.safetensors", {"format": "pt"})
    with pytest.raises(UnreadableCheckpoint, match=f"the tensor '{TELLING_TENSOR}' is missing"):
        export_graphs(checkpoint, tmp_path, lambda line: None)


@needs_linux
@pytest.mark.parametrize("ends", [None, "tracing", "writing"])
def test_weights_are_let_go_of_before_they_are_removed(
    ends: str | None, checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """float16 is mapped while it is exported: on Windows what was unpacked would stay."""
    checkpoint = shutil.copytree(checkpoints["float16"], tmp_path / "unpacked")
    output = tmp_path / "out"
    output.mkdir()
    if ends == "writing":
        (output / f"{ENCODER}.xml").mkdir()  # where the graph is to be written
    if ends == "tracing":
        monkeypatch.setattr("optimum.exporters.openvino.convert.convert_model", interrupt)
    error = {None: nullcontext(), "tracing": pytest.raises(KeyboardInterrupt)}
    with error.get(ends, pytest.raises(ExportError)):
        export_graphs(checkpoint, output, lambda line: None)
    lock_open_files(monkeypatch)
    shutil.rmtree(checkpoint)
    assert not checkpoint.exists()


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_export_leaves_torch_as_it_was(
    checkpoints: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a notebook that goes on: while it is traced, `torch.bmm` is another function."""
    import torch

    before = torch.bmm
    monkeypatch.setattr("optimum.exporters.openvino.convert.convert_model", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_graphs(checkpoints["float16"], tmp_path, lambda line: None)
    assert torch.bmm is before
