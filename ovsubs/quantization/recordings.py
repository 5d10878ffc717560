"""What the caller names -> recordings to calibrate on, and others to judge on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from ovsubs.datasets import Dataset, DatasetOptions, find_dataset, is_folder, shared_recordings
from ovsubs.errors import MissingTranscript, OverlappingDatasets, TooFewEvaluationSamples, options_of
from ovsubs.evaluation.word_errors import ENGLISH
from ovsubs.quantization.options import (
    LEAST_EVALUATED,
    LIBRISPEECH,
    LIBRISPEECH_TEST,
    LIBRISPEECH_TRAIN,
    N_EVALUATED,
    QuantizeOptions,
    Recordings,
)


@dataclass(frozen=True, slots=True)
class QuantizationDatasets:
    """Recordings for the two; none is in both."""

    calibration: Dataset
    evaluation: Dataset


def choose_recordings(options: QuantizeOptions, folder: Path) -> QuantizationDatasets:
    """Find the recordings for calibration and for the judgement, with no recording in both.

    Args:
        options: which.
        folder: gets those that are fetched.

    Raises:
        DatasetError: as `find_dataset`.
        OverlappingDatasets: what was named for the two shares recordings.
        TooFewEvaluationSamples: nothing was named to judge on, and the folder has too few recordings left.
    """
    wished = options.calibration
    drawn = DatasetOptions(
        wished.n_samples,
        options.seed,
        part_of(wished, LIBRISPEECH_TRAIN, "train"),
        offline=options.offline,
        with_texts=False,
    )
    with options_of("calibration"):
        calibration = find_dataset(wished.source, drawn, _made(folder / "calibration"))
    if options.evaluation is None and is_folder(wished.source):
        return QuantizationDatasets(calibration, _rest(wished.source, calibration, options, folder))
    if options.evaluation is None and options.language_code != ENGLISH:
        raise TooFewEvaluationSamples(wished.source, "LibriSpeech is English")
    judged_on = options.evaluation or Recordings(LIBRISPEECH, None, N_EVALUATED)
    part = part_of(judged_on, LIBRISPEECH_TEST, "test")
    wanted = DatasetOptions(judged_on.n_samples, options.seed, part, offline=options.offline)
    with options_of("evaluation"):
        evaluation = find_dataset(judged_on.source, wanted, _made(folder / "evaluation"))
    if shared := shared_recordings(calibration, evaluation):
        raise OverlappingDatasets(wished.source, judged_on.source, shared[0].name)
    return QuantizationDatasets(calibration, evaluation)


def part_of(recordings: Recordings, of_librispeech: str, usual: str) -> str | None:
    """The part of a dataset that is meant; None for a folder of audio, which has none."""
    if recordings.part is not None or is_folder(recordings.source):
        return recordings.part
    return of_librispeech if recordings.source == LIBRISPEECH else usual


def _rest(source: str, calibration: Dataset, options: QuantizeOptions, folder: Path) -> Dataset:
    """Of the calibration's own folder, what was not drawn and shares nothing with it."""
    try:
        whole = find_dataset(source, DatasetOptions(offline=options.offline), folder)
    except MissingTranscript as error:
        raise TooFewEvaluationSamples(source, str(error)) from error
    shared = {file.path for file in shared_recordings(whole, calibration)}
    left = [file for file in whole.files if file.path not in shared]
    if len(left) < LEAST_EVALUATED:
        raise TooFewEvaluationSamples(source, f"{len(left)} recordings are left")
    chosen = random.Random(options.seed).sample(left, min(len(left), N_EVALUATED))
    return Dataset(source, tuple(sorted(chosen, key=lambda file: file.name)))


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
