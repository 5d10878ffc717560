"""Log-mel windows -> logits, step by step: compiled graphs and the decoder sessions on them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from ovsubs.errors import BrokenModel, InvalidOption
from ovsubs.timing import Stopwatch
from ovsubs.whisper.alignment_heads import AlignmentHeads
from ovsubs.whisper.model.devices import (
    adds_in_32_bits,
    check_device,
    cpu_precisions,
    float_precision,
    gains_by_8_bits,
)
from ovsubs.whisper.model.eight_bits import GROUP_SIZE, multiply_in_8_bits
from ovsubs.whisper.model.graphs import WhisperGraphs, read_graphs
from ovsubs.whisper.model.lengths import N_POSITIONS as MAX_POSITIONS
from ovsubs.whisper.model.pages import give_back

# The CPU keeps self-attention in 8 bits otherwise, which moves logits by up to 0.1 (tiny.en) and saves no
# time: the cache is a tenth of what a step reads. Where the precision is bf16, so is the cache.
_CPU_CACHE = {"KV_CACHE_PRECISION": "f32"}
# OpenVINO keeps kernels for each shape, 5,000 of them by default, and steps have ever new shapes: memory grew
# by 4 % in an hour of speech. With 8, many short files take 60 MB less than with 64, in the same time.
_CPU_KERNELS = {"CPU_RUNTIME_CACHE_CAPACITY": 8}
POSITIONS_PER_S = MAX_POSITIONS // 30  # of the encoder
_PRECISIONS = ("f32", "bf16", "f16")  # what INFERENCE_PRECISION_HINT takes on all devices
INT8 = "int8"  # linear layers in 8 bits, the rest in bf16 where the CPU has it, else in f32


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How OpenVINO compiles the graphs. None leaves a choice to OpenVINO.

    `threads` and `streams` are counts (CPU). `inference_precision` is "f32", "bf16", "f16" or, on the CPU,
    "int8": linear layers in 8 bits, all else in bf16 or f32. None is on a `CPU` int8 with
    AVX512-VNNI and no AMX, else bf16 where it has that, else f32; and the device's own elsewhere.
    `cache_dir` keeps compiled graphs between runs.

    Raises:
        InvalidOption: a count below 1, or another precision.
    """

    device: str = "CPU"
    threads: int | None = None
    streams: int | None = None
    inference_precision: str | None = None
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        for name, count in (("threads", self.threads), ("streams", self.streams)):
            if count is not None and count < 1:
                raise InvalidOption(name, count, "at least 1")
        if self.inference_precision not in (None, *_PRECISIONS, INT8):
            why = f"choose from {', '.join((*_PRECISIONS, INT8))}"
            raise InvalidOption("inference_precision", self.inference_precision, why)

    def precision(self) -> str | None:
        """The precision to compute in; None leaves it to a device other than the CPU."""
        if self.inference_precision is not None or not self._is_cpu:
            return self.inference_precision
        return INT8 if gains_by_8_bits() else float_precision()

    @property
    def key_type(self) -> str:
        """Element type of keys and values: bfloat16 where the CPU computes in it, half as much to read."""
        return "bf16" if self._is_cpu and self._hint() == "bf16" else "f32"

    def _hint(self) -> str | None:
        """What is not in 8 bits is computed in this precision."""
        precision = self.precision()
        return float_precision() if precision == INT8 else precision

    @property
    def _is_cpu(self) -> bool:
        return self.device.strip().upper() == "CPU"

    def properties(self) -> dict[str, Any]:
        """OpenVINO's properties for these options."""
        chosen: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self.threads is not None:
            chosen["INFERENCE_NUM_THREADS"] = self.threads
        if self.streams is not None:
            chosen["NUM_STREAMS"] = self.streams
        if hint := self._hint():
            chosen["INFERENCE_PRECISION_HINT"] = hint
        if self.precision() == INT8:
            chosen["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = GROUP_SIZE
        if self.cache_dir is not None:
            chosen["CACHE_DIR"] = str(self.cache_dir)
        return chosen


class KeyValueRows:
    """Room for the cross-attention keys and values of `n_rows` windows of 30 s, or of more that are shorter.

    One array per layer and kind: `key.N` is [n_rows, heads, head_dim, positions], `value.N` [n_rows, heads,
    positions, head_dim], where positions are those of the longest window of the batch. Made once per run
    and arranged anew for each batch: fresh memory costs page faults.
    """

    def __init__(self, n_rows: int, shapes: dict[str, Sequence[int]], element_type: Any) -> None:
        self.n_rows = n_rows
        self.n_positions = MAX_POSITIONS
        self._capacity = n_rows * MAX_POSITIONS
        self._shapes = shapes
        self._type = element_type
        # numpy has no bfloat16: two bytes are two bytes. Zeros, since a masked NaN is still a NaN.
        stored = np.float32 if element_type == ov.Type.f32 else np.uint16
        sizes = {name: n_rows * math.prod(_filled(shape, MAX_POSITIONS)) for name, shape in shapes.items()}
        self._memory = {name: np.zeros(size, stored) for name, size in sizes.items()}

    def arrange(self, n_rows: int, n_positions: int) -> None:
        """Make it so many rows of so many positions; what was in it is lost.

        Raises:
            ValueError: they do not fit.
        """
        if n_rows * n_positions > self._capacity:
            fitting = self._capacity // MAX_POSITIONS
            raise ValueError(
                f"{n_rows} windows of {n_positions} positions do not fit into {fitting} rows of 30 s"
            )
        self.n_rows, self.n_positions = n_rows, n_positions

    def lend(self, name: str, n_rows: int) -> Any:
        """The first rows as an OpenVINO tensor."""
        array = self.array(name)[:n_rows]
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def lend_row(self, name: str, row: int) -> Any:
        """One row as an OpenVINO tensor of one window."""
        array = self.array(name)[row : row + 1]
        return ov.Tensor(array, ov.Shape(array.shape), self._type)

    def array(self, name: str) -> NDArray[Any]:
        """All rows in the present length; bfloat16 as uint16."""
        shape = (self.n_rows, *_filled(self._shapes[name], self.n_positions))
        return self._memory[name][: math.prod(shape)].reshape(shape)

    def copy_shorter(self, row: int, other: "KeyValueRows") -> None:
        """Put the first row of shorter ones into a row of these; what is behind its end stays as it was."""
        for name in self.names:
            found = other.array(name)[0]
            self.array(name)[row][: found.shape[0], : found.shape[1], : found.shape[2]] = found

    @property
    def names(self) -> Sequence[str]:
        """`key.0`, `value.0`, `key.1`, …"""
        return tuple(self._shapes)


def _filled(shape: Sequence[int], n_positions: int) -> list[int]:
    return [n_positions if size < 0 else size for size in shape]


def _row_shapes(encoder: Any) -> dict[str, Sequence[int]]:
    """Of one window, for each output; -1 in the place of the positions."""
    return {
        output.get_any_name(): [
            -1 if size.is_dynamic or size.get_length() == MAX_POSITIONS else size.get_length()
            for size in list(output.get_partial_shape())[1:]
        ]
        for output in encoder.outputs
    }


def _mapped_files(directory: Path, cache_dir: Path | None) -> list[Path]:
    """The files that OpenVINO maps: weights, or graphs that it has compiled before."""
    compiled = cache_dir.glob("*.blob") if cache_dir else ()
    return [*directory.glob("openvino_*coder_model.bin"), *compiled]


class WhisperModel:
    """Compiled encoder and decoder of one model directory. Use `with open_model(...) as model`."""

    def __init__(self, graphs: WhisperGraphs, options: CompileOptions, directory: Path) -> None:
        core = ov.Core()
        properties = options.properties()
        if properties.get("INFERENCE_PRECISION_HINT") == "f32":
            core.set_property("CPU", _CPU_CACHE)  # also where AUTO or HETERO choose the CPU
        device = check_device(options.device)
        if device == "CPU":
            properties |= _CPU_KERNELS
        try:
            self._encoder: Any = core.compile_model(graphs.encoder, device, properties)
            self._decoder: Any = core.compile_model(graphs.decoder, device, properties)
        except RuntimeError as error:
            raise BrokenModel(
                directory, f"{device} cannot run it: {str(error).strip().splitlines()[-1]}"
            ) from error
        self._mapped = _mapped_files(directory, options.cache_dir)
        self._shapes = _row_shapes(self._encoder)
        self._key_type: Any = self._encoder.outputs[0].get_element_type()
        self.n_mels = graphs.n_mels
        self.any_length = self._encoder.input(0).get_partial_shape()[2].is_dynamic
        self._heads = graphs.alignment_heads
        self.n_vocab: int = graphs.decoder.output("logits").get_partial_shape()[2].get_length()

    @property
    def row_bytes(self) -> int:
        """Memory that the keys and values of one window of 30 s take, in bytes."""
        n_values = sum(math.prod(_filled(shape, MAX_POSITIONS)) for shape in self._shapes.values())
        return n_values * int(self._key_type.size)

    @property
    def has_short_keys(self) -> bool:
        """Whether keys and values are in 16 bits and not in 32."""
        return int(self._key_type.size) < 4

    def rows(self, n_rows: int) -> KeyValueRows:
        """Room for up to `n_rows` windows, to be lent to one session at a time."""
        return KeyValueRows(n_rows, self._shapes, self._key_type)

    @contextmanager
    def session(
        self, mels: Sequence[NDArray[np.float32]], rows: KeyValueRows, clock: Stopwatch | None = None
    ) -> Iterator["DecoderSession"]:
        """Encode windows and open a session that decodes them.

        Args:
            mels: of each window float32 [n_mels, frames], an even number of frames, 3000 at most; 3000
                where the model has no `any_length`. All in the length of the longest fit into `rows`.
            rows: overwritten; the session's until it closes.
            clock: counts the encoder as "encode".
        """
        lengths = [mel.shape[1] // 2 for mel in mels]
        rows.arrange(len(mels), max(lengths, default=MAX_POSITIONS))
        self._encode(mels, rows, clock or Stopwatch())
        give_back(self._mapped)
        session = DecoderSession(self._decoder.create_infer_request(), rows, lengths, self._heads)
        try:
            yield session
        finally:
            session.close()
            give_back(self._mapped)

    def _encode(self, mels: Sequence[NDArray[np.float32]], rows: KeyValueRows, clock: Stopwatch) -> None:
        # One window at a time: the encoder is bound by arithmetic, so a batch gains nothing and costs memory.
        request = self._encoder.create_infer_request()
        lengths = {mel.shape[1] // 2 for mel in mels}
        aside = self.rows(1) if len(lengths) > 1 else rows  # where those go that do not fill their row
        for row, mel in enumerate(mels):
            with clock.stage("encode"):
                n_positions = mel.shape[1] // 2
                if n_positions == rows.n_positions:
                    self._encode_to(request, mel, rows, row)
                    continue
                aside.arrange(1, n_positions)
                self._encode_to(request, mel, aside, 0)
                rows.copy_shorter(row, aside)

    def _encode_to(self, request: Any, mel: NDArray[np.float32], rows: KeyValueRows, row: int) -> None:
        for name in rows.names:
            request.set_tensor(name, rows.lend_row(name, row))
        request.infer({"input_features": mel[None]})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the compiled graphs and their memory."""
        self._encoder = self._decoder = None


def check_compile_options(options: CompileOptions) -> str:
    """The device as OpenVINO takes it.

    Raises:
        DeviceNotFound: it is not there.
        InvalidOption: the CPU does not compute in the precision asked for; OpenVINO would take another.
    """
    device = check_device(options.device)
    if device == "CPU" and options.precision() not in cpu_precisions():
        why = f"this CPU computes in {' or '.join(sorted(cpu_precisions(), reverse=True))}"
        raise InvalidOption("inference_precision", options.precision(), why)
    if device != "CPU" and options.precision() == INT8:
        raise InvalidOption("inference_precision", INT8, "only on device CPU")
    return device


def open_model(directory: Path, options: CompileOptions) -> WhisperModel:
    """Compile a model directory for a device.

    Raises:
        DeviceNotFound: the device is not there; asked before the model is read.
        InvalidOption: the CPU does not compute in the precision asked for.
        BrokenModel: a graph is missing, corrupt or not Whisper's.
    """
    device = check_compile_options(options)
    # Elsewhere a graph of dynamic shape is compiled again for each length (GPU) or not at all (NPU).
    is_cpu = device == "CPU"
    overflows = is_cpu and not adds_in_32_bits()
    graphs = read_graphs(directory, options.key_type, any_length=is_cpu, overflows=overflows)
    if options.precision() == INT8:
        multiply_in_8_bits(graphs.encoder)
        multiply_in_8_bits(graphs.decoder)
    return WhisperModel(graphs, options, directory)


class DecoderSession:
    """Several encoded windows being decoded together, each in one row or in several (beams).

    Windows that are done leave by `keep`; each row that stays keeps its own cache.
    """

    def __init__(
        self, request: Any, rows: KeyValueRows, lengths: Sequence[int], heads: AlignmentHeads
    ) -> None:
        self._request = request
        self._rows = rows
        self._heads = heads
        self._lengths = np.asarray(lengths, dtype=np.int32)
        self.n_windows = len(lengths)
        self._lend_rows()

    def step(
        self,
        tokens: NDArray[np.int64],
        sources: NDArray[np.int32] | None = None,
        counts: Sequence[int] | None = None,
        places: Sequence[int] | None = None,
    ) -> NDArray[np.float32]:
        """Feed tokens, and compute what may follow.

        Args:
            tokens: [rows, n]; rows of one window are neighbours.
            sources: for each row the row of the step before that it goes on from; None: the same (not
                after `keep`, which moves windows).
            counts: how many rows each window has, at least one; None: one.
            places: the tokens whose logits are wanted; None: the last one.

        Returns:
            Logits float32 [rows, places, n_vocab], valid until the next step.
        """
        n_rows, n_tokens = tokens.shape
        slots = _slots(counts or [1] * self.n_windows)
        inputs = {
            "input_ids": tokens,
            "beam_idx": np.arange(n_rows, dtype=np.int32) if sources is None else sources,
            "logit_places": np.asarray([n_tokens - 1] if places is None else places, dtype=np.int64),
            "n_positions": self._lengths,
            "slot_rows": slots.rows_of_slots,
            "row_slots": slots.slots_of_rows,
        }
        self._request.infer(inputs, share_inputs=True)
        return np.asarray(self._request.get_tensor("logits").data)

    @property
    def queries(self) -> NDArray[np.float32]:
        """Of the last step's last place: float32 [rows, heads, head_dim], valid until the next step."""
        return np.asarray(self._request.get_tensor("queries").data[:, -1])

    def keys(self, window: int, length_s: float) -> NDArray[np.float32]:
        """What the alignment heads may look at in the first seconds: float32 [heads, head_dim, positions]."""
        n_positions = min(max(1, math.ceil(length_s * POSITIONS_PER_S)), int(self._lengths[window]))
        chosen = [
            self._rows.array(f"key.{layer}")[window, head, :, :n_positions] for layer, head in self._heads
        ]
        return as_float32(np.stack(chosen))

    def keep(self, wanted: Sequence[bool]) -> list[int]:
        """Drop the windows that are not wanted; returns for each window from now on which one it was.

        The last windows move into the holes, so that the others' keys and values stay where they are. The
        caches of rows are not touched: the next step's `sources` tell which of them go on.
        """
        order = list(range(self.n_windows))
        for position in reversed(range(self.n_windows)):
            if wanted[position]:
                continue
            last = order.pop()
            if last != position:
                order[order.index(position)] = last
        self._move_rows(order)
        return order

    def rewind(self) -> None:
        """Forget all tokens; the encoded windows stay."""
        self._request.reset_state()

    def close(self) -> None:
        """Let go of the decoder's state; whoever still holds the session holds no memory with it."""
        self._request = None

    def _move_rows(self, order: list[int]) -> None:
        if len(order) == self.n_windows:
            return
        for name in self._rows.names:
            array = self._rows.array(name)
            for target, source in enumerate(order):
                if target != source:
                    array[target] = array[source]
        self._lengths = self._lengths[order]
        self.n_windows = len(order)
        if order:
            self._lend_rows()

    def _lend_rows(self) -> None:
        for name in self._rows.names:
            self._request.set_tensor(name, self._rows.lend(name, self.n_windows))


def as_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    """float32, or bfloat16 as uint16, as float32."""
    if values.dtype == np.float32:
        return values
    return (values.astype(np.uint32) << 16).view(np.float32)


@dataclass(frozen=True, slots=True)
class _Slots:
    """Which rows belong to which window: int32 [windows * slots] and int32 [rows]."""

    rows_of_slots: NDArray[np.int32]
    slots_of_rows: NDArray[np.int32]


def _slots(counts: Sequence[int]) -> _Slots:
    """As many slots for each window as the largest needs; spare ones repeat the window's last row."""
    n_slots, firsts = max(counts), np.cumsum([0, *counts[:-1]])
    slot = np.arange(n_slots)
    rows = firsts[:, None] + np.minimum(slot, np.asarray(counts)[:, None] - 1)  # [windows, n_slots]
    taken = slot < np.asarray(counts)[:, None]
    return _Slots(rows.astype(np.int32).reshape(-1), np.flatnonzero(taken).astype(np.int32))
