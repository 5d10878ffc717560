"""The cut through the decoder: on quantized and half-precision graphs, and what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from openvino import opset15 as ops
from small_export import SmallExport
from systems import link_or_copy

from ovsubs.errors import BrokenModel
from ovsubs.whisper.config import read_config
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.model.graphs import read_graphs

EXACT = CompileOptions(threads=2, inference_precision="f32")
GRAPHS = ("openvino_encoder_model", "openvino_decoder_model")
TOKENS = np.array([[50257, 50363, 16227, 3088, 13]])  # tiny.en: start, <|0.00|>, words


def linked_copy(source: Path, target: Path, *leave_out: str) -> Path:
    """The directory again, without the large files being copied."""
    target.mkdir()
    for file in source.iterdir():
        if file.name in leave_out:
            continue
        if file.suffix == ".bin":
            link_or_copy(file, target / file.name)
        else:
            shutil.copy(file, target)
    return target


def logits_of(directory: Path, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    with open_model(directory, EXACT) as model, model.session(mel, model.cross_kv_cache(1)) as session:
        return session.step(TOKENS, logit_positions=range(TOKENS.shape[1]))[0].copy()


def test_the_cut_leaves_the_encoder_all_that_depends_on_the_sound_alone(tiny_en_model_dir: Path) -> None:
    graphs = read_graphs(read_config(tiny_en_model_dir))
    assert graphs.n_mels == 80
    layers = {f"{kind}.{layer}" for kind in ("key", "value") for layer in range(4)}
    assert {output.get_any_name() for output in graphs.encoder.outputs} == layers
    of_batch = {"input_ids", "beam_idx", "logit_positions", "n_positions", "slot_rows", "row_slots"}
    assert {port.get_any_name() for port in graphs.decoder.inputs} == layers | of_batch
    assert [output.get_any_name() for output in graphs.decoder.outputs] == ["logits", "queries"]
    assert len(graphs.decoder.get_sinks()) == 8  # keys and values of four self-attentions


@pytest.mark.parametrize("foreign", [[4, 0], [0, 6], [-1, 0]])
def test_alignment_heads_of_a_teacher_are_replaced_by_the_upper_half(
    foreign: list[int], tiny_en_model_dir: Path, tmp_path: Path
) -> None:
    """Of a distilled checkpoint: layers that it does not have."""
    directory = linked_copy(tiny_en_model_dir, tmp_path / "distilled")
    path = directory / "generation_config.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps({**settings, "alignment_heads": [[2, 1], foreign]}))
    assert read_graphs(read_config(directory)).alignment_heads == tuple(
        (layer, head) for layer in (2, 3) for head in range(6)
    )


def test_a_graph_in_half_precision_gives_close_logits(
    tiny_en_model_dir: Path, tmp_path: Path, mels: NDArray[np.float32]
) -> None:
    """Within 0.05, where the logits span some 60."""
    directory = in_half_precision(tiny_en_model_dir, tmp_path / "fp16")
    np.testing.assert_allclose(
        logits_of(directory, mels[:1]), logits_of(tiny_en_model_dir, mels[:1]), atol=0.05
    )


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_a_graph_with_int8_weights_gives_close_logits(
    tiny_en_model_dir: Path, tmp_path: Path, mels: NDArray[np.float32]
) -> None:
    """Compressed by `nncf.compress_weights`, as the Hub's OpenVINO models are: the same word each time."""
    directory = with_int8_weights(tiny_en_model_dir, tmp_path / "int8")
    assert (directory / f"{GRAPHS[1]}.bin").stat().st_size < 0.6 * (
        tiny_en_model_dir / f"{GRAPHS[1]}.bin"
    ).stat().st_size
    exact, close = logits_of(tiny_en_model_dir, mels[:1]), logits_of(directory, mels[:1])
    assert exact.argmax(axis=1).tolist() == close.argmax(axis=1).tolist()
    assert np.abs(exact - close).mean() < 0.5


def with_int8_weights(source: Path, target: Path) -> Path:
    nncf = pytest.importorskip("nncf", reason="needs the export extra")
    directory = linked_copy(source, target, *(f"{name}.bin" for name in GRAPHS))
    for name in GRAPHS:
        model = ov.Core().read_model(source / f"{name}.xml")
        compressed = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
        ov.save_model(compressed, directory / f"{name}.xml")
    return directory


def in_half_precision(source: Path, target: Path) -> Path:
    directory = linked_copy(source, target, *(f"{name}.bin" for name in GRAPHS))
    for name in GRAPHS:
        model = ov.Core().read_model(source / f"{name}.xml")
        ov.save_model(model, directory / f"{name}.xml", compress_to_fp16=True)
    return directory


def encoded(directory: Path, mel: NDArray[np.float32], *, any_length: bool) -> list[NDArray[np.float32]]:
    """Keys and values of all layers, computed in float32, also where the weights are of 8 bits."""
    encoder = read_graphs(read_config(directory), any_length=any_length).encoder
    assert encoder.input(0).get_partial_shape()[2].is_dynamic == any_length
    exact = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}
    compiled = ov.Core().compile_model(encoder, "CPU", exact)
    return [np.array(array) for array in compiled(mel[None]).values()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["fp32", "fp16", "int8"])
def test_an_encoder_of_any_length_hears_in_30_s_what_that_of_30_s_hears(
    tiny_en_model_dir: Path, tmp_path: Path, mels: NDArray[np.float32], kind: str
) -> None:
    """Within 1e-3 where they span some 10, and 1e-5 in the mean: other kernels add up in another order."""
    if kind == "fp32":
        directory = tiny_en_model_dir
    elif kind == "fp16":
        directory = in_half_precision(tiny_en_model_dir, tmp_path / kind)
    else:
        directory = with_int8_weights(tiny_en_model_dir, tmp_path / kind)
    fixed, free = (encoded(directory, mels[0], any_length=any_length) for any_length in (False, True))
    assert len(fixed) == len(free) == 8
    for one, other in zip(free, fixed, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3, rtol=0)
        assert np.abs(one - other).mean() < 1e-5
    short = encoded(directory, mels[0][:, :1000], any_length=True)
    assert short[0].shape == (1, 6, 64, 500)
    assert short[1].shape == (1, 6, 500, 64)
    assert all(np.isfinite(array).all() for array in short)


def test_the_table_of_positions_begins_at_the_same_place_in_a_short_window(
    tiny_en_model_dir: Path, mels: NDArray[np.float32]
) -> None:
    """Keys of a short window of speech are far nearer to those of 30 s at their own place than at others."""
    short = encoded(tiny_en_model_dir, mels[0][:, :1000], any_length=True)[0]
    whole = encoded(tiny_en_model_dir, mels[0], any_length=True)[0]
    off = [float(np.abs(short[..., :400] - whole[..., at : at + 400]).mean()) for at in (0, 20, 500)]
    assert off[0] < 0.5 * min(off[1:])


@pytest.mark.parametrize("name", [f"{graph}.{ending}" for graph in GRAPHS for ending in ("xml", "bin")])
def test_a_missing_graph_is_named(small_export: SmallExport, tmp_path: Path, name: str) -> None:
    directory = linked_copy(small_export.directory, tmp_path / "model", name)
    assert_broken(directory, name.partition(".")[0])


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_that_is_not_xml_is_named(small_export: SmallExport, tmp_path: Path, graph: str) -> None:
    directory = linked_copy(small_export.directory, tmp_path / "model")
    (directory / f"{graph}.xml").write_text("<html>not found</html>\n")
    assert_broken(directory, graph)


@pytest.mark.parametrize("graph", GRAPHS)
def test_weights_that_are_cut_off_are_named(small_export: SmallExport, tmp_path: Path, graph: str) -> None:
    directory = linked_copy(small_export.directory, tmp_path / "model", f"{graph}.bin")
    whole = (small_export.directory / f"{graph}.bin").read_bytes()
    (directory / f"{graph}.bin").write_bytes(whole[: len(whole) // 2])
    assert_broken(directory, graph)


@pytest.mark.parametrize(
    "config", [None, "{", "[]", "{}", '{"num_mel_bins": "many"}', '{"num_mel_bins": null}']
)
def test_a_config_without_the_number_of_mels_is_named(
    small_export: SmallExport, tmp_path: Path, config: str | None
) -> None:
    directory = linked_copy(small_export.directory, tmp_path / "model", "config.json")
    if config is not None:
        (directory / "config.json").write_text(config)
    assert_broken(directory, "config.json")


def test_a_config_of_another_model_is_refused(small_export: SmallExport, tmp_path: Path) -> None:
    directory = linked_copy(small_export.directory, tmp_path / "model", "config.json")
    config = json.loads((small_export.directory / "config.json").read_text()) | {"num_mel_bins": 80}
    (directory / "config.json").write_text(json.dumps(config))
    assert_broken(directory, "config.json says 80 mel bands")


def test_a_decoder_without_state_is_refused(small_export: SmallExport, tmp_path: Path) -> None:
    """As `optimum-cli export openvino --disable-stateful` writes it: no `beam_idx`."""
    directory = linked_copy(
        small_export.directory, tmp_path / "model", f"{GRAPHS[1]}.xml", f"{GRAPHS[1]}.bin"
    )
    save_decoder(directory, "input_ids", "encoder_hidden_states")
    assert_broken(directory, "the decoder is not a stateful optimum-intel export")


def test_a_decoder_without_cross_attention_is_refused(small_export: SmallExport, tmp_path: Path) -> None:
    directory = linked_copy(
        small_export.directory, tmp_path / "model", f"{GRAPHS[1]}.xml", f"{GRAPHS[1]}.bin"
    )
    save_decoder(directory, "input_ids", "encoder_hidden_states", "beam_idx")
    assert_broken(directory, "no cross-attention")


def save_decoder(directory: Path, *names: str) -> None:
    """A graph that adds its inputs up."""
    parameters = [ops.parameter([1, 8], ov.Type.f32, name) for name in names]
    for parameter, name in zip(parameters, names, strict=True):
        parameter.output(0).set_names({name})
    total = parameters[0]
    for parameter in parameters[1:]:
        total = ops.add(total, parameter)
    result = ops.result(total)
    result.output(0).set_names({"logits"})
    ov.save_model(ov.Model([result], parameters, "decoder"), directory / "openvino_decoder_model.xml")


def assert_broken(directory: Path, what: str) -> None:
    """Refused in one line that names the directory, what is wrong, and what to do."""
    with pytest.raises(BrokenModel) as caught:
        open_model(directory, EXACT)
    message = str(caught.value)
    assert str(directory) in message
    assert what in message
    assert "export it again" in message
    assert "\n" not in message
    assert "read: )" not in message  # a reason is given
