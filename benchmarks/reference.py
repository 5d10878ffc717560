"""Greedy tokens of ovsubs beside those of transformers on PyTorch, both in FP32, window by window.

    python benchmarks/reference.py --data LibriSpeech/test-clean

Windows are the utterances of a split, each followed by silence, and its joined chapters in pieces of 30 s,
cut wherever that falls. Where the tokens part, the margin tells how near it was: 0 is a tie that rounding
decides.
"""

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from peer_engines.machine import PROJECT_PACKAGES, describe_run
from peer_engines.program import RESULTS, add_model_arguments, make_parser, run_program, say, write_results
from peer_engines.weights import Weights, find_weights

from ovsubs.audio.features import N_SAMPLES, log_mel
from ovsubs.audio.sample_rate import SAMPLE_RATE_HZ
from ovsubs.datasets.joining import joined_chapters
from ovsubs.evaluation.agreement import find_difference, our_tokens, reference_tokens
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.sources import short_name
from ovsubs.whisper.model import CompileOptions, open_model
from ovsubs.whisper.tokenizer import TIMESTAMP_STEP_S, WhisperTokenizer

LANGUAGE = "en"  # of LibriSpeech


def main() -> int:
    """Decode every window twice, write the JSON, print what differs; 1 if too many do."""
    given = read_arguments()
    warnings.simplefilter("ignore")  # of transformers, on what it does with our options
    ir = resolve_ir(given.model, offline=True, report=say)
    source = given.checkpoint or short_name(given.model)
    checkpoint = find_weights(Weights(source, ir, given.weights, say), "hugging-face")
    tokenizer = WhisperTokenizer(ir)
    options = CompileOptions(threads=given.threads, inference_precision="f32")
    with open_model(ir, options) as model:
        windows = list(cut_windows(given.data, model.n_mels))[: given.most]
        mels = np.stack([mel for _, mel in windows])
        ours = our_tokens(model, tokenizer, mels, LANGUAGE)
        theirs = reference_tokens(
            checkpoint,
            tokenizer,
            mels,
            LANGUAGE,
            report=lambda n_done: say(f"transformers: {n_done} of {len(windows)} windows"),
        )
        parted = []
        for (name, mel), mine, other in zip(windows, ours, theirs, strict=True):
            difference = find_difference(model, tokenizer, mel, LANGUAGE, mine, other)
            if difference:
                parted.append({"window": name, **asdict(difference)})
    n_equal = len(windows) - len(parted)
    content = {
        **describe_run((*PROJECT_PACKAGES, "transformers", "torch")),
        "model": source,
        "n_windows": len(windows),
        "n_tokens": sum(map(len, theirs)),
        "n_equal": n_equal,
        "different": parted,
    }
    write_results(given.json, content)
    for one in parted:
        mine, other = show(tokenizer, one["ours"]), show(tokenizer, one["theirs"])
        print(f"{one['window']}: token {one['place']}: {mine}, not {other}; margin {one['margin']:.4f}")
    print(f"{n_equal} of {len(windows)} windows have the same tokens ({n_equal / len(windows):.1%})")
    return int(n_equal < given.least * len(windows))


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a LibriSpeech split")
    add_model_arguments(parser)
    parser.add_argument("--most", type=int, help="compare only so many windows")
    parser.add_argument(
        "--least", type=float, default=0.98, help="share of equal windows below which it fails"
    )
    parser.add_argument("--json", type=Path, default=RESULTS / "reference.json")
    given = parser.parse_args()
    if given.threads < 1 or (given.most is not None and given.most < 1):
        parser.error("--threads and --most are at least 1")
    if not 0.0 <= given.least <= 1.0:
        parser.error("--least is a share: 0 to 1")
    return given


def cut_windows(split: Path, n_mels: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Names and log-mels, float32 [n_mels, 3000]: utterances first, then pieces of chapters."""
    chapters = list(joined_chapters(split))
    for chapter in chapters:
        for number, utterance in enumerate(chapter.utterances):
            first, end = round(utterance.start * SAMPLE_RATE_HZ), round(utterance.end * SAMPLE_RATE_HZ)
            yield (
                f"{chapter.name} utterance {number}",
                log_mel(chapter.samples[first:end][:N_SAMPLES], n_mels),
            )
    for chapter in chapters:
        for first in range(0, len(chapter.samples), N_SAMPLES):
            piece = chapter.samples[first : first + N_SAMPLES]
            yield f"{chapter.name} at {first // SAMPLE_RATE_HZ} s", log_mel(piece, n_mels)


def show(tokenizer: WhisperTokenizer, token: int) -> str:
    """A token for people."""
    special = tokenizer.special
    if token == special.eot:
        return "the end"
    if token >= special.timestamp_begin:
        return f"{(token - special.timestamp_begin) * TIMESTAMP_STEP_S:.2f} s"
    return repr(tokenizer.decode([token]))


if __name__ == "__main__":
    run_program(main)
