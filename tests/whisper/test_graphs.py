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

from ovsubs.errors import BrokenModel
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
            (target / file.name).symlink_to(file)
        else:
            shutil.copy(file, target)
    return target


def logits_of(directory: Path, mel: NDArray[np.float32]) -> NDArray[np.float32]:
    with open_model(directory, EXACT) as model, model.session(mel, model.rows(1)) as session:
        return session.step(TOKENS)[0].copy()


def test_the_cut_leaves_the_encoder_all_that_depends_on_the_sound_alone(tiny_en_model_dir: Path) -> None:
    graphs = read_graphs(tiny_en_model_dir)
    assert (graphs.n_mels, graphs.n_layers) == (80, 4)
    layers = {f"{kind}.{layer}" for kind in ("key", "value") for layer in range(4)}
    assert {output.get_any_name() for output in graphs.encoder.outputs} == layers
    assert {port.get_any_name() for port in graphs.decoder.inputs} == layers | {"input_ids", "beam_idx"}
    assert [output.get_any_name() for output in graphs.decoder.outputs] == ["logits"]
    assert len(graphs.decoder.get_sinks()) == 8  # keys and values of four self-attentions


def test_a_graph_in_half_precision_gives_close_logits(
    tiny_en_model_dir: Path, tmp_path: Path, mels: NDArray[np.float32]
) -> None:
    """Within 0.05, where the logits span some 60."""
    directory = linked_copy(tiny_en_model_dir, tmp_path / "fp16", *(f"{name}.bin" for name in GRAPHS))
    for name in GRAPHS:
        model = ov.Core().read_model(tiny_en_model_dir / f"{name}.xml")
        ov.save_model(model, directory / f"{name}.xml", compress_to_fp16=True)
    np.testing.assert_allclose(
        logits_of(directory, mels[:1]), logits_of(tiny_en_model_dir, mels[:1]), atol=0.05
    )


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_a_graph_with_int8_weights_gives_close_logits(
    tiny_en_model_dir: Path, tmp_path: Path, mels: NDArray[np.float32]
) -> None:
    """Compressed by `nncf.compress_weights`, as the Hub's OpenVINO models are: the same word each time."""
    nncf = pytest.importorskip("nncf", reason="needs the export extra")
    directory = linked_copy(tiny_en_model_dir, tmp_path / "int8", *(f"{name}.bin" for name in GRAPHS))
    for name in GRAPHS:
        model = ov.Core().read_model(tiny_en_model_dir / f"{name}.xml")
        compressed = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
        ov.save_model(compressed, directory / f"{name}.xml")
    assert (directory / f"{GRAPHS[1]}.bin").stat().st_size < 0.4 * (
        tiny_en_model_dir / f"{GRAPHS[1]}.bin"
    ).stat().st_size
    exact, close = logits_of(tiny_en_model_dir, mels[:1]), logits_of(directory, mels[:1])
    assert exact.argmax(axis=1).tolist() == close.argmax(axis=1).tolist()
    assert np.abs(exact - close).mean() < 0.5


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
    assert "ovsubs export" in message
    assert "\n" not in message
    assert "read: )" not in message  # a reason is given
