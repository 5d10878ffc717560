"""Whisper's graphs for the tests of this room: tiny.en, and one of random numbers with a pruned decoder."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_export import SmallExport

from ovsubs.audio.features import log_mel
from ovsubs.whisper.model import CompileOptions, WhisperModel, open_model

RATE = 16_000
EXACT = CompileOptions(threads=2, inference_precision="f32")


@pytest.fixture(scope="session")
def tiny_en(tiny_en_model_dir: Path) -> Iterator[WhisperModel]:
    with open_model(tiny_en_model_dir, EXACT) as model:
        yield model


@pytest.fixture(scope="session")
def mels(speech_sample: Path, read_samples: Callable[[Path], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Four windows that begin at different places of the sample.  # float32 [4, 80, 3000]"""
    samples = read_samples(speech_sample)
    return np.stack([log_mel(samples[round(start * RATE) :], 80) for start in (0.0, 2.5, 5.0, 7.5)])


@pytest.fixture(scope="session")
def small_export(tmp_path_factory: pytest.TempPathFactory) -> SmallExport:
    """Exported by optimum-intel alone, so that nothing of ours has touched the directory."""
    intel = pytest.importorskip("optimum.intel", reason="needs the export extra")
    import torch
    import transformers

    torch.manual_seed(0)
    layers = {
        "encoder_layers": 2,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
    }
    widths = {
        "d_model": 64,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "vocab_size": 200,
        "num_mel_bins": 128,
    }
    ids = {"pad_token_id": 1, "bos_token_id": 1, "eos_token_id": 1, "decoder_start_token_id": 2}
    none = {"suppress_tokens": None, "begin_suppress_tokens": None}
    model = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(**layers, **widths, **ids, **none, init_std=0.3)
    ).eval()
    source, directory = tmp_path_factory.mktemp("small"), tmp_path_factory.mktemp("small-ir")
    model.save_pretrained(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        intel.OVModelForSpeechSeq2Seq.from_pretrained(source, export=True, compile=False).save_pretrained(
            directory
        )
    return SmallExport(model, directory)


@pytest.fixture(scope="module")
def small(small_export: SmallExport) -> Iterator[WhisperModel]:
    """The random one, loaded."""
    with open_model(small_export.directory, EXACT) as model:
        yield model
