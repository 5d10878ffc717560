"""What is prompted becomes text where it is spoken, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scripted import Script

from ovsubs.pipeline import Model
from ovsubs.recognition import TranscribeOptions
from ovsubs.recognition.fallback import Attempt, Verdict, assess, next_attempt
from ovsubs.recognition.prompt_echo import echoes_prompt, is_confirmed
from ovsubs.whisper.decoding import DecodedWindow
from ovsubs.whisper.language_vote import LanguageVote
from ovsubs.whisper.search import SearchOptions

PROMPT = "Transcript of a talk about Solensia by Dr. Kowloon."
PROMPTED = TranscribeOptions(initial_prompt=PROMPT)
ENGLISH = LanguageVote("en", 1.0)


def said(script: Script, *texts: str) -> DecodedWindow:
    """A window with a segment for each text."""
    tokens = list[int]()
    for n, text in enumerate(texts):
        tokens += [
            script.time(2.0 * n),
            *script.components.tokenizer.encode(text),
            script.time(2.0 * n + 2.0),
        ]
    return script.decoded(*tokens)


@pytest.mark.parametrize(
    ("texts", "is_echo"),
    [
        ((" Transcript of a talk about Solensia by Dr. Kowloon.",), True),
        ((" transcript of a talk about Solensia",), True),
        ((" A talk about Solensia. A talk about Solensia.",), True),
        ((" Dr. Kowloon!",), True),
        ((" I came by to talk about it.",), False),
        ((" I'm going to make a small amount of transcript of a talk about Solensia.",), True),
        ((" A",), True),  # may be said: it costs another attempt, which hears it
        ((" And so, my fellow Americans.",), False),
        ((" And so, my fellow Americans.", " A talk about Solensia."), True),
        ((" And so, my fellow Americans.", " By"), False),
        ((), False),
    ],
)
def test_a_text_that_is_made_of_the_prompt_is_an_echo(
    script: Script, texts: tuple[str, ...], is_echo: bool
) -> None:
    assert echoes_prompt(said(script, *texts), script.components.tokenizer, PROMPTED) is is_echo
    assert not echoes_prompt(said(script, *texts), script.components.tokenizer, TranscribeOptions())


@pytest.mark.parametrize(
    ("text", "is_echo"),
    [
        (" Hildy! Hildy! Hildy!", True),
        (" Hildy! Hildy! Hildy! Hildy! Howdy!", True),
        (" Hildy is here.", False),
    ],
)
def test_a_text_that_is_made_of_hotwords_is_an_echo(script: Script, text: str, is_echo: bool) -> None:
    options = TranscribeOptions(hotwords="Hildy, Walter")
    assert echoes_prompt(said(script, text), script.components.tokenizer, options) is is_echo


@pytest.mark.parametrize(
    ("heard", "is_heard"),
    [
        ("Transcript of a talk about Solancia by Dr. Cowloon.", True),
        ("He said: transcript of a talk about so lensia, by doctor Kowloon, and left.", True),
        ("That's it. That's it.", False),
        ("Oh", False),
        ("", False),
    ],
)
def test_an_echo_stays_if_it_is_confirmed_without_the_prompt(
    script: Script, heard: str, is_heard: bool
) -> None:
    echo, tokenizer = said(script, " " + PROMPT), script.components.tokenizer
    assert is_confirmed(echo, said(script, heard), tokenizer, PROMPTED) is is_heard
    assert not is_confirmed(replace(echo, finished=False), said(script, heard), tokenizer, PROMPTED)


def test_an_echo_is_decoded_again_without_the_prompt_and_not_asked_again(script: Script) -> None:
    first = Attempt(SearchOptions())
    echo = said(script, " " + PROMPT)
    assert assess(echo, script.components.tokenizer, ENGLISH, PROMPTED) is Verdict.ECHO
    again = next_attempt(first, Verdict.ECHO, PROMPTED)
    assert again == replace(first, prompted=False)
    assert again is not None
    assert again.batch_key != first.batch_key  # prompts of a batch are of one length
    assert assess(echo, script.components.tokenizer, ENGLISH, PROMPTED, prompted=False) is Verdict.GOOD
    hotter = next_attempt(again, Verdict.UNLIKELY, PROMPTED)
    assert hotter is not None
    assert not hotter.prompted


def test_a_prompt_is_no_text_over_a_crowd(base_model: Model, cases: Path) -> None:
    options = TranscribeOptions(vad=None, initial_prompt=PROMPT)
    text = base_model.transcribe(cases / "prompt_leak_no_vad.flac", options=options).text
    assert "my fellow Americans" in text
    assert "Solensia" not in text
    assert "Kowloon" not in text


@pytest.mark.parametrize("name", ["voices-around-a-fire.mp3", "doing_the_dishes.wav"])
def test_a_prompt_is_no_text_over_other_noise(
    base_model: Model,
    recordings: Callable[[str], Path],
    read_samples: Callable[[Path], np.ndarray],
    name: str,
) -> None:
    samples = read_samples(recordings(f"nonspeech/{name}"))[: 30 * 16_000]
    options = TranscribeOptions(language="en", vad=None, initial_prompt=PROMPT, hotwords="Hildy")
    text = base_model.transcribe(samples, options=options).text
    assert not {"solensia", "kowloon", "hildy"} & set(text.lower().replace(".", "").split())


def test_a_hotword_is_not_repeated_over_speech(base_model: Model, recordings: Callable[[str], Path]) -> None:
    options = TranscribeOptions(language="en", hotwords="Hildy")
    text = base_model.transcribe(recordings("video/friday.mp4"), options=options).text
    assert text.count("Hildy") <= 1
    assert "crown jewel" in text


@pytest.mark.parametrize("vad", [True, False])
def test_a_sentence_that_is_spoken_stays_although_it_is_the_prompt(
    base_model: Model, recordings: Callable[[str], Path], vad: bool
) -> None:
    recording = recordings("librispeech/test-clean/61/70968/61-70968-0002.flac")
    given = TranscribeOptions(language="en", initial_prompt="A golden fortune and a happy life.")
    options = given if vad else replace(given, vad=None)
    assert base_model.transcribe(recording, options=options).text.strip() == given.initial_prompt
