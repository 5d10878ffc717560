"""Sizes of a Whisper checkpoint + CTranslate2's JSON files -> the JSON files of a Hugging Face directory."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ovsubs.errors import UnreadableCheckpoint

MULTILINGUAL_VOCAB = 51865  # with as many tokens or more it knows languages (openai/whisper, model.py)
N_TIMESTAMPS = 1501  # <|0.00|> to <|30.00|> in steps of 0.02 s (arXiv:2212.04356, section 2.3)
MAX_INITIAL_TIMESTAMP = 50  # the first timestamp is at most 1.0 s (openai/whisper, decoding.py)
N_BYTES = 256  # a byte-level vocabulary begins with one token for each byte
ENCODER_FRAMES = 3000  # 30 s of 10 ms (arXiv:2212.04356, section 2.2)
# The special tokens in the order of their ids (openai/whisper, tokenizer.py), the languages' between the two.
_BEFORE_LANGUAGES = ("<|endoftext|>", "<|startoftranscript|>")
_AFTER_LANGUAGES = (
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
_OLD_NAMES = {"<|nocaptions|>": "<|nospeech|>"}  # as Hugging Face wrote it up to 2023


@dataclass(frozen=True, slots=True)
class WhisperSizes:
    """Dimensions of one Whisper checkpoint."""

    width: int
    n_heads: int
    n_mels: int
    encoder_layers: int
    decoder_layers: int
    ffn_width: int
    n_vocab: int
    source_positions: int
    target_positions: int

    @property
    def multilingual(self) -> bool:
        """Whether the checkpoint knows more than English."""
        return self.n_vocab >= MULTILINGUAL_VOCAB


@dataclass(frozen=True, slots=True)
class _Specials:
    """Names of the special tokens in the order of their ids, which begin at `first_id`."""

    names: tuple[str, ...]
    first_id: int

    def id(self, name: str) -> int:
        wanted = _OLD_NAMES.get(name, name)
        return self.first_id + [_OLD_NAMES.get(each, each) for each in self.names].index(wanted)

    @property
    def languages(self) -> tuple[str, ...]:
        return self.names[len(_BEFORE_LANGUAGES) : -len(_AFTER_LANGUAGES)]

    @property
    def timestamp_begin(self) -> int:
        return self.first_id + len(self.names)


def write_configs(source: Path, output: Path, sizes: WhisperSizes) -> None:
    """Write the configs of model, generation, feature extractor and tokenizer into `output`.

    CTranslate2 keeps the suppressed tokens and the alignment heads in its `config.json`; all else follows
    from the sizes and from `tokenizer.json`, which gets the 1501 timestamp tokens that it lacks.

    Raises:
        UnreadableCheckpoint: `config.json` or `tokenizer.json` of the source is missing or not Whisper's.
    """
    settings = _read_json(source / "config.json")
    for key in ("suppress_ids", "suppress_ids_begin"):
        if key not in settings:
            raise UnreadableCheckpoint(source / "config.json", f"it has no {key!r}")
    tokenizer = _read_json(source / "tokenizer.json")
    specials = _read_specials(source / "tokenizer.json", tokenizer, sizes)
    for name, content in (
        ("config.json", _model_config(settings, sizes, specials)),
        ("generation_config.json", _generation_config(settings, sizes, specials)),
        ("preprocessor_config.json", _feature_config(sizes)),
        ("tokenizer.json", _with_timestamps(_with_first_merge(tokenizer), specials)),
        ("tokenizer_config.json", _tokenizer_config(sizes, specials)),
        ("special_tokens_map.json", _named_tokens(specials)),
    ):
        (output / name).write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _read_specials(path: Path, tokenizer: dict[str, Any], sizes: WhisperSizes) -> _Specials:
    added = sorted(tokenizer.get("added_tokens", ()), key=lambda token: int(token["id"]))
    names = tuple(token["content"] for token in added if not _is_timestamp(token["content"]))
    first_id = sizes.n_vocab - N_TIMESTAMPS - len(names)
    ids = [token["id"] for token in added[: len(names)]]
    expected = (
        *_BEFORE_LANGUAGES,
        *names[len(_BEFORE_LANGUAGES) : -len(_AFTER_LANGUAGES)],
        *_AFTER_LANGUAGES,
    )
    if tuple(_OLD_NAMES.get(name, name) for name in names) != expected or ids != list(
        range(first_id, first_id + len(names))
    ):
        why = f"its special tokens are not those of a Whisper vocabulary of {sizes.n_vocab} tokens"
        raise UnreadableCheckpoint(path, why)
    return _Specials(names, first_id)


def _model_config(settings: dict[str, Any], sizes: WhisperSizes, specials: _Specials) -> dict[str, Any]:
    # Without the suppressed tokens here, transformers writes its defaults, those of English-only models, into
    # the exported config; openvino-genai reads them from there when generation_config.json has none.
    return {
        "begin_suppress_tokens": settings["suppress_ids_begin"],
        "suppress_tokens": settings["suppress_ids"],
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "is_encoder_decoder": True,
        "d_model": sizes.width,
        "encoder_layers": sizes.encoder_layers,
        "encoder_attention_heads": sizes.n_heads,
        "encoder_ffn_dim": sizes.ffn_width,
        "decoder_layers": sizes.decoder_layers,
        "decoder_attention_heads": sizes.n_heads,
        "decoder_ffn_dim": sizes.ffn_width,
        "num_hidden_layers": sizes.encoder_layers,
        "num_mel_bins": sizes.n_mels,
        "vocab_size": sizes.n_vocab,
        "max_source_positions": sizes.source_positions,
        "max_target_positions": sizes.target_positions,
        "activation_function": "gelu",
        "scale_embedding": False,
        "dropout": 0.0,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "init_std": 0.02,
        "use_cache": True,
        "bos_token_id": specials.id("<|endoftext|>"),
        "eos_token_id": specials.id("<|endoftext|>"),
        "pad_token_id": specials.id("<|endoftext|>"),
        "decoder_start_token_id": specials.id("<|startoftranscript|>"),
    }


def _generation_config(settings: dict[str, Any], sizes: WhisperSizes, specials: _Specials) -> dict[str, Any]:
    """As in the checkpoint's own repository on the Hub, without the deprecated `forced_decoder_ids`."""
    content: dict[str, Any] = {
        "begin_suppress_tokens": settings["suppress_ids_begin"],
        "bos_token_id": specials.id("<|endoftext|>"),
        "decoder_start_token_id": specials.id("<|startoftranscript|>"),
        "eos_token_id": specials.id("<|endoftext|>"),
        "is_multilingual": sizes.multilingual,
        "max_initial_timestamp_index": MAX_INITIAL_TIMESTAMP,
        "max_length": sizes.target_positions,
        "no_timestamps_token_id": specials.id("<|notimestamps|>"),
        "pad_token_id": specials.id("<|endoftext|>"),
        "prev_sot_token_id": specials.id("<|startofprev|>"),
        "return_timestamps": False,
        "suppress_tokens": settings["suppress_ids"],
    }
    if settings.get("alignment_heads"):
        content["alignment_heads"] = settings["alignment_heads"]
    if sizes.multilingual:
        content["lang_to_id"] = {name: specials.id(name) for name in specials.languages}
        content["task_to_id"] = {task: specials.id(f"<|{task}|>") for task in ("transcribe", "translate")}
    return dict(sorted(content.items()))


def _feature_config(sizes: WhisperSizes) -> dict[str, Any]:
    """Whisper's log-mel front end (openai/whisper, audio.py); the filterbank follows from these."""
    return {
        "chunk_length": 30,
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": sizes.n_mels,
        "hop_length": 160,
        "n_fft": 400,
        "n_samples": 480000,
        "nb_max_frames": ENCODER_FRAMES,
        "padding_side": "right",
        "padding_value": 0.0,
        "processor_class": "WhisperProcessor",
        "return_attention_mask": False,
        "sampling_rate": 16000,
    }


def _with_timestamps(tokenizer: dict[str, Any], specials: _Specials) -> dict[str, Any]:
    """The tokenizer with all 1501 timestamps as added tokens, not special: so they survive decoding."""
    kept = [token for token in tokenizer["added_tokens"] if not _is_timestamp(token["content"])]
    return {**tokenizer, "added_tokens": kept + _timestamp_tokens(specials)}


def _with_first_merge(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """The tokenizer with its first merge, which older converters took for the header line and dropped.

    Byte-level vocabularies begin with 256 bytes, so token 256 is what the first merge makes (" t").
    """
    model = tokenizer["model"]
    first = next((token for token, number in model["vocab"].items() if number == N_BYTES), "")
    merges = model["merges"]
    if not merges or len(first) != 2 or "".join(merges[0]).replace(" ", "") == first:
        return tokenizer
    merge = f"{first[0]} {first[1]}" if isinstance(merges[0], str) else [first[0], first[1]]
    return {**tokenizer, "model": {**model, "merges": [merge, *merges]}}


def _timestamp_tokens(specials: _Specials) -> list[dict[str, Any]]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    return [
        {"id": specials.timestamp_begin + step, "content": f"<|{step * 0.02:.2f}|>", **flags}
        for step in range(N_TIMESTAMPS)
    ]


def _tokenizer_config(sizes: WhisperSizes, specials: _Specials) -> dict[str, Any]:
    # `additional_special_tokens` in the order of ids: transformers takes the last one's id + 1 for <|0.00|>.
    return {
        "tokenizer_class": "WhisperTokenizer",
        "processor_class": "WhisperProcessor",
        "model_max_length": 1024,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "errors": "replace",
        "return_attention_mask": False,
        **_named_tokens(specials),
    }


def _named_tokens(specials: _Specials) -> dict[str, Any]:
    end = _BEFORE_LANGUAGES[0]
    named = {"bos_token": end, "eos_token": end, "pad_token": end, "unk_token": end}
    return {**named, "additional_special_tokens": list(specials.names)}


def _is_timestamp(token: str) -> bool:
    return token.strip("<|>").replace(".", "", 1).isdigit()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableCheckpoint(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise UnreadableCheckpoint(path, f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UnreadableCheckpoint(path, "not a JSON object")
    return content
