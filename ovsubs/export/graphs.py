"""A Hugging Face Whisper directory -> OpenVINO graphs (optimum-intel) -> narrower graphs (NNCF)."""

import gc
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import clear_frames
from typing import Any

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import ExportFailed, MissingExtra, UnreadableCheckpoint
from ovsubs.export.checkpoint import is_float16
from ovsubs.heap import return_freed_memory
from ovsubs.models.sources import Report

ENGINE_PACKAGES = ("openvino", "openvino-tokenizers", "optimum-intel", "transformers", "torch", "nncf")
_EXTRA_MODULES = ("torch", "transformers", "optimum.intel", "openvino_tokenizers", "nncf")
_TASK = "automatic-speech-recognition-with-past"  # the decoder keeps its keys and values as state
# Two, optimum's default, give the same graphs, but torch.jit keeps what lies between all layers meanwhile.
_TRACED_WINDOWS = 1


@dataclass(frozen=True, slots=True)
class _LoadedCheckpoint:
    """transformers' model and processor; `in_float16`: the weights are, and tracing has to make up for it."""

    model: Any
    processor: Any
    in_float16: bool


def check_export_extra(what: str) -> None:
    """Check that the packages of the export extra are installed, without importing them.

    Raises:
        MissingExtra: one is not; it is named.
    """
    for module in _EXTRA_MODULES:
        try:
            found = find_spec(module)
        except ModuleNotFoundError:  # the parent package is not there
            found = None
        if found is None:
            raise MissingExtra(what, "export", module)


def export_graphs(checkpoint: Path, output: Path, report: Report, *, widen: bool = False) -> None:
    """Export a Hugging Face Whisper directory exactly, with tokenizer, detokenizer and configs.

    Of a checkpoint in float16, the weights of layers stay float16 in the graphs, which compute in float32:
    they are mapped from its files, where float32 would be a copy. Any other checkpoint becomes float32.

    Args:
        checkpoint: the directory.
        output: gets the graphs and the files that belong to them.
        report: gets one line for each step.
        widen: store all weights as float32.

    Raises:
        UnreadableCheckpoint: transformers cannot load the directory, or weights are missing from it.
        ExportFailed: the conversion fails.
    """
    report("loading torch and optimum-intel")
    with quiet():
        from optimum.exporters.openvino.utils import clear_class_registry
    report("loading the checkpoint")
    loaded = _load(checkpoint, widen=widen)
    report("exporting the encoder and the decoder")
    try:
        with quiet():
            _convert(loaded, output)
    except BaseException as error:
        clear_frames(error.__traceback__)  # they hold the weights; Windows removes no file that is mapped
        if not isinstance(error, Exception):
            raise
        # Tracing runs any of torch, optimum and OpenVINO: their errors share no base.
        raise ExportFailed(checkpoint, f"the export failed ({first_line(error)})") from error
    finally:
        del loaded
        clear_class_registry()  # torch.jit keeps the traced classes, and with them the weights
        gc.collect()
        return_freed_memory()
    if not all((output / f"openvino_{name}.xml").is_file() for name in ("tokenizer", "detokenizer")):
        raise ExportFailed(checkpoint, "openvino-tokenizers could not convert its tokenizer.json")


def _load(checkpoint: Path, *, widen: bool) -> _LoadedCheckpoint:
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    try:
        with quiet():
            in_float16 = not widen and is_float16(checkpoint)
            dtype = torch.float16 if in_float16 else torch.float32
            processor = WhisperProcessor.from_pretrained(checkpoint, local_files_only=True)
            model, loading = WhisperForConditionalGeneration.from_pretrained(
                checkpoint, dtype=dtype, local_files_only=True, output_loading_info=True
            )
    except Exception as error:  # transformers passes on what safetensors, tokenizers and torch raise
        raise UnreadableCheckpoint(checkpoint, first_line(error)) from error
    # The output projection is the embedding.
    if missing := sorted(set(loading["missing_keys"]) - {"proj_out.weight"}):
        del model  # the error would hold it, and with it the file that it is mapped from
        raise UnreadableCheckpoint(checkpoint, f"the tensor {missing[0]!r} is missing")
    model.config.dtype = torch.float32  # as config.json is to say: it is what the graphs compute in
    return _LoadedCheckpoint(model, processor, in_float16)


def _convert(loaded: _LoadedCheckpoint, output: Path) -> None:
    from optimum.exporters.openvino import export_from_model
    from optimum.exporters.openvino.convert import export_tokenizer
    from optimum.intel import OVConfig

    processor = loaded.processor
    with _patches_removed(loaded):
        export_from_model(
            loaded.model,
            output,
            task=_TASK,
            # fp32 keeps optimum from storing FP16; `main_export` above it would make INT8 of large models.
            ov_config=OVConfig(dtype="fp32"),
            preprocessors=[processor.tokenizer, processor.feature_extractor, processor],
            patch_16bit_model=loaded.in_float16,
            batch_size=_TRACED_WINDOWS,
        )
    export_tokenizer(processor.tokenizer, output, task=_TASK)
    # transformers 5 keeps these settings in processor_config.json; others read the older file.
    processor.feature_extractor.save_pretrained(output)


@contextmanager
def _patches_removed(loaded: _LoadedCheckpoint) -> Iterator[None]:
    """Bring back `torch.bmm`, which computes nothing while float16 is traced, where optimum is broken off."""
    from openvino.frontend.pytorch.patch_model import unpatch_model

    try:
        yield
    except BaseException:
        if loaded.in_float16:
            unpatch_model(loaded.model, "_openvino_module_extension_patch_orig_forward")  # optimum's name
        raise


def compress_graph(source: Path, target: Path, mode: str, **grouping: float) -> None:
    """Compress a graph's weights to 8 or 4 bit, a scale for each output row or group; arithmetic stays float.

    What is no weight of a layer (biases, norms, position embeddings) is stored as float16.

    Args:
        source: .xml of the graph, in floating point.
        target: .xml to write, in another directory.
        mode: a name of `nncf.CompressWeightsMode`.
        grouping: for 4 bit NNCF's `group_size` and `ratio`.

    Raises:
        ExportFailed: NNCF cannot compress it.
    """
    try:
        with quiet(), TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as scratch:
            # FP16 first: OpenVINO stores nothing as FP16 any more once a graph holds compressed weights.
            half = Path(scratch) / source.name
            save_as_fp16(source, half)
            _compress_weights(half, target, mode, grouping)
            gc.collect()  # Windows removes no file that a graph has mapped
    except Exception as error:  # NNCF and OpenVINO raise RuntimeError and many others
        why = f"its weights could not be compressed ({first_line(error)})"
        raise ExportFailed(source.name, why) from error


def _compress_weights(source: Path, target: Path, mode: str, grouping: Mapping[str, float]) -> None:
    import nncf
    import openvino as ov

    weights_mode = nncf.CompressWeightsMode[mode]
    compressed = nncf.compress_weights(shared_core().read_model(source), mode=weights_mode, **grouping)
    ov.save_model(compressed, target, compress_to_fp16=False)


def save_as_fp16(source: Path, target: Path) -> None:
    """Store a graph's weights as float16; in which precision they are used, the device decides."""
    import openvino as ov

    ov.save_model(shared_core().read_model(source), target, compress_to_fp16=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back progress bars, warnings and log lines of the libraries; exceptions pass."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
