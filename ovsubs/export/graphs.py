"""A Hugging Face Whisper directory -> OpenVINO graphs (optimum-intel) -> narrower graphs (NNCF)."""

import gc
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import ExportFailed, MissingExtra, UnreadableCheckpoint
from ovsubs.models.sources import Report

ENGINE_PACKAGES = ("openvino", "openvino-tokenizers", "optimum-intel", "transformers", "torch", "nncf")
_EXTRA_MODULES = ("torch", "transformers", "optimum.intel", "openvino_tokenizers", "nncf")
_TASK = "automatic-speech-recognition-with-past"  # the decoder keeps its keys and values as state


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


def export_graphs(checkpoint: Path, output: Path, report: Report) -> None:
    """Export a Hugging Face Whisper directory in FP32, with tokenizer, detokenizer and configs.

    Raises:
        UnreadableCheckpoint: transformers cannot load the directory, or weights are missing from it.
        ExportFailed: the conversion fails.
    """
    report("loading torch and optimum-intel")
    with quiet():
        import torch
        from optimum.exporters.openvino import export_from_model
        from optimum.exporters.openvino.convert import export_tokenizer
        from optimum.exporters.openvino.utils import clear_class_registry
        from optimum.intel import OVConfig
        from transformers import WhisperForConditionalGeneration, WhisperProcessor
    report("loading the checkpoint")
    try:
        with quiet():
            model, loading = WhisperForConditionalGeneration.from_pretrained(
                checkpoint, dtype=torch.float32, local_files_only=True, output_loading_info=True
            )
            processor = WhisperProcessor.from_pretrained(checkpoint, local_files_only=True)
    except Exception as error:  # transformers passes on what safetensors, tokenizers and torch raise
        raise UnreadableCheckpoint(checkpoint, first_line(error)) from error
    missing = sorted(
        set(loading["missing_keys"]) - {"proj_out.weight"}
    )  # the output projection is the embedding
    if missing:
        raise UnreadableCheckpoint(checkpoint, f"the tensor {missing[0]!r} is missing")
    report("exporting the encoder and the decoder")
    preprocessors = [processor.tokenizer, processor.feature_extractor, processor]
    try:
        with quiet():
            # fp32 keeps optimum from storing FP16; `main_export` above it would make INT8 of large models.
            export_from_model(
                model, output, task=_TASK, ov_config=OVConfig(dtype="fp32"), preprocessors=preprocessors
            )
            export_tokenizer(processor.tokenizer, output, task=_TASK)
            # transformers 5 keeps these settings in processor_config.json; others read the older file.
            processor.feature_extractor.save_pretrained(output)
    except Exception as error:  # tracing runs any of torch, optimum and OpenVINO: their errors share no base
        raise ExportFailed(checkpoint, f"the export failed ({first_line(error)})") from error
    finally:
        del model
        clear_class_registry()  # torch.jit keeps the traced classes, and with them the weights
        gc.collect()
    if (
        not (output / "openvino_tokenizer.xml").is_file()
        or not (output / "openvino_detokenizer.xml").is_file()
    ):
        raise ExportFailed(checkpoint, "openvino-tokenizers could not convert its tokenizer.json")


def compress_graph(source: Path, target: Path, mode: str, **grouping: float) -> None:
    """Compress a graph's weights to 8 or 4 bit, a scale for each output row or group; arithmetic stays float.

    What is no weight of a layer (biases, norms, position embeddings) is stored as float16.

    Args:
        source: .xml of the FP32 graph.
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
