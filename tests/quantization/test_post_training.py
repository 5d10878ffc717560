"""Graphs with states in their cross-attentions, and what is in 8 bits already."""

from pathlib import Path
from typing import Any

import pytest
from as_on_windows import lock_open_files
from systems import needs_linux

from ovsubs.errors import ExportError, InvalidOption
from ovsubs.models.manifest import DECODER, ENCODER
from ovsubs.quantization.cross_states import put_back_cross_states, take_out_cross_states
from ovsubs.quantization.post_training import Int8Settings, is_quantized, quantize_decoder, read_graph

pytestmark = pytest.mark.model


def kinds(graph: Any) -> list[str]:
    return sorted(node.get_type_name() for node in graph.get_ops())


def states(graph: Any) -> set[str]:
    return {variable.get_info().variable_id for variable in graph.get_variables()}


def test_states_of_cross_attentions_are_taken_out_and_put_back(tiny_en_model_dir: Path) -> None:
    graph = read_graph(tiny_en_model_dir / f"{DECODER}.xml")
    kinds_before, states_before = kinds(graph), states(graph)

    taken = take_out_cross_states(graph)

    assert len(taken) == 2 * 4  # keys and values of tiny's four layers
    assert states(graph) == states_before - {state.variable_id for state in taken}
    assert kinds_before.count("ReadValue") - kinds(graph).count("ReadValue") == 8
    assert take_out_cross_states(graph) == []

    whole = put_back_cross_states(graph, taken)

    assert kinds(whole) == kinds_before
    assert states(whole) == states_before


@needs_linux
def test_a_graph_is_let_go_of_before_its_file_is_removed(
    tiny_en_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows the file would stay otherwise."""
    from ovsubs.export.graphs import compress_graph

    lock_open_files(monkeypatch)
    compress_graph(tiny_en_model_dir / f"{DECODER}.xml", tmp_path / f"{DECODER}.xml", "INT8_ASYM")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{DECODER}.bin", f"{DECODER}.xml"]


@pytest.mark.parametrize("stem", [ENCODER, DECODER])
def test_a_graph_in_floating_point_is_told_from_one_in_fewer_bits(
    tiny_en_model_dir: Path, tmp_path: Path, stem: str
) -> None:
    from ovsubs.export.graphs import compress_graph

    exact = tiny_en_model_dir / f"{stem}.xml"
    assert not is_quantized(exact)
    compress_graph(exact, tmp_path / f"{stem}.xml", "INT8_ASYM")
    assert is_quantized(tmp_path / f"{stem}.xml")


def test_a_layer_that_is_not_there_is_refused(tiny_en_model_dir: Path, tmp_path: Path) -> None:
    settings = Int8Settings(0.5, (r".*no such layer.*",))
    with pytest.raises(InvalidOption, match=r"no layer of openvino_decoder_model\.xml is called so"):
        quantize_decoder(
            tiny_en_model_dir / f"{DECODER}.xml", tmp_path / "x.xml", [], settings, lambda part: None
        )
    assert list(tmp_path.iterdir()) == []


def test_a_graph_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_text("<net>")
    with pytest.raises(ExportError, match=r"broken\.xml: cannot be read"):
        read_graph(tmp_path / "broken.xml")
