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
from ovsubs.whisper.model.devices import check_device
from ovsubs.whisper.model.graphs import WhisperGraphs, read_graphs

# The CPU keeps self-attention in 8 bits otherwise, which moves logits by up to 0.1 (tiny.en) and saves no
# time: the cache is a tenth of what a step reads. Where the precision is bf16, so is the cache.
_CPU_CACHE = {"KV_CACHE_PRECISION": "f32"}
_PRECISIONS = ("f32", "bf16", "f16")  # what INFERENCE_PRECISION_HINT takes on all devices


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How OpenVINO compiles the graphs. None leaves a choice to OpenVINO.

    `threads` and `streams` are counts (CPU). `inference_precision` is "f32", "bf16" or "f16"; None is f32
    on `CPU`, so that all of them give the same text, and the device's own elsewhere. `cache_dir` keeps
    compiled graphs between runs.

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
        if self.inference_precision not in (None, *_PRECISIONS):
            why = f"choose from {', '.join(_PRECISIONS)}"
            raise InvalidOption("inference_precision", self.inference_precision, why)

    def properties(self) -> dict[str, Any]:
        """OpenVINO's properties for these options."""
        chosen: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self.threads is not None:
            chosen["INFERENCE_NUM_THREADS"] = self.threads
        if self.streams is not None:
            chosen["NUM_STREAMS"] = self.streams
        if self.inference_precision is not None or self.device.upper() == "CPU":
            # OpenVINO's own choice is bf16 on the CPUs that have it, which changes the text.
            chosen["INFERENCE_PRECISION_HINT"] = self.inference_precision or "f32"
        if self.cache_dir is not None:
            chosen["CACHE_DIR"] = str(self.cache_dir)
        return chosen


class KeyValueRows:
    """Room for the cross-attention keys and values of `n_rows` windows, one array per layer and kind.

    `arrays[f"key.{layer}"]` is float32 [n_rows, heads, head_dim, 1500], `value.…` [n_rows, heads, 1500,
    head_dim]. Made once per file and filled again for each batch: fresh memory costs page faults.
    """

    def __init__(self, n_rows: int, shapes: dict[str, Sequence[int]]) -> None:
        self.n_rows = n_rows
        self.arrays = {name: np.empty((n_rows, *shape[1:]), np.float32) for name, shape in shapes.items()}


class WhisperModel:
    """Compiled encoder and decoder of one model directory. Use `with open_model(...) as model`."""

    def __init__(self, graphs: WhisperGraphs, options: CompileOptions, directory: Path) -> None:
        core = ov.Core()
        core.set_property("CPU", _CPU_CACHE)  # also where AUTO or HETERO choose the CPU
        device, properties = check_device(options.device), options.properties()
        try:
            self._encoder: Any = core.compile_model(graphs.encoder, device, properties)
            self._decoder: Any = core.compile_model(graphs.decoder, device, properties)
        except RuntimeError as error:
            raise BrokenModel(
                directory, f"{device} cannot run it: {str(error).strip().splitlines()[-1]}"
            ) from error
        self.n_mels = graphs.n_mels
        self.n_vocab: int = graphs.decoder.output("logits").get_partial_shape()[2].get_length()

    @property
    def row_bytes(self) -> int:
        """Memory that the keys and values of one window take, in bytes."""
        return sum(math.prod(shape) for shape in self._row_shapes().values()) * np.dtype(np.float32).itemsize

    def rows(self, n_rows: int) -> KeyValueRows:
        """Room for up to `n_rows` windows, to be lent to one session at a time."""
        return KeyValueRows(n_rows, self._row_shapes())

    def _row_shapes(self) -> dict[str, Sequence[int]]:
        return {output.get_any_name(): output.get_shape() for output in self._encoder.outputs}

    @contextmanager
    def session(self, mels: NDArray[np.float32], rows: KeyValueRows) -> Iterator["DecoderSession"]:
        """Encode windows and open a session that decodes them.

        Args:
            mels: float32 [windows, n_mels, 3000], at most `rows.n_rows` windows.
            rows: overwritten; the session's until it closes.
        """
        if len(mels) > rows.n_rows:
            raise ValueError(f"{len(mels)} windows do not fit into {rows.n_rows} rows")
        self._encode(mels, rows)
        session = DecoderSession(self._decoder.create_infer_request(), rows, len(mels))
        try:
            yield session
        finally:
            session.close()

    def _encode(self, mels: NDArray[np.float32], rows: KeyValueRows) -> None:
        # One window at a time: the encoder is bound by arithmetic, so a batch gains nothing and costs memory.
        request = self._encoder.create_infer_request()
        for row, mel in enumerate(mels):
            for name, array in rows.arrays.items():
                request.set_tensor(name, ov.Tensor(array[row : row + 1], shared_memory=True))
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


def open_model(directory: Path, options: CompileOptions) -> WhisperModel:
    """Compile a model directory for a device.

    Raises:
        DeviceNotFound: the device is not there; asked before the model is read.
        BrokenModel: a graph is missing, corrupt or not Whisper's.
    """
    check_device(options.device)
    return WhisperModel(read_graphs(directory), options, directory)


class DecoderSession:
    """Several encoded windows being decoded together, one row each.

    Rows that are done leave by `keep`; each row that stays keeps its own cache.
    """

    def __init__(self, request: Any, rows: KeyValueRows, n_windows: int) -> None:
        self._request = request
        self._rows = rows
        self._sources = np.arange(n_windows, dtype=np.int32)  # row of the state that each row goes on from
        self.n_rows = n_windows
        self._lend_rows()

    def step(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Feed tokens [rows, n]; returns logits float32 [rows, n, n_vocab], valid until the next step."""
        self._request.infer({"input_ids": tokens, "beam_idx": self._sources}, share_inputs=True)
        self._sources = np.arange(self.n_rows, dtype=np.int32)
        return np.asarray(self._request.get_tensor("logits").data)

    def keep(self, wanted: Sequence[bool]) -> list[int]:
        """Drop the rows that are not wanted; returns for each row from now on which one it was.

        The last rows move into the holes, so that the others' keys and values stay where they are.
        """
        order = list(range(self.n_rows))
        for position in reversed(range(self.n_rows)):
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
        self._sources = np.arange(self.n_rows, dtype=np.int32)

    def close(self) -> None:
        """Let go of the decoder's state; whoever still holds the session holds no memory with it."""
        self._request = None

    def _move_rows(self, order: list[int]) -> None:
        if len(order) == self.n_rows:
            return
        for array in self._rows.arrays.values():
            for target, source in enumerate(order):
                if target != source:
                    array[target] = array[source]
        self._sources = self._sources[order]
        self.n_rows = len(order)
        if order:
            self._lend_rows()

    def _lend_rows(self) -> None:
        for name, array in self._rows.arrays.items():
            self._request.set_tensor(name, ov.Tensor(array[: self.n_rows], shared_memory=True))
