"""Greedy decoding of real speech, against transformers and against itself in other batches."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ovsubs.audio.features import log_mel
from ovsubs.whisper.decoding import (
    LOOP_TOKENS,
    MAX_POSITIONS,
    DecodedWindow,
    compression_ratio,
    decode,
    is_periodic,
    language_probabilities,
)
from ovsubs.whisper.model import CompileOptions, WhisperModel, open_model
from ovsubs.whisper.rules import TokenRules, softmax
from ovsubs.whisper.tokens import SpecialTokens, TokenReader

RATE = 16_000
EXACT = CompileOptions(threads=2, inference_precision="f32")
Read = Callable[[Path], NDArray[np.float32]]


@pytest.fixture(scope="module")
def base(base_model_dir: Path) -> WhisperModel:
    return open_model(base_model_dir, EXACT)


@pytest.fixture(scope="module")
def base_reader(base_model_dir: Path) -> TokenReader:
    return TokenReader(base_model_dir)


@pytest.fixture(scope="module")
def reader(tiny_en_model_dir: Path) -> TokenReader:
    return TokenReader(tiny_en_model_dir)


def decode_all(
    model: WhisperModel, reader: TokenReader, mels: NDArray[np.float32], batch_size: int, language: str = "en"
) -> list[DecodedWindow]:
    rules = TokenRules(reader.special, model.n_vocab)
    rows, decoded = model.rows(batch_size), list[DecodedWindow]()
    for first in range(0, len(mels), batch_size):
        batch = mels[first : first + batch_size]
        with model.session(batch, rows) as session:
            prompts = [reader.prompt(language, "transcribe")] * len(batch)
            decoded += decode(session, prompts, rules, reader.special)
    return decoded


def windows(samples: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Windows of 30 s that begin at `n` places spread over the samples.  # float32 [n, 80, 3000]"""
    starts = np.linspace(0, max(0, len(samples) - 30 * RATE), n, dtype=int)
    return np.stack([log_mel(samples[start : start + 30 * RATE], 80) for start in starts])


@pytest.fixture(scope="module")
def spoken(request: pytest.FixtureRequest, speech_sample: Path, read_samples: Read) -> NDArray[np.float32]:
    """Two minutes of LibriSpeech; without the recordings, the sample twice over.  # float32 [n_samples]"""
    try:
        samples: NDArray[np.float32] = request.getfixturevalue("joined_speech")
    except pytest.skip.Exception:
        samples = np.tile(read_samples(speech_sample), 4)
    return samples


@pytest.mark.model
@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_tokens_equal_those_of_transformers(
    base_model_dir: Path, base: WhisperModel, base_reader: TokenReader, spoken: NDArray[np.float32]
) -> None:
    """The same exported model, decoded by `generate`: each token of two full windows.

    Where the text ends before the window does, `generate` goes on from there; only what it heard in the
    whole window is compared.
    """
    intel = pytest.importorskip("optimum.intel", reason="needs the export extra")
    import torch

    exact = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
    reference = intel.OVModelForSpeechSeq2Seq.from_pretrained(base_model_dir, ov_config=exact)
    mels = windows(spoken, 2)
    special = base_reader.special
    for mel, ours in zip(mels, decode_all(base, base_reader, mels, batch_size=2), strict=True):
        generated = reference.generate(
            torch.from_numpy(mel[None]), return_timestamps=True, num_beams=1, do_sample=False, language="en"
        )
        heard = first_pass(generated[0].tolist(), special)
        assert list(ours.tokens) == heard
        assert ours.finished
        assert len(heard) > 50


def first_pass(generated: list[int], special: SpecialTokens) -> list[int]:
    """Text and times until time runs backwards: there another window begins."""
    heard, newest = list[int](), 0
    for token in generated:
        if token >= special.timestamp_begin:
            if token < newest:
                break
            newest = token
        if token < special.eot or token >= special.timestamp_begin:
            heard.append(token)
    return heard


@pytest.mark.model
def test_the_batch_size_does_not_change_the_tokens(
    tiny_en: WhisperModel, reader: TokenReader, spoken: NDArray[np.float32]
) -> None:
    mels = windows(spoken, 16)
    sixteen = decode_all(tiny_en, reader, mels, batch_size=16)
    assert len({len(window.tokens) for window in sixteen}) > 3  # rows leave at different steps
    for batch_size in (1, 4):
        smaller = decode_all(tiny_en, reader, mels[-4:], batch_size)
        for one, other in zip(smaller, sixteen[-4:], strict=True):
            assert one.tokens == other.tokens
            assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
            assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-3)


@pytest.mark.model
def test_the_log_probability_is_the_mean_over_tokens_and_end(
    tiny_en: WhisperModel, reader: TokenReader, mels: NDArray[np.float32]
) -> None:
    """Worked out again from one step over all tokens, without the cache."""
    (window,) = decode_all(tiny_en, reader, mels[:1], batch_size=1)
    rules, prompt = TokenRules(reader.special, tiny_en.n_vocab), reader.prompt("en", "transcribe")
    with tiny_en.session(mels[:1], tiny_en.rows(1)) as session:
        logits = session.step(np.array([[*prompt, *window.tokens]]))[0]
    said = [*window.tokens, reader.special.eot]
    logprobs = []
    for n, token in enumerate(said):
        allowed = rules.allowed(logits[len(prompt) - 1 + n][None], [said[:n]])
        logprobs.append(float(np.log(softmax(allowed)[0, token])))
    assert window.avg_logprob == pytest.approx(np.mean(logprobs), abs=1e-3)
    assert window.no_speech_prob == pytest.approx(softmax(logits[0])[reader.special.no_speech], abs=1e-4)


@pytest.mark.model
def test_the_sample_is_understood(
    base: WhisperModel, base_reader: TokenReader, mels: NDArray[np.float32]
) -> None:
    (window,) = decode_all(base, base_reader, mels[:1], batch_size=1)
    text = base_reader.decode(window.tokens)
    assert "ever failed. No matter, try again. Fail again. Fail better." in text
    assert window.no_speech_prob < 0.2
    assert window.avg_logprob > -0.5


@pytest.mark.model
def test_a_row_that_never_ends_is_stopped_when_it_goes_round(
    tiny_en: WhisperModel, reader: TokenReader, mels: NDArray[np.float32]
) -> None:
    endless = replace(reader.special, suppress=(*reader.special.suppress, reader.special.eot))
    rules = TokenRules(endless, tiny_en.n_vocab)
    with tiny_en.session(mels[:1], tiny_en.rows(1)) as session:
        (window,) = decode(session, [reader.prompt("en", "transcribe")], rules, reader.special)
    assert not window.finished
    assert is_periodic(window.tokens) or len(window.tokens) == MAX_POSITIONS - 1
    assert np.isfinite(window.avg_logprob)


def test_no_windows_give_no_result(tiny_en: WhisperModel, reader: TokenReader) -> None:
    with tiny_en.session(np.zeros((0, 80, 3000), np.float32), tiny_en.rows(1)) as session:
        assert decode(session, [], TokenRules(reader.special, tiny_en.n_vocab), reader.special) == []


@pytest.mark.model
def test_languages_are_recognized_with_probabilities_and_nothing_is_left_of_the_question(
    base: WhisperModel, base_reader: TokenReader, shared_data: Path, read_samples: Read
) -> None:
    codes = ("fr", "de", "es")
    clips = [
        read_samples(shared_data / f"fleurs/{code}/fleurs-{code}-001.ogg")[: 30 * RATE] for code in codes
    ]
    mels = np.stack([log_mel(clip, 80) for clip in clips])
    special, rules = base_reader.special, TokenRules(base_reader.special, base.n_vocab)
    prompts = [base_reader.prompt(code, "transcribe") for code in codes]  # languages may differ in a batch
    with base.session(mels, base.rows(3)) as session:
        probabilities = language_probabilities(session, special)
        asked = decode(session, prompts, rules, special)
    assert probabilities.shape == (3, len(special.languages))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    found = [list(special.languages)[column] for column in probabilities.argmax(axis=1)]
    assert tuple(found) == codes
    assert probabilities.max(axis=1).min() > 0.8
    with base.session(mels, base.rows(3)) as session:
        unasked = decode(session, prompts, rules, special)
    assert [window.tokens for window in asked] == [window.tokens for window in unasked]


def test_text_that_repeats_itself_compresses_well() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("Ever tried. Ever failed. No matter.") < 1.2
    assert compression_ratio("Thanks for watching. " * 20) > 10.0


@pytest.mark.parametrize("period", [1, 5, 12])
def test_text_that_has_gone_round_for_long_is_periodic(period: int) -> None:
    cycle = list(range(100, 100 + period))
    turns = [7, 8, 9, *cycle * LOOP_TOKENS]
    assert is_periodic(turns)
    assert not is_periodic(turns[: LOOP_TOKENS - 1])


def test_a_refrain_or_a_long_list_is_not_periodic() -> None:
    assert not is_periodic([])
    assert not is_periodic(list(range(200)))
    assert not is_periodic([*[5, 6] * 20, *range(30)])
    assert not is_periodic(list(range(13)) * 10)
