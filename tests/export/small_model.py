"""A Whisper of random numbers in CTranslate2's format, made by hand."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES = {
    "float32": 0,
    "int8": 1,
    "int16": 2,
    "int32": 3,
    "float16": 4,
    "uint16": 5,
}  # uint16: bfloat16's bits
WIDTH, FFN, N_TEXT, N_MELS = 64, 96, 300, 80  # sizes of the model made by hand
LANGUAGES = ("<|en|>", "<|zh|>", "<|de|>")
TASKS = (
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nocaptions|>",
    "<|notimestamps|>",
)
SPECIALS = ("<|endoftext|>", "<|startoftranscript|>", *LANGUAGES, *TASKS)
N_VOCAB = N_TEXT + len(SPECIALS) + 1501


@dataclass(frozen=True)
class SmallModel:
    """A CTranslate2 model of random numbers: to be changed by the test, then written."""

    variables: dict[str, NDArray[Any]]
    aliases: dict[str, str]


def model_bytes(
    variables: Mapping[str, NDArray[Any]],
    aliases: Mapping[str, str],
    *,
    version: int = 6,
    spec: str = "WhisperSpec",
) -> bytes:
    """`model.bin` as CTranslate2's converter writes it."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    content = struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(variables))
    for name, values in variables.items():
        content += text(name) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        content += struct.pack("<BI", DTYPES[values.dtype.name], values.nbytes) + values.tobytes()
    content += struct.pack("<I", len(aliases))
    for alias, name in aliases.items():
        content += text(alias) + text(name)
    return content


def make_small_model() -> SmallModel:
    """One layer in the encoder, one in the decoder; values by a fixed seed."""
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (WIDTH, N_MELS, 3),
        "encoder/conv1/bias": (WIDTH,),
        "encoder/conv2/weight": (WIDTH, WIDTH, 3),
        "encoder/conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (1500, WIDTH),
        "decoder/position_encodings/encodings": (448, WIDTH),
        "decoder/embeddings/weight": (N_VOCAB, WIDTH),
    }
    for side in ("encoder", "decoder"):
        blocks = {"self_attention": (3 * WIDTH, WIDTH), "ffn": (FFN, WIDTH)}
        for block, (rows, columns) in blocks.items():
            last = (WIDTH, FFN) if block == "ffn" else (WIDTH, WIDTH)
            shapes |= _linear(f"{side}/layer_0/{block}/linear_0", (rows, columns))
            shapes |= _linear(f"{side}/layer_0/{block}/linear_1", last)
            shapes |= _norm(f"{side}/layer_0/{block}/layer_norm")
        shapes |= _norm(f"{side}/layer_norm")
    for number, rows in enumerate((WIDTH, 2 * WIDTH, WIDTH)):
        shapes |= _linear(f"decoder/layer_0/attention/linear_{number}", (rows, WIDTH))
    shapes |= _norm("decoder/layer_0/attention/layer_norm")
    variables: dict[str, NDArray[Any]] = {
        name: random.normal(size=shape).astype(np.float16) for name, shape in shapes.items()
    }
    for side in ("encoder", "decoder"):
        variables[f"{side}/layer_0/self_attention/linear_0/bias"][WIDTH : 2 * WIDTH] = 0  # k has no bias
        variables[f"{side}/num_heads"] = np.array(WIDTH // 64, np.int16)
        variables[f"{side}/activation"] = np.array(3, np.int8)
        variables[f"{side}/pre_norm"] = np.array(1, np.int8)
    variables["decoder/layer_0/attention/linear_1/bias"][:WIDTH] = 0
    return SmallModel(variables, {"decoder/projection/weight": "decoder/embeddings/weight"})


def _linear(name: str, shape: tuple[int, int]) -> dict[str, tuple[int, ...]]:
    return {f"{name}/weight": shape, f"{name}/bias": shape[:1]}


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}/gamma": (WIDTH,), f"{name}/beta": (WIDTH,)}


def write_ctranslate2(directory: Path, model: SmallModel) -> Path:
    """A CTranslate2 directory around a small model."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "model.bin").write_bytes(model_bytes(model.variables, model.aliases))
    settings = {"suppress_ids": [1, 2], "suppress_ids_begin": [20, N_TEXT], "alignment_heads": [[0, 0]]}
    (directory / "config.json").write_text(json.dumps(settings))
    first = ["Ġ", "t"]
    letters = [chr(0x100 + number) for number in range(256)]
    letters[0], letters[1] = first[0], first[1]
    vocab = {letter: number for number, letter in enumerate(letters)} | {"Ġt": 256}
    vocab |= {f"word{number}": number for number in range(257, N_TEXT)}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": N_TEXT + number, "content": name, **flags} for number, name in enumerate(SPECIALS)]
    tokenizer = {"added_tokens": added, "model": {"type": "BPE", "vocab": vocab, "merges": ["Ġ a", "Ġt h"]}}
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return directory
