"""Lines come out as they are said, whatever way Python has been told to buffer."""

import os
import select
import subprocess
import sys

import pytest
from patience import PATIENCE_S
from systems import needs_posix

SAYS_AND_WAITS = """
import sys
from ovsubs.cli.streams import survive_streams
survive_streams()
print("at work", file=getattr(sys, sys.argv[1]))
sys.stdin.read()
"""


@needs_posix
@pytest.mark.parametrize(("stream", "unbuffered"), [("stderr", ""), ("stderr", "1"), ("stdout", "1")])
def test_a_line_is_read_while_the_work_goes_on(stream: str, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", SAYS_AND_WAITS, stream]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            said = getattr(process, stream)
            assert select.select([said], [], [], PATIENCE_S)[0]
            assert said.readline() == b"at work\n"
            assert process.poll() is None
        finally:
            process.communicate()
