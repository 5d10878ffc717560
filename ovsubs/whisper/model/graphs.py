"""Standard IR directory -> the two graphs that we run: encoder with cross-attention K/V, decoder without.

The optimum-intel decoder projects the encoder's output to the keys and values of every cross-attention
and keeps them as state. That is paid again at each prefill and pins a finished window to its batch. Here
whatever depends on the encoder's output alone moves into the encoder, and the decoder takes keys and
values as inputs. The cut follows the data, not the names of nodes, so that quantized and compressed
graphs and pruned decoders (turbo, distil) pass as well.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset15 as ops

from ovsubs.errors import BrokenModel

N_FRAMES = 3000  # mel frames of 10 ms in one window (arXiv:2212.04356, section 2)
N_POSITIONS = 1500  # encoder positions of 20 ms in one window


@dataclass(frozen=True, slots=True)
class WhisperGraphs:
    """Both graphs, not compiled yet.

    Encoder: `input_features` float32 [1, n_mels, 3000] -> for each layer `key.N` [1, heads, head_dim, 1500]
    and `value.N` [1, heads, 1500, head_dim]. Decoder: `input_ids` int64 [rows, n], `beam_idx` int32 [rows]
    (which row of the state each row goes on from), `key.N`, `value.N` -> `logits` [rows, n, n_vocab];
    the self-attention cache is its state.
    """

    encoder: ov.Model
    decoder: ov.Model
    n_mels: int
    n_layers: int


@dataclass(frozen=True, slots=True)
class _CrossAttention:
    attention: ov.Node
    key: Any  # ov.Output that depends on the encoder's output alone
    value: Any


def read_graphs(directory: Path) -> WhisperGraphs:
    """Read a model directory and cut its decoder at the cross-attentions.

    Raises:
        BrokenModel: a graph cannot be read, or is not a stateful Whisper decoder of optimum-intel.
    """
    core = ov.Core()
    n_mels = _n_mels(directory)
    encoder = _read(core, directory, "openvino_encoder_model.xml")
    decoder = _read(core, directory, "openvino_decoder_model.xml")
    try:
        hidden = _parameter(decoder, "encoder_hidden_states")
        _parameter(decoder, "beam_idx")
    except StopIteration:
        raise BrokenModel(directory, "the decoder is not a stateful optimum-intel export") from None
    crosses = list(_cross_attentions(decoder, hidden))
    if not crosses:
        raise BrokenModel(directory, "no cross-attention was found in the decoder")
    inputs = [
        parameter
        for layer, cross in enumerate(crosses)
        for parameter in _attend_to_inputs(cross, f"key.{layer}", f"value.{layer}")
    ]
    full_encoder = _encoder_with_outputs(encoder, hidden, crosses)
    try:
        full_encoder.reshape([1, n_mels, N_FRAMES])
    except RuntimeError:
        why = f"config.json says {n_mels} mel bands, the encoder takes another number"
        raise BrokenModel(directory, why) from None
    cut_decoder = _decoder_with_inputs(decoder, hidden, crosses, inputs)
    return WhisperGraphs(full_encoder, cut_decoder, n_mels, len(crosses))


def _read(core: ov.Core, directory: Path, name: str) -> ov.Model:
    try:
        return core.read_model(str(directory / name))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BrokenModel(directory, f"{name} cannot be read: {reason}") from error


def _n_mels(directory: Path) -> int:
    try:
        return int(json.loads((directory / "config.json").read_text(encoding="utf-8"))["num_mel_bins"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(directory, f"config.json: no num_mel_bins ({error})") from error


def _parameter(model: ov.Model, name: str) -> ov.Node:
    return next(node for node in model.get_parameters() if name in node.output(0).get_names())


def _cross_attentions(decoder: ov.Model, hidden: ov.Node) -> Iterator[_CrossAttention]:
    for node in decoder.get_ordered_ops():
        if node.get_type_name() != "ScaledDotProductAttention":
            continue
        key, value = (_without_state(node.input_value(position)) for position in (1, 2))
        if _parameters_of(key) == {hidden.get_friendly_name()}:
            yield _CrossAttention(node, key, value)


def _without_state(source: Any) -> Any:
    """What a ReadValue is first filled with; anything else as it is."""
    node = source.get_node()
    if node.get_type_name() == "ReadValue" and node.get_input_size():
        return node.input_value(0)
    return source


def _parameters_of(output: Any) -> set[str]:
    """Names of all Parameters and states that this value is computed from."""
    found, seen, waiting = set[str](), set[str](), [output.get_node()]
    while waiting:
        node = waiting.pop()
        if node.get_friendly_name() in seen:
            continue
        seen.add(node.get_friendly_name())
        if node.get_type_name() in ("Parameter", "ReadValue"):
            found.add(node.get_friendly_name())
        waiting.extend(node.input_value(position).get_node() for position in range(node.get_input_size()))
    return found


def _attend_to_inputs(cross: _CrossAttention, key_name: str, value_name: str) -> list[ov.Node]:
    """Put MatMul-Softmax-MatMul over two new Parameters in the place of one attention."""
    _, heads, _, head_dim = cross.key.get_partial_shape()
    key = _new_parameter([-1, heads, head_dim, N_POSITIONS], key_name)
    value = _new_parameter([-1, heads, N_POSITIONS, head_dim], value_name)
    query = cross.attention.input_value(0)
    scale = _scale(cross.attention, head_dim.get_length())
    if scale != 1.0:
        query = ops.multiply(query, np.float32(scale)).output(0)
    weights = ops.softmax(ops.matmul(query, key, False, False), axis=-1)
    attended = ops.matmul(weights, value, False, False)
    cross.attention.output(0).replace(attended.output(0))
    return [key, value]


def _scale(attention: ov.Node, head_dim: int) -> float:
    """The attention's own scale: its fifth input; 1/sqrt(head_dim) where it has none."""
    if attention.get_input_size() < 5:
        return float(head_dim**-0.5)
    source = attention.input_value(4).get_node()
    while source.get_type_name() == "Convert":  # FP16 and INT8 graphs store it as float16
        source = source.input_value(0).get_node()
    return float(np.asarray(source.data).item())


def _new_parameter(shape: list[Any], name: str) -> ov.Node:
    node = ops.parameter(ov.PartialShape(shape), ov.Type.f32, name)
    node.output(0).set_names({name})
    return node


def _encoder_with_outputs(encoder: ov.Model, hidden: ov.Node, crosses: list[_CrossAttention]) -> ov.Model:
    last_hidden = encoder.output("last_hidden_state").get_node().input_value(0)
    for target in hidden.output(0).get_target_inputs():
        target.replace_source_output(last_hidden)
    results = []
    for layer, cross in enumerate(crosses):
        key = ops.transpose(cross.key, np.array([0, 1, 3, 2]))
        results += [
            _named_result(key.output(0), f"key.{layer}"),
            _named_result(cross.value, f"value.{layer}"),
        ]
    return ov.Model(results, encoder.get_parameters(), "whisper_encoder")


def _named_result(output: Any, name: str) -> ov.Node:
    result = ops.result(output)
    result.output(0).set_names({name})
    return result


def _decoder_with_inputs(
    decoder: ov.Model, hidden: ov.Node, crosses: list[_CrossAttention], inputs: list[ov.Node]
) -> ov.Model:
    moved = [output for cross in crosses for output in (cross.key, cross.value)]
    sinks = [sink for sink in decoder.get_sinks() if _without_state(sink.input_value(0)) not in moved]
    kept = [node for node in decoder.get_parameters() if node != hidden]
    return ov.Model(decoder.get_results(), sinks, kept + inputs, "whisper_decoder")
