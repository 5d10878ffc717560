"""Model directory -> compiled graphs, which encode windows and open the sessions that decode them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ovsubs.audio.openvino_core import shared_core
from ovsubs.errors import BrokenModel, ClosedModel
from ovsubs.timing import Stopwatch
from ovsubs.whisper.config import read_config
from ovsubs.whisper.model.blob_sums import checked_blobs
from ovsubs.whisper.model.compile_options import CompileOptions, CompileSettings, settle
from ovsubs.whisper.model.cross_kv_cache import CrossKVCache, filled
from ovsubs.whisper.model.device_list import check_device
from ovsubs.whisper.model.dynamic_encoder import N_ENCODER_POSITIONS
from ovsubs.whisper.model.graphs import WhisperGraphs, read_graphs
from ovsubs.whisper.model.layer_timing import calibrated_sums_are_exact
from ovsubs.whisper.model.pages import release_mapped_pages
from ovsubs.whisper.model.precision import size_of
from ovsubs.whisper.model.session import DecoderSession

# OpenVINO keeps kernels for each shape, 5,000 of them by default, and steps have ever new shapes: memory grew
# by 4 % in an hour of speech. With 8, many short files take 60 MB less than with 64, in the same time.
_CPU_KERNELS: dict[str, Any] = {"CPU_RUNTIME_CACHE_CAPACITY": 8}


def open_model(directory: Path, options: CompileOptions) -> "WhisperModel":
    """Compile a model directory for a device.

    Raises:
        DeviceNotFound: the device is not there; asked before the model is read.
        InvalidOption: the CPU does not compute in the precision asked for.
        BrokenModel: a file is missing, corrupt or not Whisper's.
    """
    check_device(options.device)  # before a file is read: `settle` needs the size that is in them
    config = read_config(directory)
    settings = settle(options, size_of(config))
    precision = settings.precision
    graphs = read_graphs(
        config,
        settings.key_type,
        any_length=settings.can.any_length,
        encoder_in_8_bits=bool(precision and precision.encoder.int8),
        decoder_in_8_bits=bool(precision and precision.decoder.int8),
        overflows=settings.can.int8 and not calibrated_sums_are_exact(),
    )
    return WhisperModel(graphs, settings, directory)


class WhisperModel:
    """Compiled encoder and decoder of one model directory. Use `with open_model(...) as model`."""

    def __init__(self, graphs: WhisperGraphs, settings: CompileSettings, directory: Path) -> None:
        core = shared_core()
        cache = {"KV_CACHE_PRECISION": settings.cache_type}
        precision = settings.precision
        # AUTO and HETERO may choose the CPU; other devices are not told what is the CPU's.
        of_cpu = _CPU_KERNELS | cache if settings.can.keeps_kernels else {"DEVICE_PROPERTIES": {"CPU": cache}}
        of_encoder = settings.properties(precision.encoder if precision else None) | of_cpu
        of_decoder = settings.properties(precision.decoder if precision else None) | of_cpu
        device = settings.device
        self.directory = directory
        owner = f"{directory.resolve()} {device} {sorted(of_encoder.items())} {sorted(of_decoder.items())}"
        try:
            with checked_blobs(settings.options.cache_dir, owner):
                self._encoder: Any = core.compile_model(graphs.encoder, device, of_encoder)
                self._decoder: Any = core.compile_model(graphs.decoder, device, of_decoder)
        except RuntimeError as error:
            raise BrokenModel(
                directory, f"{settings.device} cannot run it: {str(error).strip().splitlines()[-1]}"
            ) from error
        self._mapped = _mapped_files(directory, settings.options.cache_dir)
        self._shapes = _window_shapes(self._encoder)
        self._key_type: Any = self._encoder.outputs[0].get_element_type()
        self.n_mels = graphs.n_mels
        self.any_length = self._encoder.input(0).get_partial_shape()[2].is_dynamic
        self._heads = graphs.alignment_heads
        self.n_vocab: int = graphs.decoder.output("logits").get_partial_shape()[2].get_length()

    @property
    def window_bytes(self) -> int:
        """Memory that the keys and values of one window of 30 s take, in bytes."""
        n_values = sum(math.prod(filled(shape, N_ENCODER_POSITIONS)) for shape in self._shapes.values())
        return n_values * int(self._key_type.size)

    @property
    def has_short_keys(self) -> bool:
        """Whether keys and values are in 16 bits and not in 32."""
        return int(self._key_type.size) < 4

    def cross_kv_cache(self, n_windows: int) -> CrossKVCache:
        """Memory for up to `n_windows` windows of 30 s, used by one session at a time."""
        return CrossKVCache(n_windows, self._shapes, self._key_type)

    @contextmanager
    def session(
        self, mels: Sequence[NDArray[np.float32]], cache: CrossKVCache, clock: Stopwatch | None = None
    ) -> Iterator[DecoderSession]:
        """Encode windows and open a session that decodes them; see `ovsubs.whisper.backend.Backend`."""
        self.check_open()
        lengths = [mel.shape[1] // 2 for mel in mels]
        cache.reshape(len(mels), max(lengths, default=N_ENCODER_POSITIONS))
        self._encode(mels, cache, clock or Stopwatch())
        release_mapped_pages(self._mapped)
        request = self._decoder.create_infer_request()
        session = DecoderSession(request, cache, lengths, self._heads, self.directory, self._mapped)
        try:
            yield session
        finally:
            session.close()
            release_mapped_pages(self._mapped)

    def _encode(self, mels: Sequence[NDArray[np.float32]], cache: CrossKVCache, clock: Stopwatch) -> None:
        # One window at a time: the encoder is bound by arithmetic, so a batch gains nothing and costs memory.
        request = self._encoder.create_infer_request()
        for window, mel in enumerate(mels):
            with clock.stage("encode"):
                n_positions = mel.shape[1] // 2
                for name in cache.names:
                    request.set_tensor(name, cache.staging(name, window, n_positions))
                request.infer({"input_features": mel[None]})
                cache.scatter(window, n_positions)
            if not cache.differ(window, n_positions):
                raise BrokenModel(self.directory, "its encoder hears nothing: its weights are damaged")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check_open(self) -> None:
        """Refuse to work after `close`.

        Raises:
            ClosedModel: it has been called.
        """
        if self._encoder is None:
            raise ClosedModel(self.directory)

    def close(self) -> None:
        """Let go of the compiled graphs and their memory. A second time does nothing."""
        self._encoder = self._decoder = None


def _window_shapes(encoder: Any) -> dict[str, Sequence[int]]:
    """Of one window, for each output; -1 in the place of the positions."""
    return {
        output.get_any_name(): [
            -1 if size.is_dynamic or size.get_length() == N_ENCODER_POSITIONS else size.get_length()
            for size in list(output.get_partial_shape())[1:]
        ]
        for output in encoder.outputs
    }


def _mapped_files(directory: Path, cache_dir: Path | None) -> list[Path]:
    """The files that OpenVINO maps: weights, or graphs that it has compiled before."""
    compiled = cache_dir.glob("*.blob") if cache_dir else ()
    return [*directory.glob("openvino_*coder_model.bin"), *compiled]
