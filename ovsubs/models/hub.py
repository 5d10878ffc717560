"""The Hugging Face Hub: repositories -> directories on this machine, or one clear error."""

from pathlib import Path

from ovsubs.errors import ModelNotFound
from ovsubs.models.manifest import DECODER, ENCODER

_IR_FILES = [
    "*.json",
    "*.txt",
    f"{ENCODER}.*",
    f"{DECODER}.*",
    "openvino_tokenizer.*",
    "openvino_detokenizer.*",
]
_CTRANSLATE2_FILES = ["*.json", "*.txt", "model.bin"]
_SAFETENSORS_FILES = ["*.json", "*.txt", "model.safetensors", "model-*.safetensors"]
_PYTORCH_FILES = ["*.json", "*.txt", "pytorch_model*.bin"]


def cached_snapshot(repo: str) -> Path | None:
    """The repository's directory in huggingface_hub's own cache; None if it is not there. Uses no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def download(repo: str, directory: Path | None = None) -> Path:
    """Download what is needed of a Whisper repository: its IR where it holds one, else its weights.

    Args:
        repo: owner/name.
        directory: where to put the files; None leaves them in huggingface_hub's cache.

    Returns:
        The directory that holds them.

    Raises:
        ModelNotFound: no such repository, no access to it, or the Hub cannot be reached.
    """
    from huggingface_hub import HfApi, snapshot_download

    try:
        patterns = _patterns(repo, set(HfApi().list_repo_files(repo)))
        return Path(snapshot_download(repo, allow_patterns=patterns, local_dir=directory))
    except _hub_errors() as error:
        raise ModelNotFound(repo, _why(error)) from error


def _patterns(repo: str, files: set[str]) -> list[str]:
    if f"{ENCODER}.xml" in files:
        return _IR_FILES
    if any(name.startswith("model") and name.endswith(".safetensors") for name in files):
        return _SAFETENSORS_FILES
    if "model.bin" in files:
        return _CTRANSLATE2_FILES
    if any(name.startswith("pytorch_model") for name in files):
        return _PYTORCH_FILES
    raise ModelNotFound(repo, "the repository holds no OpenVINO graphs, model.safetensors or model.bin")


def _hub_errors() -> tuple[type[Exception], ...]:
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:  # huggingface_hub 1.x speaks through httpx, whose errors are no OSErrors; 0.x through requests
        from httpx import HTTPError
    except ImportError:
        return (HfHubHTTPError, HFValidationError, OSError)
    return (HfHubHTTPError, HFValidationError, OSError, HTTPError)


def _why(error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return "the Hub asks for permission; accept its licence there and log in with `hf auth login`"
    if isinstance(error, RepositoryNotFoundError):
        return "the Hub has no such repository (or it is private: log in with `hf auth login`)"
    if isinstance(error, HFValidationError):
        return "that is not a name of a repository on the Hub; write owner/name"
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"the Hub cannot be reached ({reason}); check the network, or name a model directory on this machine"
    )
