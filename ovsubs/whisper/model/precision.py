"""The size of a model -> what this CPU computes it fastest in, found by running it.

What a CPU can do is not what it says: OpenVINO lists bfloat16 where it emulates it a hundred times slower,
systems other
than Linux do not name instructions, and which of two precisions is faster depends on the memory as well. So
layers
of the model's width are run in each precision, encoder and decoder apart, and the times are kept for the next
run.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset15 as ops
from platformdirs import user_cache_path

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import InvalidOption
from ovsubs.whisper.model.eight_bits import GROUP_SIZE, multiply_in_8_bits

FLOATS = ("f32", "bf16", "f16")  # what INFERENCE_PRECISION_HINT takes on all devices
INT8 = "int8"  # linear layers in 8 bits, all else in the floating point that is fastest with them
_HINTS = {"f32": ov.Type.f32, "bf16": ov.Type.bf16, "f16": ov.Type.f16}
_VERSION = 1  # of what is measured; results of another one are not read

# What is run: so many layers, wider models fewer, at the lengths of an ordinary window and batch.
_N_LAYERS, _WIDE = 3, 1024
_N_POSITIONS, _N_ROWS = 1000, 10
_HEAD_DIM = 64  # of all Whisper models
_N_ROUNDS = 4  # the fastest of each counts, since what else runs only makes it slower
_STEPS_A_ROUND = 4
_PATIENCE_S = 120.0  # for a precision; on a busy machine most of that is starting the process
_CPU_CLOCK_IS_FINE = time.get_clock_info("process_time").resolution < 1e-4  # 15 ms on Windows
EMULATED = 10.0  # times as long as f32: no CPU that has a precision is that slow in it


@dataclass(frozen=True, slots=True)
class Precision:
    """What a graph is computed in: a floating point, and linear layers in 8 bits or not."""

    floats: str
    int8: bool = False

    def __str__(self) -> str:
        return f"{INT8} with {self.floats}" if self.int8 else self.floats


# From the most bits to the fewest.
CANDIDATES = (
    *(Precision(name) for name in FLOATS),
    *(Precision(name, int8=True) for name in FLOATS),
)


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What decides how long a layer takes: `width` of the vectors, layers, and tokens."""

    width: int = 512
    encoder_layers: int = 6
    decoder_layers: int = 6
    n_vocab: int = 51865


@dataclass(frozen=True, slots=True)
class MeasuredPrecision:
    """Milliseconds that the encoder takes for a window of 12 s, and the decoder for a step of ten windows.

    Of a part of the layers: they compare with each other, and with nothing else.
    """

    precision: Precision
    encoder_ms: float
    decoder_ms: float


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
        """As `--inference-precision` names it; both where they differ."""
        names = [INT8 if one.int8 else one.floats for one in (self.encoder, self.decoder)]
        return names[0] if names[0] == names[1] else "+".join(names)


def read_size(directory: Path) -> ModelSize:
    """The size that a model directory tells; that of base where it tells none."""
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        names = ("d_model", "encoder_layers", "decoder_layers", "vocab_size")
        return ModelSize(*(max(1, int(config[name])) for name in names))
    except (OSError, ValueError, KeyError, TypeError):
        return ModelSize()


def choose_precision(asked: str | None, size: ModelSize, threads: int | None = None) -> ModelPrecision:
    """What the CPU computes a model in.

    Args:
        asked: one of `FLOATS` or `INT8`; None takes the fastest, encoder and decoder apart.
        size: of the model.
        threads: that it will have; None: all of the CPU.

    Raises:
        InvalidOption: the CPU does not compute in what is asked for.
    """
    if asked == "f32":  # which every CPU has
        return ModelPrecision(Precision("f32"), Precision("f32"))
    measured = measured_precisions(size, threads)
    if asked in FLOATS:
        if Precision(asked) not in [one.precision for one in measured]:
            raise InvalidOption("inference_precision", asked, _what_runs(measured))
        return ModelPrecision(Precision(asked), Precision(asked))
    encoder = [(one.precision, one.encoder_ms) for one in measured]
    decoder = [(one.precision, one.decoder_ms) for one in measured]
    if asked == INT8:
        if not any(one.precision.int8 for one in measured):
            raise InvalidOption("inference_precision", asked, _what_runs(measured))
        return ModelPrecision(*(fastest([one for one in part if one[0].int8]) for part in (encoder, decoder)))
    return ModelPrecision(fastest(encoder), fastest(decoder))


def fastest(times: Sequence[tuple[Precision, float]]) -> Precision:
    """The precision with the shortest time.

    Args:
        times: of each precision, in any unit; at least one.
    """
    return min(times, key=lambda one: one[1])[0]


def measured_precisions(size: ModelSize, threads: int | None = None) -> tuple[MeasuredPrecision, ...]:
    """The times of all precisions in which this CPU computes, and computes rightly; f32 is among them.

    They are measured once, which takes a second or two, and kept in the user's cache.
    """
    return _measured(size, threads or os.cpu_count() or 1)


@lru_cache
def _measured(size: ModelSize, threads: int) -> tuple[MeasuredPrecision, ...]:
    kept = _Kept(user_cache_path("ovsubs") / "precision.json", _key(size, threads))
    found = kept.read()
    if not found:
        found = measure(size, threads)
        kept.write(found)
    return found


def measure(size: ModelSize, threads: int) -> tuple[MeasuredPrecision, ...]:
    """Run layers of this size in each floating point, then in 8 bits with those that are fastest.

    Each in a process of its own: where OpenVINO fails in one, what it does next may crash.
    """
    floats = [found for name in FLOATS if (found := _ask(Precision(name), size, threads))]
    best = {
        fastest([(one.precision, taken) for one, taken in zip(floats, part, strict=True)]).floats
        for part in ([one.encoder_ms for one in floats], [one.decoder_ms for one in floats])
    }
    in_8_bits = [Precision(name, int8=True) for name in FLOATS if name in best]
    return (*floats, *(found for one in in_8_bits if (found := _ask(one, size, threads))))


def _ask(precision: Precision, size: ModelSize, threads: int) -> MeasuredPrecision | None:
    """The times of a precision, from a process that runs `answer`; None where it ends otherwise."""
    question = json.dumps([asdict(precision), asdict(size), threads])
    code = "import sys; from ovsubs.whisper.model.precision import answer; print(answer(sys.argv[1]))"
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
        return next(iter(_from_json(json.loads(said.stdout))))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, StopIteration):
        return MeasuredPrecision(precision, 1.0, 1.0) if precision == Precision("f32") else None


def answer(question: str) -> str:
    """Measure one precision in this process; JSON for JSON, an empty list where the CPU does not have it."""
    precision_fields, size_fields, threads = json.loads(question)
    precision, size = Precision(**precision_fields), ModelSize(**size_fields)
    racer = None
    if runs(precision.floats) and (not precision.int8 or sums_are_exact(precision.floats)):
        racer = _Racer.of(precision, size, 1 if size.width >= _WIDE else _N_LAYERS, threads)
    if racer is None:
        return "[]"
    for _ in range(_N_ROUNDS):
        racer.run()
    times = round(racer.encoder_ms, 3), round(racer.decoder_ms, 3)
    return json.dumps([asdict(MeasuredPrecision(precision, *times))])


@lru_cache
def runs(floats: str) -> bool:
    """Whether the CPU computes in this floating point.

    Where it does not, OpenVINO takes another one, fails, or emulates it a hundred times slower than f32.
    """
    in_f32 = _probed_ms("f32")  # first: after one that fails it may crash
    return floats == "f32" or _probed_ms(floats) < EMULATED * in_f32


def _probed_ms(floats: str) -> float:
    """The shortest time of a small product; infinite where it fails, is wrong, or is another precision's."""
    given = np.linspace(-1.0, 1.0, 512, dtype=np.float32) * np.ones((32, 1), np.float32)
    hidden = ops.parameter([-1, 512], np.float32, name="hidden")
    graph = ov.Model(
        [ops.matmul(hidden, ops.constant(np.eye(512, dtype=np.float32)), False, True)], [hidden], "probe"
    )
    try:
        compiled = shared_core().compile_model(graph, "CPU", _properties(Precision(floats), 1))
        if compiled.get_property("INFERENCE_PRECISION_HINT") != _HINTS[floats]:
            return float("inf")
        request = compiled.create_infer_request()
        if not _is_near(request.infer({0: given})[0], given, 0.01):
            return float("inf")
        return min(_timed_ms(request) for _ in range(3))
    except RuntimeError:
        return float("inf")


def _is_near(got: NDArray[np.float32], expected: NDArray[np.float32], tolerance: float) -> bool:
    """Whether they agree; what fails within OpenVINO may be empty."""
    return got.shape == expected.shape and bool(np.allclose(got, expected, rtol=tolerance, atol=tolerance))


@lru_cache
def sums_are_exact(floats: str = "f32") -> bool:
    """Whether products of 8 bits are added up without overflow, by OpenVINO's kernels on this CPU.

    Without VNNI or AMX kernels may add pairs of products in 16 bits. The largest numbers of 8 bits tell.
    """
    n_inputs = 2 * GROUP_SIZE
    hidden = ops.parameter([-1, n_inputs], np.float32, name="hidden")
    rows = np.linspace(0.5, 1.0, 64, dtype=np.float32)[:, None] * np.ones((1, n_inputs), np.float32)
    graph = ov.Model([ops.matmul(hidden, ops.constant(rows), False, True)], [hidden], "sums")
    multiply_in_8_bits(graph)
    given = np.ones((4, n_inputs), np.float32)
    try:
        compiled = shared_core().compile_model(graph, "CPU", _properties(Precision(floats, int8=True), 1))
        return _is_near(compiled(given)[0], given @ rows.T, 0.02)
    except RuntimeError:
        return False


@lru_cache
def calibrated_sums_are_exact() -> bool:
    """The same for models that are stored with activations in 8 bits (NNCF's INT8)."""
    n_inputs = 2 * GROUP_SIZE
    hidden = ops.parameter([-1, n_inputs], np.float32, name="hidden")
    bounds = np.float32(0.0), np.float32(255.0)
    activations = ops.fake_quantize(hidden, *bounds, *bounds, levels=256)
    integers = ops.constant(np.full((64, n_inputs), 127, np.int8))
    weights = ops.multiply(ops.convert(integers, "f32"), np.full((64, 1), 0.01, np.float32))
    graph = ov.Model([ops.matmul(activations, weights, False, True)], [hidden], "calibrated sums")
    given = np.full((4, n_inputs), 255.0, np.float32)
    expected = np.full((4, 64), 255.0 * 1.27 * n_inputs, np.float32)
    try:
        compiled = shared_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return _is_near(compiled(given)[0], expected, 0.02)
    except RuntimeError:
        return False


def cpu_precisions() -> tuple[str, ...]:
    """What the CPU computes in: names out of `FLOATS`, and `INT8` where its sums are right."""
    return _names(measured_precisions(ModelSize()))


def _names(measured: Sequence[MeasuredPrecision]) -> tuple[str, ...]:
    floats = tuple(one.precision.floats for one in measured if not one.precision.int8)
    return (*floats, INT8) if any(one.precision.int8 for one in measured) else floats


def _what_runs(measured: Sequence[MeasuredPrecision]) -> str:
    return f"this CPU computes in {' or '.join(_names(measured))}"


def _properties(precision: Precision, threads: int) -> dict[str, Any]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision.floats,
        "INFERENCE_NUM_THREADS": threads,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP_SIZE if precision.int8 else 0,
    }


@dataclass(slots=True)
class _Racer:
    """Two compiled graphs in one precision, and the shortest time that each has taken."""

    precision: Precision
    encoder: Any
    decoder: Any
    encoder_ms: float = field(default=float("inf"))
    decoder_ms: float = field(default=float("inf"))

    @classmethod
    def of(cls, precision: Precision, size: ModelSize, n_layers: int, threads: int) -> "_Racer | None":
        """None where one of them does not compile, or not run."""
        try:
            requests = []
            for graph in (_encoder(size.width, n_layers), _decoder(size, n_layers, precision.floats)):
                if precision.int8:
                    multiply_in_8_bits(graph)
                compiled = shared_core().compile_model(graph, "CPU", _properties(precision, threads))
                requests.append(compiled.create_infer_request())
                requests[-1].infer(_given(compiled))
            return cls(precision, *requests)
        except RuntimeError:
            return None

    def run(self) -> None:
        """One more time each; the decoder, whose steps are short, some more."""
        self.encoder_ms = min(self.encoder_ms, _timed_ms(self.encoder))
        for _ in range(_STEPS_A_ROUND):
            self.decoder_ms = min(self.decoder_ms, _timed_ms(self.decoder))


def _timed_ms(request: Any) -> float:
    """How long it takes, in CPU time where the system counts it finely: other programs take none of that."""
    now = time.process_time if _CPU_CLOCK_IS_FINE else time.perf_counter
    start = now()
    request.infer()
    return (now() - start) * 1000.0


def _given(compiled: Any) -> dict[int, ov.Tensor]:
    """Zeros in the shapes of the inputs: how long it takes does not depend on the numbers."""
    return {
        number: ov.Tensor(given.get_element_type(), given.get_shape())
        for number, given in enumerate(compiled.inputs)
    }


def _encoder(width: int, n_layers: int) -> ov.Model:
    """Layers of the encoder: attention over all positions, and two linear layers."""
    hidden = given = ops.parameter([1, _N_POSITIONS, width], np.float32, name="hidden")
    for _ in range(n_layers):
        given_to_heads = _normal(hidden, width)
        query, key, value = (
            _heads(_linear(given_to_heads, width, width), _N_POSITIONS, width) for _ in range(3)
        )
        attended = ops.scaled_dot_product_attention(query, key, value)
        merged = ops.reshape(
            ops.transpose(attended, np.array([0, 2, 1, 3])), np.array([1, _N_POSITIONS, width]), False
        )
        hidden = ops.add(hidden, _linear(merged, width, width))
        hidden = ops.add(
            hidden,
            _linear(ops.gelu(_linear(_normal(hidden, width), width, 4 * width), "ERF"), 4 * width, width),
        )
    return ov.Model([hidden], [given], "encoder")


def _decoder(size: ModelSize, n_layers: int, floats: str) -> ov.Model:
    """Layers of the decoder at one token: linear layers, attention to keys of ten windows, some logits."""
    width, n_heads = size.width, max(1, size.width // _HEAD_DIM)
    stored = "f32" if floats == "f32" else "bf16" if floats == "bf16" else "f16"
    hidden = given = ops.parameter([_N_ROWS, 1, width], np.float32, name="hidden")
    inputs = [given]
    for layer in range(n_layers):
        shapes = ([_N_ROWS, n_heads, _HEAD_DIM, _N_POSITIONS], [_N_ROWS, n_heads, _N_POSITIONS, _HEAD_DIM])
        key, value = (ops.parameter(shape, _HINTS[stored], name=f"keys{layer}") for shape in shapes)
        inputs += [key, value]
        for _ in range(4):  # of the self-attention
            hidden = ops.add(hidden, _linear(hidden, width, width))
        query = _heads(_linear(hidden, width, width), 1, width)
        weights = ops.softmax(ops.matmul(query, ops.convert(key, "f32"), False, False), -1)
        attended = ops.matmul(weights, ops.convert(value, "f32"), False, False)
        hidden = ops.add(hidden, ops.reshape(attended, np.array([_N_ROWS, 1, width]), False))
        hidden = ops.add(hidden, _linear(hidden, width, width))
        hidden = ops.add(
            hidden,
            _linear(ops.gelu(_linear(_normal(hidden, width), width, 4 * width), "ERF"), 4 * width, width),
        )
    n_logits = max(1, size.n_vocab * n_layers // size.decoder_layers)
    return ov.Model([_linear(hidden, width, n_logits)], inputs, "decoder")


def _heads(rows: Any, n_tokens: int, width: int) -> Any:
    split = ops.reshape(
        rows, np.array([-1, n_tokens, max(1, width // _HEAD_DIM), min(_HEAD_DIM, width)]), False
    )
    return ops.transpose(split, np.array([0, 2, 1, 3]))


def _linear(rows: Any, n_inputs: int, n_outputs: int) -> Any:
    product = ops.matmul(rows, ops.constant(_weight(n_outputs, n_inputs)), False, True)
    return ops.add(product, ops.constant(np.full((1, 1, n_outputs), 0.01, np.float32)))


def _normal(rows: Any, width: int) -> Any:
    """Layer normalization."""
    centred = ops.mvn(rows, np.array([-1]), True, 1e-5, "inside_sqrt")
    scaled = ops.multiply(centred, ops.constant(np.full((1, 1, width), 0.9, np.float32)))
    return ops.add(scaled, ops.constant(np.full((1, 1, width), 0.1, np.float32)))


def _weight(n_outputs: int, n_inputs: int) -> NDArray[np.float32]:
    """Numbers of both signs, other ones in each row."""
    pattern = np.random.default_rng(0).normal(scale=0.02, size=8191).astype(np.float32)
    return np.resize(pattern, (n_outputs, n_inputs))


def _key(size: ModelSize, threads: int) -> str:
    """What times depend on. Virtual machines name several CPUs alike, so their instructions count."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.is_file() else []
    told = sorted({line for line in lines if line.startswith(("flags", "Features", "model", "cpu family"))})
    facts = (
        str(shared_core().get_property("CPU", "FULL_DEVICE_NAME")),
        platform.machine(),
        sha256("\n".join(told).encode()).hexdigest()[:16],
        os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        ov.__version__,
        f"{threads} threads",
        "x".join(map(str, asdict(size).values())),
    )
    return " | ".join(facts)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The times under one key in a file that may be missing, damaged or read-only: then they are measured."""

    path: Path
    key: str

    def read(self) -> tuple[MeasuredPrecision, ...]:
        """Empty where there are none."""
        try:
            found = self._all()[self.key]
            return tuple(_from_json(found))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return ()

    def write(self, measured: Sequence[MeasuredPrecision]) -> None:
        """Keep them beside those of other keys."""
        try:
            others = self._all()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            others = {}
        content = {"version": _VERSION, "measured": {**others, self.key: [asdict(one) for one in measured]}}
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
            temporary.replace(self.path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def _all(self) -> dict[str, Any]:
        content = json.loads(self.path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise ValueError("of another version")
        return dict(content["measured"])


def _from_json(found: Iterable[dict[str, Any]]) -> Iterable[MeasuredPrecision]:
    for one in found:
        precision = Precision(str(one["precision"]["floats"]), bool(one["precision"]["int8"]))
        if precision not in CANDIDATES:
            raise ValueError(f"{precision} is none of the candidates")
        yield MeasuredPrecision(precision, float(one["encoder_ms"]), float(one["decoder_ms"]))
