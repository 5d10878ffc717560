"""The image: what it is made of is there, and it runs as nobody in particular."""

import fnmatch
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE_S
from skips import NO_DOCKER

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
BUILD_S = 1200


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with what follows it; lines are joined, and arguments have their defaults."""
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    defaults = dict[str, str]()
    for line in filter(None, code.splitlines()):
        name, _, rest = line.partition(" ")
        if name == "ARG":
            variable, _, default = rest.partition("=")
            defaults[variable] = default
        yield name, re.sub(r"\$\{(\w+)\}", lambda found: defaults[found[1]], rest)


def is_sent(path: str) -> bool:
    """Whether a builder gets a file: the last rule that fits decides (docs.docker.com, .dockerignore)."""
    sent = True
    for rule in IGNORED:
        pattern = rule.removeprefix("!")
        parts = [path, *map(str, Path(path).parents)][:-1]
        fits = any(fnmatch.fnmatch(part, pattern) for part in parts)
        if pattern.startswith("**/"):
            fits = any(fnmatch.fnmatch(name, pattern[3:]) for name in Path(path).parts)
        if rule and not rule.startswith("#") and fits:
            sent = rule.startswith("!")
    return sent


def copied() -> list[str]:
    """Sources of all COPY instructions that come from this folder."""
    words = [rest.split() for name, rest in instructions(DOCKERFILE) if name == "COPY"]
    return [source for one in words if not one[0].startswith("--from") for source in one[:-1]]


def test_the_image_runs_ovsubs_without_rights() -> None:
    last = dict(instructions(DOCKERFILE))
    assert json.loads(last["ENTRYPOINT"]) == ["ovsubs"]
    assert last["USER"] == "1000:1000"
    assert "OVSUBS_MODELS=/models" in last["ENV"]


def test_what_is_copied_is_there_and_is_sent() -> None:
    sources = copied()
    assert {"pyproject.toml", "ovsubs", "models/.gitkeep"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists() or not is_sent(source)] == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("ovsubs/cli/app.py", True),
        ("ovsubs/cli/__pycache__/app.pyc", False),
        ("models/base/ovsubs.json", True),
        (".git/config", False),
        (".venv/bin/python", False),
        ("demo/talk.mp4", False),
    ],
)
def test_a_builder_gets_what_it_needs_and_no_more(path: str, sent: bool) -> None:
    assert is_sent(path) is sent


def test_the_image_has_no_extras() -> None:
    installed = [rest for name, rest in instructions(DOCKERFILE) if name == "RUN" and "pip install" in rest]
    assert [rest.split()[-1] for rest in installed] == ["/source"]


def _can_build() -> bool:
    """Whether there is a daemon, and the image to begin with is at hand or can be fetched."""
    docker = shutil.which("docker")
    (base,) = {rest.split()[0] for name, rest in instructions(DOCKERFILE) if name == "FROM"}
    steps = (["info"], ["pull", "--quiet", base])
    return docker is not None and all(
        subprocess.run([docker, *step], capture_output=True, timeout=PATIENCE_S).returncode == 0
        for step in steps
    )


def test_the_image_is_built_and_runs() -> None:
    if not _can_build():
        pytest.skip(NO_DOCKER)
    build = ["docker", "build", "--quiet", "--tag", "ovsubs:test", "."]
    subprocess.run(build, cwd=ROOT, check=True, timeout=BUILD_S)
    run = ["docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "ovsubs:test"]
    done = subprocess.run([*run, "--version"], check=True, capture_output=True, text=True, timeout=PATIENCE_S)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)
