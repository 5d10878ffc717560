"""What tests of an export look at."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Exported:
    """A finished export and the lines that it reported."""

    path: Path
    lines: tuple[str, ...]
