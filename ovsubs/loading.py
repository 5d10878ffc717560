"""The name of a model -> a loaded model, or at once a transcript."""

from collections.abc import Callable
from pathlib import Path

from ovsubs.audio.source import Audio
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.manifest import check_ir_directory
from ovsubs.pipeline import Model
from ovsubs.transcript import Transcript
from ovsubs.whisper.model import CompileOptions, check_device

DEFAULT_MODEL = "base"


def load_model(
    model: str | Path = DEFAULT_MODEL,
    device: str = "CPU",
    *,
    compile_options: CompileOptions | None = None,
    models_dir: Path | None = None,
    offline: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> Model:
    """Find a model, making or fetching it where need be, and compile it.

    Args:
        model: short name ("base"), Hub id ("openai/whisper-base"), or the path of a model directory.
        device: OpenVINO device: `CPU`, `GPU`, `AUTO`, `AUTO:GPU,CPU`, …
        compile_options: threads, precision, cache; its `device` wins over `device`.
        models_dir: where model directories lie; by default `models/` here.
        offline: never touch the network.
        report: called with a sentence for each step taken to find the model.

    Raises:
        DeviceNotFound: the device is not on this machine.
        ModelNotFound: it is nowhere; the message says where was looked and what to do.
        BrokenModel: the directory lacks a file, or a graph is corrupt.
        MissingExtra: there are weights, but not the packages that export them.
    """
    options = compile_options or CompileOptions(device=device)
    check_device(options.device)  # before anything is fetched
    directory = resolve_ir(str(model), models_dir=models_dir, offline=offline, report=report)
    check_ir_directory(directory)
    return Model(directory, options)


def transcribe(
    audio: Audio,
    model: str | Path = DEFAULT_MODEL,
    device: str = "CPU",
    *,
    language: str | None = None,
    task: str | None = None,
) -> Transcript:
    """Load a model, recognize one file or array, and let the model go; for several, keep `load_model`'s.

    Args:
        audio: path, or samples, mono 16 kHz in [-1, 1].  # float32 [n_samples]
        model: as `load_model` takes it.
        device: as `load_model` takes it.
        language: code or English name; None lets the file's windows vote.
        task: "transcribe", or "translate" into English.

    Raises:
        OvsubsError: the model is not there or cannot do it, or the file cannot be read.
    """
    with load_model(model, device) as loaded:
        return loaded.transcribe(audio, language=language, task=task)
