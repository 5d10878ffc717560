"""Recordings of which it is known what was said: for calibration, benchmarks, and the check of a model."""

from ovsubs.datasets.find import DatasetOptions, find_dataset, is_folder
from ovsubs.datasets.folders import files_of
from ovsubs.datasets.overlap import shared_recordings
from ovsubs.datasets.types import Dataset, SpokenFile

__all__ = [
    "Dataset",
    "DatasetOptions",
    "SpokenFile",
    "files_of",
    "find_dataset",
    "is_folder",
    "shared_recordings",
]
