"""Decoding of real speech, against transformers, openai's beam search and itself in other batches."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from heard import is_sample
from numpy.typing import NDArray

from ovsubs.audio.features import log_mel
from ovsubs.evaluation.agreement import first_pass
from ovsubs.timing import Stopwatch
from ovsubs.whisper import search
from ovsubs.whisper.decoding import (
    MAX_DECODER_POSITIONS,
    DecodedWindow,
    WindowRequest,
    compression_ratio,
    decode,
    language_probabilities,
)
from ovsubs.whisper.logit_filters import LogitFilters, softmax
from ovsubs.whisper.model import CompileOptions, DecoderSession, WhisperModel, open_model
from ovsubs.whisper.search import SearchOptions, is_periodic
from ovsubs.whisper.tokenizer import WhisperTokenizer

RATE = 16_000
EXACT = CompileOptions(threads=2, inference_precision="f32")
Read = Callable[[Path], NDArray[np.float32]]


@pytest.fixture(scope="module")
def base(base_model_dir: Path) -> WhisperModel:
    return open_model(base_model_dir, EXACT)


@pytest.fixture(scope="module")
def base_reader(base_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(base_model_dir)


@pytest.fixture(scope="module")
def tokenizer(tiny_en_model_dir: Path) -> WhisperTokenizer:
    return WhisperTokenizer(tiny_en_model_dir)


def decode_all(
    model: WhisperModel,
    tokenizer: WhisperTokenizer,
    mels: NDArray[np.float32],
    batch_size: int,
    language: str = "en",
) -> list[DecodedWindow]:
    filters = LogitFilters(tokenizer.special, model.n_vocab)
    rows, decoded = model.cross_kv_cache(batch_size), list[DecodedWindow]()
    for first in range(0, len(mels), batch_size):
        batch = mels[first : first + batch_size]
        with model.session(batch, rows) as session:
            requests = [WindowRequest(tokenizer.prompt(language, "transcribe"))] * len(batch)
            decoded += decode(session, requests, filters, tokenizer.special)
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
    base_model_dir: Path, base: WhisperModel, base_reader: WhisperTokenizer, spoken: NDArray[np.float32]
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
        assert ours.tokens == heard
        assert ours.finished
        assert len(heard) > 50


@pytest.mark.model
def test_the_batch_size_does_not_change_the_tokens(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, spoken: NDArray[np.float32]
) -> None:
    mels = windows(spoken, 16)
    sixteen = decode_all(tiny_en, tokenizer, mels, batch_size=16)
    assert len({len(window.tokens) for window in sixteen}) > 3  # rows leave at different steps
    for batch_size in (1, 4):
        smaller = decode_all(tiny_en, tokenizer, mels[-4:], batch_size)
        for one, other in zip(smaller, sixteen[-4:], strict=True):
            assert one.tokens == other.tokens
            assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
            assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-3)


@pytest.mark.model
def test_the_log_probability_is_the_mean_over_tokens_and_end(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    """Worked out again from one step over all tokens, without the cache."""
    (window,) = decode_all(tiny_en, tokenizer, mels[:1], batch_size=1)
    filters, prompt = LogitFilters(tokenizer.special, tiny_en.n_vocab), tokenizer.prompt("en", "transcribe")
    with tiny_en.session(mels[:1], tiny_en.cross_kv_cache(1)) as session:
        fed = np.array([[*prompt, *window.tokens]])
        logits = session.step(fed, logit_positions=range(fed.shape[1]))[0]
    said = [*window.tokens, tokenizer.special.eot]
    logprobs = []
    for n, token in enumerate(said):
        allowed = filters.apply(logits[len(prompt) - 1 + n][None], [said[:n]])
        logprobs.append(float(np.log(softmax(allowed)[0, token])))
    assert window.avg_logprob == pytest.approx(np.mean(logprobs), abs=1e-3)
    assert window.no_speech_prob == pytest.approx(softmax(logits[0])[tokenizer.special.no_speech], abs=1e-4)


@pytest.mark.model
def test_the_sample_is_understood(
    base: WhisperModel, base_reader: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    (window,) = decode_all(base, base_reader, mels[:1], batch_size=1)
    text = base_reader.decode(window.tokens)
    assert is_sample(text)
    assert window.no_speech_prob < 0.2
    assert window.avg_logprob > -0.5


@pytest.mark.model
def test_a_row_that_never_ends_is_stopped_when_it_goes_round(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    endless = replace(tokenizer.special, suppress=(*tokenizer.special.suppress, tokenizer.special.eot))
    filters = LogitFilters(endless, tiny_en.n_vocab)
    with tiny_en.session(mels[:1], tiny_en.cross_kv_cache(1)) as session:
        (window,) = decode(
            session, [WindowRequest(tokenizer.prompt("en", "transcribe"))], filters, tokenizer.special
        )
    assert not window.finished
    assert is_periodic(window.tokens) or len(window.tokens) == MAX_DECODER_POSITIONS - 1
    assert np.isfinite(window.avg_logprob)


def test_no_windows_give_no_result(tiny_en: WhisperModel, tokenizer: WhisperTokenizer) -> None:
    with tiny_en.session(np.zeros((0, 80, 3000), np.float32), tiny_en.cross_kv_cache(1)) as session:
        assert decode(session, [], LogitFilters(tokenizer.special, tiny_en.n_vocab), tokenizer.special) == []


@pytest.mark.model
def test_languages_are_recognized_with_probabilities_and_nothing_is_left_of_the_question(
    base: WhisperModel, base_reader: WhisperTokenizer, shared_data: Path, read_samples: Read
) -> None:
    codes = ("fr", "de", "es")
    clips = [
        read_samples(shared_data / f"fleurs/{code}/fleurs-{code}-001.ogg")[: 30 * RATE] for code in codes
    ]
    mels = np.stack([log_mel(clip, 80) for clip in clips])
    special, filters = base_reader.special, LogitFilters(base_reader.special, base.n_vocab)
    # Languages may differ in a batch.
    requests = [WindowRequest(base_reader.prompt(code, "transcribe")) for code in codes]
    with base.session(mels, base.cross_kv_cache(3)) as session:
        probabilities = language_probabilities(session, special)
        asked = decode(session, requests, filters, special)
    assert probabilities.shape == (3, len(special.languages))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    found = [list(special.languages)[column] for column in probabilities.argmax(axis=1)]
    assert tuple(found) == codes
    assert probabilities.max(axis=1).min() > 0.8
    with base.session(mels, base.cross_kv_cache(3)) as session:
        unasked = decode(session, requests, filters, special)
    assert [window.tokens for window in asked] == [window.tokens for window in unasked]


def test_text_that_repeats_itself_compresses_well() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("Ever tried. Ever failed. No matter.") < 1.2
    assert compression_ratio("Thanks for watching. " * 20) > 10.0


def decode_with(
    model: WhisperModel,
    tokenizer: WhisperTokenizer,
    mels: NDArray[np.float32],
    options: Sequence[SearchOptions],
    seeds: Sequence[int] | None = None,
    min_end_s: Sequence[float] | None = None,
) -> list[DecodedWindow]:
    """All windows in one batch."""
    filters = LogitFilters(tokenizer.special, model.n_vocab)
    prompt, n = tokenizer.prompt("en", "transcribe"), len(mels)
    requests = [
        WindowRequest(prompt, search, seed, min_end_s=earliest)
        for search, seed, earliest in zip(options, seeds or range(n), min_end_s or [0.0] * n, strict=True)
    ]
    with model.session(mels, model.cross_kv_cache(n)) as session:
        return decode(session, requests, filters, tokenizer.special)


def assert_same(one: DecodedWindow, other: DecodedWindow) -> None:
    """Sums of other order in another batch move log-probabilities by up to 1e-3."""
    assert one.tokens == other.tokens
    assert one.finished == other.finished
    assert one.temperature == other.temperature
    assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
    assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-3)


def beam_search_of_openai(
    session: DecoderSession, prompt: Sequence[int], filters: LogitFilters, eot: int, beam_size: int
) -> tuple[list[int], float]:
    """openai/whisper's beam search (decoding.py) on a session of one window, by our scores.

    Each hypothesis is fed from its start, alone: no cache, no beams side by side, nothing dropped. Returns
    the text and its mean log-probability.
    """
    logprobs: dict[tuple[int, ...], float] = {(): 0.0}

    def candidates(tokens: tuple[int, ...]) -> list[tuple[int, float]]:
        session.reset()
        found = filters.top_k(session.step(np.array([[*prompt, *tokens]]))[:, -1], [tokens], beam_size + 1)
        ids = found.ids[0].tolist()
        for token, logprob in zip(ids, found.logprobs[0].tolist(), strict=True):
            logprobs[(*tokens, token)] = logprobs[tokens] + logprob
        return list(zip(ids, found.scores[0].tolist(), strict=True))

    beams: dict[tuple[int, ...], float] = {(): 0.0}
    finished: dict[tuple[int, ...], float] = {}
    while len(finished) < beam_size:
        scores = {
            (*tokens, token): total + score
            for tokens, total in beams.items()
            for token, score in candidates(tokens)
        }
        beams = {}
        for tokens in sorted(scores, key=lambda key: -scores[key]):
            if tokens[-1] != eot:
                beams[tokens] = scores[tokens]
            elif len(finished) < beam_size:
                finished[tokens] = scores[tokens]
            if len(beams) == beam_size:
                break
    best = max(finished, key=lambda tokens: finished[tokens] / (len(tokens) - 1))
    return list(best[:-1]), logprobs[best] / len(best)


@pytest.mark.model
def test_beams_side_by_side_say_what_each_would_say_alone(
    tiny_en: WhisperModel,
    tokenizer: WhisperTokenizer,
    mels: NDArray[np.float32],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three windows in a batch, three beams each, against one hypothesis at a time."""
    monkeypatch.setattr(search, "PRUNE_LOGPROB", math.inf)
    monkeypatch.setattr(search, "MERGE_TOKENS", MAX_DECODER_POSITIONS)
    batch, options = mels[[0, 2, 3]], SearchOptions(beam_size=3)
    decoded = decode_with(tiny_en, tokenizer, batch, [options] * 3)
    filters, prompt = LogitFilters(tokenizer.special, tiny_en.n_vocab), tokenizer.prompt("en", "transcribe")
    for mel, window in zip(batch, decoded, strict=True):
        with tiny_en.session([mel], tiny_en.cross_kv_cache(1)) as session:
            tokens, avg_logprob = beam_search_of_openai(session, prompt, filters, tokenizer.special.eot, 3)
        assert list(window.tokens) == tokens
        assert window.avg_logprob == pytest.approx(avg_logprob, abs=1e-3)
        assert window.finished


@pytest.mark.model
def test_beams_in_a_batch_are_those_of_each_window_alone(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, spoken: NDArray[np.float32]
) -> None:
    mels, options = windows(spoken, 4), SearchOptions(beam_size=5)
    together = decode_with(tiny_en, tokenizer, mels, [options] * 4)
    assert len({len(window.tokens) for window in together}) > 1
    for n in (0, 3):
        (alone,) = decode_with(tiny_en, tokenizer, mels[[n]], [options])
        assert_same(alone, together[n])


@pytest.mark.model
@pytest.mark.parametrize("options", [SearchOptions(beam_size=2), SearchOptions(temperature=0.2, best_of=2)])
def test_each_window_names_a_time_as_late_as_its_own_earliest_end(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, spoken: NDArray[np.float32], options: SearchOptions
) -> None:
    mels = windows(spoken, 4)
    free = decode_with(tiny_en, tokenizer, mels, [options] * 4)
    begin = tokenizer.special.timestamp_begin

    def last_s(window: DecodedWindow) -> float:
        return max((token - begin) * 0.02 for token in window.tokens)

    later = [last_s(window) + 3.0 for window in free]
    pressed = decode_with(tiny_en, tokenizer, mels, [options] * 4, min_end_s=[later[0], 0.0, later[2], 0.0])
    assert all(last_s(pressed[n]) >= later[n] - 0.01 or not pressed[n].finished for n in (0, 2))
    assert_same(pressed[1], free[1])
    assert_same(pressed[3], free[3])


@pytest.mark.model
def test_beams_find_texts_about_as_likely_as_those_of_greedy_search_or_likelier(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, spoken: NDArray[np.float32]
) -> None:
    """To be likelier is not a law of beam search, so 0.03 a token are given: less than a wrong word costs."""
    mels = windows(spoken, 4)
    greedy = decode_with(tiny_en, tokenizer, mels, [SearchOptions()] * 4)
    beams = decode_with(tiny_en, tokenizer, mels, [SearchOptions(beam_size=5)] * 4)
    for one, other in zip(beams, greedy, strict=True):
        assert one.finished
        assert one.avg_logprob > other.avg_logprob - 0.03


@pytest.mark.model
def test_samples_are_the_same_for_the_same_seed_whatever_else_is_in_the_batch(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    options = SearchOptions(temperature=1.0, best_of=2)
    together = decode_with(tiny_en, tokenizer, mels[:3], [options] * 3, seeds=(7, 8, 9))
    again = decode_with(tiny_en, tokenizer, mels[:3], [options] * 3, seeds=(7, 8, 9))
    (alone,) = decode_with(tiny_en, tokenizer, mels[[1]], [options], seeds=(8,))
    others = decode_with(tiny_en, tokenizer, mels[:3], [options] * 3, seeds=(10, 11, 12))
    assert [window.tokens for window in again] == [window.tokens for window in together]
    assert_same(alone, together[1])
    assert [window.tokens for window in others] != [window.tokens for window in together]
    assert {window.temperature for window in together} == {1.0}


@pytest.mark.model
def test_windows_of_one_batch_may_be_sampled_at_different_temperatures(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    options = [SearchOptions(temperature=heat, best_of=2) for heat in (0.2, 1.0, 0.6)]
    together = decode_with(tiny_en, tokenizer, mels[:3], options, seeds=(3, 4, 5))
    assert [window.temperature for window in together] == [0.2, 1.0, 0.6]
    for n in range(3):
        (alone,) = decode_with(tiny_en, tokenizer, mels[[n]], [options[n]], seeds=(3 + n,))
        assert_same(alone, together[n])


@pytest.mark.model
def test_hardly_heated_samples_are_the_greedy_text(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    (greedy,) = decode_with(tiny_en, tokenizer, mels[:1], [SearchOptions()])
    (sampled,) = decode_with(tiny_en, tokenizer, mels[:1], [SearchOptions(temperature=1e-3, best_of=2)])
    assert sampled.tokens == greedy.tokens
    assert sampled.avg_logprob == pytest.approx(greedy.avg_logprob, abs=1e-3)


@pytest.mark.model
def test_greedy_and_sampled_windows_are_not_decoded_in_one_batch(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match="decoded apart"):
        decode_with(
            tiny_en, tokenizer, mels[:2], [SearchOptions(), SearchOptions(temperature=1.0)], seeds=(3, 4)
        )


@pytest.mark.model
def test_the_text_before_changes_what_is_heard_and_not_the_chance_of_silence_alone(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    """A prompt in capitals makes Whisper write in capitals; the silence is asked after at the start token."""
    filters = LogitFilters(tokenizer.special, tiny_en.n_vocab)
    context = tokenizer.context(
        None, "EVER TRIED. EVER FAILED. NO MATTER. TRY AGAIN. FAIL AGAIN. FAIL BETTER."
    )
    prompt = tokenizer.prompt("en", "transcribe", context)
    with tiny_en.session(mels[:1], tiny_en.cross_kv_cache(1)) as session:
        logits = session.step(np.array([prompt]), logit_positions=[prompt.index(tokenizer.special.sot)])[
            0
        ].copy()
        session.reset()
        (told,) = decode(session, [WindowRequest(prompt)], filters, tokenizer.special)
    text = tokenizer.decode(told.tokens)
    assert sum(letter.isupper() for letter in text) > 0.8 * sum(letter.isalpha() for letter in text)
    assert told.no_speech_prob == pytest.approx(softmax(logits[0])[tokenizer.special.no_speech], abs=1e-4)
    assert all(
        token < tokenizer.special.eot or token >= tokenizer.special.timestamp_begin for token in told.tokens
    )


@pytest.mark.model
def test_the_stages_of_decoding_are_timed(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    filters, clock = LogitFilters(tokenizer.special, tiny_en.n_vocab), Stopwatch()
    prompt = tokenizer.prompt("en", "transcribe")
    with tiny_en.session(mels[:1], tiny_en.cross_kv_cache(1), clock) as session:
        decode(session, [WindowRequest(prompt)], filters, tokenizer.special, clock)
    assert [timing.stage for timing in clock.timings()] == ["encode", "prefill", "logit filters", "steps"]
    assert all(timing.seconds > 0.0 for timing in clock.timings())


@pytest.mark.model
def test_a_window_with_more_tokens_than_it_may_have_is_stopped_alone(
    tiny_en: WhisperModel, tokenizer: WhisperTokenizer, mels: NDArray[np.float32]
) -> None:
    filters, prompt = LogitFilters(tokenizer.special, tiny_en.n_vocab), tokenizer.prompt("en", "transcribe")
    requests = [WindowRequest(prompt, max_tokens=7), WindowRequest(prompt)]
    whole = decode_with(tiny_en, tokenizer, mels[:2], [SearchOptions()] * 2)
    with tiny_en.session(mels[:2], tiny_en.cross_kv_cache(2)) as session:
        stopped, other = decode(session, requests, filters, tokenizer.special)
    assert stopped.tokens == whole[0].tokens[:7]
    assert not stopped.finished
    assert_same(other, whole[1])
