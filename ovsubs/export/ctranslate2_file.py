"""CTranslate2's `model.bin` -> named arrays, mapped from disk.

The format, version 6, little-endian: `u32 version, str spec, u32 revision, u32 n`, then n variables
`str name, u8 rank, u32 dims[rank], u8 dtype, u32 n_bytes, data`, then `u32 n` pairs of `str alias, str name`;
`str` is `u16 n_bytes` and as many bytes, the last one NUL. Source: CTranslate2,
python/ctranslate2/specs/model_spec.py.
"""

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ovsubs.errors import UnreadableCheckpoint

BINARY_VERSION = 6  # CTranslate2's CURRENT_BINARY_VERSION, the only one found in Whisper directories
SPEC = "WhisperSpec"
_BFLOAT16 = 5  # numpy has no such type: its bits are read as u16
_DTYPES = (
    np.float32,
    np.int8,
    np.int16,
    np.int32,
    np.float16,
    np.uint16,
)  # ctranslate2::DataType, in its order


@dataclass(frozen=True, slots=True)
class StoredVariable:
    """Where one tensor lies in the file; `dtype` is CTranslate2's number for it."""

    shape: tuple[int, ...]
    dtype: int
    offset: int
    n_bytes: int


class ModelFile:
    """An open `model.bin`: its index in memory, its tensors on disk until they are loaded. Use `with`."""

    def __init__(self, path: Path) -> None:
        """Open and index the file.

        Raises:
            UnreadableCheckpoint: missing, truncated, of another version, or not a Whisper model.
        """
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise UnreadableCheckpoint(
                path, getattr(error, "strerror", None) or "the file is empty"
            ) from error
        try:
            self.variables = _Index(self._bytes, path).read()
        except BaseException:
            self._bytes.close()
            raise

    def __enter__(self) -> "ModelFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._bytes.close()

    def variable(self, name: str) -> StoredVariable:
        """Shape and place of one variable.

        Raises:
            UnreadableCheckpoint: the file has no such variable.
        """
        if name not in self.variables:
            raise UnreadableCheckpoint(self.path, f"the tensor {name!r} is missing")
        return self.variables[name]

    def dtype(self, name: str) -> np.dtype[Any]:
        """What `load` returns for a weight: float16 where it is stored so, else float32."""
        return np.dtype(np.float16 if _DTYPES[self.variable(name).dtype] is np.float16 else np.float32)

    def load(self, name: str) -> NDArray[Any]:
        """One variable as a copy in memory; weights stored as int8 or int16 come back as float32.

        CTranslate2 stores `round(weight * scale)`, with one scale per output row for int8 and one for the
        whole tensor for int16. float16 stays float16, bfloat16 is widened to float32.

        Raises:
            UnreadableCheckpoint: the file has no such variable, or a quantized weight has no scale.
        """
        stored = self.variable(name)
        count = math.prod(stored.shape)
        values: NDArray[Any] = np.frombuffer(self._bytes, _DTYPES[stored.dtype], count, stored.offset).copy()
        values = values.reshape(stored.shape)
        if stored.dtype == _BFLOAT16:
            return (values.astype(np.uint32) << 16).view(np.float32)
        if values.dtype.kind == "f" or not name.endswith("weight"):
            return values
        scale = self.load(f"{name}_scale").astype(np.float32)
        return values.astype(np.float32) / scale.reshape(scale.shape + (1,) * (values.ndim - scale.ndim))


class _Index:
    """Reads the file from front to back, skipping the data."""

    def __init__(self, content: mmap.mmap, path: Path) -> None:
        self._content = content
        self._path = path
        self._at = 0

    def read(self) -> dict[str, StoredVariable]:
        (version,) = self._numbers("<I")
        if version != BINARY_VERSION:
            raise UnreadableCheckpoint(self._path, f"binary version {version}, this reads {BINARY_VERSION}")
        if (spec := self._text()) != SPEC:
            raise UnreadableCheckpoint(self._path, f"it holds a {spec!r}, not a {SPEC!r}")
        _revision, n_variables = self._numbers("<II")
        variables: dict[str, StoredVariable] = {}
        for _ in range(n_variables):
            name = self._text()
            variables[name] = self._variable(name)
        for _ in range(self._numbers("<I")[0]):
            alias, name = self._text(), self._text()
            if name not in variables:
                raise UnreadableCheckpoint(
                    self._path, f"{alias!r} is another name of {name!r}, which is missing"
                )
            variables[alias] = variables[name]
        return variables

    def _variable(self, name: str) -> StoredVariable:
        (rank,) = self._numbers("<B")
        shape = self._numbers(f"<{rank}I")
        dtype, n_bytes = self._numbers("<BI")
        if dtype >= len(_DTYPES):
            raise UnreadableCheckpoint(self._path, f"{name!r} has the unknown number type {dtype}")
        # n_bytes wraps at 4 GiB; no Whisper tensor is that large, so it must agree with the shape.
        if n_bytes != math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize:
            raise UnreadableCheckpoint(
                self._path, f"{name!r} has {n_bytes} bytes, which its shape {shape} denies"
            )
        offset = self._at
        self._skip(n_bytes)
        return StoredVariable(shape, dtype, offset, n_bytes)

    def _numbers(self, layout: str) -> tuple[int, ...]:
        start = self._at
        self._skip(struct.calcsize(layout))
        return struct.unpack_from(layout, self._content, start)

    def _text(self) -> str:
        (n_bytes,) = self._numbers("<H")
        start = self._at
        self._skip(n_bytes)
        return self._content[start : self._at].rstrip(b"\0").decode("utf-8", "replace")

    def _skip(self, n_bytes: int) -> None:
        self._at += n_bytes
        if self._at > len(self._content):
            raise UnreadableCheckpoint(self._path, "the file ends early; copy it again from its source")
