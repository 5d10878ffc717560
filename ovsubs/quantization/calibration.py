"""Recordings -> what encoder and decoder see of them: the inputs that quantization measures its ranges on.

The pipeline's own windows: speech between silences with its tail, as long as it is, and for the decoder the
tokens that the model itself writes, times among them. Whole prefixes and not single steps, since NNCF forgets
the decoder's state between two samples.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.chunks import Chunk, stream_chunks
from ovsubs.audio.source import open_source
from ovsubs.audio.vad import VadOptions, open_detector
from ovsubs.datasets import Dataset
from ovsubs.errors import NoSpeechHeard
from ovsubs.recognition import Components, TranscribeOptions
from ovsubs.recognition.chunk_decoder import ChunkDecoder
from ovsubs.whisper.decoding import WindowRequest, decode
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.tokenizer import WhisperTokenizer


@dataclass(frozen=True, slots=True)
class CalibrationSample:
    """One window and its tokens, of which the first `n_prompt` are its prompt, and whose it is.

    `recording`: its number in the dataset, from 0.
    """

    mel: NDArray[np.float32]  # [n_mels, frames]
    tokens: NDArray[np.int64]  # [n]
    n_prompt: int
    recording: int


def collect(
    directory: Path,
    dataset: Dataset,
    language: str,
    threads: int | None = None,
    report: Callable[[float], None] = lambda part: None,
    *,
    max_windows: int | None = None,
) -> list[CalibrationSample]:
    """Transcribe a dataset and keep what encoder and decoder saw.

    Args:
        directory: a model directory in floating point.
        dataset: spoken in `language`.
        language: code or English name.
        threads: of the CPU; OpenVINO decides by default.
        report: called with the part that is done, 0 to 1.
        max_windows: of each recording, its first; None takes all.

    Returns:
        One sample for each window, in the order of the recordings.

    Raises:
        MediaError: a recording cannot be read.
        UnknownLanguage, UnsupportedTask: the model does not know the language.
        NoSpeechHeard: there is none in the recordings.
    """
    tokenizer = WhisperTokenizer(directory)
    code = tokenizer.check_request(language, "transcribe") or "en"
    options = TranscribeOptions(language=code, beam_size=1)
    samples = list[CalibrationSample]()
    compile_options = CompileOptions(threads=threads, inference_precision="f32")
    with open_detector() as detector, open_model(directory, compile_options) as whisper:
        components = Components(
            detector, whisper, tokenizer, LogitFilters(tokenizer.special, whisper.n_vocab)
        )
        for number, file in enumerate(dataset.files):
            with closing(_chunks(file.path, components)) as chunks:
                for chunk in islice(chunks, max_windows):
                    samples.append(_sample(chunk, number, components, code, options))
            report((number + 1) / len(dataset.files))
    if not samples:
        raise NoSpeechHeard(dataset.name)
    return samples


def _chunks(path: Path, components: Components) -> Generator[Chunk, None, None]:
    source = open_source(path, None, lambda report: None)
    with closing(source.blocks):
        yield from stream_chunks(source.blocks, components.detector, VadOptions())


def _sample(
    chunk: Chunk, recording: int, components: Components, language: str, options: TranscribeOptions
) -> CalibrationSample:
    decoder = ChunkDecoder(chunk, chunk.span.start, options)
    mel = decoder.mel(components)
    prompt = components.tokenizer.prompt(language, "transcribe")
    with components.whisper.session([mel], components.whisper.cross_kv_cache(1)) as session:
        request = WindowRequest(prompt, max_tokens=decoder.max_tokens)
        (decoded,) = decode(session, [request], components.filters, components.tokenizer.special)
    tokens = np.array([*prompt, *decoded.tokens], np.int64)
    return CalibrationSample(mel, tokens, len(prompt), recording)
