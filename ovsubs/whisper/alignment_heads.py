"""generation_config.json -> the attention heads whose weights tell when words are spoken."""

import json
from pathlib import Path

AlignmentHeads = tuple[tuple[int, int], ...]  # layer and head of the cross-attentions that follow the speech


def own_heads(directory: Path, n_layers: int, n_heads: int) -> AlignmentHeads:
    """The alignment heads that a checkpoint names, as openai/whisper found them; none where it names none.

    Distilled checkpoints often name those of their teacher, in layers that they do not have: they have none.

    Args:
        directory: with `generation_config.json`.
        n_layers: of the decoder.
        n_heads: of each of its cross-attentions.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON, or holds something else than pairs of numbers; also TypeError or
            AttributeError.
    """
    settings = json.loads((directory / "generation_config.json").read_text(encoding="utf-8"))
    heads = tuple(sorted((int(layer), int(head)) for layer, head in settings.get("alignment_heads") or ()))
    there = all(0 <= layer < n_layers and 0 <= head < n_heads for layer, head in heads)
    return heads if there else ()
