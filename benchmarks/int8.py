"""What INT8 does to models: exported in FP32, quantized whole and by components, measured on other speech.

    python benchmarks/int8.py --calibration-data LibriSpeech/train-clean-100 --data LibriSpeech/test-clean

For each model FP32 computed in floating point, the same as this machine runs it by default where that is
another precision, full INT8 and what `--int8-components auto` keeps, by turns. `auto` decides by recordings
of the calibration's folder that were not drawn; what is measured here takes no part in that. The JSON
has both: "figures" of what is measured here, and "candidates" of what it was chosen from, each with the
divergence of its probabilities from FP32's, and "refused" why some of them were not good enough.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from peer_engines.machine import describe_run
from peer_engines.program import RESULTS, make_parser, run_program, say, write_results

from ovsubs.datasets import Dataset, DatasetOptions, find_dataset, shared_recordings
from ovsubs.evaluation.compare import BenchmarkedModel, BenchmarkOptions, Position, compare
from ovsubs.evaluation.figures import figures_of, to_json
from ovsubs.evaluation.report import to_markdown
from ovsubs.evaluation.results import Comparison
from ovsubs.export.model_directory import ExportOptions, export_model
from ovsubs.models.manifest import read_manifest
from ovsubs.quantization.measurement import label
from ovsubs.quantization.options import QuantizeOptions, Recordings
from ovsubs.quantization.quantize import Quantized, quantize_model
from ovsubs.quantization.report import to_json as candidates_to_json
from ovsubs.whisper.model import CompileOptions, fastest_floats, settle

MODELS = ("base", "tiny.en")
ANY = DatasetOptions(offline=True, with_texts=False)
PACKAGES = ("openvino", "nncf", "optimum-intel", "numpy", "jiwer")


def main() -> int:
    """Make and measure all models, write the JSON after each, print tables."""
    parser = make_parser(__doc__)
    parser.add_argument("--calibration-data", required=True, help="a folder of recordings")
    parser.add_argument("--data", required=True, help="a folder of other recordings with transcripts")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--samples", type=int, default=50, help="recordings to calibrate on")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, default=RESULTS / "int8.json")
    arguments = parser.parse_args()
    run = describe_run(PACKAGES)
    content = {**run, "models": read_models(arguments.json, run)}
    for name in arguments.models.split(","):
        options = QuantizeOptions(
            calibration=Recordings(arguments.calibration_data, None, arguments.samples),
            threads=arguments.threads,
            max_wer_drop=100.0,  # judged below, on other recordings
            offline=True,
        )
        with tempfile.TemporaryDirectory() as folder:
            dataset = find_dataset(arguments.data, DatasetOptions(offline=True), Path(folder))
            if shared_recordings(find_dataset(arguments.calibration_data, ANY, Path(folder)), dataset):
                parser.error("what is measured on shares recordings with what is calibrated on")
            subjects, made = make_models(name, options, Path(folder))
            full = read_manifest(made[f"{name} INT8"].directory)
            measured = measure(subjects, dataset, arguments.runs, arguments.threads)
        content["models"][name] = {
            **{key: run[key] for key in ("command", "date", "commit")},
            "calibration": full.quantization.calibration if full and full.quantization else None,
            **as_json(measured, made),
        }
        write_results(arguments.json, content)
        print(to_markdown(measured, figures_of(measured)))
    return 0


def as_json(measured: Comparison, made: Mapping[str, Quantized]) -> dict[str, Any]:
    """What was measured of one model here, and of its INT8 by title when it was made."""
    return {
        "signature": asdict(measured.signature),
        "figures": to_json(figures_of(measured)),
        "judgements": {title: asdict(one.judgement) for title, one in made.items()},
        "candidates": {title: candidates_to_json(one.measurement) for title, one in made.items()},
        "refused": {
            title: {label(kept): why for kept, why in one.refused.items()} for title, one in made.items()
        },
    }


def read_models(path: Path, run: dict[str, Any]) -> dict[str, Any]:
    """What was measured before of other models, on the same machine with the same packages."""
    if not path.exists():
        return {}
    before = json.loads(path.read_text(encoding="utf-8"))
    is_same = all(before[key] == run[key] for key in ("machine", "versions"))
    return dict(before["models"]) if is_same else {}


def make_models(
    name: str, options: QuantizeOptions, folder: Path
) -> tuple[list[BenchmarkedModel], dict[str, Quantized]]:
    """FP32, full INT8 and what auto keeps, with what was measured of the two when they were made."""
    exact = export_model(
        name, ExportOptions(output=folder / f"{name}-fp32", precision="fp32", offline=True), report=say
    )
    by_default = settle(CompileOptions()).precision_name
    in_floats = fastest_floats()
    subjects, everything = [BenchmarkedModel(f"{name} FP32", exact)], dict[str, Quantized]()
    if by_default != in_floats:
        subjects.insert(0, BenchmarkedModel(f"{name} FP32, run in {in_floats}", exact, in_floats))
    for components in ("all", "auto"):
        limit = options.max_wer_drop if components == "all" else None
        chosen = replace(options, components=components, max_wer_drop=limit)
        made = quantize_model(exact, folder / f"{name}-{components}", chosen)
        kept = " and ".join(made.components) or "nothing"
        title = f"{name} INT8" if components == "all" else f"{name} auto ({kept})"
        say(f"{title}: {made.judgement}")
        subjects.append(BenchmarkedModel(title, made.directory))
        everything[title] = made
    return subjects, everything


def measure(
    subjects: list[BenchmarkedModel], dataset: Dataset, n_runs: int, threads: int | None
) -> Comparison:
    """All models by turns."""
    options = BenchmarkOptions(n_runs=n_runs, compile=CompileOptions(threads=threads))
    begun = set[int]()

    def tell(position: Position) -> None:
        if position.n_run not in begun:
            begun.add(position.n_run)
            say(f"run {position.n_run} of {position.n_runs}: {position.label}")

    return compare(subjects, dataset, options, tell)


if __name__ == "__main__":
    run_program(main)
