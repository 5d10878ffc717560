"""Model directory -> what its `config.json` and `generation_config.json` say of the checkpoint."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from ovsubs.errors import BrokenModel

SizeName = Literal[
    "num_mel_bins", "vocab_size", "d_model", "encoder_layers", "decoder_layers", "decoder_attention_heads"
]
AlignmentHeads = tuple[tuple[int, int], ...]  # layer and head of the cross-attentions that follow the speech
MANIFEST_NAME = "ovsubs.json"  # written by `ovsubs.models.manifest`; here only the name in it is read
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The settings of a checkpoint, under the names of Hugging Face's files.

    What a file does not have is None, or empty: only the part of the program that needs a setting refuses
    a model without it. `lang_to_id` maps language codes ("en") to tokens, in the file's order.
    """

    directory: Path
    name_or_path: str | None
    num_mel_bins: int | None
    vocab_size: int | None
    d_model: int | None
    encoder_layers: int | None
    decoder_layers: int | None
    decoder_attention_heads: int | None
    is_multilingual: bool | None
    lang_to_id: dict[str, int]
    suppress_tokens: tuple[int, ...]
    begin_suppress_tokens: tuple[int, ...]
    alignment_heads: AlignmentHeads

    def required(self, name: SizeName) -> int:
        """A size that the caller cannot do without.

        Raises:
            BrokenModel: `config.json` has none.
        """
        size: int | None = getattr(self, name)
        if size is None:
            raise BrokenModel(self.directory, f"config.json has no {name}")
        return size

    def alignment_heads_of(self, n_layers: int, n_heads: int) -> AlignmentHeads:
        """The alignment heads, sorted, for a decoder of `n_layers` with `n_heads` each.

        Distilled checkpoints often name the heads of their teacher, in layers that they do not have; then
        there are none.
        """
        exist = all(0 <= layer < n_layers and 0 <= head < n_heads for layer, head in self.alignment_heads)
        return self.alignment_heads if exist else ()


def read_config(directory: Path) -> ModelConfig:
    """Read `config.json` and `generation_config.json`.

    Raises:
        BrokenModel: one of them is missing or not a JSON object, or a list in them holds something else
            than token ids or pairs of layer and head.
    """
    sizes = _read_object(directory / "config.json")
    generation = _read_object(directory / "generation_config.json")

    def setting(name: str, convert: Callable[[Any], _Value]) -> _Value:
        try:
            return convert(generation.get(name) or ())
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BrokenModel(directory, f"generation_config.json: {name} ({error})") from error

    name, is_multilingual = sizes.get("_name_or_path"), generation.get("is_multilingual")
    return ModelConfig(
        directory=directory,
        name_or_path=str(name) if name else None,
        num_mel_bins=_size(sizes.get("num_mel_bins")),
        vocab_size=_size(sizes.get("vocab_size")),
        d_model=_size(sizes.get("d_model")),
        encoder_layers=_size(sizes.get("encoder_layers")),
        decoder_layers=_size(sizes.get("decoder_layers")),
        decoder_attention_heads=_size(sizes.get("decoder_attention_heads")),
        is_multilingual=None if is_multilingual is None else bool(is_multilingual),
        lang_to_id=setting("lang_to_id", _language_ids),
        suppress_tokens=setting("suppress_tokens", _token_ids),
        begin_suppress_tokens=setting("begin_suppress_tokens", _token_ids),
        alignment_heads=setting("alignment_heads", _sorted_heads),
    )


def read_name(config: ModelConfig) -> str:
    """The checkpoint's own name where the directory knows it, else the directory's.

    Raises:
        BrokenModel: there is an `ovsubs.json`, but it is not a JSON object.
    """
    path = config.directory / MANIFEST_NAME
    known = _read_object(path).get("name") if path.is_file() else None
    return Path(str(known or config.name_or_path or "")).name or config.directory.name


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenModel(path.parent, f"{path.name}: {error}") from error
    if not isinstance(content, dict):
        raise BrokenModel(path.parent, f"{path.name} is not a JSON object")
    return content


def _size(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _token_ids(value: Any) -> tuple[int, ...]:
    return tuple(int(token) for token in value)


def _language_ids(value: Any) -> dict[str, int]:
    return {key.strip("<|>"): int(token) for key, token in dict(value).items()}


def _sorted_heads(value: Any) -> AlignmentHeads:
    return tuple(sorted((int(layer), int(head)) for layer, head in value))
