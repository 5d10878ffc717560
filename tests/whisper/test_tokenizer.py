"""Prompts, text, and what a checkpoint refuses to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ovsubs.errors import BrokenModel, InvalidOption, UnknownLanguage, UnsupportedTask
from ovsubs.whisper.tokenizer import MAX_CONTEXT, WhisperTokenizer

FILES = ("tokenizer.json", "config.json", "generation_config.json")
Edit = Callable[..., Path]


@pytest.fixture(scope="module")
def base(base_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(base_model_dir)


@pytest.fixture(scope="module")
def tiny_en(tiny_en_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(tiny_en_model_dir)


@pytest.fixture
def edited(base_model_dir: Path, tmp_path: Path) -> Edit:
    """The text files of base with some keys changed; a value of None takes the key out."""

    def edit(name: str = "model", **files: dict[str, Any]) -> Path:
        directory = tmp_path / name
        directory.mkdir()
        for file in FILES:
            shutil.copy(base_model_dir / file, directory)
        for stem, changes in files.items():
            path = directory / f"{stem}.json"
            content = json.loads(path.read_text(encoding="utf-8")) | changes
            kept = {key: value for key, value in content.items() if value is not None}
            path.write_text(json.dumps(kept), encoding="utf-8")
        return directory

    return edit


def test_the_special_tokens_of_a_multilingual_checkpoint(base: WhisperTokenizer) -> None:
    special = base.special
    assert base.multilingual
    assert (special.eot, special.sot, special.translate, special.transcribe) == (50257, 50258, 50358, 50359)
    assert (special.no_speech, special.no_timestamps, special.timestamp_begin) == (50362, 50363, 50364)
    assert len(special.languages) == 99
    assert (special.languages["en"], special.languages["de"]) == (50259, 50261)
    assert special.begin_suppress == (220, 50257)
    assert len(special.suppress) > 80


def test_the_special_tokens_of_an_english_only_checkpoint(tiny_en: WhisperTokenizer) -> None:
    special = tiny_en.special
    assert not tiny_en.multilingual
    assert (special.eot, special.sot, special.timestamp_begin) == (50256, 50257, 50363)
    assert special.languages == {}


def test_a_prompt_names_language_and_task(base: WhisperTokenizer) -> None:
    assert base.prompt("de", "transcribe") == (50258, 50261, 50359)
    assert base.prompt("fr", "translate") == (50258, 50265, 50358)


def test_an_english_only_prompt_is_the_start_alone(tiny_en: WhisperTokenizer) -> None:
    assert tiny_en.prompt("en", "transcribe") == (50257,)


def test_the_text_before_stands_before_the_start(base: WhisperTokenizer, tiny_en: WhisperTokenizer) -> None:
    assert base.special.sot_prev == 50361
    assert base.prompt("de", "transcribe", (5, 6)) == (50361, 5, 6, 50258, 50261, 50359)
    assert tiny_en.prompt("en", "transcribe", (5, 6)) == (tiny_en.special.sot_prev, 5, 6, 50257)
    assert base.prompt("de", "transcribe", ()) == base.prompt("de", "transcribe")


def test_the_context_is_hotwords_then_prompt_then_what_was_said_before(base: WhisperTokenizer) -> None:
    hotwords, prompt = base.encode(" Beckett, Godot"), base.encode(" A reading.")
    assert base.context("Beckett, Godot", "A reading.", (7, 8)) == (*hotwords, *prompt, 7, 8)
    assert base.decode(base.context("Beckett, Godot", "A reading.")) == " Beckett, Godot A reading."
    assert base.context(None, " A reading. ", (7,)) == (*prompt, 7)
    assert base.context("Beckett, Godot", None) == tuple(hotwords)


def test_nothing_beforehand_is_no_context(base: WhisperTokenizer) -> None:
    assert base.context(None, None) == ()
    assert base.context("", " ") == ()
    assert base.context(None, None, (1, 2, 3)) == (1, 2, 3)


def test_of_what_was_said_before_the_end_is_kept_as_far_as_there_is_room(base: WhisperTokenizer) -> None:
    previous = range(1000, 1000 + 2 * MAX_CONTEXT)
    prompt = base.encode(" A reading.")
    found = base.context(None, "A reading.", previous)
    assert len(found) == MAX_CONTEXT == 223
    assert found == (*prompt, *previous[-(MAX_CONTEXT - len(prompt)) :])
    assert base.context(None, None, previous) == tuple(previous[-MAX_CONTEXT:])


def test_a_context_that_fills_the_room_leaves_none_for_what_was_said_before(base: WhisperTokenizer) -> None:
    full = " a" * MAX_CONTEXT
    assert len(base.encode(full)) == MAX_CONTEXT
    assert base.context(None, full, (7, 8)) == tuple(base.encode(full))
    assert base.context(full, None, (7, 8)) == tuple(base.encode(full))


@pytest.mark.parametrize(
    ("hotwords", "initial_prompt", "name"),
    [
        (None, " a" * (MAX_CONTEXT + 1), "initial_prompt"),
        (" a" * (MAX_CONTEXT + 1), None, "hotwords"),
        (" a" * 200, " a" * 24, "initial_prompt"),
    ],
)
def test_a_context_that_does_not_fit_is_refused(
    base: WhisperTokenizer, hotwords: str | None, initial_prompt: str | None, name: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        base.context(hotwords, initial_prompt)
    assert str(caught.value) == f"{name} = '224 tokens' is not valid: there is room for 223"


@pytest.mark.parametrize(
    "text",
    [
        "Ever <|endoftext|> tried",
        "<|startoftranscript|><|en|><|transcribe|> Ever tried <|0.00|>",
        "Ever <|end<|endoftext|>oftext|> tried",
        "Ever <|nospeech|><|notimestamps|><|startofprev|> tried",
        "Ever <|<|0.02|>|> tried",
    ],
)
def test_special_tokens_written_in_a_prompt_are_not_taken_as_such(base: WhisperTokenizer, text: str) -> None:
    for tokens in (base.encode(text), base.context(text, None), base.context(None, text)):
        assert all(token < base.special.eot for token in tokens)
        said = base.decode(tokens)
        assert "Ever" in said
        assert "tried" in said


def test_other_angles_and_bars_are_text(base: WhisperTokenizer) -> None:
    for text in (" a <b> |c| <|", " x |> y", " <| not closed"):
        assert base.decode(base.encode(text)) == text


def test_text_leaves_out_specials_and_times(base: WhisperTokenizer) -> None:
    words = base._tokenizer.encode(" Café, naïve — 日本語!", add_special_tokens=False).ids
    assert base.decode([50364, *words, 50464, 50257]) == " Café, naïve — 日本語!"
    assert base.decode([]) == ""


@pytest.mark.parametrize(
    ("given", "code"), [("de", "de"), ("German", "de"), ("CASTILIAN", "es"), (None, None)]
)
def test_a_multilingual_checkpoint_takes_any_of_its_languages(
    base: WhisperTokenizer, given: str | None, code: str | None
) -> None:
    assert base.check_request(given, "transcribe") == code
    assert base.check_request(given, "translate") == code


@pytest.mark.parametrize("given", [None, "en", "English"])
def test_an_english_only_checkpoint_is_always_asked_for_english(
    tiny_en: WhisperTokenizer, given: str | None
) -> None:
    assert tiny_en.check_request(given, "transcribe") == "en"


def test_an_unknown_language_is_refused_by_every_checkpoint(
    base: WhisperTokenizer, tiny_en: WhisperTokenizer
) -> None:
    for tokenizer in (base, tiny_en):
        with pytest.raises(UnknownLanguage, match="klingon"):
            tokenizer.check_request("klingon", "transcribe")


def test_an_english_only_checkpoint_refuses_other_languages_and_translation(
    tiny_en: WhisperTokenizer,
) -> None:
    with pytest.raises(UnsupportedTask) as language:
        tiny_en.check_request("de", "transcribe")
    assert str(language.value).endswith("it is English-only; for 'de' use a multilingual model")
    assert "tiny.en" in str(language.value)
    with pytest.raises(UnsupportedTask) as task:
        tiny_en.check_request("en", "translate")
    assert "English-only and does not translate" in str(task.value)


def test_turbo_transcribes_any_language_but_does_not_translate(edited: Edit) -> None:
    directory = edited(
        config={"_name_or_path": "openai/whisper-large-v3-turbo", "encoder_layers": 32, "decoder_layers": 4}
    )
    tokenizer = WhisperTokenizer(directory)
    assert tokenizer.check_request("fr", "transcribe") == "fr"
    with pytest.raises(UnsupportedTask) as caught:
        tokenizer.check_request("fr", "translate")
    assert "'whisper-large-v3-turbo' cannot do that: turbo and distilled models" in str(caught.value)


def test_a_distilled_checkpoint_is_english_only_whatever_its_tokenizer_knows(edited: Edit) -> None:
    directory = edited(config={"_name_or_path": "distil-whisper/distil-large-v3", "decoder_layers": 2})
    tokenizer = WhisperTokenizer(directory)
    assert (tokenizer.multilingual, tokenizer.english_only) == (True, True)
    assert tokenizer.check_request(None, "transcribe") == "en"
    for language, task in (("de", "transcribe"), ("en", "translate")):
        with pytest.raises(UnsupportedTask, match="distil-large-v3"):
            tokenizer.check_request(language, task)


def test_a_pruned_checkpoint_without_a_name_of_its_own_does_not_translate(edited: Edit) -> None:
    tokenizer = WhisperTokenizer(edited("my-model", config={"_name_or_path": None, "decoder_layers": 2}))
    assert tokenizer.check_request("de", "transcribe") == "de"
    with pytest.raises(UnsupportedTask, match="'my-model'"):
        tokenizer.check_request("de", "translate")


def test_a_language_that_this_checkpoint_lacks_is_refused(base: WhisperTokenizer) -> None:
    with pytest.raises(UnsupportedTask, match="does not know the language 'Cantonese'"):
        base.check_request("Cantonese", "transcribe")  # only large-v3 has it


def test_the_name_is_that_of_the_manifest_then_that_of_the_checkpoint_then_that_of_the_directory(
    edited: Edit,
) -> None:
    bare = edited("bare", config={"_name_or_path": None})
    assert WhisperTokenizer(bare).name == "bare"
    known = edited("known", config={"_name_or_path": "openai/whisper-base"})
    assert WhisperTokenizer(known).name == "whisper-base"
    (known / "ovsubs.json").write_text('{"name": "base-int8"}')
    assert WhisperTokenizer(known).name == "base-int8"


def test_older_generation_configs_do_not_say_whether_they_are_multilingual(edited: Edit) -> None:
    assert WhisperTokenizer(edited(generation_config={"is_multilingual": None})).multilingual


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [None, "", "{", "[1, 2]", "\xff\xfe"])
def test_a_missing_or_corrupt_file_is_named(edited: Edit, file: str, content: str | None) -> None:
    directory = edited()
    (directory / file).unlink()
    if content is not None:
        (directory / file).write_bytes(content.encode("latin-1"))
    assert_broken(directory, file)


@pytest.mark.parametrize(
    ("stem", "changes", "what"),
    [
        ("generation_config", {"lang_to_id": None}, "generation_config.json has no lang_to_id"),
        ("generation_config", {"lang_to_id": {}}, "generation_config.json has no lang_to_id"),
        ("config", {"vocab_size": None}, "config.json has no vocab_size"),
        ("config", {"encoder_layers": "many"}, "config.json has no encoder_layers"),
        ("tokenizer", {"added_tokens": []}, "tokenizer.json has no <|notimestamps|>"),
    ],
)
def test_a_file_without_what_whisper_needs_is_named(
    edited: Edit, stem: str, changes: dict[str, Any], what: str
) -> None:
    assert_broken(edited(**{stem: changes}), what)


def assert_broken(directory: Path, what: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        WhisperTokenizer(directory).check_request("de", "translate")
    message = str(caught.value)
    assert what in message
    assert str(directory) in message
    assert "\n" not in message
