"""A model directory + a short clip of speech -> whether the export can be trusted."""

import wave
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.features import log_mel
from ovsubs.errors import SelfTestFailed
from ovsubs.models.manifest import SelfTestVerdict
from ovsubs.whisper.decoding import WindowRequest, compression_ratio, decode
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.tokenizer import WhisperTokenizer

REPEATING = 2.4  # compression ratio above which text repeats itself (openai/whisper, transcribe.py)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a model made of the probe.

    `first_token` is the likeliest token after a prompt without timestamps. `finished` is false where the
    decoder never came to an end.
    """

    finite: bool
    first_token: int
    text: str
    finished: bool


def self_test(
    directory: Path, name: str, reference: ProbeResult | None = None, *, strict: bool = True
) -> SelfTestVerdict:
    """Run an exported model on the probe and judge it.

    Args:
        directory: a complete model directory.
        name: what to call it in the error.
        reference: what the exact weights made of the probe, computed in f32; None if these are they.
        strict: another first token than FP32's is a fault; else it is only told, since what has activations
            in 8 bits is judged by its errors on many recordings.

    Raises:
        SelfTestFailed: logits that are not finite, no text, text that repeats itself, no end, or another
            first token than FP32.
    """
    result = probe_model(directory)
    if (why := find_fault(result, reference if strict else None)) is not None:
        raise SelfTestFailed(name, why)
    agrees = None if reference is None else result.first_token == reference.first_token
    return SelfTestVerdict(passed=True, text=result.text, first_token_agrees=agrees)


def find_fault(result: ProbeResult, reference: ProbeResult | None = None) -> str | None:
    """What is wrong with a result, in a few words; None if nothing is."""
    if not result.finite:
        return "the logits are not finite"
    if not any(character.isalnum() for character in result.text):
        return f"no words in its text on the probe: {result.text!r}"
    if compression_ratio(result.text) > REPEATING:
        return f"its text on the probe repeats itself: {result.text[:60]!r}…"
    if not result.finished:
        return f"its text on the probe has no end: {result.text[:60]!r}…"
    if reference and result.first_token != reference.first_token:
        return f"its first token is {result.first_token}, that of FP32 is {reference.first_token}"
    return None


def probe_model(directory: Path) -> ProbeResult:
    """Transcribe the probe with a model directory on the CPU.

    Raises:
        BrokenModel: the directory cannot be loaded.
    """
    from ovsubs.whisper.model import CompileOptions, open_model

    tokenizer = WhisperTokenizer(directory)
    special = tokenizer.special
    prompt = tokenizer.prompt("en", "transcribe")
    with open_model(directory, CompileOptions(device="CPU", inference_precision="f32")) as model:
        mels = [log_mel(read_probe(), model.n_mels)]
        with model.session(mels, model.cross_kv_cache(1)) as session:
            logits = session.step(np.array([[*prompt, special.no_timestamps]], dtype=np.int64))
            finite, first_token = bool(np.isfinite(logits).all()), int(logits[0, -1].argmax())
            if not finite:
                return ProbeResult(finite, first_token, "", False)
            session.reset()
            window = decode(session, [WindowRequest(prompt)], LogitFilters(special, model.n_vocab), special)[
                0
            ]
    return ProbeResult(finite, first_token, tokenizer.decode(window.tokens).strip(), window.finished)


def read_probe() -> NDArray[np.float32]:
    """The probe: "We will go to the market and buy some bread." Mono, 16 kHz, in [-1, 1].  # [n_samples]"""
    with (files("ovsubs.export") / "assets" / "probe.wav").open("rb") as file, wave.open(file) as sound:
        content = sound.readframes(sound.getnframes())
    return np.frombuffer(content, "<i2").astype(np.float32) / 32768.0
