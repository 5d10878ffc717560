"""A Whisper of random numbers, exported by optimum-intel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SmallExport:
    """A Whisper of random numbers, two encoder layers and one decoder layer, 128 mels: in torch and as IR."""

    torch_model: Any
    directory: Path
