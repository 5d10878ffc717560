"""`*.mp4` -> the files that it stands for, where the shell leaves that to the program: on Windows."""

import os
from pathlib import Path

IS_WINDOWS = os.name == "nt"


def expand_wildcards(paths: list[Path]) -> list[Path]:
    """The paths, on Windows with `*` and `?` expanded; one that stands for no file stays as it was typed.

    There no name has these two in it. A `[`, which one can have, is only that.
    """
    if not IS_WINDOWS:
        return paths
    return [found for path in paths for found in _expand(path)]


def _expand(path: Path) -> list[Path]:
    if not {"*", "?"} & set(str(path)):
        return [path]
    top = Path(path.anchor)
    pattern = str(path.relative_to(top)).replace("[", "[[]")
    return sorted(file for file in top.glob(pattern) if not file.name.startswith(".")) or [path]
