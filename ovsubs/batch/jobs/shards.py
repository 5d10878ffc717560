"""A part of a library for each of several machines, found by the names of the files alone.

No machine asks another one: all see the same names below the root, and each file belongs to one shard.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from ovsubs.errors import InvalidOption

# What an array job tells each of its tasks.
BACALHAU_INDEX, BACALHAU_COUNT = "BACALHAU_PARTITION_INDEX", "BACALHAU_PARTITION_COUNT"
KUBERNETES_INDEX = "JOB_COMPLETION_INDEX"
SHARDS_VARIABLE = "OVSUBS_SHARDS"  # Kubernetes tells no count: our job file does
_SLURM = "SLURM_ARRAY_TASK_"

_FORM = "give I/N, counted from 0, such as 0/4 for the first of four"
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a library: `index` from 0, of `count`.

    Raises:
        InvalidOption: the index is not from 0 to `count` - 1.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InvalidOption("shard", str(self), _FORM)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def takes(self, relative: PurePath) -> bool:
        """Whether a file belongs to this shard, by its path below the root.

        It is the same on all systems, wherever the root is mounted: macOS gives names in other code points
        than Linux (Unicode NFD, NFC), Windows other slashes.
        """
        if relative.is_absolute():
            raise ValueError(f"{relative} is not a path below a root")
        name = unicodedata.normalize("NFC", relative.as_posix())
        # No name is refused: not all are UTF-8, and Windows knows halves of surrogate pairs.
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index


def parse_shard(text: str) -> Shard:
    """The shard that a person names: "0/4" is the first of four.

    Raises:
        InvalidOption: it is not of that form, or there is no such shard.
    """
    index, slash, count = text.partition("/")
    if not slash or not _NUMBER.fullmatch(index) or not _NUMBER.fullmatch(count):
        raise InvalidOption("shard", text, _FORM)
    return Shard(int(index), int(count))


def shard_from_environment(environ: Mapping[str, str]) -> Shard | None:
    """The shard of this task of an array job; None outside of one.

    Args:
        environ: variables of the process. Empty ones count as not set.

    Raises:
        InvalidOption: half of what is needed is missing, is no number, or two systems tell something.
    """
    told = {name: value for name, value in environ.items() if value}
    found = {
        system: shard
        for system, shard in (
            ("Bacalhau", _pair(told, BACALHAU_INDEX, BACALHAU_COUNT)),
            ("Kubernetes", _pair(told, KUBERNETES_INDEX, SHARDS_VARIABLE)),
            ("Slurm", _slurm_shard(told)),
        )
        if shard is not None
    }
    if len(found) > 1:
        given = ", ".join(f"{shard} of {system}" for system, shard in found.items())
        raise InvalidOption("shard", given, "the environment tells more than one; say which with `shard`")
    return next(iter(found.values()), None)


def _pair(told: Mapping[str, str], index: str, count: str) -> Shard | None:
    if index not in told and count not in told:
        return None
    shard = (_number(told, index), _number(told, count))
    if shard[0] >= shard[1]:
        raise _refused(told, (index, count), f"{index} has to be less than {count}")
    return Shard(*shard)


def _slurm_shard(told: Mapping[str, str]) -> Shard | None:
    """Of an array such as `--array=0-3`, or `10-40:10`, which begins elsewhere and has steps."""
    names = [f"{_SLURM}{part}" for part in ("ID", "COUNT", "MIN", "MAX")]
    if not any(name in told for name in names):
        return None
    task, count, first, last = (_number(told, name) for name in names)
    step = _slurm_step(told, count, first, last)
    if step < 1 or first + step * (count - 1) != last or not first <= task <= last or (task - first) % step:
        why = f"such an array is not even; number its tasks as in --array=0-{max(count, 1) - 1}"
        raise _refused(told, (*names, f"{_SLURM}STEP"), why)
    return Shard((task - first) // step, count)


def _slurm_step(told: Mapping[str, str], count: int, first: int, last: int) -> int:
    if f"{_SLURM}STEP" in told:
        return _number(told, f"{_SLURM}STEP")
    return (last - first) // (count - 1) if count > 1 else 1


def _number(told: Mapping[str, str], name: str) -> int:
    value = told.get(name)
    if value is None:
        raise InvalidOption("shard", None, f"the environment tells only a part: {name} is not set")
    if not _NUMBER.fullmatch(value):
        raise InvalidOption("shard", f"{name}={value}", "that is no whole number")
    return int(value)


def _refused(told: Mapping[str, str], names: tuple[str, ...], why: str) -> InvalidOption:
    given = " ".join(f"{name}={told[name]}" for name in names if name in told)
    return InvalidOption("shard", given, why)
