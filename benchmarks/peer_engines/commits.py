"""Commits of this project -> what each hears, each in a process of its own with its own package."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from peer_engines.program import ROOT, say

from ovsubs.export.resolve import resolve_ir

HEARING = Path(__file__).parent / "hear_ways.py"


@dataclass(frozen=True, slots=True)
class Way:
    """Files that are transcribed together with some options; one after the other where not `together`."""

    name: str
    files: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    together: bool = True
    model: str = "base"


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """A commit of this project in a folder of its own."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def run(name: str, tree: Path, ways: Sequence[Way], folder: Path) -> dict[str, Any]:
    """Hear everything with the package of a tree, in a process of its own (`hear_ways.py`)."""
    say(f"{name}: {', '.join(way.name for way in ways)}")
    asked, answer = folder / "ways.json", folder / f"{name}.json"
    models = {model: str(resolve_ir(model, offline=True).resolve()) for model in {way.model for way in ways}}
    asked.write_text(json.dumps({"models": models, "ways": [asdict(way) for way in ways]}), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, "-P", str(HEARING), str(asked), str(answer)]
    subprocess.run(command, env=environment, check=True, cwd=tree)
    found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if not Path(found["package"]).is_relative_to(tree.resolve()):
        raise RuntimeError(f"{name}: {found['package']} was imported")
    return found
