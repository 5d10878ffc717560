"""A graph and what it sees of speech -> the same graph with weights and activations in 8 bits (NNCF)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.features import N_FRAMES
from ovsubs.audio.openvino_core import shared_core
from ovsubs.bounds import check_number
from ovsubs.errors import ExportFailed, InvalidOption, UnwritableFile
from ovsubs.export.graphs import first_line, quiet
from ovsubs.quantization.cross_states import put_back_cross_states, take_out_cross_states
from ovsubs.whisper.model.dynamic_encoder import make_length_dynamic

NOT_SMOOTHED = -1.0  # the alpha at which NNCF leaves SmoothQuant out
# What comes out of GELU has a few values far beyond the rest. In base's decoder these layers make a third of
# what INT8 costs in accuracy, and are an eighth of its weights.
FRAGILE = ".*fc2/.*MatMul"

Inputs = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Int8Settings:
    """How a graph is quantized.

    `smooth_quant_alpha`: how much of the activations' range is moved into the weights (SmoothQuant,
    arXiv:2211.10438), 0 to 1; -1 moves nothing. `ignored`: regular expressions of layers that stay in
    floating point, as they are named in the graph, which must have them (but for `FRAGILE`).
    `accurate_bias_correction`: NNCF's slow bias correction instead of its fast one.
    """

    smooth_quant_alpha: float
    ignored: tuple[str, ...] = ()
    accurate_bias_correction: bool = False

    def __post_init__(self) -> None:
        alpha = self.smooth_quant_alpha
        if alpha != NOT_SMOOTHED:
            why = "from 0 to 1, or -1 to leave SmoothQuant out"
            check_number("smooth_quant_alpha", alpha, why, least=0.0, most=1.0)
        for pattern in self.ignored:
            try:
                re.compile(pattern)
            except re.error as error:
                raise InvalidOption("ignored", pattern, f"no regular expression: {error}") from error


def quantize_encoder(
    source: Path,
    target: Path,
    mels: Sequence[NDArray[np.float32]],
    settings: Int8Settings,
    report: Callable[[float], None],
) -> None:
    """Quantize an encoder on windows of any length; what is written takes 3000 frames again.

    Args:
        source: .xml of the graph, in floating point.
        target: .xml to write, in another directory.
        mels: windows as the encoder sees them.  # float32 [n_mels, frames]
        settings: how.
        report: called with the part that is done, 0 to 1, as far as can be told.

    Raises:
        ExportFailed: NNCF cannot quantize it.
        InvalidOption: a layer is to be ignored that is not there.
    """
    graph = read_graph(source)
    shape = graph.inputs[0].get_partial_shape()
    make_length_dynamic(graph)
    graph.reshape([1, mels[0].shape[0], -1])
    inputs: list[Inputs] = [{"input_features": mel[None]} for mel in mels]
    quantized = _quantize(source, graph, inputs, settings, report)
    quantized.reshape(shape)
    _save(quantized, target)


def quantize_decoder(
    source: Path,
    target: Path,
    inputs: Sequence[Inputs],
    settings: Int8Settings,
    report: Callable[[float], None],
) -> None:
    """Quantize a stateful decoder; arguments and errors as of `quantize_encoder`.

    `inputs` are whole prefixes, since NNCF forgets the decoder's state between two samples: `input_ids` int64
    [1, n], `encoder_hidden_states` float32 [1, positions, width] and `beam_idx` int32 [1].
    """
    graph = read_graph(source)
    states = take_out_cross_states(graph)
    quantized = _quantize(source, graph, inputs, settings, report)
    _save(put_back_cross_states(quantized, states), target)


def decoder_inputs(
    encoder: Path, mels: Sequence[NDArray[np.float32]], tokens: Sequence[NDArray[np.int64]]
) -> Iterator[Inputs]:
    """What `quantize_decoder` takes of windows and their tokens.

    Windows get silence behind them up to 30 s, so that all have one length.

    Args:
        encoder: .xml of the graph, in floating point.
        mels: windows of any length.  # float32 [n_mels, frames]
        tokens: of each the prompt and what was written.  # int64 [n]
    """

    compiled = shared_core().compile_model(read_graph(encoder), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for mel, written in zip(mels, tokens, strict=True):
        missing = N_FRAMES - mel.shape[1]
        whole = np.pad(mel, ((0, 0), (0, missing)), constant_values=mel.min())  # log-mel's floor: no sound
        yield {
            "input_ids": written[None],
            "encoder_hidden_states": np.array(compiled({"input_features": whole[None]})[0]),
            "beam_idx": np.zeros(1, np.int32),
        }


def is_quantized(graph: Path) -> bool:
    """Whether a graph (.xml) holds quantized activations, or weights in 8 or fewer bits."""
    kinds = ("i8", "u8", "i4", "u4", "u2", "nf4", "f4e2m1", "f8e4m3", "f8e5m2", "f8e8m0")
    text = graph.read_text(encoding="utf-8")
    return 'type="FakeQuantize"' in text or any(f'element_type="{kind}"' in text for kind in kinds)


def read_graph(path: Path) -> Any:
    """A graph as OpenVINO reads it.

    Raises:
        ExportFailed: it cannot.
    """

    try:
        return shared_core().read_model(path)
    except RuntimeError as error:
        raise ExportFailed(path, f"cannot be read ({first_line(error)})") from error


def _quantize(
    source: Path,
    graph: Any,
    inputs: Sequence[Inputs],
    settings: Int8Settings,
    report: Callable[[float], None],
) -> Any:
    with quiet():
        import nncf
        from nncf.quantization.advanced_parameters import (
            AdvancedQuantizationParameters,
            AdvancedSmoothQuantParameters,
        )
    ignored = _present(settings.ignored, graph, source)
    n_passes = 2 + (settings.smooth_quant_alpha != NOT_SMOOTHED)  # ranges, biases, and SmoothQuant's ranges
    n_taken = 0

    def take(one: Inputs) -> Inputs:
        nonlocal n_taken
        n_taken += 1
        report(min(1.0, n_taken / (n_passes * len(inputs))))
        return one

    alphas = AdvancedSmoothQuantParameters(matmul=settings.smooth_quant_alpha)
    try:
        with quiet():
            return nncf.quantize(
                graph,
                nncf.Dataset(inputs, take),
                model_type=nncf.ModelType.TRANSFORMER,
                subset_size=len(inputs),
                fast_bias_correction=not settings.accurate_bias_correction,
                ignored_scope=nncf.IgnoredScope(patterns=ignored),
                advanced_parameters=AdvancedQuantizationParameters(smooth_quant_alphas=alphas),
            )
    except Exception as error:  # NNCF and OpenVINO raise RuntimeError and many others
        if "KeyboardInterrupt" in repr(error):  # what a native call makes of it
            raise KeyboardInterrupt from error
        raise ExportFailed(source.name, f"NNCF could not quantize it ({first_line(error)})") from error


def _present(patterns: Sequence[str], graph: Any, source: Path) -> list[str]:
    """Those that the graph has layers for; other exporters may give theirs other names."""
    names = [node.get_friendly_name() for node in graph.get_ops()]
    present = [pattern for pattern in patterns if any(re.match(pattern, name) for name in names)]
    for pattern in patterns:
        if pattern not in (*present, FRAGILE):
            raise InvalidOption("ignored", pattern, f"no layer of {source.name} is called so")
    return present


def _save(graph: Any, target: Path) -> None:
    import openvino as ov

    try:
        ov.save_model(graph, target, compress_to_fp16=True)
    except RuntimeError as error:  # no space, most likely
        raise UnwritableFile(target, first_line(error)) from error
