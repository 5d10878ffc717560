"""Text and special tokens of one Whisper checkpoint: prompts in, text out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tokenizers import Tokenizer

from ovsubs.errors import BrokenModel, InvalidOption, UnsupportedTask
from ovsubs.whisper.config import read_config, read_name
from ovsubs.whisper.languages import language_code

TIMESTAMP_STEP_S = 0.02  # one timestamp token is two mel frames (arXiv:2212.04356, section 2.3)
MULTILINGUAL_VOCAB = 51865  # with as many tokens or more it knows languages (openai/whisper, model.py)
MAX_CONTEXT = 223  # tokens before the start of transcript (openai/whisper, decoding.py: n_ctx // 2 - 1)
TASKS = ("transcribe", "translate")
_ENGLISH_ONLY_DISTIL = re.compile(r"distil-(small|medium|large)")  # all of huggingface.co/distil-whisper


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids of Whisper's special tokens; those of the timestamps run from `timestamp_begin` to the end.

    `suppress` are never sampled, `begin_suppress` not as the first token. `languages` maps codes to
    ids, in the vocabulary's order; it is empty for English-only checkpoints.
    """

    sot: int
    sot_prev: int
    eot: int
    transcribe: int
    translate: int
    no_speech: int
    no_timestamps: int
    timestamp_begin: int
    suppress: tuple[int, ...]
    begin_suppress: tuple[int, ...]
    languages: dict[str, int]


class WhisperTokenizer:
    """The tokenizer of a model directory with what its generation config says about tokens."""

    def __init__(self, directory: Path) -> None:
        """Read `tokenizer.json`, `config.json` and `generation_config.json`.

        Raises:
            BrokenModel: one of them is missing, not JSON, or not of a Whisper checkpoint.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # the tokenizers library raises bare Exception, whatever is wrong
            raise BrokenModel(directory, f"tokenizer.json: {error}") from error
        self._config = read_config(directory)
        self.special = self._special_tokens()

    @property
    def multilingual(self) -> bool:
        """Whether the checkpoint has language and task tokens."""
        return bool(self.special.languages)

    @cached_property
    def name(self) -> str:
        """The checkpoint's own name where the directory knows it, else the directory's."""
        return read_name(self._config)

    def prompt(self, language: str, task: str, context: Sequence[int] = ()) -> tuple[int, ...]:
        """Tokens that open a window: start of transcript, language, task (English-only: the first alone).

        Before them stands the `context`, if there is any: text that the window goes on from.
        """
        before = (self.special.sot_prev, *context) if context else ()
        if not self.multilingual:
            return (*before, self.special.sot)
        task_id = self.special.translate if task == "translate" else self.special.transcribe
        return (*before, self.special.sot, self.special.languages[language], task_id)

    def context(
        self, hotwords: str | None, initial_prompt: str | None, previous: Sequence[int] = ()
    ) -> tuple[int, ...]:
        """Tokens of what a window is told beforehand, at most `MAX_CONTEXT` of them.

        Raises:
            InvalidOption: hotwords and prompt alone are longer.
        """
        words = [
            self.encode(" " + text.strip()) for text in (hotwords, initial_prompt) if text and text.strip()
        ]
        given = [token for tokens in words for token in tokens]
        if len(given) > MAX_CONTEXT:
            name = "initial_prompt" if initial_prompt else "hotwords"
            raise InvalidOption(name, f"{len(given)} tokens", f"there is room for {MAX_CONTEXT}")
        room = MAX_CONTEXT - len(given)
        return (*given, *(tuple(previous)[-room:] if room else ()))

    def encode(self, text: str) -> list[int]:
        """Tokens of a text; special tokens written out in it are left out."""
        for token in re.findall(r"<\|[^|]*\|>", text):
            text = text.replace(token, " ")
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    @property
    def english_only(self) -> bool:
        """Whether it was trained on English alone; a distilled one may have the tokens of all languages."""
        return not self.multilingual or bool(_ENGLISH_ONLY_DISTIL.search(self.name))

    def check_request(self, language: str | None, task: str) -> str | None:
        """The language's code, after refusing what this checkpoint was not trained for.

        Returns None where the language is left to detection; an English-only checkpoint needs none.

        Raises:
            UnknownLanguage: no such language.
            UnsupportedTask: the checkpoint is English-only, or cannot translate, or lacks the language.
        """
        code = None if language is None else language_code(language)
        if self.english_only:
            if task == "translate":
                raise UnsupportedTask(
                    self.name, "it is English-only and does not translate; use a multilingual model"
                )
            if code not in (None, "en"):
                raise UnsupportedTask(
                    self.name, f"it is English-only; for {language!r} use a multilingual model"
                )
            return "en"
        if task == "translate" and self._decoder_was_pruned:
            why = "turbo and distilled models were not trained to translate; use medium or large-v3"
            raise UnsupportedTask(self.name, why)
        if code is not None and code not in self.special.languages:
            raise UnsupportedTask(self.name, f"it does not know the language {language!r}")
        return code

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of the tokens, specials and timestamps left out."""
        text_tokens = [token for token in tokens if token < self.special.eot]
        return str(self._tokenizer.decode(text_tokens, skip_special_tokens=False))

    @property
    def _decoder_was_pruned(self) -> bool:
        return self._config.required("decoder_layers") < self._config.required("encoder_layers")

    def _special_tokens(self) -> SpecialTokens:
        config = self._config
        no_timestamps = self._id("<|notimestamps|>")
        multilingual = config.required("vocab_size") >= MULTILINGUAL_VOCAB
        if config.is_multilingual is not None:  # older files do not say
            multilingual = config.is_multilingual
        if multilingual and not config.lang_to_id:
            raise BrokenModel(config.directory, "generation_config.json has no lang_to_id")
        return SpecialTokens(
            sot=self._id("<|startoftranscript|>"),
            sot_prev=self._id("<|startofprev|>"),
            eot=self._id("<|endoftext|>"),
            transcribe=self._id("<|transcribe|>"),
            translate=self._id("<|translate|>"),
            no_speech=no_timestamps - 1,  # <|nospeech|>, in older files <|nocaptions|>
            no_timestamps=no_timestamps,
            timestamp_begin=no_timestamps + 1,
            suppress=config.suppress_tokens,
            begin_suppress=config.begin_suppress_tokens,
            languages=config.lang_to_id if multilingual else {},
        )

    def _id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise BrokenModel(self._config.directory, f"tokenizer.json has no {token}")
        return int(found)
