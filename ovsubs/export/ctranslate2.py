"""A CTranslate2 (faster-whisper) Whisper directory -> a Hugging Face directory, without torch."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import UnreadableCheckpoint
from ovsubs.export.ctranslate2_file import ModelFile
from ovsubs.export.hugging_face import WhisperSizes, write_configs

HEAD_DIM = 64  # of every Whisper (arXiv:2212.04356, table 1: width / heads)
GELU = 3  # ctranslate2::ops::ActivationType::GELU
CONV_TAPS = 3  # both convolutions (arXiv:2212.04356, section 2.2)
# Settings that change what the weights mean must have Whisper's values; other scalars are CTranslate2's own.
_REQUIRED_SETTINGS = {"activation": GELU, "pre_norm": 1, "alibi": 0, "scale_embeddings": 0}
_SAFETENSORS_TYPES = {np.dtype(np.float32): "F32", np.dtype(np.float16): "F16"}

# CTranslate2's names of the tensors in one layer -> Hugging Face's. Several names: one below the other.
_NORM = {"gamma": "weight", "beta": "bias"}
_SELF_ATTENTION = {
    "linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "linear_1": ("self_attn.out_proj",),
}
_CROSS_ATTENTION = {
    "linear_0": ("encoder_attn.q_proj",),
    "linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "linear_2": ("encoder_attn.out_proj",),
}
_FEED_FORWARD = {"linear_0": ("fc1",), "linear_1": ("fc2",)}
_BLOCKS = (
    ("self_attention", _SELF_ATTENTION, "self_attn_layer_norm"),
    ("attention", _CROSS_ATTENTION, "encoder_attn_layer_norm"),
    ("ffn", _FEED_FORWARD, "final_layer_norm"),
)


@dataclass(frozen=True, slots=True)
class StackedTensor:
    """One tensor of `model.bin` and the Hugging Face tensors that lie in it, one below the other."""

    source: str
    targets: tuple[str, ...]


def convert_ctranslate2(directory: Path, output: Path) -> None:
    """Write a CTranslate2 Whisper directory as a Hugging Face directory that transformers loads.

    Every tensor is mapped. float16 weights stay float16; quantized ones are written as float32. One tensor
    is in memory at a time, so that large-v3 needs no 3 GB.

    Args:
        directory: holds `model.bin`, `config.json` and `tokenizer.json`.
        output: an existing empty directory.

    Raises:
        UnreadableCheckpoint: a file or tensor is missing, unknown, or not what Whisper has.
    """
    with ModelFile(directory / "model.bin") as model:
        sizes = measure_checkpoint(model)
        mapping = list(map_tensors(sizes))
        _check_mapping(model, sizes, mapping)
        write_configs(directory, output, sizes)
        _write_safetensors(output / "model.safetensors", model, mapping)


def measure_checkpoint(model: ModelFile) -> WhisperSizes:
    """The checkpoint's sizes, read off its tensors.

    Raises:
        UnreadableCheckpoint: a tensor that carries a size is missing or has another rank.
    """
    width, n_mels, taps = _shape(model, "encoder/conv1/weight", 3)
    n_vocab, decoder_width = _shape(model, "decoder/embeddings/weight", 2)
    if width % HEAD_DIM or taps != CONV_TAPS or decoder_width != width:
        why = f"conv1 {(width, n_mels, taps)} and embeddings {(n_vocab, decoder_width)} are not Whisper's"
        raise UnreadableCheckpoint(model.path, why)
    return WhisperSizes(
        width=width,
        n_heads=width // HEAD_DIM,
        n_mels=n_mels,
        encoder_layers=_count_layers(model, "encoder"),
        decoder_layers=_count_layers(model, "decoder"),
        ffn_width=_shape(model, "encoder/layer_0/ffn/linear_0/weight", 2)[0],
        n_vocab=n_vocab,
        source_positions=_shape(model, "encoder/position_encodings/encodings", 2)[0],
        target_positions=_shape(model, "decoder/position_encodings/encodings", 2)[0],
    )


def map_tensors(sizes: WhisperSizes) -> Iterator[StackedTensor]:
    """Every tensor that a checkpoint of these sizes has in `model.bin`, with its Hugging Face names.

    The output projection is not among them: it is the embedding again, and tied in both formats.
    """
    for kind in ("weight", "bias"):
        for conv in ("conv1", "conv2"):
            yield StackedTensor(f"encoder/{conv}/{kind}", (f"model.encoder.{conv}.{kind}",))
    yield StackedTensor("decoder/embeddings/weight", ("model.decoder.embed_tokens.weight",))
    for side, n_layers in (("encoder", sizes.encoder_layers), ("decoder", sizes.decoder_layers)):
        positions = f"{side}/position_encodings/encodings"
        yield StackedTensor(positions, (f"model.{side}.embed_positions.weight",))
        for ours, theirs in _NORM.items():
            yield StackedTensor(f"{side}/layer_norm/{ours}", (f"model.{side}.layer_norm.{theirs}",))
        for layer in range(n_layers):
            yield from _map_layer(side, layer)


def _map_layer(side: str, layer: int) -> Iterator[StackedTensor]:
    source, target = f"{side}/layer_{layer}", f"model.{side}.layers.{layer}"
    for block, linears, norm in _BLOCKS:
        if block == "attention" and side == "encoder":
            continue
        for ours, theirs in _NORM.items():
            yield StackedTensor(f"{source}/{block}/layer_norm/{ours}", (f"{target}.{norm}.{theirs}",))
        for linear, names in linears.items():
            for kind in ("weight", "bias"):
                targets = tuple(f"{target}.{name}.{kind}" for name in names)
                yield StackedTensor(f"{source}/{block}/{linear}/{kind}", targets)


def _check_mapping(model: ModelFile, sizes: WhisperSizes, mapping: list[StackedTensor]) -> None:
    """Refuse a tensor missing, left over or of another shape, and settings that Whisper has not."""
    mapped = {stacked.source for stacked in mapping} | {"decoder/projection/weight"}
    for stacked in mapping:
        shape = model.variable(stacked.source).shape
        if stacked.source.split("/")[-1] not in ("weight", "encodings") and len(shape) != 1:
            raise UnreadableCheckpoint(model.path, f"{stacked.source!r} has the shape {shape}")
        if len(stacked.targets) > 1 and shape[0] != len(stacked.targets) * sizes.width:
            raise UnreadableCheckpoint(model.path, f"{stacked.source!r} has the shape {shape}")
    for name, variable in model.variables.items():
        setting = name.rsplit("/", 1)[-1]
        is_scalar = not variable.shape and not setting.endswith(("weight", "weight_scale"))
        if not (is_scalar or name in mapped or name.removesuffix("_scale") in mapped):
            raise UnreadableCheckpoint(model.path, f"the tensor {name!r} is not one of Whisper's")
        required = _REQUIRED_SETTINGS.get(setting)
        if is_scalar and required is not None and model.load(name) != required:
            raise UnreadableCheckpoint(model.path, f"{name} is {model.load(name)}, Whisper has {required}")
    embedding = model.variables["decoder/embeddings/weight"]
    if model.variables.get("decoder/projection/weight", embedding) != embedding:
        raise UnreadableCheckpoint(model.path, "its output projection is not its embedding")


def _write_safetensors(path: Path, model: ModelFile, mapping: list[StackedTensor]) -> None:
    """Write the tensors one after the other; the safetensors library would hold all of them in memory."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for stacked in mapping:
        shape, dtype = model.variable(stacked.source).shape, model.dtype(stacked.source)
        rows = shape[0] // len(stacked.targets)
        for target in stacked.targets:
            n_bytes = int(np.prod((rows, *shape[1:]))) * dtype.itemsize
            if _is_stored(target):
                span = [offset, offset + n_bytes]
                header[target] = {
                    "dtype": _SAFETENSORS_TYPES[dtype],
                    "shape": [rows, *shape[1:]],
                    "data_offsets": span,
                }
                offset += n_bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format wants the data at a multiple of 8 bytes
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for stacked in mapping:
            for target, part in _unstack(model, stacked):
                if _is_stored(target):
                    file.write(np.ascontiguousarray(part).data)


def _unstack(model: ModelFile, stacked: StackedTensor) -> Iterator[tuple[str, NDArray[Any]]]:
    values = model.load(stacked.source)
    for target, part in zip(stacked.targets, np.split(values, len(stacked.targets)), strict=True):
        if not _is_stored(target) and part.any():
            raise UnreadableCheckpoint(model.path, f"{stacked.source!r} has a bias for k; Whisper has none")
        yield target, part


def _is_stored(target: str) -> bool:
    # Whisper's k has no bias; CTranslate2 stores zeros for it.
    return not target.endswith("k_proj.bias")


def _count_layers(model: ModelFile, side: str) -> int:
    layers = {name.split("/")[1] for name in model.variables if name.startswith(f"{side}/layer_")} - {
        "layer_norm"
    }
    return len(layers)


def _shape(model: ModelFile, name: str, rank: int) -> tuple[int, ...]:
    shape = model.variable(name).shape
    if len(shape) != rank:
        raise UnreadableCheckpoint(model.path, f"{name!r} has the shape {shape}, not {rank} dimensions")
    return shape
