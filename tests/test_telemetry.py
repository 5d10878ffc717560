"""Nothing leaves the machine: no library that is loaded here tells anybody of it."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from patience import PATIENCE_S

LOADED = """
import sys, threading
import {module}
assert "{module}" in sys.modules
print(*sorted(name for name in sys.modules if name.startswith("openvino_telemetry.")))
print(*(thread.name for thread in threading.enumerate() if thread is not threading.main_thread()))
"""


@pytest.mark.parametrize("module", ["openvino", "ovsubs.whisper.model", "nncf"])
def test_no_library_tells_of_its_use(module: str) -> None:
    assert version("openvino-telemetry")  # or there is nothing to be found, and nothing to be kept away
    program = f"import ovsubs\n{LOADED.format(module=module)}"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert ended.stdout.split() == []
