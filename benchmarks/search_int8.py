"""Which settings of NNCF keep a model closest to what it was: SmoothQuant's alphas of encoder and decoder.

    python benchmarks/search_int8.py --data LibriSpeech/train-clean-100 --model base

Calibrates on some recordings and compares on the others, of the same folder: nothing that models are judged
on takes part. Word error rates of so few recordings cannot tell two settings apart; the scores of all tokens
can. So each model is given what FP32 wrote, and its probabilities are compared with FP32's at every token
(Kullback-Leibler divergence, and how often the likeliest token is another).
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from peer_engines.machine import describe_run
from peer_engines.program import RESULTS, make_parser, run_program, write_results

from ovsubs.datasets import Dataset, DatasetOptions, find_dataset
from ovsubs.export.resolve import resolve_ir
from ovsubs.models.manifest import DECODER, ENCODER
from ovsubs.quantization.calibration import CalibrationSample, collect
from ovsubs.quantization.divergence import PRECISION, Scores, divergence_of, log_probabilities
from ovsubs.quantization.options import DEFAULTS
from ovsubs.quantization.post_training import (
    NOT_SMOOTHED,
    Int8Settings,
    decoder_inputs,
    quantize_decoder,
    quantize_encoder,
)
from ovsubs.whisper.model import CompileOptions, open_model

ALPHAS = (NOT_SMOOTHED, 0.25, 0.5, 0.6, 0.75, 0.85, 0.95)
# Layers left in floating point, with the best alpha: which of them cost most?
GROUPS = {
    "encoder": (".*fc1/.*MatMul", ".*fc2/.*MatMul", ".*self_attn.*linear/MatMul", ".*conv.*Convolution"),
    "decoder": (
        *(".*fc1/.*MatMul", ".*fc2/.*MatMul", ".*self_attn.*linear/MatMul", ".*proj_out/.*MatMul"),
        *(".*encoder_attn.(k|v)_proj/.*MatMul", ".*encoder_attn.(q|out)_proj/.*MatMul"),
    ),
}


@dataclass(frozen=True, slots=True)
class Distance:
    """How far one component in INT8 is from FP32: nats per token, and parts of 1 of the likeliest tokens."""

    component: str
    alpha: float
    ignored: tuple[str, ...]
    accurate_bias_correction: bool
    divergence: float
    other_tokens: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Search:
    """A model with what FP32 makes of the windows that are compared, and where what is found goes."""

    directory: Path
    samples: Sequence[CalibrationSample]
    compared: Sequence[CalibrationSample]
    expected: Sequence[Scores]
    built: Path
    output: Path


def main() -> int:
    """Quantize with each setting, compare, write the JSON after each."""
    arguments = read_arguments()
    directory = resolve_ir(arguments.model, offline=True, report=print)
    output = arguments.json or RESULTS / f"search-{directory.name}.json"
    done = read(output) if arguments.resume and output.exists() else []
    with tempfile.TemporaryDirectory() as folder:
        heard, held_out = draw(arguments, Path(folder))
        compared = collect(directory, held_out, "en")
        search = Search(
            directory=directory,
            samples=collect(directory, heard, "en"),
            compared=compared,
            expected=scores(directory, compared),
            built=Path(folder) / "built",
            output=output,
        )
        for component in arguments.components.split(","):
            for alpha in ALPHAS:
                try_out(search, component, Int8Settings(alpha), done)
            alpha = best_alpha(done, component)
            for group in GROUPS[component]:
                try_out(search, component, Int8Settings(alpha, (group,)), done)
            try_out(search, component, Int8Settings(alpha, accurate_bias_correction=True), done)
            try_out(search, component, DEFAULTS[component], done)
    return 0


def read_arguments() -> argparse.Namespace:
    """The call."""
    parser = make_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of LibriSpeech's layout")
    parser.add_argument("--model", default="base")
    parser.add_argument("--samples", type=int, default=50, help="recordings to calibrate on")
    parser.add_argument("--held-out", type=int, default=50, help="recordings to compare on")
    parser.add_argument(
        "--json", type=Path, default=None, help="default: benchmarks/results/search-MODEL.json"
    )
    parser.add_argument("--components", default="encoder,decoder")
    parser.add_argument("--resume", action="store_true", help="try only what the JSON does not have yet")
    return parser.parse_args()


def draw(arguments: argparse.Namespace, folder: Path) -> tuple[Dataset, Dataset]:
    """Recordings to calibrate on, and others to compare on; always the same ones."""
    n_files = arguments.samples + arguments.held_out
    whole = find_dataset(str(arguments.data), DatasetOptions(n_files), folder)
    drawn = random.Random(0).sample(range(n_files), arguments.samples)
    heard = tuple(whole.files[place] for place in sorted(drawn))
    held_out = tuple(file for file in whole.files if file not in heard)
    return Dataset("calibration", heard), Dataset("held out", held_out)


def try_out(search: Search, component: str, settings: Int8Settings, done: list[Distance]) -> None:
    """Quantize with one setting and compare, unless that is done; adds to `done` and writes all of it."""
    if any(is_of(one, component, settings) for one in done):
        return
    began = time.monotonic()
    built = build(search.directory, component, settings, search.samples, search.built)
    recordings = [sample.recording for sample in search.compared]
    pairs = zip(search.expected, scores(built, search.compared), strict=True)
    found = divergence_of(recordings, pairs)
    one = Distance(
        component=component,
        alpha=settings.smooth_quant_alpha,
        ignored=settings.ignored,
        accurate_bias_correction=settings.accurate_bias_correction,
        divergence=found.nats,
        other_tokens=found.other_tokens,
        seconds=round(time.monotonic() - began, 1),
    )
    done.append(one)
    print(describe(one), flush=True)
    write(search, done)


def build(
    directory: Path,
    component: str,
    settings: Int8Settings,
    samples: Sequence[CalibrationSample],
    built: Path,
) -> Path:
    """A copy of the model directory with one component in INT8."""
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(directory, built)
    mels = [sample.mel for sample in samples]
    if component == "encoder":
        encoder = directory / f"{ENCODER}.xml"
        quantize_encoder(encoder, built / encoder.name, mels, settings, lambda part: None)
        return built
    inputs = list(decoder_inputs(directory / f"{ENCODER}.xml", mels, [sample.tokens for sample in samples]))
    decoder = directory / f"{DECODER}.xml"
    quantize_decoder(decoder, built / decoder.name, inputs, settings, lambda part: None)
    return built


def scores(directory: Path, samples: Sequence[CalibrationSample]) -> list[Scores]:
    """Of each window, after each token that FP32 wrote."""
    with open_model(directory, CompileOptions(inference_precision=PRECISION)) as model:
        return [log_probabilities(model, sample) for sample in samples]


def best_alpha(done: Sequence[Distance], component: str) -> float:
    """The alpha that brings a component closest to FP32 with nothing else changed."""
    plain = [one for one in done if is_of(one, component, Int8Settings(one.alpha))]
    return min(plain, key=lambda one: one.divergence).alpha


def is_of(one: Distance, component: str, settings: Int8Settings) -> bool:
    """Whether it was measured with these settings."""
    return one.component == component and settings == Int8Settings(
        one.alpha, one.ignored, one.accurate_bias_correction
    )


def read(path: Path) -> list[Distance]:
    """What a search has found before."""
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return [Distance(**{**one, "ignored": tuple(one["ignored"])}) for one in results]


def describe(one: Distance) -> str:
    """One line."""
    return (
        f"{one.component}, alpha {one.alpha:g}{', accurate' if one.accurate_bias_correction else ''}"
        f"{''.join(f', without {pattern}' for pattern in one.ignored)}: "
        f"divergence {one.divergence:.5f} nats a token, "
        f"{one.other_tokens:.2%} other tokens"
    )


def write(search: Search, done: Sequence[Distance]) -> None:
    """The JSON, whole."""
    content = {
        **describe_run(("openvino", "nncf", "numpy")),
        "model": search.directory.name,
        "n_calibration_windows": len(search.samples),
        "n_compared_windows": len(search.compared),
        "results": [asdict(one) for one in done],
    }
    write_results(search.output, content)


if __name__ == "__main__":
    run_program(main)
