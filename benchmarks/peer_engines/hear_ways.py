"""Recordings in several ways -> all that a user gets of each, and how fast; run by the package of any commit.

What is public in `ovsubs` alone is used, so that the same program runs with the package as it was and is.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ovsubs


def main() -> None:
    """Read what is asked from one JSON, and write what was found to another."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found: dict[str, Any] = {"package": ovsubs.__file__, "figures": {}, "transcripts": {}}
    for name, directory in request["models"].items():
        began = time.perf_counter()
        with ovsubs.load_model(directory, offline=True) as model:
            start_s = time.perf_counter() - began
            for way in (way for way in request["ways"] if way["model"] == name):
                figures, transcripts = hear(model, way)
                found["figures"][way["name"]] = {**figures, "start_s": start_s}
                found["transcripts"][way["name"]] = transcripts
    Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")


def hear(model: ovsubs.Model, way: dict[str, Any]) -> tuple[dict[str, float], dict[str, Any]]:
    """Transcribe the files of one way: speed and memory so far, and the results by file."""
    listed = {
        key: tuple(value) if isinstance(value, list) else value for key, value in way["options"].items()
    }
    options = ovsubs.TranscribeOptions(**listed)
    files = way["files"]
    groups = [files] if way["together"] else [[file] for file in files]
    outcomes = dict[str, Any]()
    began = time.perf_counter()
    for group in groups:
        for outcome in model.transcribe_files(group, options=options):
            outcomes[group[outcome.number]] = outcome
    seconds = time.perf_counter() - began
    duration = sum(one.transcript.duration for one in outcomes.values() if one.transcript)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    transcripts = {file: shown(outcomes[file]) for file in files}
    return {"rtfx": duration / seconds, "peak_mb": peak_mb}, transcripts


def shown(outcome: Any) -> dict[str, Any]:
    """All that a user gets of a file, but for how long it took."""
    if outcome.transcript is None:
        return {"error": f"{type(outcome.error).__name__}: {outcome.error}"}
    content: dict[str, Any] = json.loads(outcome.transcript.to_json())
    del content["timings"]
    with tempfile.TemporaryDirectory() as folder:
        path = outcome.transcript.save(Path(folder) / "cues.srt")
        content["cues"] = path.read_text(encoding="utf-8").split("\n\n")
    return content


if __name__ == "__main__":
    main()
