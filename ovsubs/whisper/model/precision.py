"""The size of a model -> what this CPU computes it fastest in, found by running it.

What a CPU can do is not what it says: OpenVINO lists bfloat16 where it emulates it a hundred times slower,
systems other than Linux do not name instructions, and which of two precisions is faster depends on the memory
as well. So layers of the model's width are run in each precision, encoder and decoder apart, and the times
are kept for the next run.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import openvino as ov
from platformdirs import user_cache_path

from ovsubs.atomic import replace_file
from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import InvalidOption
from ovsubs.whisper.config import ModelConfig
from ovsubs.whisper.model.device_list import cpu_flags
from ovsubs.whisper.model.layer_timing import FLOATS, MeasuredPrecision, ModelSize, Precision, ask

INT8 = "int8"  # linear layers in 8 bits, all else in the floating point that is fastest
_F32 = Precision("f32")
_VERSION = 3  # of what is measured; results of another one are not read
_NEARLY = 1.25  # times as long as the fastest: so much a busy machine may mistake
_PATIENCE_S = 120.0  # for one precision; on a busy machine most of that is starting the process


@dataclass(frozen=True, slots=True)
class ModelPrecision:
    """What encoder and decoder are computed in."""

    encoder: Precision
    decoder: Precision

    def __str__(self) -> str:
        if self.encoder == self.decoder:
            return str(self.encoder)
        return f"{self.encoder} (encoder), {self.decoder} (decoder)"

    @property
    def name(self) -> str:
        """As `inference_precision` names it; both where they differ."""
        names = [INT8 if one.int8 else one.floats for one in (self.encoder, self.decoder)]
        return names[0] if names[0] == names[1] else "+".join(names)


def size_of(config: ModelConfig) -> ModelSize:
    """The size of a model; that of base where its `config.json` lacks a number."""
    sizes = (config.d_model, config.encoder_layers, config.decoder_layers, config.vocab_size)
    known = [max(1, size) for size in sizes if size is not None]
    return ModelSize(*known) if len(known) == len(sizes) else ModelSize()


def choose_precision(asked: str | None, size: ModelSize, threads: int | None = None) -> ModelPrecision:
    """What the CPU computes a model in.

    Args:
        asked: one of `FLOATS`, or `INT8`; None takes the fastest, encoder and decoder apart.
        size: of the model.
        threads: that it will have; None: all of the CPU.

    Raises:
        InvalidOption: the CPU does not compute in what is asked for.
    """
    if asked == _F32.floats:  # which every CPU has
        return ModelPrecision(_F32, _F32)
    measured = measured_precisions(size, threads)
    fitting = [one for one in measured if asked in (None, _name(one.precision))]
    if not fitting:
        why = f"this CPU computes in {' or '.join(_names(measured))}"
        raise InvalidOption("inference_precision", asked, why)
    return ModelPrecision(*_fastest(fitting))


def measured_precisions(size: ModelSize, threads: int | None = None) -> tuple[MeasuredPrecision, ...]:
    """The times of all precisions in which this CPU computes, and computes rightly; f32 comes first.

    They are measured once, which takes some seconds, and kept in the user's cache.
    """
    return _measured(size, threads or os.cpu_count() or 1)


def cpu_precisions() -> tuple[str, ...]:
    """What the CPU computes in: names out of `FLOATS`, and `INT8` where its sums are right."""
    return _names(measured_precisions(ModelSize()))


def fastest_floats() -> str:
    """The floating point in which the CPU computes the encoder of base fastest, out of `FLOATS`."""
    floats = [one for one in measured_precisions(ModelSize()) if not one.precision.int8]
    return _fastest(floats)[0].floats


@lru_cache
def _measured(size: ModelSize, threads: int) -> tuple[MeasuredPrecision, ...]:
    path, key = user_cache_path("ovsubs") / "precision.json", _key(size, threads)
    if found := _read(path, key):
        return found
    if found := measure(size, threads):
        _write(path, key, found)
        return found
    return (MeasuredPrecision(_F32, 1.0, 1.0),)  # for now: the next run tries again


def measure(size: ModelSize, threads: int) -> tuple[MeasuredPrecision, ...]:
    """Run layers in each floating point, then in 8 bits with the fastest; empty if not even f32 can be."""
    floats = _time_each([Precision(name) for name in FLOATS], size, threads)
    if not floats or floats[0].precision != _F32:
        return ()
    floats = _time_again(floats, size, threads)
    best = {precision.floats for precision in _fastest(floats)}
    int8 = _time_each([Precision(name, int8=True) for name in FLOATS if name in best], size, threads)
    return _time_again((*floats, *int8), size, threads)


def _time_again(
    measured: Sequence[MeasuredPrecision], size: ModelSize, threads: int
) -> tuple[MeasuredPrecision, ...]:
    """The same, and those that are nearly the fastest run once more, of which the shorter time counts.

    So one busy second decides nothing.
    """
    encoder_ms = _NEARLY * min(one.encoder_ms for one in measured)
    decoder_ms = _NEARLY * min(one.decoder_ms for one in measured)
    near = [one.precision for one in measured if one.encoder_ms <= encoder_ms or one.decoder_ms <= decoder_ms]
    again = _time_each(near, size, threads) if len(near) > 1 else ()
    second = {one.precision: one for one in again}
    return tuple(_shorter(one, second.get(one.precision, one)) for one in measured)


def _shorter(one: MeasuredPrecision, other: MeasuredPrecision) -> MeasuredPrecision:
    return MeasuredPrecision(
        one.precision,
        min(one.encoder_ms, other.encoder_ms),
        min(one.decoder_ms, other.decoder_ms),
    )


def _time_each(
    precisions: Sequence[Precision], size: ModelSize, threads: int
) -> tuple[MeasuredPrecision, ...]:
    """Those that can be computed in, each measured in a process of its own."""
    timed = ((one, _ask_process(ask(one, size, threads))) for one in precisions)
    return tuple(MeasuredPrecision(one, *times) for one, times in timed if times)


def _ask_process(question: str) -> list[float]:
    """Milliseconds of encoder and decoder, by another process; none where it fails or crashes."""
    code = "import sys; from ovsubs.whisper.model.layer_timing import answer; print(answer(sys.argv[1]))"
    try:
        said = subprocess.run(
            [sys.executable, "-c", code, question],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=True,
        )
        return [float(ms) for ms in json.loads(said.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def _fastest(measured: Sequence[MeasuredPrecision]) -> tuple[Precision, Precision]:
    """The precisions with the shortest times of encoder and of decoder."""
    encoder = min(measured, key=lambda one: one.encoder_ms)
    decoder = min(measured, key=lambda one: one.decoder_ms)
    return encoder.precision, decoder.precision


def _name(precision: Precision) -> str:
    return INT8 if precision.int8 else precision.floats


def _names(measured: Sequence[MeasuredPrecision]) -> tuple[str, ...]:
    """Each once, in their order."""
    return tuple(dict.fromkeys(_name(one.precision) for one in measured))


def _key(size: ModelSize, threads: int) -> str:
    """What times depend on. Virtual machines name several CPUs alike, so their instructions count."""
    facts = (
        str(shared_core().get_property("CPU", "FULL_DEVICE_NAME")),
        platform.machine(),
        sha256(" ".join(sorted(cpu_flags())).encode()).hexdigest()[:16],
        os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        ov.__version__,
        f"{threads} threads",
        "x".join(map(str, asdict(size).values())),
    )
    return " | ".join(facts)


def _read(path: Path, key: str) -> tuple[MeasuredPrecision, ...]:
    """What was kept under a key; nothing of a file that is missing or damaged."""
    try:
        return tuple(_from_json(_kept(path)[key]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _write(path: Path, key: str, measured: Sequence[MeasuredPrecision]) -> None:
    """Keep them beside those of other keys; where nothing can be written, they are measured again."""
    others = dict[str, Any]()
    with suppress(OSError, ValueError, KeyError, TypeError):
        others = _kept(path)
    content = {"version": _VERSION, "measured": {**others, key: [asdict(one) for one in measured]}}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(content, indent=1).encode("utf-8"))


def _kept(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["version"] != _VERSION:
        raise ValueError(f"{path} is of another version")
    return dict(content["measured"])


def _from_json(found: Sequence[dict[str, Any]]) -> Iterator[MeasuredPrecision]:
    for one in found:
        floats, int8 = one["precision"]["floats"], one["precision"]["int8"]
        if floats not in FLOATS or not isinstance(int8, bool):
            raise ValueError(f"{one['precision']} is no precision")
        yield MeasuredPrecision(Precision(floats, int8), float(one["encoder_ms"]), float(one["decoder_ms"]))
