"""Sizes of a Whisper model -> a checkpoint of random weights, which passes for a real one.

    python benchmarks/random_checkpoint.py turbo OUTPUT

Its weights are random but for the decoder's position embeddings, which outweigh all else: at each position
they make the next token of one sentence the likeliest. So it says that sentence about anything and comes to
an end, and an export of it passes the self-test; narrower than base, it would be outvoted by timestamps. Its
tokenizer is that of base, from the wheel.
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from peer_engines.program import make_parser, run_program

from ovsubs.export.hugging_face import WhisperSizes, write_configs
from ovsubs.models.wheels import find_wheel_weights
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, WhisperTokenizer

SENTENCE = " We will go to the market and buy some bread."
SENTENCE_END_S = 2.5
# huggingface.co/openai/whisper-large-v3 and whisper-large-v3-turbo, config.json
_LARGE_V3 = WhisperSizes(
    width=1280,
    n_heads=20,
    n_mels=128,
    encoder_layers=32,
    decoder_layers=32,
    ffn_width=5120,
    n_vocab=51866,
    source_positions=1500,
    target_positions=448,
)
_BASE = WhisperSizes(
    width=512,
    n_heads=8,
    n_mels=80,
    encoder_layers=6,
    decoder_layers=6,
    ffn_width=2048,
    n_vocab=51865,
    source_positions=1500,
    target_positions=448,
)
SIZES = {"base": _BASE, "turbo": replace(_LARGE_V3, decoder_layers=4), "large-v3": _LARGE_V3}
DTYPES = ("float16", "bfloat16", "float32")
POSITION_SCALE = 50.0  # of the position embeddings; the layers of large-v3 add some 5 to a value
LAST_LANGUAGE, LATER_LANGUAGE = "<|su|>", "<|yue|>"  # of base; what large-v3 has after it


def main() -> int:
    """Write one checkpoint."""
    parser = make_parser(__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("output", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="float16", help="in which the weights are stored")
    arguments = parser.parse_args()
    write_checkpoint(SIZES[arguments.size], arguments.output, arguments.dtype)
    return 0


def write_checkpoint(sizes: WhisperSizes, output: Path, dtype: str = "float16") -> None:
    """Write a Hugging Face directory, with weights by a fixed seed.

    Args:
        sizes: of a model with the vocabulary of base or of large-v3.
        output: the directory; it is made if need be.
        dtype: one of `DTYPES`.

    Raises:
        SystemExit: the wheel of base, which has the tokenizer, is not installed.
    """
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    output.mkdir(parents=True, exist_ok=True)
    _write_configs(sizes, output)
    torch.manual_seed(0)
    config = WhisperConfig.from_pretrained(output)
    model = WhisperForConditionalGeneration._from_config(config, dtype=getattr(torch, dtype))
    embeddings = model.model.decoder.embed_tokens.weight.data
    torch.nn.init.normal_(embeddings[config.pad_token_id], std=config.init_std)  # the end; transformers has 0
    follow = torch.tensor(_tokens_to_follow(output, sizes.target_positions))
    wanted = torch.nn.functional.layer_norm(embeddings[follow].float(), (sizes.width,))
    model.model.decoder.embed_positions.weight.data.copy_(POSITION_SCALE * wanted)
    with tempfile.TemporaryDirectory(dir=output) as folder:  # transformers would write configs of its own
        model.save_pretrained(folder)
        for weights in Path(folder).glob("*.safetensors*"):
            weights.rename(output / weights.name)


def _tokens_to_follow(directory: Path, n_positions: int) -> list[int]:
    """The token that is to follow the one at each position of the decoder."""
    tokenizer = WhisperTokenizer(directory)
    special = tokenizer.special
    begin = special.timestamp_begin
    sentence = [begin, *tokenizer.encode(SENTENCE), begin + round(SENTENCE_END_S / TIMESTAMP_STEP_S)]
    follow = [special.eot] * (len(tokenizer.prompt("en", "transcribe")) - 1) + sentence
    return follow + [special.eot] * (n_positions - len(follow))


def _write_configs(sizes: WhisperSizes, output: Path) -> None:
    wheel = find_wheel_weights("base")
    if wheel is None:
        sys.exit(
            "the tokenizer is that of base, whose wheel is not installed: `ovsubs export base` says which"
        )
    contents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in wheel.configs}
    settings, tokenizer = contents["config.json"], contents["tokenizer.json"]
    if sizes.n_vocab == _LARGE_V3.n_vocab:
        settings, tokenizer = _with_later_language(settings, tokenizer)
    settings["alignment_heads"] = []  # those of base are in layers that others may lack
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("config.json", settings), ("tokenizer.json", tokenizer)):
            (Path(folder) / name).write_text(json.dumps(content), encoding="utf-8")
        write_configs(Path(folder), output, sizes)


def _with_later_language(
    settings: dict[str, Any], tokenizer: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One more language, and all special tokens after it one place further on."""
    added = sorted(tokenizer["added_tokens"], key=lambda token: int(token["id"]))
    (last,) = (token for token in added if token["content"] == LAST_LANGUAGE)

    def moved(number: int) -> int:
        return number + (number > last["id"])

    tokens = [{**token, "id": moved(token["id"])} for token in added]
    tokens.append({**last, "id": last["id"] + 1, "content": LATER_LANGUAGE})
    suppressed = {
        key: [moved(number) for number in settings[key]] for key in ("suppress_ids", "suppress_ids_begin")
    }
    return {**settings, **suppressed}, {**tokenizer, "added_tokens": tokens}


if __name__ == "__main__":
    run_program(main)
