"""Recordings -> the words that a tool of the peers' environment hears in them (`hear_words.py`)."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from peer_engines import hear_words

from ovsubs.transcript import Word


def hear(job: hear_words.Job, python: str, folder: Path) -> list[list[Word]]:
    """Run a tool: the words of each file in order; times that are not known are NaN.

    Args:
        job: what to hear; the words are written to its `output`.
        python: of the peers' environment.
        folder: gets the job.

    Raises:
        CalledProcessError: the tool failed, and said why on stderr.
    """
    described = folder / "job.json"
    described.write_text(json.dumps(asdict(job)), encoding="utf-8")
    subprocess.run([python, "-P", hear_words.__file__, str(described)], check=True)
    heard = json.loads(Path(job.output).read_text(encoding="utf-8"))
    return [[Word(*word) for word in of_file] for of_file in heard]
