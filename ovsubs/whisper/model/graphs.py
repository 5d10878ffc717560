"""Standard IR directory -> the two graphs that we run: encoder with cross-attention K/V, decoder without.

The optimum-intel decoder projects the encoder's output to the keys and values of every cross-attention
and keeps them as state. That is paid again at each prefill and pins a finished window to its batch. Here
whatever depends on the encoder's output alone moves into the encoder, and the decoder takes keys and
values as inputs. The cut follows the data, not the names of nodes, so that quantized and compressed
graphs and pruned decoders (turbo, distil) pass as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset15 as ops

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import BrokenModel
from ovsubs.whisper.config import AlignmentHeads, ModelConfig
from ovsubs.whisper.model.attention import CrossAttention, attend_to_inputs, batch_shape
from ovsubs.whisper.model.dynamic_encoder import make_length_dynamic
from ovsubs.whisper.model.dynamic_quantization import quantize_linear_dynamic
from ovsubs.whisper.model.overflow import keep_logits_float

_TYPES = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "i32": ov.Type.i32, "i64": ov.Type.i64}
N_FRAMES = 3000  # mel frames of 10 ms in 30 s (arXiv:2212.04356, section 2)


@dataclass(frozen=True, slots=True)
class WhisperGraphs:
    """Both graphs, not compiled yet.

    Encoder: `input_features` float32 [1, n_mels, frames] -> for each layer `key.N` [1, heads, head_dim,
    frames / 2] and `value.N` [1, heads, frames / 2, head_dim]. Decoder: `input_ids` int64 [rows, n],
    `beam_idx` int32 [rows] (which row of the state each row goes on from), `logit_positions` int64 [m] (the
    tokens of which logits are wanted), `n_positions` int32 [windows] (how much of the keys is filled),
    `slot_rows` int32 [windows * slots] and `row_slots` int32 [rows] (which rows belong to which window),
    `key.N`, `value.N` [windows, ...] -> `logits` [rows, m, n_vocab], `queries` [rows, m, alignment heads,
    head_dim] float32; the self-attention cache is its state.
    """

    encoder: ov.Model
    decoder: ov.Model
    n_mels: int
    alignment_heads: AlignmentHeads


def read_graphs(
    config: ModelConfig,
    key_type: str = "f32",
    *,
    any_length: bool = True,
    encoder_in_8_bits: bool = False,
    decoder_in_8_bits: bool = False,
    overflows: bool = False,
) -> WhisperGraphs:
    """Read the graphs of a model directory, cut the decoder at the cross-attentions, and fit both to the CPU.

    Args:
        config: of a directory of the standard layout.
        key_type: element type of keys and values between the graphs, "f32" or "bf16".
        any_length: the encoder takes any even number of frames up to 3000; else 3000.
        encoder_in_8_bits: its linear layers in floating point become such of 8 bits; see
            `dynamic_quantization.py`.
        decoder_in_8_bits: the same of the decoder.
        overflows: the CPU adds products of 8 bits up in 16; see `overflow.py`.

    Raises:
        BrokenModel: a graph cannot be read, or is not a stateful Whisper decoder of optimum-intel; or
            `config.json` does not fit the encoder.
    """
    core, directory = shared_core(), config.directory
    n_mels = config.required("num_mel_bins")
    encoder = _read(core, directory, "openvino_encoder_model.xml")
    decoder = _read(core, directory, "openvino_decoder_model.xml")
    try:
        hidden = _parameter(decoder, "encoder_hidden_states")
        _parameter(decoder, "beam_idx")
    except StopIteration:
        raise BrokenModel(directory, "the decoder is not a stateful optimum-intel export") from None
    if overflows:
        keep_logits_float(decoder)
    crosses = list(_cross_attentions(decoder, hidden))
    if not crosses:
        raise BrokenModel(directory, "no cross-attention was found in the decoder")
    heads = _alignment_heads(config, crosses)
    inputs, queries = _cut(decoder, crosses, key_type, heads)
    if any_length:
        make_length_dynamic(encoder)
    full_encoder = _encoder_with_outputs(encoder, hidden, crosses, key_type)
    try:
        full_encoder.reshape([1, n_mels, -1 if any_length else N_FRAMES])
    except RuntimeError:
        why = f"config.json says {n_mels} mel bands, the encoder takes another number"
        raise BrokenModel(directory, why) from None
    cut_decoder = _decoder_with_inputs(decoder, hidden, crosses, inputs, queries)
    if encoder_in_8_bits:
        quantize_linear_dynamic(full_encoder)
    if decoder_in_8_bits:
        quantize_linear_dynamic(cut_decoder)
    return WhisperGraphs(full_encoder, cut_decoder, n_mels, heads)


def _read(core: ov.Core, directory: Path, name: str) -> ov.Model:
    try:
        return core.read_model(str(directory / name))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise BrokenModel(directory, f"{name} cannot be read: {reason}") from error


def _alignment_heads(config: ModelConfig, crosses: Sequence[CrossAttention]) -> AlignmentHeads:
    """Those of the checkpoint; without them all heads of the upper half of the layers (openai/whisper)."""
    n_heads = int(crosses[0].key.get_partial_shape()[1].get_length())
    upper = range(len(crosses) // 2, len(crosses))
    return config.alignment_heads_of(len(crosses), n_heads) or tuple(
        (layer, head) for layer in upper for head in range(n_heads)
    )


def _parameter(model: ov.Model, name: str) -> ov.Node:
    return next(node for node in model.get_parameters() if name in node.output(0).get_names())


def _cross_attentions(decoder: ov.Model, hidden: ov.Node) -> Iterator[CrossAttention]:
    for node in decoder.get_ordered_ops():
        if node.get_type_name() != "ScaledDotProductAttention":
            continue
        key, value = (_without_state(node.input_value(position)) for position in (1, 2))
        if _parameters_of(key) == {hidden.get_friendly_name()}:
            yield CrossAttention(node, key, value)


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


def _cut(
    decoder: ov.Model, crosses: list[CrossAttention], key_type: str, aligned: AlignmentHeads
) -> tuple[list[ov.Node], ov.Node]:
    """Give the decoder inputs in place of what is moved to the encoder; returns them and its queries."""
    keys, values = list[ov.Node](), list[ov.Node]()
    for layer, cross in enumerate(crosses):
        _, heads, _, head_dim = cross.key.get_partial_shape()
        keys.append(_parameter_of([-1, heads, head_dim, -1], key_type, f"key.{layer}"))
        values.append(_parameter_of([-1, heads, -1, head_dim], key_type, f"value.{layer}"))
    n_positions = _parameter_of([-1], "i32", "n_positions")
    slot_rows = _parameter_of([-1], "i32", "slot_rows")
    row_slots = _parameter_of([-1], "i32", "row_slots")
    shape = batch_shape(_parameter(decoder, "input_ids"), keys[0], n_positions, slot_rows, row_slots)
    queries = [
        attend_to_inputs(cross, key, value, shape)
        for cross, key, value in zip(crosses, keys, values, strict=True)
    ]
    places = _choose_logits(decoder)
    inputs = [*keys, *values, n_positions, slot_rows, row_slots, places]
    return inputs, _queries_of(queries, aligned, places)


def _queries_of(queries: Sequence[Any], heads: AlignmentHeads, places: ov.Node) -> ov.Node:
    """What the alignment heads look for at the wanted tokens: a Result [rows, places, heads, head_dim].

    A head's attention is the product of this and of keys that lie outside the graph. So a step gives some
    kilobytes, and not the weights of all positions for a token that a better beam may yet replace.
    """
    chosen = []
    for layer in sorted({layer for layer, _ in heads}):
        numbers = np.array([head for of_layer, head in heads if of_layer == layer])
        of_heads = ops.gather(queries[layer], numbers, np.array(1))  # [rows, heads, n_tokens, head_dim]
        chosen.append(ops.gather(of_heads, places, np.array(2)))
    together = ops.transpose(ops.concat(chosen, 1), np.array([0, 2, 1, 3]))
    return _named_result(together.output(0), "f32", "queries")


def _choose_logits(decoder: ov.Model) -> ov.Node:
    """Let the last MatMul see only the wanted tokens: a long prompt has no use for all its logits."""
    node = decoder.output("logits").get_node()
    while node.get_type_name() != "MatMul":
        node = node.input_value(0).get_node()
    places = _parameter_of([-1], "i64", "logit_positions")
    chosen = ops.gather(node.input_value(0), places, np.array(1))
    node.input(0).replace_source_output(chosen.output(0))
    return places


def _parameter_of(shape: list[Any], element_type: str, name: str) -> ov.Node:
    node = ops.parameter(ov.PartialShape(shape), _TYPES[element_type], name)
    node.output(0).set_names({name})
    return node


def _encoder_with_outputs(
    encoder: ov.Model, hidden: ov.Node, crosses: list[CrossAttention], key_type: str
) -> ov.Model:
    last_hidden = encoder.output("last_hidden_state").get_node().input_value(0)
    for target in hidden.output(0).get_target_inputs():
        target.replace_source_output(last_hidden)
    results = []
    for layer, cross in enumerate(crosses):
        key = ops.transpose(cross.key, np.array([0, 1, 3, 2]))
        results += [
            _named_result(key.output(0), key_type, f"key.{layer}"),
            _named_result(cross.value, key_type, f"value.{layer}"),
        ]
    return ov.Model(results, encoder.get_parameters(), "whisper_encoder")


def _named_result(output: Any, key_type: str, name: str) -> ov.Node:
    result = ops.result(output if key_type == "f32" else ops.convert(output, key_type).output(0))
    result.output(0).set_names({name})
    return result


def _decoder_with_inputs(
    decoder: ov.Model,
    hidden: ov.Node,
    crosses: list[CrossAttention],
    inputs: list[ov.Node],
    queries: ov.Node,
) -> ov.Model:
    moved = [output for cross in crosses for output in (cross.key, cross.value)]
    sinks = [sink for sink in decoder.get_sinks() if _without_state(sink.input_value(0)) not in moved]
    kept = [node for node in decoder.get_parameters() if node != hidden]
    return ov.Model([*decoder.get_results(), queries], sinks, kept + inputs, "whisper_decoder")
