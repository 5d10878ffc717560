"""Word error rate, speed and peak memory on joined LibriSpeech chapters.

    python benchmarks/chapters.py --data LibriSpeech/test-clean --json benchmarks/results/chapters.json

Whole chapters of a split (`speaker/chapter/*.flac` with `.trans.txt`), their utterances joined, each
transcribed from a file with English given. WER with Whisper's normalizer.
"""

import argparse
import json
import os
import platform
import resource
import sys
from pathlib import Path

import ovsubs
from ovsubs.benchmark.datasets import joined_chapters
from ovsubs.benchmark.metrics import median
from ovsubs.benchmark.run import score, summarize, time_recordings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
parser.add_argument("--model", default="base")
parser.add_argument("--device", default="CPU")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--inference-precision")
parser.add_argument("--batch-size", type=int)
parser.add_argument("--runs", type=int, default=3, help="timed runs of each chapter")
parser.add_argument("--json", type=Path, help="write the figures here as well")
given = parser.parse_args()

compile_options = ovsubs.CompileOptions(
    device=given.device, threads=given.threads, inference_precision=given.inference_precision
)
options = ovsubs.TranscribeOptions(language="en", batch_size=given.batch_size)
with ovsubs.load_model(given.model, compile_options=compile_options, offline=True) as model:
    timed = time_recordings(
        model, joined_chapters(given.data), options, given.runs, lambda line: print(line, file=sys.stderr)
    )
peak_mb = (
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
)  # before what counts errors is loaded

scores = [score(one, chapter) for one, chapter in zip(timed, joined_chapters(given.data), strict=True)]
summary = summarize(timed, scores)
for one in scores:
    away = f"segment starts within {one.start_distance:.2f} s of an utterance's (median)"
    print(f"{one.name:>10}  WER {one.errors.wer:6.2%}  {away}")
errors = summary.errors
print(
    f"WER {errors.wer:.2%} of {errors.n_words} words "
    f"({errors.substituted} substituted, {errors.deleted} deleted, {errors.inserted} inserted)"
)
print(f"RTFx {median(summary.rtfx):.1f} (median of {', '.join(f'{speed:.1f}' for speed in summary.rtfx)})")
print(f"peak memory {peak_mb:.0f} MB")

if given.json:
    content = {
        "command": " ".join(["python", *sys.argv]),
        "machine": f"{platform.machine()}, {given.threads} threads",
        "device": [device.full_name for device in ovsubs.list_devices()],
        "ovsubs": ovsubs.__version__,
        "model": given.model,
        "wer": errors.wer,
        "n_words": errors.n_words,
        "substituted": errors.substituted,
        "deleted": errors.deleted,
        "inserted": errors.inserted,
        "rtfx": summary.rtfx,
        "peak_memory_mb": round(peak_mb),
        "segment_start_distance_s": summary.start_distance,
        "chapters": {one.name: one.errors.wer for one in scores},
    }
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(content, indent=2) + "\n")
